"""How well an ensemble was found, and what it can say: widths, figures left out, calibration."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from underwatch.experiments.ensemble.outcomes import COLUMNS
from underwatch.experiments.ensemble.selection import (
    column,
    deviations,
    effective,
    error_of,
    from_scale,
    on_scale,
    used_in,
    weights_of,
)
from underwatch.world.draws import rng

FEWEST_NEAR = 50.0  # effective draws about a synthetic truth
_LEAST = -1e300
_TAILS = (0.05, 0.95)
_NO_TIE = 1e-9  # of the weight


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Return quantiles of values with weights; NaN values are left out; NaN where nothing is left.

    With equal weights they are those of `record.ranges`: of n draws in order the i-th stands at i / (n + 1), so that a
    range holds one more draw in the share that it names. With others n is the effective number.
    """
    order = np.argsort(values, kind="stable")
    return _ordered_quantiles(values[order], weights[order], shares)


def _ordered_quantiles(values: np.ndarray, weights: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    """Return `weighted_quantiles` of values in rising order, NaN last."""
    known = ~np.isnan(values) & (weights > 0)
    if not known.any():
        return np.full(len(shares), np.nan)
    ordered, heavy = values[known], weights[known]
    middle, n = (np.cumsum(heavy) - heavy / 2) / heavy.sum(), effective(heavy)
    return np.interp(shares, (middle * n + 0.5) / (n + 1), ordered)


class Width(NamedTuple):
    """An outcome under some weights: 5th percentile, median, 95th."""

    outcome: str
    low: float
    median: float
    high: float


def widths(outcomes: np.ndarray, weights: np.ndarray) -> list[Width]:
    """Return what each outcome is under some weights."""
    return [_width(name, outcomes[:, place], weights) for place, name in enumerate(COLUMNS)]


def _width(name: str, values: np.ndarray, weights: np.ndarray) -> Width:
    return Width(name, *map(float, weighted_quantiles(values, weights, (0.05, 0.5, 0.95))))


class LeftOut(NamedTuple):
    """A figure against what the model says of it before any figure, and by all other figures, in the figure's unit.

    `conflict` is the chance, under the prior, of a figure at least as far from the middle (two-sided; reading error and
    discrepancy included), `predicted` the same by the other figures.
    """

    name: str
    figure: float
    prior: Width
    others: Width
    conflict: float
    predicted: float


def left_out(outcomes: np.ndarray, use: str = "run") -> list[LeftOut]:
    """Return each figure predicted without itself."""
    result = []
    for name, figure in used_in(use).items():
        values = column(outcomes, figure.summary)
        others = weights_of(deviations(outcomes, used_in(use, [name])))
        prior = np.full(len(values), 1 / len(values))
        spread = on_scale(values, figure.scale)
        chances = [_beyond(figure.mean, spread, error_of(figure), weights) for weights in (prior, others)]
        before, after = (
            Width(name, *map(float, weighted_quantiles(values, weights, (0.05, 0.5, 0.95))))
            for weights in (prior, others)
        )
        value = float(from_scale(np.array(figure.mean), figure.scale))
        result.append(LeftOut(name, value, before, after, conflict=chances[0], predicted=chances[1]))
    return result


def _beyond(figure: float, values: np.ndarray, error: float, weights: np.ndarray) -> float:
    """Return the two-sided chance of a figure as far out as this one; a draw without a value lies below all."""
    from scipy.stats import norm

    below = np.where(np.isnan(values), 1.0, norm.cdf((figure - np.nan_to_num(values)) / error))
    share = float((below * weights).sum() / weights.sum())
    return 2 * min(share, 1 - share)


class Coverage(NamedTuple):
    """In what share of synthetic truths a range holds the truth.

    With `ties` broken by chance: a truth that many draws are equal to, at the end of a range, lies inside as often as
    the range's share of them says. Where nothing is equal both are the same.
    """

    held: float
    ties: float


def coverage(outcomes: np.ndarray, names: list[str], truths: int, seed: int) -> tuple[dict[str, Coverage], int]:
    """Return in what share of synthetic truths the 90 % range of each outcome holds the truth, and of how many.

    A truth is one of the draws; its figures are its summaries with reading error and discrepancy, and all other draws
    are weighted by them. Where the ranges are right, 0.90 are held. Given draws in which all statements hold, it is the
    calibration of the described ensemble. A truth about which too few draws lie (fewer than `FEWEST_NEAR` effective)
    is drawn anew: there no ensemble would be taken.
    """
    figures = used_in("run")
    generator = rng(seed, "truths of the ensemble")
    spread = np.stack([on_scale(column(outcomes, each.summary), each.scale) for each in figures.values()], axis=1)
    errors = np.array([error_of(each) for each in figures.values()])
    values = outcomes[:, [COLUMNS.index(name) for name in names]]
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    found, n_asked = np.full((truths, len(names), 2), np.nan), 0
    for truth in generator.choice(len(outcomes), 20 * truths):
        if n_asked == truths:
            break
        figure = spread[truth] + errors * generator.standard_normal(len(errors))
        log_weights = -0.5 * (((spread - figure) / errors) ** 2).sum(axis=1)
        log_weights = np.where(np.isnan(log_weights), -np.inf, log_weights)
        log_weights[truth] = -np.inf
        likely = np.exp(log_weights - max(log_weights.max(), _LEAST))
        if effective(likely) < FEWEST_NEAR:
            continue
        for place, truth_value in enumerate(values[truth]):
            if not np.isnan(truth_value):
                found[n_asked, place] = _held(truth_value, ordered[:, place], likely[order[:, place]])
        n_asked += 1
    held = {name: found[:n_asked, place] for place, name in enumerate(names)}
    return {name: Coverage(*_means(some)) for name, some in held.items()}, n_asked


def _means(some: np.ndarray) -> np.ndarray:
    known = some[~np.isnan(some[:, 0])]
    return known.mean(axis=0) if len(known) else np.full(2, np.nan)


def _held(truth: float, ordered: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Return 1 where the 90 % range of values in rising order holds the truth, else 0; and with ties by chance."""
    low, high = _ordered_quantiles(ordered, weights, _TAILS)
    inside = float(low <= truth <= high)
    first, last = np.searchsorted(ordered, truth, "left"), np.searchsorted(ordered, truth, "right")
    whole, n = weights[: np.searchsorted(ordered, np.nan)].sum(), effective(weights)
    below, equal = weights[:first].sum() / whole, weights[first:last].sum() / whole
    if equal < _NO_TIE:
        return inside, inside
    least, most = ((share * (n + 1) - 0.5) / n for share in _TAILS)  # where the range ends
    return inside, float(max(0.0, min(below + equal, most) - max(below, least)) / equal)
