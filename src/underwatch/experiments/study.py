"""A study: a run and its twin as figures, and how a run is brought down to them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from underwatch.experiments.ensemble.names import PRIOR
from underwatch.experiments.ensemble.settings import ensemble_words
from underwatch.experiments.ensemble.stand_ins import STAND_IN
from underwatch.experiments.ensemble.statements import StatementRow
from underwatch.experiments.silence import SilenceCurve
from underwatch.facts import Place
from underwatch.record.headlines import HEADLINES
from underwatch.record.measures import Measured
from underwatch.record.ranges import range_name, ranges_of
from underwatch.shown import Displayed
from underwatch.world.forms import Forms
from underwatch.world.scenario import Scenario

if TYPE_CHECKING:
    from underwatch.experiments.histories.story import Story


@dataclass(frozen=True, slots=True, repr=False)
class PlaceFacts(Displayed):
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

    Both are medians over worlds, `published` of the expected number; `lo` and `hi` are its range, of `n` worlds.
    """

    watching: float
    incidents: float
    published: float
    lo: float
    hi: float
    n: int = 0


@dataclass(frozen=True, slots=True)
class Silence:
    """The silence curve over the worlds of an ensemble: its points, what their range is, and where it was drawn.

    In `turns` of `n` worlds in which anything is published fewer reports come out at the strongest watching than at
    some weaker one.
    """

    points: tuple[SilencePoint, ...] = ()
    band: str = "no range"
    place: str = ""
    turns: int = 0
    n: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Example(Displayed):
    """One possible history of the whole place: what a figure of it is, where that lies inside of the range.

    `setting` is the scenario with its parameters and forms, those of draw number `draw` (0: the scenario's own).
    `figures` by world; `published` the expected reports by world; `change` float[H], the world with the change less
    the one without in its window. What lies outside the range of the worlds is NaN: `left_out` of `n_figures`
    headlines.
    """

    setting: Scenario | None
    draw: int
    figures: Mapping[str, Measured]
    published: Mapping[str, float] = field(default_factory=dict)
    change: np.ndarray = field(default_factory=lambda: np.full(len(HEADLINES), np.nan))
    left_out: int = 0
    n_figures: int = 0


@dataclass(frozen=True)
class Part:
    """One of many places, and the figures of its baseline."""

    place: Place
    figures: Measured


@dataclass(frozen=True, repr=False)
class Study(Displayed):
    """A run and its twin, as figures. The first of `worlds` is the baseline, the second, if any, its twin.

    `change` names what the baseline has and the twin has not ("the year-end campaign"), or with `relief` what the twin
    has and the baseline has not ("end-reprimands"); `window` is its days (lo, hi).
    `drawn` has the figures of each world with an axis of draws in front, the same draws in every world, and
    `published` the expected published reports of each draw, float[draws]. The draws are worlds of the ensemble
    `source`, with the rules' `forms` of each; `adapted` says that the scenario is not the one it was found for. They
    live in places of `stand_in` residents together (0: the place itself), their counts brought to the residents of
    all. `example` is one history of the whole place.
    `n_set` parameters are set by the scenario, and so the same in every draw. Of many places, `provinces` and `parts`
    have the baseline of each in the example. `statements` are those of the report, as `summary.json` has them.
    `story` tells of some of the example's residents, near at hand.
    """

    place: PlaceFacts
    start: datetime.date
    days: int
    worlds: tuple[str, ...]
    change: str
    window: tuple[int, int] | None
    example: Example
    drawn: Mapping[str, Measured] = field(default_factory=dict)
    published: Mapping[str, np.ndarray] = field(default_factory=dict)
    silence: Silence = Silence()
    stand_in: int = 0
    provinces: Mapping[str, Measured] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    relief: bool = False
    n_set: int = 0
    source: str = PRIOR
    adapted: bool = False
    forms: tuple[Forms, ...] = ()
    statements: tuple[StatementRow, ...] = ()
    story: Story | None = None

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
        """How many worlds of the ensemble there are."""
        return len(self.drawn[self.baseline].year) if self.baseline in self.drawn else 0

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


def drawn_words(source: str) -> tuple[str, str]:
    """Return what a draw from an ensemble and several are, in words."""
    return f"world of {ensemble_words(source)}", f"worlds of {ensemble_words(source)}"


def silence_of(curve: SilenceCurve, source: str, scenario: Scenario) -> Silence:
    """Return the silence curve: medians over its worlds, with the range of their shapes.

    Levels differ by orders of magnitude between worlds: each is brought to the peak of the medians. One in which
    nothing is published has no shape, and is not among them.
    """
    middle = np.median(curve.published, axis=1)
    peaks, peak = curve.published.max(axis=0), middle.max()
    scales = np.array([peak / one if one > 0 else np.nan for one in peaks])
    low, _, high, n = ranges_of((curve.published * scales).T)
    columns = np.stack([np.median(curve.incidents, axis=1), middle, low, high], axis=1).tolist()
    points = [
        SilencePoint(watching, incidents, published, lo, hi, int(n[0]))
        for watching, (incidents, published, lo, hi) in zip(curve.watching, columns, strict=True)
    ]
    told = peaks > 0
    turns = int(curve.turns[told].sum())
    band = _silence_band(int(n[0]), source)
    return Silence(tuple(points), band, _silence_place(scenario), turns, int(told.sum()))


def _silence_place(scenario: Scenario) -> str:
    """Say in what the silence curve is drawn."""
    where = "on the border" if any(place.border for place in scenario.places) else "inland"
    return f"a place of {min(STAND_IN, scenario.residents):,} residents {where}"


def _silence_band(n: int, source: str) -> str:
    """Say what the range of the silence curve is."""
    name = range_name(n, *drawn_words(source))
    return (
        f"{name}, each scaled to the peak of the medians (their levels differ by orders of magnitude)"
        if n > 1
        else name
    )


def inside(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return values, float[...], those outside of the range of float[draws, ...] as NaN; without a range all stay."""
    low, _, high, _ = ranges_of(drawn)
    return np.where((values < low) | (values > high), np.nan, values)


def example_inside(example: Example, study: Study) -> Example:
    """Return the example with every figure that lies outside of its range left out; `study` has the draws."""
    if not study.n_draws:
        return example
    figures, published = {}, {}
    for world, own in example.figures.items():
        drawn = study.drawn[world]
        figures[world] = Measured(*(inside(getattr(own, part), getattr(drawn, part)) for part in Measured.__slots__))
        published[world] = float(inside(np.array(example.published[world]), study.published[world]))
    change = example.change
    if study.twin is not None:
        one, other = (study.drawn[world].window for world in study.pair)
        change = inside(example.change, one - other)
    return replace(example, figures=figures, published=published, change=change)
