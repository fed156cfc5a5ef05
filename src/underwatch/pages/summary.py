"""The summary in ten lines of words, with ranges, and the plain data that it and the report are written from."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

import numpy as np

from underwatch.experiments.study import DRAWS, SilencePoint, Study
from underwatch.pages.numbers import PERCENT, number, percent, signed
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.record.measures import SUMS, Measured
from underwatch.record.ranges import FEWEST, MIDDLE, NONE, kind_of, range_name, range_of, ranges_of
from underwatch.record.schema import ALL, GROUP_WORDS, GROUPS, LISTED
from underwatch.world.layout import GROUND_NAMES


def band(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return low, median and high over the first axis; draws without a value (NaN) do not count."""
    return ranges_of(draws)[:3]


def band_words(n_draws: int) -> str:
    """Say what a range is: its n and its level."""
    if n_draws == 0:
        return "no range: no draw from the prior was made"
    name = range_name(n_draws, *DRAWS)
    return f"{name}, the central values not among them" if n_draws > 1 else name


def bands_words(n_draws: int, counts: np.ndarray) -> str:
    """Say what ranges side by side are; `counts` has the number of draws that have a value behind each."""
    if (counts == n_draws).all():
        return band_words(n_draws)
    return (
        f"{band_words(n_draws)}; draws without a value are left out, and n in the table is what stands behind a range: "
        f"of fewer than {FEWEST} it is the full range, and one has none"
    )


def set_words(n: int) -> str:
    """Say how many parameters the scenario sets, or nothing when it sets none."""
    return f"{n} parameter{'s are' if n > 1 else ' is'} set and drawn nowhere" if n else ""


def sentence(words: str) -> str:
    """Return words as a sentence to be put after another one; nothing of nothing."""
    return f" {words[0].upper()}{words[1:]}." if words else ""


def date_words(day: datetime.date) -> str:
    """Return '1 July 2024'."""
    return f"{day.day} {day:%B} {day.year}"


def window_words(study: Study) -> str:
    """Return the dates of the change, or '' when it has none."""
    if study.window is None:
        return ""
    lo, hi = study.window
    return f"{date_words(study.day(lo))} to {date_words(study.day(hi - 1))}"


def _with_range(value: float, draws: np.ndarray | None, show: Callable[[float], str] = number) -> str:
    """Return 'value (low to high)', the unit once at the end; with the number behind it where draws have no value."""
    if draws is None or not len(draws):
        return show(value)
    result, behind = range_of(draws), few_words(draws)
    if result.kind == NONE:
        return f"{show(value)} ({behind})" if behind else show(value)
    edges = f"{show(result.low).removesuffix(PERCENT)} to {show(result.high)}"
    return f"{show(value)} ({edges}; {behind})" if behind else f"{show(value)} ({edges})"


def few_words(draws: np.ndarray) -> str:
    """Say how many of the draws stand behind a range, and what it then is; nothing when all of them do."""
    result, n = range_of(draws), len(draws)
    if result.n == n:
        return ""
    if result.kind == NONE:
        return f"no range: {result.n} of {n} draws"
    what = "" if result.kind == kind_of(n) else "full range of "
    holds = "" if result.kind == kind_of(n) == MIDDLE else f", which holds {100 * result.share:.0f} %"
    return f"{what}{result.n} of {n} draws{holds}"


