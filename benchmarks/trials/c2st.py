"""C2ST: how well a classifier tells two samples apart (Lopez-Paz and Oquab 2017), as in the sbibm benchmark.

0.5 means that it cannot, 1 that it always can. It sees every fault of a posterior at once, but only against draws of
the exact one, which there are for the toy model.
"""

from __future__ import annotations

import numpy as np

from underwatch.errors import InputError
from underwatch.inference.npe.blas import one_thread
from underwatch.inference.npe.training import Adam
from underwatch.world.draws import rng

FOLDS = 5
UNITS_PER_QUANTITY = 10  # in each of two layers, as in sbibm
EPOCHS, BATCH, RATE = 60, 128, 3e-3


@one_thread()
def c2st(first: np.ndarray, second: np.ndarray, seed: int) -> float:
    """Return the share of draws of two samples float[n, p] that a cross-fitted classifier puts where they belong."""
    if first.shape != second.shape:
        raise InputError(f"samples of shape {first.shape} and {second.shape}; C2ST needs two alike")
    spread = first.std(axis=0)
    both = np.concatenate([first, second])
    both = ((both - first.mean(axis=0)) / np.where(spread > 0, spread, 1.0)).astype(np.float32)
    label = np.repeat([0.0, 1.0], len(first)).astype(np.float32)
    luck = rng(seed, "c2st")
    fold = luck.permutation(np.arange(len(both)) % FOLDS)
    # The folds are a stack of FOLDS classifiers that learn side by side.
    learn = np.stack([np.flatnonzero(fold != k)[: len(both) - -(-len(both) // FOLDS)] for k in range(FOLDS)])
    weights = _learned(both, label, learn, luck)
    score = _score(weights, np.broadcast_to(both, (FOLDS, *both.shape)))[-1]
    right = (score > 0) == (label > 0.5)
    return float(right[fold, np.arange(len(both))].mean())


def _score(w: dict[str, np.ndarray], x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return both layers and the score float[E, n] of rows float[E, n, p]; above 0 means the second sample."""
    first = np.maximum(x @ w["in"] + w["in_bias"], 0)
    second = np.maximum(first @ w["mid"] + w["mid_bias"], 0)
    return first, second, (second @ w["out"] + w["out_bias"])[..., 0]


def _learned(x: np.ndarray, label: np.ndarray, learn: np.ndarray, luck: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the weights of the stack after EPOCHS of logistic regression on the rows int[E, n] that each may see."""
    p = x.shape[1]
    units = UNITS_PER_QUANTITY * p
    sizes = {"in": (p, units), "mid": (units, units), "out": (units, 1)}
    weights = {k: luck.normal(0, np.sqrt(2 / v[0]), (FOLDS, *v)).astype(np.float32) for k, v in sizes.items()}
    weights |= {f"{k}_bias": np.zeros((FOLDS, 1, v[1]), np.float32) for k, v in sizes.items()}
    adam = Adam(weights, decay=0.0)
    for epoch in range(EPOCHS):
        rate = np.full(FOLDS, RATE * (1 - epoch / EPOCHS))
        turn = np.stack([luck.permutation(row) for row in learn])
        for at in range(0, turn.shape[1], BATCH):
            rows = turn[:, at : at + BATCH]
            adam.step(weights, _gradients(weights, x[rows], label[rows]), rate)
    return weights


def _gradients(w: dict[str, np.ndarray], x: np.ndarray, label: np.ndarray) -> dict[str, np.ndarray]:
    """Return the gradient of the mean logistic loss by each weight."""
    first, second, score = _score(w, x)
    off = ((1 / (1 + np.exp(-np.clip(score, -30, 30))) - label) / label.shape[1])[..., None]
    d_second = (off @ np.swapaxes(w["out"], -1, -2)) * (second > 0)
    d_first = (d_second @ np.swapaxes(w["mid"], -1, -2)) * (first > 0)
    layers = {"in": (x, d_first), "mid": (first, d_second), "out": (second, off)}
    grads = {name: np.swapaxes(heard, -1, -2) @ d for name, (heard, d) in layers.items()}
    return grads | {f"{name}_bias": d.sum(axis=-2, keepdims=True) for name, (_, d) in layers.items()}
