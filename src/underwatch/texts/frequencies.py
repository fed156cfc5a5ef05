"""Shares and counts as people say them: 1 in 30, 4 to 8 of 10, 2 to 300 of 1,000, 400,000 to 2,000,000.

Both ends of a range are said of the same number of people, or both as 1 in so many: nobody has to convert.

A figure is rounded to the rungs of a ladder that repeats with every power of ten. How coarse it must be is measured:
no finer than twice what the figure changes from seed to seed (`benchmarks/finding_spread.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from underwatch.texts.languages import all_texts
from underwatch.texts.numbers import ranged

FINE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
MIDDLE = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
COARSE = (1.0, 2.0, 5.0)
THIRDS = (1.0, 3.0)
TENS = (1.0,)
Ladder = tuple[float, ...]
PEOPLE, TIMES = "people", "times"
_MANY = 1000
_ROUNDING = 1e-9
_TENTHS_FROM, _TENTH_FROM = 0.25, 0.075  # shares from which on "of 10" is said, alone and as the lower end of a range


def rounded(value: float, ladder: Ladder) -> float:
    """Return the rung that is nearest to a value above 0, by ratio."""
    power = 10.0 ** math.floor(math.log10(value))
    rungs = [power * rung for rung in (*ladder, 10.0 * ladder[0])] + [power / 10 * ladder[-1]]
    return min(rungs, key=lambda rung: abs(math.log(rung / value)))


def unit_of(value: float, ladder: Ladder) -> float:
    """Return how wide the stretch of values is that are rounded to the same rung as this one."""
    rung = rounded(value, ladder)
    power = 10.0 ** math.floor(math.log10(rung) + 1e-9)
    near = sorted({power * part * one for part in (0.1, 1.0, 10.0) for one in ladder})
    at = min(range(len(near)), key=lambda index: abs(near[index] - rung))
    return math.sqrt(near[at] * near[at + 1]) - math.sqrt(near[at - 1] * near[at])


@dataclass(frozen=True, slots=True)
class ShareRange:
    """A share of people or of times from `low` to `high`, each end with its ladder.

    For one figure both ends are equal, and the second ladder is taken.
    """

    low: float
    high: float
    ladders: tuple[Ladder, Ladder] = (FINE, FINE)
    counter: str = PEOPLE

    @property
    def in_tenths(self) -> bool:
        """Whether it is said as so many of 10."""
        return self.high == 0 or (self.high >= _TENTHS_FROM and (self.low >= _TENTH_FROM or self.low == 0))

    def said(self, language: str) -> str:
        """Return it in words: '1 in 30 to 1 in 8', '4 to 8 of 10'."""
        if self.in_tenths:
            low, high = (str(_tenths(end)) for end in (self.low, self.high))
            return all_texts(language)[f"share.{self.counter}.tenths"].format(range=ranged(low, high, language))
        if self.high >= _TENTHS_FROM:
            return self._of_many(language)
        low, high = (self._end(end, language) for end in _rising(self.low, self.high, self.ladders, _nearest_share))
        return ranged(low, high, language)

    def _of_many(self, language: str) -> str:
        """Write a wide range of the fewest people, 100 or more, of whom its lower end is a whole number."""
        many = 100
        while not _is_whole(few := rounded(self.low * many, self.ladders[0])):
            many *= 10
        low, high, of = (f"{n:,.0f}" for n in (few, _tenths(self.high) * many / 10, many))
        return all_texts(language)[f"share.{self.counter}.of"].format(range=ranged(low, high, language), n=of)

    def _end(self, share: float, language: str) -> str:
        """Write an end that has been rounded."""
        texts = all_texts(language)
        return texts[f"share.{self.counter}.one_in"].format(n=f"{1 / share:,.0f}") if share else texts["share.none"]


def _tenths(share: float) -> int:
    return math.floor(10 * share + 0.5)


def _is_whole(value: float) -> bool:
    return value > 1 - _ROUNDING and abs(value - round(value)) < _ROUNDING * value


def _nearest_share(share: float, ladder: Ladder) -> float:
    """Return a share as it is said, as 1 in a rung."""
    return 1 / rounded(1 / share, ladder) if share else 0.0


def _nearest_count(value: float, ladder: Ladder) -> float:
    """Return a count as it is said: below 10 a whole number."""
    if value < 0.5:
        return 0.0
    return rounded(value, tuple(rung for rung in ladder if value >= 10 or rung.is_integer()))


def _rising(
    low: float, high: float, ladders: tuple[Ladder, Ladder], nearest: Callable[[float, Ladder], float]
) -> tuple[float, float]:
    """Return both ends rounded; one figure twice where the coarser of two ladders lets them meet or pass."""
    first, last = nearest(low, ladders[0]), nearest(high, ladders[1])
    if low == high:
        return last, last
    return (first, last) if first <= last else (first, first)


@dataclass(frozen=True, slots=True)
class CountRange:
    """A count from `low` to `high`, each end with its ladder, as of `ShareRange`; less than a half is 0."""

    low: float
    high: float
    ladders: tuple[Ladder, Ladder] = (FINE, FINE)

    def said(self, language: str) -> str:
        """Return it in words: '400,000 to 2,000,000'."""
        low, high = (f"{end:,.0f}" for end in _rising(self.low, self.high, self.ladders, _nearest_count))
        return ranged(low, high, language)


@dataclass(frozen=True, slots=True)
class OutOf:
    """So many worlds of so many; of a thousand or more, how many of 100. `again` says the first number alone."""

    k: int
    of: int
    again: bool = False

    def said(self, language: str) -> str:
        """Return it in words: '172 of 200'."""
        k, of = (self.k, self.of) if self.of < _MANY else (round(100 * self.k / self.of), 100)
        return all_texts(language)["tally.again" if self.again else "tally.worlds"].format(k=k, of=of)
