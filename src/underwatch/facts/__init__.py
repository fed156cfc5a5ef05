"""What is known: the tables of numbers and places, and the modules that read them.

Every constant with a meaning stands in one of these tables with its unit, range, basis and source; `SOURCES.md` beside
them says where each table comes from and under which terms.
In: nothing: they ship.
Out: places, parameters with ranges, grounds, figures, statements.
Called by everything above; it calls `files` alone.
"""

from underwatch.facts.places import COUNTRY as COUNTRY
from underwatch.facts.places import CensusUnit as CensusUnit
from underwatch.facts.places import Place as Place
from underwatch.facts.places import find_place as find_place
from underwatch.facts.places import places as places
from underwatch.facts.places import provinces as provinces
from underwatch.facts.places import slug as slug
from underwatch.facts.tables import Constraint as Constraint
from underwatch.facts.tables import Fact as Fact
from underwatch.facts.tables import Ground as Ground
from underwatch.facts.tables import Judgements as Judgements
from underwatch.facts.tables import PublishedFact as PublishedFact
from underwatch.facts.tables import RivalForm as RivalForm
from underwatch.facts.tables import Statement as Statement
from underwatch.facts.tables import constraints as constraints
from underwatch.facts.tables import described as described
from underwatch.facts.tables import estimate_parameters as estimate_parameters
from underwatch.facts.tables import grounds as grounds
from underwatch.facts.tables import judgements as judgements
from underwatch.facts.tables import model_parameters as model_parameters
from underwatch.facts.tables import patterns as patterns
from underwatch.facts.tables import published_facts as published_facts
from underwatch.facts.tables import rival_forms as rival_forms
