"""From counts in many worlds to a set and its lower end.

A world counts by how likely a report of this act from it would state what is stated: the share of its subjects who
fit. So a wording is judged as a draft of these words would be. The lower end is the lowest over the ensembles and,
within each, over the worlds of every form of every rule; and no wording has a higher one than a broader one.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class Groups(NamedTuple):
    """Which worlds belong together, each bool[worlds]."""

    ensembles: tuple[np.ndarray, ...]
    forms: tuple[np.ndarray, ...]  # of each ensemble, the worlds of each form of each rule


def groups(worlds: Sequence[tuple[str, Scenario]]) -> Groups:
    """Return the worlds of each ensemble, and of each form of each rule within it."""
    names = np.array([name for name, _ in worlds])
    ensembles = tuple(names == ensemble for ensemble in ENSEMBLES)
    levels = [
        np.array([scenario.forms[rule] == form.form for _, scenario in worlds])
        for rule, forms in rival_forms().items()
        for form in forms
    ]
    return Groups(ensembles, tuple(mine & has for mine in ensembles for has in levels if (mine & has).any()))


def shared(weights: np.ndarray, among: Groups) -> np.ndarray:
    """Return weights with which each ensemble that has any weighs the same, and all together 1."""
    result = np.zeros(len(weights))
    for mine in among.ensembles:
        if weights[mine].sum() > 0:
            result[mine] = weights[mine] / weights[mine].sum()
    return result / max(result.sum(), 1e-300)


def weighted(values: np.ndarray, weights: np.ndarray, share: float) -> np.ndarray:
    """Return the smallest of float[worlds, ...] that such a share of the weight, of its shape, does not exceed."""
    order = np.argsort(values, axis=0, kind="stable")
    total = np.cumsum(np.take_along_axis(weights, order, axis=0), axis=0)
    at = (total >= share * total[-1] - 1e-12).argmax(axis=0)
    return np.take_along_axis(values, np.take_along_axis(order, at[None], axis=0), axis=0)[0]


def lower_end(values: np.ndarray, weights: np.ndarray, among: Groups) -> np.ndarray:
    """Return the lower end of float[worlds, ...]: the lowest 5 % point over ensembles and forms, and at least 1."""
    found = [
        np.where(weights[mine].sum(axis=0) > 0, weighted(values[mine], weights[mine], TAIL), np.inf)
        for mine in (*among.ensembles, *among.forms)
    ]
    lowest = np.min(found, axis=0)
    return np.maximum(1.0, np.where(np.isfinite(lowest), lowest, 1.0))


def no_higher_than_broader(lower: np.ndarray) -> np.ndarray:
    """Return lower ends float[levels, ...] of which none is higher than one of a broader wording."""
    for axis in range(lower.ndim):
        lower = np.flip(np.minimum.accumulate(np.flip(lower, axis), axis=axis), axis)
    return lower


def bounds_of(sure: np.ndarray, values: np.ndarray, weights: np.ndarray, among: Groups) -> Bounds:
    """Return the bounds of float[worlds]; `sure` are the counts from which the lower end is taken."""
    even = shared(weights, among)
    low, median = (float(np.maximum(1.0, weighted(values, even, share))) for share in (TAIL, 0.5))
    high = float(np.maximum(1.0, -weighted(-values, even, TAIL)))
    return Bounds(min(float(lower_end(sure, weights, among)), low), low, median, high)
