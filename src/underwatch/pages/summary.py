"""The summary in ten lines of words, with ranges, and the plain data that it and the report are written from."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

import numpy as np

from underwatch.experiments.ensemble.names import PRIOR
from underwatch.experiments.ensemble.robustness import Robustness, judge
from underwatch.experiments.studies.headline_rows import (
    BASELINE,
    DIFFERENCE,
    rows_of,
)
from underwatch.experiments.study import Silence, SilencePoint, Study, drawn_words
from underwatch.pages.rendering import lines
from underwatch.record.measures import SUMS
from underwatch.record.ranges import FEWEST, MIDDLE, NONE, kind_of, range_name, range_of, ranges_of
from underwatch.record.schema import GROUP_WORDS, GROUPS, LISTED
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH
from underwatch.texts.numbers import PERCENT, number, percent, signed
from underwatch.world.layout import GROUND_NAMES


def band(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return low, median and high over the first axis; draws without a value (NaN) do not count."""
    return ranges_of(draws)[:3]


def band_words(n_draws: int, source: str = PRIOR) -> str:
    """Say what a range is: its n, its level, and whose worlds they are."""
    if n_draws == 0:
        return "no range: no world but this history was made"
    return range_name(n_draws, *drawn_words(source))


def bands_words(study: Study, counts: np.ndarray) -> str:
    """Say what ranges side by side are; `counts` has the number of draws that have a value behind each."""
    words = band_words(study.n_draws, study.source)
    if (counts == study.n_draws).all():
        return words
    return (
        f"{words}; worlds without a value are left out, and n in the table is what stands behind a range: "
        f"of fewer than {FEWEST} it is the full range, and one has none"
    )


def worlds_words(source: str, adapted: bool) -> str:
    """Return the worlds of an ensemble in words, and whether they are of another scenario than it was found for."""
    return f"{drawn_words(source)[1]}{', adapted' if adapted else ''}"


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


def with_range(draws: np.ndarray, show: Callable[[float], str] = number) -> str:
    """Return 'median (low to high)', the unit once at the end; with the number behind it where worlds have no value."""
    result, behind = range_of(draws), few_words(draws)
    middle = show(float(ranges_of(draws)[1]))
    if result.kind == NONE:
        return f"{middle} ({behind})" if behind else middle
    edges = f"{show(result.low).removesuffix(PERCENT)} to {show(result.high)}"
    return f"{middle} ({edges}; {behind})" if behind else f"{middle} ({edges})"


def few_words(draws: np.ndarray) -> str:
    """Say how many of the worlds stand behind a range, and what it then is; nothing when all of them do."""
    result, n = range_of(draws), len(draws)
    if result.n == n:
        return ""
    if result.kind == NONE:
        return f"no range: {result.n} of {n} worlds"
    what = "" if result.kind == kind_of(n) else "full range of "
    holds = "" if result.kind == kind_of(n) == MIDDLE else f", which holds {100 * result.share:.0f} %"
    return f"{what}{result.n} of {n} worlds{holds}"


