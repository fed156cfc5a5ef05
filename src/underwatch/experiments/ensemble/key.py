"""The key of an ensemble: a checksum of the prior, the figures, the statements and what the model makes of a setting.

As with a bank of worlds, a change of the program that changes no history keeps an ensemble valid.
"""

from __future__ import annotations

import hashlib

import numpy as np

from underwatch.experiments.engine.worlds import prior_scenarios
from underwatch.experiments.ensemble.outcomes import COLUMNS, outcomes_of
from underwatch.facts import constraints, described, model_parameters, rival_forms
from underwatch.world.scenario_file import scenario_for

_PROBES, _RESIDENTS, _DIGITS = 2, 500, 6


def ensemble_key() -> str:
    """Return the checksum, 32 hex digits; two small settings are simulated for it."""
    prior = [(fact.name, fact.low, fact.high, fact.scale) for fact in model_parameters().values()]
    forms = [(item.rule, item.form) for items in rival_forms().values() for item in items]
    figures = [
        (each.summary, each.scale, each.mean, each.reading_error, each.discrepancy, each.use, dict(each.question))
        for each in constraints().values()
    ]
    statements = [(each.id, each.measure, each.low, each.high) for each in described().values()]
    h = hashlib.blake2b(repr([prior, forms, figures, statements, COLUMNS]).encode(), digest_size=16)
    for scenario in prior_scenarios(scenario_for("hoeryong", population=_RESIDENTS), _PROBES):
        h.update(np.round(np.nan_to_num(outcomes_of(scenario), nan=-1.0), _DIGITS).tobytes())
    return h.hexdigest()
