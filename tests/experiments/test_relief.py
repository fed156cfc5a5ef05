"""The table of relief: a row against its counts, worlds against `compare`, and the rows that ship."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from trials.relief import lived, relief_row

from underwatch.experiments.compare import ENSEMBLE, ComparePlan, compare
from underwatch.experiments.ensemble.names import DEFAULT_DRAWS, DESCRIBED, PRIOR
from underwatch.experiments.ensemble.relief import shipped_relief
from underwatch.experiments.ensemble.robustness import CANNOT_SAY, HANGS, NOT_ROBUST, ROBUST
from underwatch.experiments.interventions import catalogue, find_interventions
from underwatch.record.headlines import HEADLINES
from underwatch.world.forms import Forms
from underwatch.world.scenario_file import scenario_for

BY_NAME = {headline.name: headline for headline in HEADLINES}


@pytest.mark.parametrize(("headline", "way"), [("accused", 1), ("calls", -1)])
def test_a_row_counts_worlds_and_knows_which_way_relief_lies(headline, way):
    before = np.full(200, 10.0)
    after = before - way * np.concatenate([np.full(188, 2.0), np.full(4, -1.0), np.zeros(6), [np.nan, np.nan]])
    row = relief_row("amnesty", BY_NAME[headline], np.stack([before, after], axis=1), [Forms.central()] * 200)
    assert (row.worlds, row.relieved, row.worsened, row.ties) == (198, 188, 4, 6)
    assert row.share == pytest.approx(188 / 198)
    assert (row.baseline, row.change, row.is_relief, row.verdict) == (10.0, -way * 2.0, True, ROBUST)
    middle = np.sort((after - before)[:198])
    assert {row.low, row.high} <= set(middle)
    turned = relief_row("amnesty", BY_NAME[headline], np.stack([after, before], axis=1), [Forms.central()] * 200)
    assert (turned.relieved, turned.worsened, turned.is_relief, turned.verdict) == (4, 188, False, ROBUST)


def test_the_worlds_are_those_of_compare():
    scenario = scenario_for("hoeryong", population=400, days=28, start="2024-11-11")
    plan = ComparePlan.ask(scenario, find_interventions(["end-reprimands"]), replicates=0, draws=3)
    with ThreadPoolExecutor(1) as pool:
        pairs = compare(plan, pool).pairs().to_pylist()
    for number, world in enumerate([case[3] for case in plan.cases()], 1):
        found = lived(world, find_interventions(["end-reprimands"]))
        for name in ("followed", "accused", "fear_ordinary"):
            place, item = list(BY_NAME).index(name), BY_NAME[name]
            row = next(
                one for one in pairs
                if one["number"] == number and one["spread"] == ENSEMBLE and one["indicator"] == item.indicator
                and one["group"] == item.group and one["ground"] == "all"
            )  # fmt: skip
            assert found[:, place] == pytest.approx([row["baseline"], row["with_intervention"]])


def test_the_rows_that_ship_are_of_every_intervention_and_headline():
    rows = shipped_relief(DESCRIBED)
    assert [(row.intervention, row.headline) for row in rows] == [
        (one, name) for one in catalogue() for name in BY_NAME
    ]
    assert shipped_relief(DESCRIBED, is_adapted=True) is None
    assert shipped_relief(PRIOR) is None
    for row in rows:
        assert row.relieved + row.worsened + row.ties == row.worlds <= DEFAULT_DRAWS
        assert row.low <= row.change <= row.high
        assert row.verdict in (ROBUST, HANGS, NOT_ROBUST, CANNOT_SAY)
        if row.verdict == ROBUST:
            assert max(row.relieved, row.worsened) >= 0.9 * row.worlds
            assert row.is_relief == (row.relieved > row.worsened)
    found = {(row.intervention, row.headline): row for row in rows}
    assert found["free-calling", "arrests"].worsened == 0  # nobody is arrested for a call that is not detected
    assert found["abolish-the-list", "followed"].share > 0.9
