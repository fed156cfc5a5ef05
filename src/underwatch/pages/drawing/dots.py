"""A quantile dotplot: as many dots as there are quantiles, so that a share can be counted, and a chance seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from underwatch.pages.drawing.axes import LINEAR, LOG, Scale, ends, mark_x, ticks
from underwatch.pages.drawing.picture import NARROW, SMALL, Picture, Point

_SIZES = (7.0, 6.0, 5.2, 4.6, 4.0, 3.5, 3.0)  # of a dot, the largest first
_STACK = 56.0  # units of height for the dots
_MARGIN = 10.0
_ZERO = 24.0  # between what is 0 and the rest, on a log scale
_BELOW = 18.0


class Dots(NamedTuple):
    """Quantiles of a figure, those of the prior behind them, and from where to where a statement holds.

    `low` and `high` are infinite where there is no end. `kind` of scale is linear or log: on a log scale what is 0 lies
    at the left end. NaN are none.
    """

    quantiles: Sequence[float]
    behind: Sequence[float] = ()
    low: float = -math.inf
    high: float = math.inf
    kind: str = LINEAR


def dotplot(dots: Dots, show: Callable[[float], str], width: float = NARROW) -> Picture:
    """Draw dots over the prior's in grey; shaded where the statement holds, with a line at its threshold."""
    known, behind = _known(dots.quantiles), _known(dots.behind)
    edges = [edge for edge in (dots.low, dots.high) if math.isfinite(edge)]
    low, high = ends([*known, *behind, *edges], dots.kind)
    has_zero = dots.kind == LOG and min([*known, *behind, 1.0]) <= 0
    scale = Scale(low, high, _MARGIN + _ZERO * has_zero, width - _MARGIN, dots.kind)
    picture = Picture(width, _STACK + _BELOW + 4)
    base = _STACK + 2
    if edges:
        from_x = scale(dots.low) if math.isfinite(dots.low) else 0.0
        to_x = scale(dots.high) if math.isfinite(dots.high) else width
        picture.box((from_x, 0), (to_x - from_x, base), "shade", 0.75)
    origin = scale(edges[0]) if edges else 0.0  # columns meet at the threshold, so that no dot lies on both sides
    places = [[_place(scale, value) - origin for value in values] for values in (behind, known)]
    size = next((size for size in _SIZES if max(map(_tallest, _stacks(places, size))) * size <= _STACK), _SIZES[-1])
    for series, colour in zip(places, ("dim", "c1"), strict=True):
        picture.dots([(origin + x, y) for x, y in stacked(series, size, base)], 0.46 * size, colour)
    for edge in edges:
        picture.line([(scale(edge), 0), (scale(edge), base)], "c0", 1.6, (4, 2))
    whole = all(value == round(value) for value in (*known, *behind, *edges))
    marks = ticks(low, high, 6, dots.kind)
    mark_x(picture, scale, base, [value for value in marks if not whole or value == round(value)], show)
    if has_zero:
        picture.text((_MARGIN, base + 13), show(0.0), SMALL, "middle")
    return picture


def _place(scale: Scale, value: float) -> float:
    """Return where a value stands: on a log scale what is 0 lies apart, at the left end."""
    return _MARGIN if scale.kind == LOG and value <= 0 else scale(value)


def _known(values: Sequence[float]) -> list[float]:
    return sorted(float(value) for value in values if math.isfinite(value))


def _stacks(places: Sequence[Sequence[float]], size: float) -> list[dict[int, int]]:
    """Return how many of the places stand in each column that is as wide as a dot, for each series."""
    found = []
    for series in places:
        counts: dict[int, int] = {}
        for x in series:
            column = math.floor(x / size + 1e-9)
            counts[column] = counts.get(column, 0) + 1
        found.append(counts)
    return found


def _tallest(counts: dict[int, int]) -> int:
    return max(counts.values(), default=0)


def stacked(places: Sequence[float], size: float, base: float) -> list[Point]:
    """Return the middles of dots over their places along an axis, one on the other, those of a column from the axis up.

    A column that would be too tall goes on in columns beside it, so that all dots can be counted.
    """
    result: list[Point] = []
    rows = max(1, math.floor(_STACK / size))
    for column, count in sorted(_stacks([places], size)[0].items()):
        n_columns = math.ceil(count / rows)
        for n in range(count):
            side, row = n % n_columns - (n_columns - 1) / 2, n // n_columns
            result.append(((column + 0.5 + side) * size, base - (row + 0.5) * size))
    return result


def n_inside(dots: Dots) -> int:
    """Return how many of the dots lie where the statement holds."""
    return sum(dots.low <= value <= dots.high for value in _known(dots.quantiles))
