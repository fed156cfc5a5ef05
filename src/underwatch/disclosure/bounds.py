"""From counts in many worlds to a set and its lower end.

A world counts by how likely a report of this act from it would state what is stated: the share of its subjects who
fit. So a wording is judged as a draft of these words would be. The lower end is the lowest over the ensembles and,
within each, over the worlds of every form of every rule; and no wording has a higher one than a broader one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from underwatch.experiments.ensemble.names import ENSEMBLES
from underwatch.facts import rival_forms
from underwatch.world.scenario import Scenario

TAIL = 0.05


class Bounds(NamedTuple):
    """A set over worlds: its lower end, and the median and the middle 90 % with the ensembles weighing the same."""

    lower: float
    low: float
    median: float
    high: float


def groups(worlds: Sequence[tuple[str, Scenario]]) -> Iterator[np.ndarray]:
    """Yield bool[worlds] for each ensemble, and for the worlds of each form of each rule within it."""
    names = np.array([name for name, _ in worlds])
    for ensemble in ENSEMBLES:
        mine = names == ensemble
        yield mine
        for rule, forms in rival_forms().items():
            has = np.array([scenario.forms[rule] for _, scenario in worlds])
            for form in forms:
                yield mine & (has == form.form)


def shared(weights: np.ndarray, worlds: Sequence[tuple[str, Scenario]]) -> np.ndarray:
    """Return weights with which each ensemble that has any weighs the same, and all together 1."""
    names = np.array([name for name, _ in worlds])
    result = np.zeros(len(weights))
    for ensemble in ENSEMBLES:
        mine = names == ensemble
        if weights[mine].sum() > 0:
            result[mine] = weights[mine] / weights[mine].sum()
    return result / max(result.sum(), 1e-300)


def weighted(values: np.ndarray, weights: np.ndarray, share: float) -> np.ndarray:
    """Return the smallest of float[worlds, ...] that such a share of the weight, of its shape, does not exceed."""
    order = np.argsort(values, axis=0, kind="stable")
    total = np.cumsum(np.take_along_axis(weights, order, axis=0), axis=0)
    at = (total >= share * total[-1] - 1e-12).argmax(axis=0)
    return np.take_along_axis(values, np.take_along_axis(order, at[None], axis=0), axis=0)[0]


def lower_end(values: np.ndarray, weights: np.ndarray, worlds: Sequence[tuple[str, Scenario]]) -> np.ndarray:
    """Return the lower end of float[worlds, ...]: the lowest 5 % point over ensembles and forms, and at least 1."""
    found = [
        np.where(weights[mine].sum(axis=0) > 0, weighted(values[mine], weights[mine], TAIL), np.inf)
        for mine in groups(worlds)
        if mine.any()
    ]
    lowest = np.min(found, axis=0)
    return np.maximum(1.0, np.where(np.isfinite(lowest), lowest, 1.0))


def no_higher_than_broader(lower: np.ndarray) -> np.ndarray:
    """Return lower ends float[levels, ...] of which none is higher than one of a broader wording."""
    for axis in range(lower.ndim):
        lower = np.flip(np.minimum.accumulate(np.flip(lower, axis), axis=axis), axis)
    return lower


def bounds_of(
    sure: np.ndarray, values: np.ndarray, weights: np.ndarray, worlds: Sequence[tuple[str, Scenario]]
) -> Bounds:
    """Return the bounds of float[worlds]; `sure` are the counts from which the lower end is taken."""
    even = shared(weights, worlds)
    low, median = (float(np.maximum(1.0, weighted(values, even, share))) for share in (TAIL, 0.5))
    high = float(np.maximum(1.0, -weighted(-values, even, TAIL)))
    return Bounds(min(float(lower_end(sure, weights, worlds)), low), low, median, high)
