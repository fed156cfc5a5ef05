"""Anchors of a package: what surveys and counts say of one place in the window, as far as a world can answer.

An answer or a count is about the time asked about and no longer. A world has its arrests by week, so that a count is
held against the weeks of its period, those whose Thursday lies in it; whom something befell it has by whole quarters,
so that a survey about a part of one is set aside and counted. Both stand in an order of their content, not of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from underwatch.errors import InputError
from underwatch.evidence.format.vocabularies import unit_of
from underwatch.evidence.reading import Figure, SurveyAnswer
from underwatch.facts import Place
from underwatch.record.tally import N_KINDS, Window
from underwatch.world.layout import INCIDENT_NAMES

# Questions that a simulated world can answer, by the column of `Tally.reached`; one is answered by what is known.
QUESTIONS = {"was_followed": N_KINDS, "gave_up_call": INCIDENT_NAMES.index("call_given_up"), "knows_arrest_calls": -1}
FIGURES = ("arrests_calls",)
NORMAL_95 = 1.645  # standard deviations below which 95 % of a normal lie


@dataclass(frozen=True, order=True)
class Survey:
    """An answer that a world can give: the question, the quarters (first and last), how many were asked."""

    question: str
    periods: tuple[int, int]
    n_asked: int
    n_yes: int


@dataclass(frozen=True, order=True)
class Count:
    """An independent count of arrests for calls: the weeks of the window (first and last), and its range.

    Zero is a count: logs are taken of half a person more, here as in a simulated package.
    """

    weeks: tuple[int, int]
    low: float
    high: float

    @property
    def log(self) -> float:
        """The middle of the range, on the scale of logs."""
        return float(log_count(self.low) + log_count(self.high)) / 2

    @property
    def log_sd(self) -> float:
        """The spread that the range says, taken as 90 % of a normal in logs."""
        return float(log_count(self.high) - log_count(self.low)) / (2 * NORMAL_95)


def log_count(n: float | np.ndarray) -> np.ndarray:
    """Return the log of a count and half a one, which zero has too."""
    return np.asarray(np.log(np.asarray(n, float) + 0.5))


def surveys_of(rows: Sequence[SurveyAnswer], place: Place, window: Window, aside: Counter[str]) -> tuple[Survey, ...]:
    """Return the answers that a world can give, in an order of their content; count what is set aside."""
    quarter = window.of_weeks("quarter")[0].tolist()
    result = []
    for row in rows:
        weeks = window.span(row.period.weeks)
        if row.question not in QUESTIONS or row.place_code != place.slug or weeks is None:
            aside["survey rows of another question, place or window"] += 1
        elif not _fills(weeks, quarter):
            aside["survey rows about a part of a quarter: a world keeps by whole quarters whom something befell"] += 1
        else:
            result.append(Survey(row.question, (quarter[weeks[0]], quarter[weeks[1]]), row.n_asked, row.n_yes))
    return tuple(sorted(result))


def _fills(weeks: tuple[int, int], quarter: Sequence[int]) -> bool:
    """Say whether the weeks from first to last are all that the window has of one quarter or several."""
    first, last = weeks
    before, after = quarter[first - 1 : first], quarter[last + 1 : last + 2]
    return before != quarter[first : first + 1] and after != quarter[last : last + 1]


def counts_of(rows: Sequence[Figure], place: Place, window: Window, aside: Counter[str]) -> tuple[Count, ...]:
    """Return the counts that a world can be held against, in an order of their content; count what is set aside."""
    result: list[Count] = []
    for row in rows:
        weeks = window.span(row.period.weeks)
        if not row.is_anchor:
            aside["figures that are no anchor: the same lists counted them"] += 1
        elif row.measure not in FIGURES or row.place_code != place.slug or weeks is None:
            aside["figures of another measure, place or window"] += 1
        elif row.unit != unit_of(row.measure):
            aside["figures in another unit than their measure's"] += 1
        else:
            result.append(Count(weeks, row.low, row.high))
    for count in result:
        for other in result:
            is_within = other.weeks[0] <= count.weeks[0] and count.weeks[1] <= other.weeks[1]
            if is_within and count.low > other.high:
                raise InputError(
                    f"figures.csv contradicts itself: arrests for calls in {place.name} are {count.low:g} to "
                    f"{count.high:g} in one row and {other.low:g} to {other.high:g} in another of the same period or a "
                    "longer one; correct one"
                )
    return tuple(sorted(result))
