"""What others would make of the same counts: three simple estimates of how many acts there were.

They are here to be measured against: each leaves out that being watched stops the report, or that a list copies the
other. None is shown for real evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import gammaln, logsumexp

LEVEL = 0.9
GRID = 200  # values of the expected acts, evenly in the logarithm
CHANCES = 200  # quantiles that stand for the prior of the reporting chance


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many acts, of m data sets: the middle and the 90 % interval, each float[m]."""

    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def ratio(self, acts: np.ndarray) -> np.ndarray:
        """Return float[m]: the middle against the truth; 1 where it is right."""
        return np.asarray(self.middle / acts)

    def covers(self, acts: np.ndarray) -> np.ndarray:
        """Return bool[m]: does the interval hold the truth."""
        return np.asarray((self.low <= acts) & (acts <= self.high))


def reports_times_constant(reports: np.ndarray, chance: float) -> Estimate:
    """Return reports int[m] over one reporting chance, with the exact Poisson interval of Garwood 1936."""
    tail = (1 - LEVEL) / 2
    low = np.where(reports > 0, stats.gamma.ppf(tail, np.maximum(reports, 1)), 0.0)
    high = stats.gamma.ppf(1 - tail, reports + 1.0)
    return Estimate(reports / chance, low / chance, high / chance)


def under_reporting(reports: np.ndarray, acts_prior: np.ndarray, chance_prior: np.ndarray) -> Estimate:
    """Return the posterior of a Poisson count seen through a reporting chance (Stoner, Economou and Drummond 2019).

    Reports ~ Poisson(acts x chance). Both have the simulator's own prior, given as draws float[n], but apart from one
    another: the chance to be told is a nuisance, as in their model, and no consequence of what happens.
    """
    chance = np.quantile(chance_prior, (np.arange(CHANCES) + 0.5) / CHANCES)
    chance = np.maximum(chance, np.finfo(float).tiny)
    edges = np.linspace(np.log(acts_prior.min()), np.log(acts_prior.max()), GRID + 1)
    weight = np.histogram(np.log(acts_prior), edges)[0] + 0.5
    acts = np.exp(0.5 * (edges[1:] + edges[:-1]))
    mean = acts[:, None] * chance
    quantiles = np.empty((len(reports), 3))
    for i, count in enumerate(reports):
        height = logsumexp(count * np.log(mean) - mean - gammaln(count + 1), axis=1) + np.log(weight)
        share = np.cumsum(np.exp(height - height.max()))
        quantiles[i] = np.interp([0.5, (1 - LEVEL) / 2, (1 + LEVEL) / 2], share / share[-1], acts)
    return Estimate(*quantiles.T)


def capture_recapture(first: np.ndarray, second: np.ndarray, both: np.ndarray) -> Estimate:
    """Return Chapman's estimate from the acts in each list and in both, int[m] each, with a log-normal interval.

    It takes the lists for independent and every act for as likely to be told (Chapman 1951; variance of Seber 1970).
    """
    a, b, m = (np.asarray(count, float) for count in (first, second, both))
    middle = (a + 1) * (b + 1) / (m + 1) - 1
    variance = (a + 1) * (b + 1) * (a - m) * (b - m) / ((m + 1) ** 2 * (m + 2))
    seen = a + b - m
    unseen = np.maximum(middle - seen, 0.5)
    spread = np.exp(stats.norm.ppf((1 + LEVEL) / 2) * np.sqrt(np.log1p(variance / unseen**2)))
    return Estimate(np.maximum(middle, 1.0), seen + unseen / spread, seen + unseen * spread)
