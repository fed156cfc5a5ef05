"""Worlds in which a draft is judged: whole places of three ensembles, and stand-ins for the rest of the country.

The place of the draft is lived through whole, in 20 worlds of each ensemble. All other places of its province and of
the country are stood in for by one at the border and one inland, of the same world's settings: no kin tie leaves a
place, so that a province is the sum of its places, and what is counted in a stand-in counts for as many residents as
there are of its kind.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from underwatch.disclosure.draft import MOST_DAYS_BEFORE, Draft, period_of
from underwatch.disclosure.terms import PERIOD, PLACE
from underwatch.disclosure.worlds.drawn import drawn
from underwatch.errors import InputError
from underwatch.experiments.histories.rows import Histories
from underwatch.facts import Place, find_place, places, provinces
from underwatch.world.layout import KIND
from underwatch.world.scenario import Scenario, place_scenario

WORLDS_EACH = 20
WAITS = (0, 1, 4, 12, 26)  # weeks after the day of publication that is asked about
LATELY = 182  # days: a report that gives no date is read as of the half year before it
_STAND_IN, _STAND_IN_ALONE = 32_000, 64_000  # residents, beside the draft's own place and without one
LIGHT = (KIND.followed_visit, KIND.call_given_up, KIND.arrest, KIND.accusation, KIND.listing)  # few enough to keep all


@dataclass(frozen=True)
class LivedPlace:
    """A place that is lived through: the draft's own, or one that stands in for all at the border or inland."""

    name: str  # "own", "border", "inland"
    place: Place
    residents: int


@dataclass(frozen=True)
class Settings:
    """Whose worlds: of each its ensemble, and its scenario (parameters, forms, luck) without a place of its own."""

    start: datetime.date
    days: int
    parts: tuple[LivedPlace, ...]
    each: int = WORLDS_EACH
    seed: int = 1

    @property
    def worlds(self) -> tuple[tuple[str, Scenario], ...]:
        """The ensemble and the scenario of each world; no two of them share their luck."""
        return _worlds(self.start, self.days, self.each, self.seed)

    @property
    def work(self) -> int:
        """Resident-days to be lived through."""
        lived = self.worlds[0][1].lived_days
        return len(self.worlds) * lived * sum(part.residents for part in self.parts)


@lru_cache(maxsize=8)
def _worlds(start: datetime.date, days: int, each: int, seed: int) -> tuple[tuple[str, Scenario], ...]:
    base = place_scenario("hoeryong", start=start, end=start + datetime.timedelta(days - 1))
    return tuple(
        (one.ensemble, base.replace(parameters=one.parameters, forms=one.forms, seed=one.seed))
        for one in drawn(each, seed)
    )


@dataclass(frozen=True)
class LivedWorlds:
    """The histories of all worlds of a part, of one kind of incident: world by world."""

    part: LivedPlace
    worlds: list[Histories]


def settings_for(draft: Draft, each: int = WORLDS_EACH, seed: int = 1, earlier: Sequence[Draft] = ()) -> Settings:
    """Return the worlds that a draft is judged by: from the quarter of its period to half a year after publication.

    They begin with the earliest that it or an earlier report can mean.
    """
    start = min(_first_day(one) for one in (draft, *earlier))
    if (draft.published - start).days > MOST_DAYS_BEFORE:
        what = "period: lies" if start == _first_day(draft) else "an earlier report that is linked lies"
        raise InputError(f"{what} more than {MOST_DAYS_BEFORE} days before publication, which is not judged")
    start = datetime.date(start.year, start.month - (start.month - 1) % 3, 1)
    after = draft.published + datetime.timedelta(7 * max(WAITS))
    end = (after.replace(day=1) + datetime.timedelta(31)).replace(day=1)
    return Settings(start, (end - start).days, parts_of(draft), each, seed)


def _first_day(draft: Draft) -> datetime.date:
    lately = draft.published - datetime.timedelta(LATELY)
    return min(lately, period_of(draft.stated[PERIOD]).first) if PERIOD in draft.stated else lately


def parts_of(draft: Draft) -> tuple[LivedPlace, ...]:
    """Return the places that are lived through for a draft."""
    own = draft.place
    each = _STAND_IN_ALONE if own is None else _STAND_IN
    found = [] if own is None else [LivedPlace("own", own, own.population)]
    for name, border in (("border", True), ("inland", False)):
        alike = [place for place in places().values() if place.border is border]
        largest = max(alike, key=lambda place: place.population)
        found.append(LivedPlace(name, largest, min(each, largest.population)))
    return tuple(found)


def residents_for(draft: Draft, level: str, part: LivedPlace) -> float:
    """Return for how many residents a stand-in counts where a draft says no more than `level`, "province" or "country".

    The draft's own place is not among them: it was lived through itself.
    """
    kind, _, members = find_place(draft.stated[PLACE])
    if level == "place":
        return 0.0
    among = tuple(places().values()) if level == "country" or kind == "country" else provinces()[members[0].province]
    own = draft.place
    return float(sum(place.population for place in among if place.border is part.place.border and place is not own))


def live(
    settings: Settings, kinds: Sequence[int], executor: Executor, advance: Callable[[int], object] = lambda _: None
) -> dict[int, list[LivedWorlds]]:
    """Live all worlds through; return what is kept by kind of incident: those asked for, and those that are few."""
    kinds = tuple(sorted({*LIGHT, *kinds}))
    tasks = [(part, scenario) for part in settings.parts for _, scenario in settings.worlds]
    jobs = [executor.submit(_lived, scenario, part, kinds, advance) for part, scenario in tasks]
    try:
        found = [job.result() for job in jobs]
    except BaseException:
        for job in jobs:
            job.cancel()
        raise
    n = len(settings.worlds)
    by_part = [found[at : at + n] for at in range(0, len(found), n)]
    return {
        kind: [
            LivedWorlds(part, [Histories({kind: one.rows[kind]}, one.later) for one in worlds])
            for part, worlds in zip(settings.parts, by_part, strict=True)
        ]
        for kind in kinds
    }


def _lived(scenario: Scenario, part: LivedPlace, kinds: tuple[int, ...], advance: Callable[[int], object]) -> Histories:
    from underwatch.experiments.histories.recorded import histories_of  # with the engine, which a kept world spares

    here = scenario.replace(places=(part.place,), name=part.place.name, population=part.residents)
    return histories_of(here, part.place, kinds, advance)


def check_there(lived: list[LivedWorlds]) -> None:
    """Raise InputError where no world has any incident of the kind: then nothing can be said of the act."""
    if not any(len(rows) for part in lived for world in part.worlds for rows in world.rows.values()):
        raise InputError("act: no world has any such incident in these days, so nothing can be said of it")


def first_monday(settings: Settings) -> datetime.date:
    """Return the day from which weeks of the histories are counted."""
    return settings.start - datetime.timedelta(settings.start.weekday())


@lru_cache(maxsize=256)
def day_masks(settings: Settings, first: datetime.date, last: datetime.date) -> np.ndarray:
    """Return uint8[weeks]: which days of each week of the histories lie from `first` to `last`, both included."""
    monday = first_monday(settings)
    days = np.zeros(7 * (settings.days // 7 + 3), np.uint8)
    begin, end = (first - monday).days, (last - monday).days + 1
    days[max(0, begin) : max(0, end)] = 1
    bits: np.ndarray = (days.reshape(-1, 7) << np.arange(7)).sum(axis=1).astype(np.uint8)
    return bits
