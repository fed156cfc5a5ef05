"""Arrests of a small place that stands in for a large one: what its calls let expect, against what luck made."""

from datetime import timedelta

import numpy as np

from underwatch.experiments.engine.worlds import totals_of
from underwatch.world.layout import COUNT
from underwatch.world.scenario import Change
from underwatch.world.scenario_file import scenario_for


def test_arrests_of_a_stand_in_are_those_that_its_calls_let_expect():
    """Over many worlds both have the same mean; a rule that is out, or a chance that changes, holds from its day on."""
    scenario = scenario_for("hoeryong", population=1_000, days=56, settle_weeks=0, values={"p_detected_per_call": 0.05})
    changes = (Change(scenario.start + timedelta(28), {"p_detected_per_call": 0.01}),)
    counted, expected = np.zeros(56), np.zeros(56)
    for seed in range(40):
        drawn = scenario.replace(seed=seed, changes=changes)
        (totals,) = totals_of(drawn, (drawn,), seed)
        counted += totals.cells[..., COUNT.arrests].sum(axis=1)
        expected += totals.expecting_arrests(drawn).cells[..., COUNT.arrests].sum(axis=1)
    for half in (slice(28), slice(28, 56)):
        total = expected[half].sum()
        assert abs(counted[half].sum() - total) < 3 * np.sqrt(total)  # three standard deviations of a count
    assert not totals.expecting_arrests(drawn.replace(without=frozenset({"S9"}))).cells[..., COUNT.arrests].any()
