"""Cross-fitting: every simulated package is judged by a posterior that has seen no package of its world.

It costs no simulation, and what comes of it stands beside the truth: ranks, the chance of terror, and the test of all
quantities at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from underwatch.inference.bank.quantities import ALL_NAMES, SLOPE, with_derived
from underwatch.inference.bank.simulations import Simulations
from underwatch.inference.checks import calibration
from underwatch.inference.npe.posterior import Posterior, train
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.world.draws import rng

MEMBERS = 5  # nets of an ensemble: with 3 the medians of a packed package moved by 0.30 posterior sd when trained again
NEAREST = 400  # simulated packages that stand for the posterior where a whole world is wanted
STABLE_SHARE = 0.8
Arrays = dict[str, np.ndarray]
_SLOPE = ALL_NAMES.index(SLOPE)


def learn(runs: Simulations, support: PriorSupport, seed: int) -> Posterior:
    """Return the posterior learned from simulated packages; those of one world are held back together."""
    return train(runs.theta, runs.x, support, seed=seed, members=MEMBERS, groups=runs.rows)


def a_part(runs: Simulations, seed: int) -> np.ndarray:
    """Return the numbers of most of the runs, drawn at random: does an answer stand still without the rest."""
    return rng(seed, "part of the bank").permutation(len(runs))[: int(STABLE_SHARE * len(runs))]


def cross_fit(runs: Simulations, support: PriorSupport, seed: int) -> Arrays:
    """Return draws for each run, and the density at its truth, by a posterior that has seen no run of its world."""
    fold = rng(seed, "folds").permutation(runs.rows.max() + 1)[runs.rows] % calibration.FOLDS
    draws, density = np.empty((len(runs), calibration.DRAWS, len(support)), np.float32), np.empty(len(runs))
    for k in range(calibration.FOLDS):
        out = fold == k
        fitted = learn(runs.of(np.flatnonzero(~out)), support, seed + k)
        draws[out] = fitted.draw(runs.x[out], calibration.DRAWS, seed + k)
        density[out] = calibration.unit_log_density(fitted, runs.theta[out], runs.x[out])
    return {"draws": draws, "density": density, **_behind(runs)}


def unfitted(runs: Simulations, support: PriorSupport) -> Arrays:
    """Return arrays of the kinds and shapes of `cross_fit`, to hold a kept one against; they take no memory."""
    draws = np.broadcast_to(np.float32(0), (len(runs), calibration.DRAWS, len(support)))
    density = np.broadcast_to(0.0, (len(runs),))
    return {"draws": draws, "density": density, **_behind(runs)}


def _behind(runs: Simulations) -> Arrays:
    return {"theta": runs.theta, "x": runs.x, "reports": runs.reports, "worlds": runs.rows}


@dataclass(frozen=True)
class HeldOut:
    """What came of a cross-fit, in all columns of an answer, beside the truth."""

    draws: np.ndarray  # float[n, d, columns]
    truth: np.ndarray  # float[n, columns]
    rank: np.ndarray  # float[n, columns]
    reports: np.ndarray  # float[n]
    apart: np.ndarray  # int[worlds], a run of each world: for tests that want independent runs
    tarp: Mapping[str, np.ndarray]  # float[worlds] by choice of reference points

    @classmethod
    def of(cls, fit: Arrays, support: PriorSupport, seed: int) -> HeldOut:
        """Return it from the arrays of `cross_fit`."""
        quantities = fit["draws"].astype(float)
        draws, truth = with_derived(quantities), with_derived(fit["theta"])
        apart = np.unique(fit["worlds"], return_index=True)[1]
        unit, point = support.unit(quantities), support.unit(fit["theta"])
        references = calibration.tarp_references(point, fit["x"], seed)
        tarp = {name: calibration.tarp(unit[apart], point[apart], where[apart]) for name, where in references.items()}
        return cls(draws, truth, calibration.ranks(draws, truth), fit["reports"], apart, tarp)

    @property
    def chance(self) -> np.ndarray:
        """The chance of terror that is said, float[n]: that more watching would bring fewer reports."""
        return np.asarray((self.draws[..., _SLOPE] < 0).mean(axis=1))

    @property
    def came(self) -> np.ndarray:
        """Whether it is so, bool[n]."""
        return np.asarray(self.truth[:, _SLOPE] < 0)


def nearest(draws: np.ndarray, pool: Simulations, support: PriorSupport) -> np.ndarray:
    """Return the runs of the pool that lie nearest to draws of the posterior, one for each of `NEAREST` draws."""
    scale = np.maximum(support.unit(draws).std(axis=0), 1e-9)
    some = support.unit(draws[:: max(1, len(draws) // NEAREST)][:NEAREST]) / scale
    every = support.unit(pool.theta) / scale
    return np.array([int(((every - item) ** 2).sum(axis=1).argmin()) for item in some])
