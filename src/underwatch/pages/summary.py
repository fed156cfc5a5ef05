"""The summary in ten lines of words, with ranges, and the plain data that it and the report are written from."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from underwatch.experiments.study import DRAWS, SilencePoint, Study
from underwatch.pages.numbers import PERCENT, number, percent, signed
from underwatch.pages.rendering import lines, page_words
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.record.measures import SUMS, Measured
from underwatch.record.ranges import FEWEST, MIDDLE, NONE, kind_of, range_name, range_of, ranges_of
from underwatch.record.schema import ALL, GROUP_WORDS, GROUPS
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


WithDraws = tuple[float, np.ndarray | None]  # a figure in the central history, and its draws if there are any


@dataclass(frozen=True)
class Figures:
    """The figures of a study's baseline one by one, and how far it lies from its twin."""

    study: Study

    def _of_baseline(self, part: Callable[[Measured], np.ndarray]) -> WithDraws:
        draws = self.study.ensemble.get(self.study.baseline)
        return float(part(self.study.central[self.study.baseline])), None if draws is None else part(draws)

    def headline(self, name: str) -> WithDraws:
        """Return a headline over the whole run."""
        return self._of_baseline(lambda of: of.year[..., HEADLINE_NAMES.index(name)])

    def difference(self, name: str) -> WithDraws:
        """Return the world with the change less the one without, in the window, draw by draw."""
        index, (one, other) = HEADLINE_NAMES.index(name), self.study.pair

        def gap(worlds: Mapping[str, Measured]) -> np.ndarray:
            return np.asarray(worlds[one].window[..., index] - worlds[other].window[..., index])

        return float(gap(self.study.central)), gap(self.study.ensemble) if self.study.n_draws else None

    def share_of_people(self, group: str) -> WithDraws:
        """Return the share of all residents that is of a group."""
        return self._of_baseline(lambda of: of.people[..., GROUPS.index(group)] / of.people[..., GROUPS.index(ALL)])

    def count(self, group: str) -> int:
        """Return how many residents are of a group."""
        return int(self.study.central[self.study.baseline].people[GROUPS.index(group)])

    def total(self, name: str) -> WithDraws:
        """Return one of `SUMS`."""
        return self._of_baseline(lambda of: of.sums[..., SUMS.index(name)])

    def published(self) -> WithDraws | None:
        """Return the expected published reports; None when not known."""
        published = np.asarray(self.study.published.get(self.study.baseline, ()), float)
        return (float(published[0]), published[1:]) if len(published) else None

    def per_thousand(self) -> WithDraws | None:
        """Return published reports per 1,000 incidents; None when not known."""
        published = self.published()
        if published is None:
            return None
        incidents, draws = self.total("incidents")
        above = np.array([published[0], *(published[1] if published[1] is not None else ())])
        below = np.array([incidents, *(draws if draws is not None else ())])[: len(above)]
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = np.where(below > 0, 1000.0 * above[: len(below)] / below, np.nan)
        return float(rate[0]), rate[1:]


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


STATEMENT = page_words("summary").statement


def summary_lines(study: Study) -> tuple[str, ...]:
    """Return the summary of a run: ten lines of words."""

    def say(told: WithDraws, show: Callable[[float], str] = number) -> str:
        return _with_range(*told, show)

    return lines(
        "summary.txt.j2", study=study, of=Figures(study), say=say, number=number, percent=percent, signed=signed,
        first_day=date_words(study.start), last_day=date_words(study.day(study.days - 1)), window=window_words(study),
        band=band_words(study.n_draws), set=set_words(study.n_set), grounds=GROUND_NAMES, words=GROUP_WORDS,
        silence=silence_sentence(study.silence, study.silence_place if study.place.n_places > 1 else ""),
        statement=STATEMENT,
    )  # fmt: skip