class _Figures:
    """Reads one figure of a world: its central value and its draws."""

    def __init__(self, study: Study) -> None:
        self.study = study

    def draws(self, world: str) -> Measured | None:
        return self.study.ensemble.get(world)

    def headline(self, name: str, form: Callable[[float], str] = number, part: str = "year") -> str:
        index, world = HEADLINE_NAMES.index(name), self.study.baseline
        draws = self.draws(world)
        value = float(getattr(self.study.central[world], part)[index])
        return _with_range(value, None if draws is None else getattr(draws, part)[:, index], form)

    def difference(self, name: str) -> str:
        """The world with the change less the one without, in the window, draw by draw."""
        index, (one, other) = HEADLINE_NAMES.index(name), self.study.pair
        central = self.study.central[one].window[index] - self.study.central[other].window[index]
        a, b = self.draws(one), self.draws(other)
        return _with_range(
            float(central), None if a is None or b is None else a.window[:, index] - b.window[:, index], signed
        )

    def share_of_people(self, group: str) -> str:
        index, everybody, world = GROUPS.index(group), GROUPS.index(ALL), self.study.baseline
        people = self.study.central[world].people
        draws = self.draws(world)
        shares = None if draws is None else draws.people[:, index] / draws.people[:, everybody]
        return _with_range(float(people[index] / people[everybody]), shares, percent)

    def count(self, group: str) -> int:
        return int(self.study.central[self.study.baseline].people[GROUPS.index(group)])

    def total(self, name: str) -> tuple[float, np.ndarray | None]:
        index, world = SUMS.index(name), self.study.baseline
        draws = self.draws(world)
        return float(self.study.central[world].sums[index]), None if draws is None else draws.sums[:, index]


def _line_place(study: Study) -> str:
    place = study.place
    where = f"{place.name} ({place.province})" if place.province and place.province != place.name else place.name
    twin = f", beside a twin {'with' if study.relief else 'without'} {study.change}" if study.twin else ""
    when = f" ({window_words(study)})" if study.twin and study.window else ""
    stand_in = (
        f", taken in small places of {study.stand_in:,} residents together" if study.stand_in and study.n_draws else ""
    )
    given = f" ({set_words(study.n_set)})" if study.n_set else ""
    return (
        f"{where}: {place.residents:,} synthetic residents, {date_words(study.start)} to "
        f"{date_words(study.day(study.days - 1))}{twin}{when}. "
        f"Figures are one possible history at central values{given}; in brackets: "
        f"{band_words(study.n_draws)}{stand_in}."
    )


def _line_listed(figures: _Figures) -> str:
    grounds = ", ".join(f"{GROUP_WORDS[name]} {figures.count(name):,}" for name in GROUND_NAMES)
    return (
        f"On a list at the start: {figures.count(LISTED):,} residents, {figures.share_of_people(LISTED)} of all. "
        f"Residents with a ground, overlapping: {grounds}."
    )


def _line_followed(figures: _Figures) -> str:
    return (
        f"Followed: {figures.headline('followed')} outings per listed resident and week, "
        f"{figures.headline('share_followed', percent)} of their outings; somebody of the unit calls at their homes "
        f"{figures.headline('home_visits')} times per listed resident and week; "
        f"{figures.headline('forgone', percent)} of all outings of an unwatched life are not made."
    )


def _line_change(study: Study, figures: _Figures) -> str:
    if study.twin is None:
        return f"This run has no twin without {study.change} to compare with."
    when = " while it lasts" if study.window else ""
    return (
        f"What {study.change} changes{when}, against {study.other}: {figures.difference('followed')} followed outings "
        f"per listed resident and week, {figures.difference('accused')} accusations of ordinary residents per 1,000 "
        f"and year, {figures.difference('calls')} completed calls per 1,000 and year."
    )


def _line_calls(figures: _Figures) -> str:
    avoided, turned, stopped = (
        number(figures.total(name)[0]) for name in ("calls_avoided", "calls_turned_back", "calls_stopped")
    )
    return (
        f"Calls abroad: of those intended {figures.headline('calls_avoided', percent)} are not dared out of fear, "
        f"{figures.headline('calls_turned_back', percent)} turned back from because of a follower, "
        f"{figures.headline('calls_stopped', percent)} not made because the caller has stopped calling ({avoided}, "
        f"{turned} and {stopped} in this history); {figures.headline('arrests')} arrests per 1,000 residents and year."
    )


