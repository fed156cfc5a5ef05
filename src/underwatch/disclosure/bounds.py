"""From counts in many worlds to a set and its lower end.

A world counts by how likely a report of this act from it would state what the draft states: the share of its subjects
who fit. What is stated stays true however little of it is printed, so that all wordings of a draft are judged by one
set of weights, and saying less never makes a set smaller. The lower end is the lowest over the ensembles and, within
each, over the worlds of every form of every rule.
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
    """Return the smallest of float[worlds, ...] that so great a share of the weight does not exceed."""
    order = np.argsort(values, axis=0, kind="stable")
    total = np.cumsum(weights[order], axis=0)
    at = (total >= share * weights.sum() - 1e-12).argmax(axis=0)
    return np.take_along_axis(values, np.take_along_axis(order, at[None], axis=0), axis=0)[0]


def lower_end(values: np.ndarray, weights: np.ndarray, worlds: Sequence[tuple[str, Scenario]]) -> np.ndarray:
    """Return the lower end of float[worlds, ...]: the lowest 5 % point over ensembles and forms, and at least 1."""
    found = [
        weighted(values[mine], weights[mine], TAIL) for mine in groups(worlds) if weights[mine].sum() > 0
    ]  # fmt: skip
    return np.maximum(1.0, np.min(found, axis=0)) if found else np.ones(values.shape[1:])


def bounds_of(
    sure: np.ndarray, values: np.ndarray, weights: np.ndarray, worlds: Sequence[tuple[str, Scenario]]
) -> Bounds:
    """Return the bounds of float[worlds]; `sure` are the counts from which the lower end is taken."""
    even = shared(weights, worlds)
    low, median = (float(np.maximum(1.0, weighted(values, even, share))) for share in (TAIL, 0.5))
    high = float(np.maximum(1.0, -weighted(-values, even, TAIL)))
    return Bounds(min(float(lower_end(sure, weights, worlds)), low), low, median, high)
