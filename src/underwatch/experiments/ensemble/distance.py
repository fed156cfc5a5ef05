"""How far apart figures lie: each on its own scale, in units of the width of its range.

Levels differ by ratios, so they are held against each other on a log scale; where zeros occur, asinh takes its place,
which is linear below the smallest value and a logarithm above it. Differences may have either sign and are linear.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from underwatch.record.ranges import ranges_of

Scale = Callable[[np.ndarray], np.ndarray]


def scale_for(values: np.ndarray, is_difference: bool) -> Scale:
    """Return the scale on which a figure with these values, float[n], is compared; NaN counts for nothing."""
    known = values[~np.isnan(values)]
    if is_difference or not known.any():
        return np.asarray
    if (known > 0).all():
        return np.log
    unit = np.abs(known[known != 0]).min()
    return lambda some: np.arcsinh(some / unit)


def distances(values: np.ndarray, is_difference: np.ndarray) -> np.ndarray:
    """Return float[n]: how far each world, float[n, figures], lies from the medians of all.

    A figure counts in units of its range; one that a world has not, as one width. The root of the mean square is taken.
    """
    low, middle, high, _ = ranges_of(values)
    away = np.ones(values.shape)
    for at, linear in enumerate(is_difference):
        scale = scale_for(values[:, at], bool(linear))
        gaps = np.abs(scale(values[:, at]) - scale(middle[at]))
        width = scale(high[at]) - scale(low[at])
        away[:, at] = gaps / width if width > 0 else gaps > 0
    away[np.isnan(values)] = 1.0
    return np.asarray(np.sqrt((away**2).mean(axis=1)))


def nearest_to_medians(values: np.ndarray, is_difference: np.ndarray, n: int) -> list[int]:
    """Return the rows of the n worlds, of float[worlds, figures], that lie nearest to the medians, nearest first."""
    return [int(row) for row in np.argsort(distances(values, is_difference), kind="stable")[:n]]
