"""What one setting of the model comes to: its headlines, the summaries that published figures speak of, the measures
that the statements of the report are judged by.

A setting is simulated twice with the same luck, with the campaign and without (the twin), in a stand-in place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np

from underwatch.experiments.engine.worlds import init_world, workers_here, world_totals
from underwatch.facts import constraints
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.record.measures import Measured, group_cells
from underwatch.record.schema import ALL, LISTED, ORDINARY
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.layout import COUNT, GROUND_NAMES, ONE
from underwatch.world.scenario import Scenario

_FAMILY, _DETAINEE = "defector_family", "former_detainee"
_LATE_DECEMBER = date(2024, 12, 13)  # four weeks about the evening that the report tells of
_HALF = 0.5  # an event, where a stand-in may have none and a figure is read on a log scale
_WORLDS, _PARTS = ("baseline", "twin"), ("year", "window")


@dataclass(frozen=True)
class LivedWorld:
    """One world that was lived: counts int64[days, cells, indicators], residents by cell, its headlines."""

    cells: np.ndarray
    residents: np.ndarray
    adults: np.ndarray
    watched: np.ndarray
    measured: Measured

    def count(self, indicator: int, group: str, days: slice = slice(None), and_group: str = ALL) -> float:
        """Sum an indicator over days, in a group or in what two groups have in common."""
        inside = group_cells(group) & group_cells(and_group)
        return float(self.cells[days, :, indicator][:, inside].sum())

    def people(self, group: str, of: str = "residents") -> float:
        """Return how many of a group there are."""
        return float(getattr(self, of)[group_cells(group)].sum())


@dataclass(frozen=True)
class Pair:
    """A setting with the campaign and its twin without; `campaign` are the days in which they differ."""

    scenario: Scenario
    baseline: LivedWorld
    twin: LivedWorld
    campaign: slice

    @property
    def scale(self) -> float:
        """How many residents of the place each resident of the stand-in is."""
        return self.scenario.places[0].population / self.scenario.residents

    def ratio(self, indicator: int, group: str) -> float:
        """Return an indicator in the campaign, over that of the twin on the same days."""
        return _share(*(life.count(indicator, group, self.campaign) for life in (self.baseline, self.twin)))


def live(world: simulate.World, scenario: Scenario, lived: Scenario) -> LivedWorld:
    """Take a world that has settled through what its people meet, and return what it comes to."""
    simulate.run(world, lived.phases(), workers_here())
    totals, history = world_totals(world, scenario), world.history
    return LivedWorld(
        cells=history.cells,
        residents=history.residents,
        adults=history.adults,
        watched=history.watched,
        measured=totals.measured(scenario, _window(scenario)),
    )


def pair_of(scenario: Scenario) -> Pair:
    """Simulate a setting and its twin, which settle together."""
    lo, hi = _window(scenario)
    settled = init_world(scenario, scenario.places[0], scenario.seed)
    baseline = live(simulate.branch(settled), scenario, scenario)
    return Pair(scenario, baseline, live(settled, scenario, scenario.without_campaign()), slice(lo, hi))


def _window(scenario: Scenario) -> tuple[int, int]:
    """Return the days of the campaign, counted from the first day; none without one."""
    return scenario.campaign_days or (0, 0)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan


# --- summaries that published figures speak of ---


def leavers_watched_ever(pair: Pair, years: float, odds: float) -> float:
    """Share of leavers who were ever watched at home, by a model of the question.

    At home the listed are watched, who are visited there. A leaver was watched who is listed on the first day, or came
    onto a list in one of the other `years`, each like the one simulated. Those with a ground leave `odds` times as
    often as others.
    """
    life = pair.baseline
    cells = np.arange(len(life.adults))
    groups = [cells & L.GROUND_MASK != 0, cells & L.GROUND_MASK == 0]
    if not life.count(COUNT.home_visits, ALL):
        return 0.0
    shares, leave = np.zeros(2), np.zeros(2)
    for n, group in enumerate(groups):
        adults, listed = (float(life.adults[group & inside].sum()) for inside in (group, group_cells(LISTED)))
        later = float(life.cells[:, group & ~group_cells(LISTED), COUNT.listings].sum())
        a_year = min(1.0, later / max(1.0, adults - listed) * 365.0 / len(life.cells))
        shares[n] = 1 - (1 - listed / max(1.0, adults)) * (1 - a_year) ** (years - 1)
        leave[n] = adults * (odds, 1.0)[n]
    return float((shares * leave).sum() / leave.sum())


def _distressed(pair: Pair, group: str) -> float:
    days = len(pair.baseline.cells)
    return _share(pair.baseline.count(COUNT.distressed, group), days * pair.baseline.people(group))


def _given_up(life: LivedWorld, group: str, days: slice = slice(None)) -> float:
    given_up = sum(life.count(each, group, days) for each in (COUNT.calls_avoided, COUNT.calls_abandoned))
    return _share(given_up, life.count(COUNT.calls_intended, group, days))


def _expected_arrests(pair: Pair) -> float:
    """Arrests as the calls made let expect: of a stand-in's few, the luck would be most of it."""
    return pair.baseline.count(COUNT.calls_completed, ALL) * pair.scenario.parameters["p_detected_per_call"]


