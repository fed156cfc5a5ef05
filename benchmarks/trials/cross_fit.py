"""Cross-fitting of rows that share no world, for the toy model: what `inference.checks.cross_fit` does by world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from underwatch.inference.checks.calibration import DRAWS, FOLDS, unit_log_density
from underwatch.inference.npe.posterior import MEMBERS, train
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.inference.npe.training import Schedule
from underwatch.world.draws import rng


@dataclass(frozen=True, slots=True)
class CrossFit:
    """Draws for every row of a bank by posteriors that have not seen it, and the log density at its truth."""

    draws: np.ndarray  # float[n, d, p]
    log_density: np.ndarray  # float[n], per unit of the prior support (0 is what the prior would have)
    fold: np.ndarray  # int[n]


def cross_fit(
    theta: np.ndarray,
    x: np.ndarray,
    support: PriorSupport,
    *,
    seed: int,
    members: int = MEMBERS,
    schedule: Schedule | None = None,
    tick: Callable[[int], None] | None = None,
) -> CrossFit:
    """Return held-out draws for each row: FOLDS posteriors, each trained on the rows of the other folds.

    `tick` is told each finished fold. The rows are dealt to the folds at random by `seed`.
    """
    n = len(theta)
    fold = rng(seed, "folds").permutation(np.arange(n) % FOLDS)
    draws, density = np.empty((n, DRAWS, len(support))), np.empty(n)
    for k in range(FOLDS):
        out = fold == k
        posterior = train(theta[~out], x[~out], support, seed=seed + k, members=members, schedule=schedule)
        draws[out] = posterior.draw(x[out], DRAWS, seed + k)
        density[out] = unit_log_density(posterior, theta[out], x[out])
        if tick:
            tick(k + 1)
    return CrossFit(draws, density, fold)
