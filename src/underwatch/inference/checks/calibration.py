"""Is a posterior calibrated: ranks, coverage, scores and distances over many simulated rows whose truth is known.

All functions read arrays and return arrays. `draws` is float[m, d, q]: for each of m rows, d draws of q quantities
(parameters and derived ones); `truth` is float[m, q]. Cross-fitting gives such draws at no cost of simulation: each
row of the bank is judged by a posterior that was trained on the other folds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from underwatch.inference.npe.posterior import Posterior
from underwatch.world.draws import rng

FOLDS = 5
DRAWS = 300  # of each posterior: ranks are then in steps of 1/301
RELIABILITY_BINS = 5
WORST = 5  # features shown
FREAK = 100.0  # sds: a value where all replicates have one and the same other value
STILL = 1e-9  # a feature whose sd is below this share of its size does not vary


def unit_log_density(posterior: Posterior, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return float[n]: log density against an even spread over it (which has 0); minus it is the NLPD in nats."""
    return np.asarray(posterior.log_density(theta, x) - posterior.support.log_unit_slope(theta))


def ranks(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return float[m, q]: the rank of the truth among its draws, 0 to 1; ties are broken evenly by the middle.

    With calibrated draws they are uniform (Talts et al. 2018).
    """
    below = (draws < truth[:, None]).sum(axis=1) + 0.5 * (draws == truth[:, None]).sum(axis=1)
    return np.asarray((below + 0.5) / (draws.shape[1] + 1))


def rank_p_values(rank: np.ndarray) -> np.ndarray:
    """Return float[q]: Kolmogorov-Smirnov p-value of each column of ranks against the uniform."""
    return np.array([stats.kstest(column, "uniform").pvalue for column in rank.T])


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for their number by Holm's step-down (1979)."""
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted


def covered(rank: np.ndarray, level: float) -> np.ndarray:
    """Return bool[m, q]: does the central interval of `level` hold the truth."""
    return np.asarray(np.abs(rank - 0.5) <= level / 2)


def coverage(rank: np.ndarray, level: float) -> np.ndarray:
    """Return float[q]: the share of rows whose central interval of `level` holds the truth."""
    return np.asarray(covered(rank, level).mean(axis=0))


def coverage_by_quartile(rank: np.ndarray, reports: np.ndarray, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Return coverage float[4, q] and rows int[4] in the quarters of the report count int[m], fewest reports first.

    Rows with equal counts are never parted, so quarters may differ in size.
    """
    edges = np.quantile(reports, [0.25, 0.5, 0.75])
    quarter = np.searchsorted(edges, reports)
    size = np.bincount(quarter, minlength=4)
    share = np.array([coverage(rank[quarter == k], level) for k in range(4) if size[k]])
    full = np.full((4, rank.shape[1]), np.nan)
    full[size > 0] = share
    return full, size


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was said and what came: mean stated chance, observed share, standard error and rows of each bin."""

    said: np.ndarray
    came: np.ndarray
    error: np.ndarray
    rows: np.ndarray


def reliability(chance: np.ndarray, came: np.ndarray, bins: int = RELIABILITY_BINS) -> Reliability:
    """Return the reliability curve of stated chances float[m] against what came, bool[m], in even bins that hold rows.

    For P(terror side): among data sets for which 70 % is said, 70 % should lie on that side.
    """
    index = np.minimum((chance * bins).astype(int), bins - 1)
    rows = np.bincount(index, minlength=bins)
    some = rows > 0
    said = np.bincount(index, chance, bins)[some] / rows[some]
    share = np.bincount(index, came.astype(float), bins)[some] / rows[some]
    spread = np.bincount(index, chance * (1 - chance), bins)[some]  # of the number that comes, if what was said holds
    return Reliability(said, share, np.sqrt(spread) / rows[some], rows[some])


def tarp(draws: np.ndarray, truth: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Return float[m]: the share of draws nearer to the row's reference point than the truth is, all in units 0 to 1.

    Tests of accuracy with random points (Lemos et al. 2023): uniform for calibrated draws, whatever the references,
    and it sees all quantities at once.
    """
    near = ((draws - references[:, None]) ** 2).sum(axis=-1)
    own = ((truth - references) ** 2).sum(axis=-1)
    return np.asarray((near < own[:, None]).mean(axis=1))


def tarp_references(truth: np.ndarray, x: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return two choices of reference points float[m, q]: even in the prior support, and leaning on the data.

    The second is a fixed random slant of the summaries, so that it depends on the data but not on the truth beyond
    them; references blind to the data pass a posterior that is the prior.
    """
    generator = rng(seed, "reference points")
    even = generator.random(truth.shape)
    spread = x.std(axis=0)
    scaled = (x - x.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
    slant = scaled @ generator.standard_normal((x.shape[1], truth.shape[1])) / np.sqrt(x.shape[1])
    return {"even": even, "by the data": stats.norm.cdf(slant / np.maximum(slant.std(axis=0), 1e-12))}


def crps(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return float[m, q]: the continuous ranked probability score, E|X - t| - E|X - X'| / 2; lower is better."""
    ordered = np.sort(draws, axis=1)
    d = draws.shape[1]
    weight = (2.0 * np.arange(1, d + 1) - d - 1)[None, :, None]
    half_spread = (weight * ordered).sum(axis=1) / d**2
    return np.asarray(np.abs(draws - truth[:, None]).mean(axis=1) - half_spread)


@dataclass(frozen=True, slots=True)
class Predictive:
    """How an observation compares with what its own posterior simulates."""

    p_mean_square: float  # share of replicates whose mean squared deviation is as large
    p_largest: float  # share of replicates whose largest deviation is as large
    deviation: np.ndarray  # float[s], in sds of the replicates
    worst: np.ndarray  # int[5], the features furthest off


def predictive(x_obs: np.ndarray, replicates: np.ndarray) -> Predictive:
    """Compare summaries float[s] with those simulated from d draws of the posterior, float[d, s].

    A feature that never varies in the replicates counts as off by FREAK sds if the observation differs.
    """
    mean, sd = replicates.mean(axis=0), replicates.std(axis=0)
    moves = sd > STILL * np.maximum(1.0, np.abs(mean))
    safe = np.where(moves, sd, 1.0)
    own = np.where(moves, (x_obs - mean) / safe, np.where(np.isclose(x_obs, mean), 0.0, FREAK))
    theirs = np.where(moves, (replicates - mean) / safe, 0.0)
    largest = np.abs(theirs).max(axis=1) >= np.abs(own).max()
    square = (theirs**2).mean(axis=1) >= (own**2).mean()
    worst = np.argsort(-np.abs(own))[:WORST]
    return Predictive(float(square.mean()), float(largest.mean()), own, worst)


def contraction(draws: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return float[q]: 1 - posterior / prior variance, of draws float[d, q] and float[k, q] in units 0 to 1."""
    return np.asarray(1.0 - draws.var(axis=0) / prior.var(axis=0))


def median_shift(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return float[q]: how far the medians of two sets of draws float[d, q] lie apart, in posterior sds."""
    sd = np.sqrt(0.5 * (first.var(axis=0) + second.var(axis=0)))
    gap = np.abs(np.median(first, axis=0) - np.median(second, axis=0))
    return np.asarray(gap / np.where(sd > 0, sd, np.inf))
