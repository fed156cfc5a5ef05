"""What is known: the tables of numbers and places, and the modules that read them.

Every constant with a meaning stands in one of these tables with its unit, range, basis and source; `SOURCES.md` beside
them says where each table comes from and under which terms.
"""

from underwatch.facts.places import COUNTRY, CensusUnit, Place, find_place, places, provinces, slug
from underwatch.facts.tables import (
    Constraint,
    Fact,
    Ground,
    PublishedFact,
    RivalForm,
    Statement,
    constraints,
    described,
    estimate_parameters,
    grounds,
    model_parameters,
    published_facts,
    rival_forms,
)

__all__ = [
    "COUNTRY",
    "CensusUnit",
    "Constraint",
    "Fact",
    "Ground",
    "Place",
    "PublishedFact",
    "RivalForm",
    "Statement",
    "constraints",
    "described",
    "estimate_parameters",
    "find_place",
    "grounds",
    "model_parameters",
    "places",
    "provinces",
    "published_facts",
    "rival_forms",
    "slug",
]