def _arrests_per_1000(pair: Pair) -> float:
    years = len(pair.baseline.cells) / 365.0
    return 1000.0 * _expected_arrests(pair) / pair.baseline.people(ALL) / years


def _accusations_per_report(pair: Pair) -> float:
    return _share(pair.baseline.count(COUNT.accusations, ALL) + _HALF, pair.baseline.count(COUNT.reports, ALL) + 1)


# --- measures that the statements of the report are judged by ---


def _grounds_listed(pair: Pair) -> float:
    listed = group_cells(LISTED)
    return float(sum((pair.baseline.residents[listed & group_cells(name)] > 0).any() for name in GROUND_NAMES))


def _family_share(pair: Pair, followed: int, made: int) -> float:
    life, days = pair.baseline, pair.campaign
    return _share(life.count(followed, _FAMILY, days, LISTED), life.count(made, _FAMILY, days, LISTED))


def _turned_back_december(pair: Pair) -> float:
    first = (_LATE_DECEMBER - pair.scenario.start).days
    return pair.scale * pair.baseline.count(COUNT.calls_abandoned, ALL, slice(first, first + 28)) / 4


def _arrested_again(pair: Pair) -> float:
    before = _share(pair.baseline.people(_DETAINEE, "adults"), pair.baseline.people(ALL, "adults"))
    return pair.scale * _expected_arrests(pair) * before


def _forgone_rise(pair: Pair) -> float:
    def forgone(life: LivedWorld) -> float:
        lost = life.count(COUNT.outings_forgone, LISTED, pair.campaign)
        return _share(lost, lost + life.count(COUNT.outings, LISTED, pair.campaign))

    return forgone(pair.baseline) - forgone(pair.twin)


def _distress_rise(pair: Pair) -> float:
    last = slice(pair.campaign.stop - 7, pair.campaign.stop)
    rise = pair.baseline.count(COUNT.distress, ALL, last) - pair.twin.count(COUNT.distress, ALL, last)
    return rise / ONE / 7 / pair.baseline.people(ALL)


MEASURES: Mapping[str, Callable[[Pair], float]] = MappingProxyType(
    {
        "arrests_per_1000": _arrests_per_1000,
        "leavers_watched_ever": lambda pair: leavers_watched_ever(
            pair, **constraints()["watched_at_home_ever"].question
        ),
        "accusations_per_report": _accusations_per_report,
        "distressed_listed": lambda pair: _distressed(pair, LISTED),
        "distressed_ordinary": lambda pair: _distressed(pair, ORDINARY),
        "listed_callers_give_up": lambda pair: _given_up(pair.baseline, LISTED),
        "calls_ratio": lambda pair: pair.ratio(COUNT.calls_completed, ALL),
        "listed_share_adults": lambda pair: _share(
            pair.baseline.people(LISTED, "adults"), pair.baseline.people(ALL, "adults")
        ),
        "grounds_listed": _grounds_listed,
        "watched_listed": lambda pair: _share(pair.baseline.people(LISTED, "watched"), pair.baseline.people(LISTED)),
        "family_followed": lambda pair: _family_share(pair, COUNT.followed_outings, COUNT.outings),
        "followed_ratio": lambda pair: pair.ratio(COUNT.followed_outings, LISTED),
        "reports_ratio": lambda pair: pair.ratio(COUNT.reports, ALL),
        "family_visits_followed": lambda pair: _family_share(pair, COUNT.followed_visits, COUNT.visits_made),
        "calls_given_up_ratio": lambda pair: _share(
            _given_up(pair.baseline, ALL, pair.campaign), _given_up(pair.twin, ALL, pair.campaign)
        ),
        "turned_back_december": _turned_back_december,
        "arrested_again": _arrested_again,
        "forgone_rise": _forgone_rise,
        "routine_ordinary_ratio": lambda pair: pair.ratio(COUNT.reports_routine, ORDINARY),
        "distress_rise": _distress_rise,
    }
)
COLUMNS = (*MEASURES, *(f"{name}:{world}:{part}" for world in _WORLDS for part in _PARTS for name in HEADLINE_NAMES))


def answers_to_figures(scenario: Scenario) -> np.ndarray:
    """Simulate a setting and its twin; return float64[figures]: what answers to each published figure, NaN for nothing.

    A figure about a campaign has no answer where there is none.
    """
    pair = pair_of(scenario)
    return np.array([MEASURES[figure.summary](pair) for figure in constraints().values()])


def outcomes_of(scenario: Scenario) -> np.ndarray:
    """Simulate a setting and its twin; return float64[COLUMNS]: measures, then headlines by world and part."""
    if scenario.campaign_days is None:
        raise ValueError("an ensemble is found in a scenario with a campaign")
    pair = pair_of(scenario)
    parts = [getattr(life.measured, part) for life in (pair.baseline, pair.twin) for part in _PARTS]
    return np.concatenate([[measure(pair) for measure in MEASURES.values()], *parts])
