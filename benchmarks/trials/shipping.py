"""What ships with an ensemble: its key, and the silence curve over its worlds.

The key is a checksum of the prior, the figures, the statements and what the model makes of a setting. As with a bank of
worlds, a change of the program that changes no history keeps an ensemble valid.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from underwatch.experiments.engine.worlds import prior_scenarios
from underwatch.experiments.ensemble.outcomes import COLUMNS, outcomes_of
from underwatch.experiments.silence import SilenceCurve
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


def silence_table(curve: SilenceCurve, ensemble: str) -> pa.Table:
    """Return the curve as it ships: a row for each world and strength, and the name of its ensemble with it."""
    n_points, n_worlds = curve.incidents.shape
    columns = {
        "world": np.repeat(np.arange(n_worlds, dtype=np.int32), n_points),
        "watching": np.tile(np.array(curve.watching), n_worlds),
        "incidents": curve.incidents.T.reshape(-1),
        "published": curve.published.T.reshape(-1),
    }
    return pa.table(columns).replace_schema_metadata({"ensemble": ensemble})
