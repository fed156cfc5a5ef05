"""Curves below one another over one logarithmic axis, each with a scale of its own that begins at zero."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from underwatch.pages.drawing.axes import LOG, Scale, mark_x, mark_y, ticks
from underwatch.pages.drawing.picture import NARROW, SMALL, Picture, width_of

_TALL, _HEAD = 92.0, 18.0


class Curve(NamedTuple):
    """Its title, its values at each place of the axis, its colour, and the range round it, if it has one."""

    title: str
    values: Sequence[float]
    colour: str
    low: Sequence[float] = ()
    high: Sequence[float] = ()


def curves(at: Sequence[float], over: Sequence[Curve], show: Callable[[float], str], words: str,
           width: float = NARROW) -> Picture:  # fmt: skip
    """Draw curves over places `at`, from the lowest to the highest; `words` stand under the axis."""
    picture = Picture(width, len(over) * (_TALL + _HEAD) + 34)
    tops = [max(_known([*curve.values, *curve.high]), default=0.0) or 1.0 for curve in over]
    marks = [ticks(0.0, top, 4) for top in tops]
    left = max(width_of(show(mark), SMALL) for of_curve in marks for mark in of_curve) + 6
    along = Scale(min(at), max(at), left + 6, width - 8, LOG)
    for n, (curve, top) in enumerate(zip(over, tops, strict=True)):
        base = (n + 1) * (_TALL + _HEAD)
        up = Scale(0.0, top * 1.05, base, base - _TALL)
        picture.text((0, base - _TALL - 6), curve.title, bold=True)
        mark_y(picture, up, (left, width - 4), marks[n], show)
        if curve.low and len(_known([*curve.low, *curve.high])) == 2 * len(at):
            edge = [(along(x), up(y)) for x, y in zip(at, curve.high, strict=True)]
            edge += [(along(x), up(y)) for x, y in reversed(list(zip(at, curve.low, strict=True)))]
            picture.area(edge, curve.colour, 0.2)
        places = [(along(x), up(y)) for x, y in zip(at, curve.values, strict=True) if math.isfinite(y)]
        picture.line(places, curve.colour, 1.9, (5, 3) if n % 2 else ())
        picture.dots(places, 2.6, curve.colour)
    mark_x(picture, along, len(over) * (_TALL + _HEAD), at, lambda value: f"{value:g}")
    picture.text(((left + width) / 2, picture.height - 4), words, SMALL, "middle")
    return picture


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]
