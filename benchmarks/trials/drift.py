"""How far each headline drifts over a year without a campaign: the last quarter against the first, over prior draws."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from trials.patterns import START, TOWN
from underwatch.experiments.engine.worlds import prior_scenarios, totals_of
from underwatch.record.headlines import HEADLINES
from underwatch.record.ranges import TAILS, quantiles
from underwatch.world.scenario import DEFAULT_SETTLE_WEEKS, Scenario
from underwatch.world.scenario_file import scenario_for

DAYS = 364
FIRST, LAST = (0, 91), (DAYS - 91, DAYS)
RESIDENTS = 4000


def without_campaign(settle_weeks: int = DEFAULT_SETTLE_WEEKS, residents: int = RESIDENTS) -> Scenario:
    """A year of a small border town without any campaign."""
    scenario = scenario_for(TOWN, start=START, days=DAYS, population=residents, settle_weeks=settle_weeks)
    return scenario.replace(campaign=None)


def quarters(scenario: Scenario) -> np.ndarray:
    """The headlines of the first and the last quarter of one world, float[2, headlines]."""
    (totals,) = totals_of(scenario, [scenario], scenario.seed)
    return np.stack([totals.measured(scenario, window).window for window in (FIRST, LAST)])


def drifts(scenario: Scenario, draws: int, pool: ThreadPoolExecutor) -> np.ndarray:
    """The same of draws from the prior, float[draws, 2, headlines]."""
    return np.stack([*pool.map(quarters, prior_scenarios(scenario, draws))])


def ratios(found: np.ndarray, headline: int) -> np.ndarray:
    """Last quarter over first of those draws that have something in both, float[draws that do]."""
    first, last = found[:, 0, headline], found[:, 1, headline]
    there = np.isfinite(first) & np.isfinite(last) & (first > 0) & (last > 0)
    return np.asarray(last[there] / first[there])


def drift_rows(found: np.ndarray) -> Iterable[str]:
    """One table row for each headline."""
    for number, headline in enumerate(HEADLINES):
        ratio = ratios(found, number)
        if len(ratio) < 19:
            yield f"| {headline.title} | {len(ratio)} | | |"
            continue
        low, high = quantiles(ratio, TAILS)
        yield f"| {headline.title} | {len(ratio)} | {np.median(ratio):.2f} | {low:.2f} to {high:.2f} |"