def _line_ordinary(figures: _Figures) -> str:
    accused, _ = figures.total("accused_ordinary")
    falsely, _ = figures.total("falsely_accused_ordinary")
    return (
        f"Ordinary residents accused: {figures.headline('accused')} per 1,000 and year, falsely "
        f"{figures.headline('falsely_accused')} ({number(accused)} and {number(falsely)} in this history); "
        f"{figures.headline('routine', percent)} of reports to officers make a routine act suspicious."
    )


def _line_distress(figures: _Figures) -> str:
    return (
        f"Serious distress: {figures.headline('distressed_listed', percent)} of the listed, "
        f"{figures.headline('distressed_ordinary', percent)} of ordinary residents; mean fear (0 to 1) "
        f"{figures.headline('fear_listed')} and {figures.headline('fear_ordinary')}."
    )


def per_thousand(study: Study) -> tuple[float, np.ndarray] | None:
    """Return published reports per 1,000 incidents: at the central values, and by draw; None when not known."""
    published = study.published.get(study.baseline)
    if published is None or not len(published):
        return None
    figures = _Figures(study)
    incidents, draws = figures.total("incidents")
    below = np.array([incidents, *(draws if draws is not None else ())])[: len(published)]
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(below > 0, 1000.0 * np.asarray(published, float)[: len(below)] / below, np.nan)
    return float(rate[0]), rate[1:]


def _line_out(study: Study, figures: _Figures) -> str:
    incidents, draws = figures.total("incidents")
    rate = per_thousand(study)
    line = f"What got out: of {_with_range(incidents, draws)} incidents"
    if rate is None:
        return f"{line}, how many are published was not simulated."
    published = np.asarray(study.published[study.baseline], float)
    return (
        f"{line}, {_with_range(float(published[0]), published[1:])} reports are published by the synthetic lists: "
        f"{_with_range(*rate)} per 1,000 incidents."
    )


def _meet(level: float, branch: Sequence[SilencePoint]) -> float:
    """Return the incidents at which a branch of the curve has `level` published reports, between its points."""
    ordered = sorted(branch, key=lambda point: point.published)
    return float(np.interp(level, [p.published for p in ordered], [p.incidents for p in ordered]))


def silence_sentence(points: Sequence[SilencePoint], where: str = "") -> str:
    """Say in words what the silence curve shows, and where it was drawn, if that is told."""
    if len(points) < 3 or not any(point.published for point in points):
        return "The silence curve was not drawn in this run."
    points = sorted(points, key=lambda point: point.watching)
    first, last = points[0], points[-1]
    peak = max(range(len(points)), key=lambda index: points[index].published)
    opening = (
        f"{f'in {where}, ' if where else ''}"
        f"as watching goes from {number(first.watching)} to {number(last.watching)} times the scenario's, incidents "
        f"go from {number(first.incidents)} to {number(last.incidents)}"
    )
    if peak in (0, len(points) - 1):
        way = "fall" if peak == 0 else "rise"
        return f"The silence: {opening} and published reports {way} throughout; in this range no turn was met."
    level = max(first.published, last.published)
    calm, crushed = _meet(level, points[: peak + 1]), _meet(level, points[peak:])
    return (
        f"The silence: {opening}, while published reports rise and then fall ({number(first.published)}, "
        f"{number(points[peak].published)}, {number(last.published)}): the same {number(level)} reports stand for "
        f"{number(calm)} incidents or for {number(crushed)}."
    )


STATEMENT = (
    "This is a model with invented residents: no real person is in it, most of its parameters are guesses, and it "
    "shows what such a system can do, not what happened."
)


def summary_lines(study: Study) -> tuple[str, ...]:
    """Return the summary of a run: ten lines of words."""
    figures = _Figures(study)
    return (
        _line_place(study),
        _line_listed(figures),
        _line_followed(figures),
        _line_change(study, figures),
        _line_calls(figures),
        _line_ordinary(figures),
        _line_distress(figures),
        _line_out(study, figures),
        silence_sentence(study.silence, study.silence_place if study.place.n_places > 1 else ""),
        STATEMENT,
    )