class Figures:
    """Writes one figure: its median and range over the worlds of the ensemble, or that of the history alone."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.rows = {(row.world, row.name): row for row in rows_of(study)}
        self.drawn, self.example = study.drawn.get(study.baseline), study.example.figures.get(study.baseline)

    def row(self, name: str, form: Callable[[float], str] = number, world: str = BASELINE) -> str:
        """Return a headline of a world in words."""
        row = self.rows[world, name]
        return with_range(row.drawn, form) if len(row.drawn) else form(row.shown)

    def difference(self, name: str) -> str:
        """The world with the change less the one without, in the window, draw by draw."""
        return self.row(name, signed, DIFFERENCE)

    def finding(self, name: str) -> Robustness:
        """Return whether the sign of a difference is robust over the rules' forms."""
        return judge(self.rows[DIFFERENCE, name].drawn, self.study.forms)

    def residents(self, group: str) -> str:
        """How many residents are of a group at the start."""
        at = GROUPS.index(group)
        if self.drawn is not None:
            return with_range(self.drawn.people[:, at], lambda people: number(float(np.round(people))))
        return "–" if self.example is None else f"{int(self.example.people[at]):,}"

    def in_example(self, *names: str) -> str:
        """Say what totals of the whole run are in the example, where all of them are shown; nothing elsewhere."""
        if self.example is None:
            return ""
        values = [float(self.example.sums[SUMS.index(name)]) for name in names]
        return self._said([number(value) for value in values]) if not np.isnan(values).any() else ""

    def listed_in_example(self) -> str:
        """Say how many are listed in the example, where that is shown."""
        at = GROUPS.index(LISTED)
        if self.example is None or np.isnan(self.example.people[at]):
            return ""
        return self._said([f"{int(self.example.people[at]):,}"])

    def _said(self, written: Sequence[str]) -> str:
        where = "the example" if self.study.n_draws else "this history"
        *first, last = written
        return f" ({', '.join(first)}{' and ' if first else ''}{last} in {where})"


def figures_words(study: Study) -> str:
    """Say what the figures are: whose worlds, how many, lived where, and what the example is."""
    given = f" ({set_words(study.n_set)})" if study.n_set else ""
    if not study.n_draws:
        return f"Figures are one possible history at the scenario's own values{given}; {band_words(0)}."
    together = f"small places of {study.stand_in:,} residents together" if study.place.n_places > 1 else (
        f"a place of {study.stand_in:,} residents that stands in for it"
    )  # fmt: skip
    where = f", each in {together}" if study.stand_in else ""
    adapted = ", adapted" if study.adapted else ""
    return (
        f"Figures are medians, in brackets: {band_words(study.n_draws, study.source)}{adapted}{given}{where}. "
        f"{_example_words(study)}"
    )


def _example_words(study: Study) -> str:
    """Say what the example is, and how much of it is not shown."""
    example = study.example
    if not example.figures:
        return "No history of the whole place is there yet."
    what = f"The example is one history of the whole place at the settings of world {example.draw}, near the medians"
    if not example.left_out:
        return f"{what}."
    return (
        f"{what}; {example.left_out} of its {example.n_figures} figures lie outside of their ranges and are left out."
    )


_CHANGES = {"followed": "followed outings", "accused": "accusations", "calls": "completed calls"}


def _findings(study: Study, figures: Figures) -> str:
    """Say which of the signs are robust, and what the others hang on; nothing where no draw was made."""
    if not study.n_draws:
        return ""
    said: dict[str, list[str]] = {}
    for name, words in _CHANGES.items():
        said.setdefault(figures.finding(name).words, []).append(words)
    return f" Sign over the rules' forms: {'; '.join(f'{of_what(names)} {words}' for words, names in said.items())}."


def of_what(names: Sequence[str]) -> str:
    """Return names as 'a, b and c'."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


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


def silence_line(silence: Silence, where: str = "") -> str:
    """Say what the silence curve shows, and in how many worlds it turns down."""
    line = silence_sentence(silence.points, where)
    if silence.n < 2 or len(silence.points) < 3:
        return line
    return (
        f"{line} In {silence.turns} of {silence.n} worlds fewer are published at the strongest watching than at some "
        "weaker one."
    )


STATEMENT = text(ENGLISH, "statement")


def summary_lines(study: Study) -> tuple[str, ...]:
    """Return the summary of a run: ten lines of words."""
    of = Figures(study)
    return lines(
        "summary.txt.j2", study=study, of=of, percent=percent, grounds=GROUND_NAMES, words=GROUP_WORDS,
        first_day=date_words(study.start), last_day=date_words(study.day(study.days - 1)), window=window_words(study),
        figures=figures_words(study), findings=_findings(study, of) if study.twin is not None else "",
        silence=silence_line(study.silence, study.silence.place if study.place.n_places > 1 else ""),
        statement=STATEMENT,
    )  # fmt: skip
