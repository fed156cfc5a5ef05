"""Modes of a posterior: "either few ... or many ...", never one range that covers the valley between.

Few reports can mean calm or terror (the silence curve), so a posterior of the scale may have two modes. A mean or one
interval would then stand where neither is likely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from underwatch.record.ranges import TAILS, of_posterior
from underwatch.texts.sentences import Listed, Sentence, sentence

GRID = 512
NARROWED = 0.7  # Silverman's kernel width is for one mode; two of them inflate the spread it is made from
VALLEY = 0.8  # two peaks are two modes if the density between falls below this share of the lower peak
SURE = 2.0  # standard errors of the density by which a valley must be deeper than that
LEAST_MASS = 0.05  # a mode that holds less is a shoulder or a trace of the sampling
EDGE_ROOM = 3.0  # bandwidths of mirrored room at the bounds, so that a mode at an edge keeps its height


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode: its share of the posterior, its highest point, and the range that holds 90 % of it."""

    mass: float
    peak: float
    low: float
    high: float


def density(draws: np.ndarray, bounds: tuple[float, float], log: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a grid of values, the density of float[n] draws on their scale (per unit of log where `log`), its error.

    What would leak over a bound is mirrored back.
    """
    scaled = np.log(draws) if log else np.asarray(draws, float)
    low, high = (np.log(bounds) if log else np.asarray(bounds, float)).tolist()
    quartiles = float(np.subtract(*np.quantile(scaled, [0.75, 0.25]))) / 1.349
    spread = min(float(scaled.std()), quartiles or np.inf)
    width = max(NARROWED * 1.06 * spread * len(scaled) ** -0.2, (high - low) / GRID)
    index = np.linspace(low, high, GRID)
    step = index[1] - index[0]
    counts = np.histogram(scaled, GRID, (low - step / 2, high + step / 2))[0].astype(float)
    room = min(GRID, int(np.ceil(EDGE_ROOM * width / step)) + 1)
    wide = np.concatenate([counts[:room][::-1], counts, counts[-room:][::-1]])
    kernel = np.exp(-0.5 * (np.arange(-room, room + 1) * step / width) ** 2)
    smooth = np.convolve(wide, kernel / kernel.sum(), mode="same")[room : room + GRID]
    height = smooth / (smooth.sum() * step)
    return (np.exp(index) if log else index), height, np.sqrt(height / (2.0 * np.sqrt(np.pi) * len(draws) * width))


def find_modes(draws: np.ndarray, bounds: tuple[float, float], log: bool) -> list[Mode]:
    """Return the modes of float[n] draws between `bounds`, from low to high; one that is shallow is no mode."""
    grid, height, error = density(draws, bounds, log)
    sure = SURE * error
    rise = np.diff(height, prepend=0.0) > 0
    peaks = [i for i in range(GRID) if rise[i] and (i == GRID - 1 or not rise[i + 1])]
    cuts: list[int] = []
    while True:
        cuts = [a + int(height[a:b].argmin()) for a, b in pairwise(peaks)]
        shares = np.diff(np.searchsorted(np.sort(draws), [grid[0], *grid[cuts], np.inf])) / len(draws)
        weak = _weakest(height, sure, peaks, cuts, shares)
        if weak is None:
            break
        del peaks[weak]
    edges = [-np.inf, *grid[cuts], np.inf]
    modes = []
    for peak, (low, high) in zip(peaks, pairwise(edges), strict=True):
        own = draws[(draws >= low) & (draws < high)]
        a, b = of_posterior(own, TAILS)
        modes.append(Mode(len(own) / len(draws), float(grid[peak]), float(a), float(b)))
    return modes


def _weakest(height: np.ndarray, sure: np.ndarray, peaks: list[int], cuts: list[int], shares: np.ndarray) -> int | None:
    """Return the peak to drop: the lower one beside the shallowest valley, or the one with the least mass."""
    if len(peaks) == 1:
        return None
    lower = [a if height[a] < height[b] else b for a, b in pairwise(peaks)]
    depth = [(height[c] + sure[index]) / height[index] for c, index in zip(cuts, lower, strict=True)]
    worst = int(np.argmax(depth))
    if depth[worst] > VALLEY:
        return peaks.index(lower[worst])
    return int(shares.argmin()) if shares.min() < LEAST_MASS else None


def in_words(modes: Sequence[Mode], written: Callable[[float], str] = "{:.3g}".format) -> Sentence:
    """Return "0.3 to 0.6" for one mode, or "either 0.3 to 0.6 (40 % of the posterior) or ..." for more."""
    ranges = [{"low": written(mode.low), "high": written(mode.high)} for mode in modes]
    if len(modes) == 1:
        return sentence("estimate.range", **ranges[0])
    shares = [f"{100 * mode.mass:.0f}" for mode in modes]
    each = [sentence("estimate.mode", **ends, share=share) for ends, share in zip(ranges, shares, strict=True)]
    return sentence("estimate.either", modes=Listed(tuple(each), "list.or"))
