"""A study: a run and its twin as figures, and how a run is brought down to them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from underwatch.experiments.silence import STAND_IN, silence_curve
from underwatch.facts import Place
from underwatch.record.headlines import HEADLINES
from underwatch.record.measures import Measured
from underwatch.record.ranges import figure_or_none, range_name, range_of, ranges_of
from underwatch.world.parameters import Parameters
from underwatch.world.scenario import Scenario

SILENCE_DRAWS = 8
DRAWS = ("draw from the prior", "draws from the prior")


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What is known of the place. `residents` are simulated; the others are of the census of 2008."""

    name: str
    name_ko: str
    province: str
    residents: int
    census: int
    urban: int
    border: bool
    n_places: int = 1


@dataclass(frozen=True, slots=True)
class SilencePoint:
    """One strength of watching (a multiple of the scenario's), its incidents, and the reports published of them.

    `published` is the expected number; `lo` and `hi` are its range, of `n` draws.
    """

    watching: float
    incidents: float
    published: float
    lo: float
    hi: float
    n: int = 0


@dataclass(frozen=True)
class Part:
    """One of many places, and the figures of its baseline."""

    place: Place
    figures: Measured


@dataclass(frozen=True)
class Study:
    """A run and its twin, as figures. The first of `worlds` is the baseline, the second, if any, its twin.

    `change` names what the baseline has and the twin has not ("the year-end campaign"), or with `relief` what the twin
    has and the baseline has not ("end-reprimands"); `window` is its days (lo, hi).
    `central` has one history per world at the central values; `ensemble` the same figures with an axis of draws from
    the prior in front, the same draws in every world. `published` has the expected published reports of each draw, of
    the central values first: float[1 + draws]. `silence_band` says what `lo` and `hi` of the silence curve are.
    `n_set` parameters are set by the scenario, and so the same in every draw.
    Of many places, `provinces` and `parts` have the baseline of each, and draws are taken in places of
    `stand_in` residents together, their counts brought to the residents of all. `silence_place` says where the silence
    curve was drawn.
    """

    place: PlaceFacts
    start: datetime.date
    days: int
    worlds: tuple[str, ...]
    change: str
    window: tuple[int, int] | None
    central: Mapping[str, Measured]
    ensemble: Mapping[str, Measured] = field(default_factory=dict)
    published: Mapping[str, np.ndarray] = field(default_factory=dict)
    silence: tuple[SilencePoint, ...] = ()
    silence_band: str = "range of the channel"
    silence_place: str = ""
    stand_in: int = 0
    provinces: Mapping[str, Measured] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    relief: bool = False
    n_set: int = 0

    @property
    def baseline(self) -> str:
        """Name of the baseline world."""
        return self.worlds[0]

    @property
    def twin(self) -> str | None:
        """Name of the twin, if there is one."""
        return self.worlds[1] if len(self.worlds) > 1 else None

    @property
    def pair(self) -> tuple[str, str]:
        """The world that has the change, and the one that has not."""
        one, other = self.worlds[:2]
        return (other, one) if self.relief else (one, other)

    @property
    def other(self) -> str:
        """The world that has not the change, in words."""
        return "the baseline" if self.relief else "the twin"

    @property
    def n_draws(self) -> int:
        """How many draws from the prior there are."""
        return len(self.ensemble[self.baseline].year) if self.baseline in self.ensemble else 0

    def day(self, number: int) -> datetime.date:
        """Return the date of a day of the run."""
        return self.start + datetime.timedelta(days=number)


def place_facts(scenario: Scenario) -> PlaceFacts:
    """Return what is known of the place or places."""
    members = scenario.places
    one = members[0] if len(members) == 1 else None
    return PlaceFacts(
        name=scenario.name,
        name_ko=one.name_ko if one else "",
        province=one.province if one else "",
        residents=scenario.residents,
        census=sum(place.population for place in members),
        urban=sum(place.urban for place in members),
        border=any(place.border for place in members),
        n_places=len(members),
    )


def silence_points(
    scenario: Scenario, parameters: Sequence[Parameters], threads: int, tick: Callable[[], None]
) -> tuple[SilencePoint, ...]:
    """Return the silence curve at the scenario's own values, the first of these, with the range over draws.

    Levels differ by orders of magnitude between draws, shapes do not: each draw is brought to the peak of this history.
    One in which nothing is published has no shape, and is not among them.
    """
    curve = silence_curve(scenario, parameters, threads, progress=tick)
    peak, *peaks = curve.published.max(axis=0)
    scales = np.array([peak / one if one > 0 else np.nan for one in peaks])
    low, _, high, n = ranges_of((curve.published[:, 1:] * scales).T)
    found = []
    for at, watching in enumerate(curve.watching):
        own = float(curve.incidents[at, 0]), float(curve.published[at, 0])
        found.append(SilencePoint(watching, *own, float(low[at]), float(high[at]), int(n[at])))
    return tuple(found)


def silence_place(scenario: Scenario) -> str:
    """Say in what the silence curve is drawn."""
    where = "on the border" if any(place.border for place in scenario.places) else "inland"
    return f"a place of {min(STAND_IN, scenario.residents):,} residents {where}"


def silence_band(points: Sequence[SilencePoint]) -> str:
    """Say what the range of the silence curve is."""
    n = points[0].n if points else 0
    if n < 2:
        return range_name(n, *DRAWS)
    return (
        f"{range_name(n, *DRAWS)}, each scaled to the peak of this history "
        "(their levels differ by orders of magnitude, their shapes do not)"
    )


def headlines(study: Study) -> dict[str, dict[str, Any]]:
    """Return the headline figures of each world as plain JSON: value, and the range over the draws that have one."""
    found: dict[str, dict[str, Any]] = {}
    for world in study.worlds:
        found[world] = {}
        for at, headline in enumerate(HEADLINES):
            around = range_of(study.ensemble[world].year[:, at] if world in study.ensemble else ())
            found[world][headline.name] = {
                "value": figure_or_none(study.central[world].year[at]),
                "low": figure_or_none(around.low),
                "high": figure_or_none(around.high),
                "range": around.name(*DRAWS),
                "unit": headline.unit,
            }
    return found
