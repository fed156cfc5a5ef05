"""How far worlds still drift over a year without a campaign, over prior draws.

Each headline in the last quarter against the first, and how readily what happens is told in the first four weeks
against the whole year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from trials.patterns import START, TOWN
from underwatch.channel.episodes import episodes
from underwatch.channel.reporting import expected_by_episode
from underwatch.experiments.engine.worlds import prior_scenarios, totals_of, workers_here
from underwatch.experiments.silence import watched_world
from underwatch.record.headlines import HEADLINES
from underwatch.record.ranges import TAILS, quantiles
from underwatch.world import simulate
from underwatch.world.scenario import DEFAULT_SETTLE_WEEKS, Scenario
from underwatch.world.scenario_file import scenario_for

DAYS = 364
FIRST, LAST = (0, 91), (DAYS - 91, DAYS)
RESIDENTS = 4000
FIRST_WEEKS = 28  # days


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


def told_of(scenario: Scenario) -> np.ndarray:
    """What happens and what is expected to be published of it, float64[2, 3]: first four weeks and year.

    The columns are incidents, episodes and expected reports; an episode is told of as its first incident found it.
    """
    phases = scenario.phases()
    world = watched_world(scenario, scenario.places[0], scenario.seed, 1.0)
    history = simulate.run(world, phases, workers_here()).history
    told = episodes(history.records, history.who, scenario.start)
    reports = expected_by_episode(told, phases[0].values, phases[0].forms["S13"])
    early, incidents = told.records["day"] < FIRST_WEEKS, history.records["day"]
    return np.array(
        [
            [(incidents < FIRST_WEEKS).sum(), early.sum(), reports[early].sum()],
            [len(incidents), len(reports), reports.sum()],
        ],
        float,
    )


def cold_start(scenario: Scenario, draws: int, pool: ThreadPoolExecutor) -> tuple[float, float]:
    """Reports per incident and per episode in the first four weeks over those of the year, pooled over draws."""
    early, year = np.sum([*pool.map(told_of, prior_scenarios(scenario, draws))], axis=0)
    incidents, of_episodes = (early[2] / early[:2]) / (year[2] / year[:2])
    return float(incidents), float(of_episodes)


def cold_start_lines(found: Mapping[int, tuple[float, float]]) -> list[str]:
    """One table row for each number of weeks in which worlds settle."""
    rows = [f"| {weeks} | {one:.2f} | {other:.2f} |" for weeks, (one, other) in found.items()]
    return ["| weeks not counted | per incident | per episode |", "| --- | --- | --- |", *rows]
