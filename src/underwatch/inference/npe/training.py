"""Training of the density nets: Adam, rows held back for early stopping, and the best weights met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count

import numpy as np

from underwatch.inference.npe import density
from underwatch.inference.npe.density import Weights

# Adam's own constants (Kingma and Ba 2015, their defaults).
MOMENTUM, SECOND_MOMENTUM, TINY = 0.9, 0.999, 1e-8
# Which weights decay, and how fast: those that hear the summaries, of which most tell little. On the toy model at
# 2,000 runs this takes 1.3 nats off -log q of fresh rows against no decay; decay of the others gains nothing.
DECAYED = {"in": 2.0, "mid": 1.0, "hear": 1.0}
SHARE_HELD_BACK = 0.1  # rows on which a member is judged while it learns
FEWEST_HELD_BACK = 16
FEWEST_ROWS = 64  # below this a net of 40,000 weights only learns the rows by heart


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to learn; the defaults were chosen on the toy model at 2,000 runs."""

    rate: float = 1e-3  # Adam's step
    batch: int = 64  # rows per step
    decay: float = 1.0  # decoupled weight decay per unit of rate (Loshchilov and Hutter 2019)
    patience: int = 12  # epochs without a better held-back loss before the end
    halve_after: int = 5  # epochs without a better one before the step is halved
    epochs: int = 300  # at the most


class Adam:
    """Steps of Adam with decoupled decay on a stack of members, each with its own rate."""

    def __init__(self, weights: Weights, decay: float) -> None:
        self.decay = decay
        self.mean = {name: np.zeros_like(value) for name, value in weights.items()}
        self.square = {name: np.zeros_like(value) for name, value in weights.items()}
        self.steps = 0

    def step(self, weights: Weights, gradients: Weights, rate: np.ndarray) -> None:
        """Move `weights` in place; `rate` is float[E]."""
        self.steps += 1
        shrink = np.sqrt(1.0 - SECOND_MOMENTUM**self.steps) / (1.0 - MOMENTUM**self.steps)
        for name, g in gradients.items():
            mean, square, w = self.mean[name], self.square[name], weights[name]
            r = rate.astype(w.dtype).reshape(-1, *(1,) * (w.ndim - 1))
            mean *= MOMENTUM
            mean += (1 - MOMENTUM) * g
            square *= SECOND_MOMENTUM
            square += (1 - SECOND_MOMENTUM) * (g * g)
            move = mean / (np.sqrt(square) + TINY)
            if name in DECAYED:
                w *= 1 - r * w.dtype.type(self.decay * DECAYED[name])
            w -= r * w.dtype.type(shrink) * move


@dataclass(frozen=True, slots=True)
class Fit:
    """The best weights of each member, and the held-back loss at each epoch, float[epochs, E]; NaN after its end."""

    weights: Weights
    losses: np.ndarray


def fit_all(
    x: np.ndarray,
    z: np.ndarray,
    generators: Sequence[np.random.Generator],
    schedule: Schedule | None = None,
    tick: Callable[[int], None] | None = None,
    groups: np.ndarray | None = None,
) -> Fit:
    """Train one net for each stream of luck, side by side on the cores, and return them stacked.

    Each member starts elsewhere and holds back other rows. `tick` is told how many are done. The result does not depend
    on the number of cores. `groups` int[n] says which rows belong together and are held back together.
    """
    with ThreadPoolExecutor(min(len(generators), cpu_count() or 1)) as pool:
        jobs = [pool.submit(fit, x, z, generator, 1, schedule, groups) for generator in generators]
        if tick:
            for done, job in enumerate(jobs, 1):
                job.result()
                tick(done)
        fits = [job.result() for job in jobs]
    weights = {name: np.concatenate([each.weights[name] for each in fits]) for name in fits[0].weights}
    losses = np.full((max(len(each.losses) for each in fits), len(fits)), np.nan)
    for member, each in enumerate(fits):
        losses[: len(each.losses), member] = each.losses[:, 0]
    return Fit(weights, losses)


def in_turn(n: int, generator: np.random.Generator, groups: np.ndarray | None) -> np.ndarray:
    """Return rows 0 to n - 1 in a random order; those of one group stand together.

    Rows of one world are alike: a row that is held back while another one of its world is learned judges nothing.
    """
    if groups is None:
        return generator.permutation(n)
    place = generator.permutation(int(groups.max()) + 1)
    return np.asarray(np.argsort(place[groups], kind="stable"))


def fit(
    x: np.ndarray,
    z: np.ndarray,
    generator: np.random.Generator,
    members: int,
    schedule: Schedule | None = None,
    groups: np.ndarray | None = None,
) -> Fit:
    """Train a stack of nets on standardised summaries float[n, s] and parameters float[n, p] until the last is done."""
    plan = schedule or Schedule()
    n, p = z.shape
    held = max(FEWEST_HELD_BACK, round(SHARE_HELD_BACK * n))
    order = np.stack([in_turn(n, generator, groups) for _ in range(members)])
    judge, learn = order[:, :held], order[:, held:]
    weights = density.fresh_weights(generator, members, x.shape[1], p, x.dtype.type)
    best = {name: value.copy() for name, value in weights.items()}
    best_loss, since, rate = np.full(members, np.inf), np.zeros(members, int), np.full(members, plan.rate)
    adam, losses = Adam(weights, plan.decay), []
    for _ in range(plan.epochs):
        turn = np.stack([generator.permutation(row) for row in learn])
        for index in range(0, turn.shape[1], plan.batch):
            rows = turn[:, index : index + plan.batch]
            adam.step(weights, density.loss_and_gradients(weights, x[rows], z[rows])[1], rate)
        loss = -density.log_density(weights, x[judge], z[judge]).mean(axis=1)
        losses.append(loss)
        better = loss < best_loss
        for name, value in weights.items():
            best[name][better] = value[better]
        best_loss = np.where(better, loss, best_loss)
        since = np.where(better, 0, since + 1)
        rate = np.where((since > 0) & (since % plan.halve_after == 0), rate / 2, rate)
        if (since >= plan.patience).all():
            break
    return Fit(best, np.array(losses))
