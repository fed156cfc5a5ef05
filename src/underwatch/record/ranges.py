"""Ranges: what a range of draws holds, and the name that says so. Every range of the program is made here.

Of n draws in no order of their own, one more lies below the k-th smallest with chance k / (n + 1), whatever they are
drawn from (Wilks 1941). A range from the i-th to the j-th therefore holds one more in (j - i) / (n + 1): the 5th and
95th percentiles stand at 0.05 (n + 1) and 0.95 (n + 1), between two draws on a line from one to the other (type 6 of
Hyndman and Fan 1996). The common rule, type 7, says 90 % of 20 draws and holds 82 % of further ones. Fewer than 19
draws cannot hold 90 %: then the whole range is given and named as such, and one draw has none.

Between two draws the share is exact where values lie evenly, a little more in thin and heavy tails, and never less
than 0.9 - 2 / (n + 1). Where many draws are equal, it is more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SHARE = 0.9
TAILS = ((1 - SHARE) / 2, (1 + SHARE) / 2)
FEWEST = 19  # draws from which on a range holds 90 %: (n - 1) / (n + 1) is 0.9
MIDDLE, WHOLE, NONE = "90 %", "range", "none"
_ROUNDING = 1e-9  # 0.05 (n + 1) of n = 19 is 1, and floating point must not make less of it


def kind_of(n: int) -> str:
    """Return what range so many draws have: the middle 90 %, the whole range, or none."""
    return MIDDLE if n >= FEWEST else WHOLE if n > 1 else NONE


def share_of(n: int) -> float:
    """Return the share of further draws that the range of so many holds, in expectation."""
    return SHARE if n >= FEWEST else max(0, n - 1) / (n + 1)


@dataclass(frozen=True, slots=True)
class Range:
    """A range and the number of draws behind it, those without a value left out; NaN where there is none."""

    low: float
    high: float
    n: int

    @property
    def kind(self) -> str:
        """What it is: `MIDDLE`, `WHOLE` or `NONE`."""
        return kind_of(self.n)

    @property
    def share(self) -> float:
        """The share of further draws that it holds, in expectation."""
        return share_of(self.n)

    def name(self, one: str = "draw", many: str = "draws") -> str:
        """Say what it is: its share, and the number behind it."""
        return range_name(self.n, one, many)


def range_name(n: int, one: str = "draw", many: str = "draws") -> str:
    """Say what the range of n draws is; of one draw or none there is none."""
    if n < 2:
        return f"no range: {'one' if n else 'no'} {one}"
    if n < FEWEST:
        return f"full range of {n} {many}, which holds {100 * share_of(n):.0f} % of further ones"
    return f"5th to 95th percentile ({100 * SHARE:.0f} %) of {n} {many}"


def quantiles(values: np.ndarray, shares: Sequence[float], axis: int = 0) -> np.ndarray:
    """Return the values below which one more lies with these chances; of few values the nearest end."""
    return np.asarray(np.quantile(values, shares, axis=axis, method="weibull"))


def of_posterior(draws: np.ndarray, shares: Sequence[float], axis: int = 0) -> np.ndarray:
    """Return quantiles of a posterior from its draws, thousands of them: shares of belief, not of further draws."""
    return np.asarray(np.quantile(draws, shares, axis=axis))


def range_of(values: np.ndarray | Sequence[float]) -> Range:
    """Return the range of float[n]; a value that is NaN is not among them."""
    low, _, high, n = ranges_of(np.asarray(values, float))
    return Range(float(low), float(high), int(n))


def ranges_of(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return low, median, high and number over the first axis of float[draws, ...]; NaN draws are left out of each."""
    ordered = np.sort(np.asarray(draws, float), axis=0)  # NaN last
    n = (~np.isnan(ordered)).sum(axis=0)
    low, middle, high = (_at(ordered, n, share) for share in (TAILS[0], 0.5, TAILS[1]))
    alone = n < 2
    return np.where(alone, np.nan, low), middle, np.where(alone, np.nan, high), n


def _at(ordered: np.ndarray, n: np.ndarray, share: float) -> np.ndarray:
    """Return what stands at share (n + 1) of each column of ordered draws, the first of them at 1."""
    if not len(ordered):
        return np.full(n.shape, np.nan)
    place = np.clip(share * (n + 1), 1, np.maximum(n, 1)) - 1
    before = np.floor(place + _ROUNDING).astype(int)
    after = np.minimum(before + 1, np.maximum(n - 1, 0))
    a, b = (np.take_along_axis(ordered, at[None], axis=0)[0] for at in (before, after))
    part = np.clip(place - before, 0.0, 1.0)
    return np.where(part > 0, a + part * (b - a), a)


def figure_or_none(value: float) -> float | None:
    """Return a figure as a table or JSON has it: None where there is none (NaN)."""
    return None if np.isnan(value) else float(value)
