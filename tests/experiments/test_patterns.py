"""P1 to P7 at the frozen central values, and in worlds where they must fail; docs/validation.md has the prior draws."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from trials.drift import cold_start, drift_rows, drifts, ratios, without_campaign
from trials.patterns import CONTROLS, PATTERNS, WATCHING, Town, judged

from underwatch.record.headlines import HEADLINES
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters

TOWN = Town(Parameters.central())


@pytest.mark.parametrize("name", ["P1", "P4", "P5", "P6", "P7"])
def test_pattern_holds_at_central_values(name: str) -> None:
    verdict = judged(name, TOWN)
    assert verdict.holds, verdict.figures


@pytest.mark.parametrize("name", PATTERNS)
def test_pattern_fails_where_it_must(name: str) -> None:
    """A verdict, not a lack of cases: without the rules behind it the pattern is seen to fail."""
    verdict = judged(name, replace(TOWN, without=CONTROLS[name]))
    assert verdict.holds is False, verdict.figures


@pytest.mark.parametrize("name", ["P1", "P5", "P6", "P7"])
def test_what_happens_too_seldom_is_not_judged(name: str) -> None:
    assert judged(name, replace(TOWN, residents=40, days=1)).holds is None


def test_reports_of_the_silence_curve_stand_for_many_more_incidents() -> None:
    """P2: the watched world has more than twice the incidents, each of them told of less than half as often."""
    f = judged("P2", TOWN).figures
    per = [f[f"published_{s}"] / f[f"incidents_{s}"] for s in WATCHING]
    assert per[0] > 2 * per[-1]


def test_families_are_followed_on_fewer_outings_where_attention_is_pooled() -> None:
    """P3: watchers who are assigned to a household follow it more than those who share their time among all."""
    pooled = replace(TOWN, forms=Forms.central().with_forms({"S4": "pooled"}))
    assigned, shared = (judged("P3", town).figures["share_followed"] for town in (TOWN, pooled))
    assert assigned > shared > 0


def test_settled_worlds_drift_less_than_calm_ones() -> None:
    names = [headline.name for headline in HEADLINES]
    with ThreadPoolExecutor(1) as pool:
        settled, calm = (drifts(without_campaign(weeks, 1000), 20, pool) for weeks in (26, 0))
    assert len(list(drift_rows(settled))) == len(names)
    away = [
        [
            abs(np.log(np.median(ratios(found, number))))
            for number in range(len(names))
            if len(ratios(found, number)) > 9
        ]
        for found in (settled, calm)
    ]
    assert np.mean(away[0]) < 0.5 * np.mean(away[1])


@pytest.mark.deep
def test_what_happens_is_told_no_more_readily_at_first_in_settled_worlds() -> None:
    """Within a fifth of the year's mean, pooled over 200 draws; where worlds start calm, more than twice that mean."""
    with ThreadPoolExecutor(2) as pool:
        settled, calm = (cold_start(without_campaign(weeks), 200, pool) for weeks in (26, 0))
    assert settled == pytest.approx((1.0, 1.0), abs=0.2)
    assert min(calm) > 2
