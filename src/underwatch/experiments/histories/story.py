"""Two weeks of an example and of its twin, drawn near: a listed household, a caller, the residents of a unit.

Whom they are about is found by rule, so that it is typical and no horror story: those whose two weeks in the baseline
are nearest to the medians of their like (`nearest`). All of them are the model's own, and nobody real.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from underwatch.experiments.engine.worlds import BASELINE, calm_world
from underwatch.experiments.histories.diary import rows_about
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.layout import EPISODE
from underwatch.world.scenario import Scenario
from underwatch.world.workers import Workers

DAYS = 14
LATE_DECEMBER = (12, 31)  # month and day of the last evening that is told of
_FOLLOWED = (EPISODE.followed, EPISODE.visit_followed, EPISODE.call_followed)
_CALLS = (EPISODE.call_avoided, EPISODE.call_set_out, EPISODE.call_given_up, EPISODE.call_completed)
_OF_A_HOUSE = (EPISODE.followed, EPISODE.visit, EPISODE.visit_followed, EPISODE.home_visit, EPISODE.report)
_OF_A_CALLER = (*_CALLS, EPISODE.followed)


@dataclass(frozen=True)
class ToldLife:
    """One household or resident: of how many residents, and by world the rows of the days told, TRACE[n]."""

    n_residents: int
    rows: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Neighbours:
    """The residents of a unit in two weeks: by name of the view bool[residents], listed at their end, and followed."""

    listed: Mapping[str, np.ndarray]
    followed: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Story:
    """`first` is the first of the days told, counted from that of the run, and `start` its date.

    `household` and `caller` are None where nobody is listed or wanted to call. `views` of the neighbourhood: before the
    campaign, in it, and on the same days of the twin; `before` is the date on which the first of them begins.
    """

    start: date
    first: int
    before: date
    household: ToldLife | None
    caller: ToldLife | None
    neighbours: Neighbours

    @property
    def last(self) -> date:
        """The date of the last of the days told."""
        return self.start + timedelta(DAYS - 1)


BEFORE, WITHIN, TWIN = "before", "within", "twin"


def told_days(scenario: Scenario) -> int | None:
    """Return the first of the days told: to 31 December where the campaign has it, else to the campaign's end.

    None where there is no campaign, or too few of its days or of those before it are simulated.
    """
    if scenario.campaign_days is None or not any(phase.campaign for phase in scenario.phases()):
        return None
    lo, hi = scenario.campaign_days
    for year in range(scenario.start.year, scenario.end.year + 1):
        last = (date(year, *LATE_DECEMBER) - scenario.start).days
        if lo + DAYS <= last + 1 <= hi:
            hi = last + 1
            break
    return hi - DAYS if lo >= DAYS + 7 and hi - DAYS >= lo else None


def story_of(worlds: Mapping[str, Scenario], threads: int = 1) -> Story | None:
    """Return the story of an example and its twin, by name, which are simulated again as far as it goes.

    None where there is no twin without a campaign beside it, or the days told are not all simulated.
    """
    (baseline, scenario), *others = worlds.items()
    first = told_days(scenario)
    if first is None or not others or baseline != BASELINE:
        return None
    twin, without = others[0]
    with Workers(threads) as plain, Workers(threads, -1) as tracing:
        world = calm_world(scenario, scenario.places[0], scenario.seed)
        eve = _monday(world, scenario.campaign_days[0] if scenario.campaign_days else 0)
        _until(world, scenario, eve - DAYS, plain)
        before = _followed(world, _rows(world, scenario, (eve - DAYS, eve), tracing))
        listed = {BEFORE: world.state.flags & L.ON_A_LIST != 0}
        other, rows = simulate.branch(world), {}
        for name, lived, one in ((baseline, scenario, world), (twin, without, other)):
            _until(one, lived, first, plain)
            rows[name] = _rows(one, lived, (first, first + DAYS), tracing)
            listed[WITHIN if name == baseline else TWIN] = one.state.flags & L.ON_A_LIST != 0
    followed = {BEFORE: before, WITHIN: _followed(world, rows[baseline]), TWIN: _followed(other, rows[twin])}
    house, caller = _household(world.town, listed[BEFORE], rows[baseline]), _caller(rows[baseline])
    unit = _unit(world.town, listed[WITHIN], (followed[BEFORE], followed[WITHIN]))
    return Story(
        start=scenario.start + timedelta(first),
        first=first,
        before=scenario.start + timedelta(eve - DAYS),
        household=None if house is None else ToldLife(len(house), {n: _of(house, own) for n, own in rows.items()}),
        caller=None
        if caller is None
        else ToldLife(1, {n: rows_about(world.town, own, caller) for n, own in rows.items()}),
        neighbours=Neighbours(*({name: of[name][unit] for name in of} for of in (listed, followed))),
    )


def _monday(world: simulate.World, day: int) -> int:
    """Return the last Monday that is no later than a day of the run: worlds are cut between weeks."""
    return day - simulate.weekday(world.counted + day)


def _until(world: simulate.World, scenario: Scenario, day: int, workers: Workers) -> None:
    """Live on to the Monday of the week of a day of the run."""
    monday = world.counted + _monday(world, day)
    left = simulate.weeks(world, scenario.all_phases(), workers)
    while world.day < monday:
        next(left)
        world.history.forget_incidents()


def _rows(world: simulate.World, scenario: Scenario, days: tuple[int, int], workers: Workers) -> np.ndarray:
    """Live on to the end of the week of the last of some days; return the trace rows of these days."""
    first, end = days
    for reached in simulate.weeks(world, scenario.all_phases(), workers):
        world.history.forget_incidents()
        if reached >= end:
            break
    rows = world.history.trace
    world.history.trace_blocks.clear()
    return rows[(rows["day"] >= first) & (rows["day"] < end)]


def _followed(world: simulate.World, rows: np.ndarray) -> np.ndarray:
    """Return who was followed, bool[R]; on a visit the household was."""
    town = world.town
    found = np.zeros(int(town.unit_start[-1]), bool)
    found[rows["who"][np.isin(rows["kind"], _FOLLOWED)]] = True
    heads = rows["who"][rows["kind"] == EPISODE.visit_followed]
    for house in np.searchsorted(town.house_start, heads, side="right") - 1:
        found[town.house_start[house] : town.house_start[house + 1]] = True
    return found


def nearest(figures: np.ndarray) -> int:
    """Return the row of float[n, figures] that is nearest to the medians; of several the first.

    Far is the sum over figures of the distance in medians, or in ones where the median is less.
    """
    middle = np.median(figures, axis=0)
    far = (np.abs(figures - middle) / np.maximum(middle, 1.0)).sum(axis=1)
    return int(np.argmin(far))


def _counts(rows: np.ndarray, kinds: Sequence[int], which: np.ndarray, n: int) -> np.ndarray:
    """Count the rows of each kind by what `which` puts each down to, float[n, kinds]."""
    return np.stack([np.bincount(which[rows["kind"] == kind], minlength=n).astype(float) for kind in kinds], axis=-1)


def _household(town: L.Town, listed: np.ndarray, rows: np.ndarray) -> range | None:
    """Return the residents of the household told of: of those of two and more in which somebody is listed."""
    start = town.house_start.astype(np.int64)
    n = len(start) - 1
    of_house = np.searchsorted(start, rows["who"], side="right") - 1
    has_listed = np.add.reduceat(listed.astype(np.int64), start[:-1]) > 0
    some = np.flatnonzero(has_listed & (np.diff(start) > 1))
    if not len(some):
        return None
    sizes = np.diff(start)[:, None].astype(float)
    figures = np.concatenate([_counts(rows, _OF_A_HOUSE, of_house, n), sizes], axis=1)[some]
    house = int(some[nearest(figures)])
    return range(int(start[house]), int(start[house + 1]))


def _caller(rows: np.ndarray) -> int | None:
    """Return the resident told of: of those who set out to call or did not dare to."""
    who = np.unique(rows["who"][np.isin(rows["kind"], _CALLS)])
    if not len(who):
        return None
    own = rows[np.isin(rows["who"], who)]
    figures = _counts(own, _OF_A_CALLER, np.searchsorted(who, own["who"]), len(who))
    return int(who[nearest(figures)])


def _unit(town: L.Town, listed: np.ndarray, followed: Sequence[np.ndarray]) -> slice:
    """Return the residents of the unit told of, nearest in its shares listed and followed."""
    start = town.unit_start.astype(np.int64)
    sizes = np.diff(start).astype(float)
    counts = [np.add.reduceat(one.astype(float), start[:-1]) for one in (listed, *followed)]
    figures = np.stack([*(100 * count / sizes for count in counts), sizes / 10], axis=-1)
    unit = nearest(figures)
    return slice(int(start[unit]), int(start[unit + 1]))


def _of(house: range, rows: np.ndarray) -> np.ndarray:
    """Return the rows about the residents of a household."""
    return rows[(rows["who"] >= house.start) & (rows["who"] < house.stop)]
