"""Scales of a picture: from values to places along it, and the round values at which it is marked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from underwatch.pages.drawing.picture import SIZE, SMALL, Picture, width_of

LINEAR, LOG = "linear", "log"
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_TICK = SMALL  # size of the words at a mark


class Scale(NamedTuple):
    """From `low` to `high`, laid out from `start` to `end`; a logarithmic one begins above zero."""

    low: float
    high: float
    start: float
    end: float
    kind: str = LINEAR

    def __call__(self, value: float) -> float:
        """Return where a value stands; what lies outside stands at the end."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.kind == LOG:
            low, high, at = (math.log(part) for part in (low, high, at))
        return self.start + (self.end - self.start) * ((at - low) / (high - low) if high > low else 0.5)


def ticks(low: float, high: float, most: int = 5, kind: str = LINEAR) -> list[float]:
    """Return at most about so many round values from `low` to `high`."""
    if kind == LOG:
        return _log_ticks(low, high, most)
    span = high - low
    if span <= 0:
        return [low]
    size = 10.0 ** math.floor(math.log10(span / most))
    step = next(size * part for part in _STEPS if span / (size * part) <= most)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    """Return powers of ten, with twos and fives between where they are few, thinned where they are many."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for parts in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        found = [part * 10.0**ten for ten in decades for part in parts]
        found = [value for value in found if low * 0.999 <= value <= high * 1.001]
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / most)]


def ends(values: Sequence[float], kind: str = LINEAR, around: float = 0.04) -> tuple[float, float]:
    """Return the ends of a scale that holds all values with a little room; NaN and, on a log scale, 0 do not count."""
    known = [value for value in values if math.isfinite(value) and (kind == LINEAR or value > 0)]
    low, high = (min(known), max(known)) if known else (1.0, 1.0)
    if kind == LOG:
        room = max((high / low) ** around, 1.1)
        return low / room, high * room
    room = (high - low) * around or abs(high) * 0.1 or 1.0
    return low - room, high + room


def mark_x(picture: Picture, scale: Scale, y: float, at: Sequence[float], show: Callable[[float], str]) -> None:
    """Draw a horizontal axis at `y`: a line, marks, and words that keep off each other."""
    picture.line([(scale.start, y), (scale.end, y)], "axis", 0.8)
    free = -math.inf
    for value in at:
        x, words = scale(value), show(value)
        picture.line([(x, y), (x, y + 3)], "axis", 0.8)
        half = width_of(words, _TICK) / 2
        middle = min(max(x, half), picture.width - half)
        if middle - half > free:
            picture.text((middle, y + 13), words, _TICK, "middle")
            free = middle + half + 3


def mark_y(picture: Picture, scale: Scale, edges: tuple[float, float], at: Sequence[float],
           show: Callable[[float], str]) -> None:  # fmt: skip
    """Draw horizontal grid lines between two edges, with words to the left of the first."""
    left, right = edges
    for value in at:
        y = scale(value)
        picture.line([(left, y), (right, y)], "grid", 0.6)
        picture.text((left - 4, y + SIZE / 3), show(value), _TICK, "end")
