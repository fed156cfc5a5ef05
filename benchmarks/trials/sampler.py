"""A sampler for exact likelihoods: walkers that move along the differences of other walkers.

Half of the walkers move while the other half stands: by a stretch towards one of them (Goodman and Weare 2010) or by
the difference of two of them (ter Braak 2006). Both need no tuning and are blind to scale and slant. The start is a
weighted choice among prior draws, so that a second mode is met from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.world.draws import rng

GROUPS, WALKERS = 4, 32  # groups that never meet, to be judged against each other; walkers in each
STRETCH = 2.0  # Goodman and Weare's a
SHARE_OF_DIFFERENCES = 0.7
LONG_JUMP = 0.1  # of the differences go the whole way, from mode to mode (ter Braak)
CROSSOVER = (0.33, 0.67, 1.0)  # share of the parameters a difference moves at once (Vrugt et al. 2009)
JITTER = 1e-4
PRIOR_DRAWS = 20_000
SOFTENED = 0.3  # power of the likelihood by which the start is chosen, so that it is wider than the end
RHAT_BAR = 1.05  # between Gelman's 1.1 and the 1.01 of Vehtari et al. 2021, which asks for longer chains
ESS_BAR = 400  # their advice

LogLikelihood = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Chains:
    """Draws in own units, float[steps, groups, walkers, p], and how far they can be trusted."""

    draws: np.ndarray
    accepted: float  # share of proposals
    rhat: np.ndarray  # float[p], of groups split in halves
    ess: np.ndarray  # float[p]

    def settled(self) -> bool:
        """Do all parameters meet the bars for R-hat and effective draws."""
        return bool((self.rhat < RHAT_BAR).all() and (self.ess > ESS_BAR).all())

    def flat(self, n: int) -> np.ndarray:
        """Return n draws float[n, p], evenly spaced through the chains."""
        all_draws = self.draws.reshape(-1, self.draws.shape[-1])
        return np.asarray(all_draws[np.linspace(0, len(all_draws) - 1, n).astype(int)])


def sample(
    log_likelihood: LogLikelihood, support: PriorSupport, *, seed: int, steps: int = 2000, thin: int = 2
) -> Chains:
    """Sample the posterior under a prior that is even over its support; the first half of the steps is thrown away."""
    luck = rng(seed, "walkers")

    def target(free: np.ndarray) -> np.ndarray:
        return np.asarray(log_likelihood(support.from_unit(ndtr(free))) - 0.5 * (free * free).sum(axis=1))

    place = _start(log_likelihood, support, luck)
    height = target(place)
    kept, accepted = [], 0
    order = np.arange(GROUPS * WALKERS).reshape(GROUPS, 2, -1)
    for step in range(steps):
        for mover in (0, 1):
            own, other = order[:, mover].ravel(), order[:, 1 - mover]
            moved, factor = _propose(place[own], place[other], luck)
            new = target(moved)
            yes = np.log(luck.random(len(own))) < new - height[own] + factor
            place[own[yes]], height[own[yes]] = moved[yes], new[yes]
            accepted += int(yes.sum())
        if step >= steps // 2 and step % thin == 0:
            kept.append(place.reshape(GROUPS, WALKERS, -1).copy())
    free = np.array(kept)
    return Chains(support.from_unit(ndtr(free)), accepted / (steps * place.shape[0]), *_trust(free))


def _start(log_likelihood: LogLikelihood, support: PriorSupport, luck: np.random.Generator) -> np.ndarray:
    """Choose walkers among prior draws, the likelier the more often, all of them different."""
    theta = support.draw(PRIOR_DRAWS, luck)
    height = np.concatenate([log_likelihood(part) for part in np.array_split(theta, 40)])
    height = np.where(np.isfinite(height), height, -np.inf)
    # Gumbel noise and the largest values: a weighted choice without putting back
    chosen = np.argsort(SOFTENED * height + luck.gumbel(size=len(height)))[-GROUPS * WALKERS :]
    return np.asarray(ndtri(support.unit(theta[luck.permutation(chosen)])))


def _propose(own: np.ndarray, other: np.ndarray, luck: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return where walkers float[n, p] would go by those of their groups float[groups, h, p], and the log factors."""
    groups, h, p = other.shape
    n = len(own)
    group = np.repeat(np.arange(groups), n // groups)
    first = luck.integers(0, h, n)
    if luck.random() >= SHARE_OF_DIFFERENCES:
        z = ((STRETCH - 1.0) * luck.random(n) + 1.0) ** 2 / STRETCH
        anchor = other[group, first]
        return anchor + z[:, None] * (own - anchor), (p - 1) * np.log(z)
    gap = other[group, first] - other[group, (first + luck.integers(1, h, n)) % h]
    part = luck.random((n, p)) < luck.choice(CROSSOVER, (n, 1))
    reach = 2.38 / np.sqrt(2.0 * np.maximum(1, part.sum(axis=1)))
    reach = np.where(luck.random(n) < LONG_JUMP, 1.0, reach)[:, None]
    return own + part * (reach * gap + JITTER * luck.standard_normal((n, p))), np.zeros(n)


def _trust(free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return R-hat and effective draws, each float[p], of normal scores float[steps, groups, walkers, p].

    A chain of the R-hat is half of the steps of a group, all its walkers together (Margossian et al. 2022): the sd of
    the chains' means against the sd of the draws.
    """
    half = len(free) // 2
    chains = np.concatenate([free[:half], free[half : 2 * half]], axis=1)
    within = chains.var(axis=(0, 2)).mean(axis=0)
    between = chains.mean(axis=(0, 2)).var(axis=0, ddof=1)
    walkers = free.reshape(len(free), -1, free.shape[-1])
    ess = np.array([_effective(walkers[..., j]) for j in range(free.shape[-1])])
    return np.sqrt(1.0 + between / within), ess


def _effective(walkers: np.ndarray) -> float:
    """Return the effective number of draws of float[steps, walkers] by the time the walkers take to forget.

    Autocorrelations are averaged over walkers, summed until the lag is 5 times the sum (Sokal's window).
    """
    n, m = walkers.shape
    centred = walkers - walkers.mean()
    power = np.abs(np.fft.rfft(centred, 2 * n, axis=0)) ** 2
    covariance = np.fft.irfft(power, axis=0)[:n].mean(axis=1)
    time = 2.0 * np.cumsum(covariance / covariance[0]) - 1.0
    stop = np.flatnonzero(np.arange(n) >= 5.0 * time)
    return float(n * m / max(1.0, time[stop[0] if len(stop) else -1]))
