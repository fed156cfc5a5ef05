"""Worlds of an ensemble in which each form of each rule is met as often as its rivals, so that a sign can be judged.

First the weights are raked (Deming and Stephan 1940): scaled rule by rule until the levels of every form weigh the
same, which changes the weights as little as can be. Then rows are drawn by them, and the few that chance has put at one
level too many are exchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from underwatch.facts import rival_forms
from underwatch.world.forms import Forms

_ROUNDS, _EXCHANGES = 200, 400


def levels_of(forms: Sequence[Forms]) -> list[np.ndarray]:
    """Return bool[n] for each level of each rule's form that any of the settings has, rule by rule."""
    result = []
    for rule, rivals in rival_forms().items():
        columns = [np.array([item[rule] == rival.form for item in forms]) for rival in rivals]
        result.append(np.array([column for column in columns if column.any()]))
    return result


def raked(weights: np.ndarray, levels: Sequence[np.ndarray]) -> np.ndarray:
    """Return weights that add up to 1, of which the levels of each rule have the same, as near as the rounds come."""
    result = weights / weights.sum()
    for _ in range(_ROUNDS):
        for of_rule in levels:
            totals = of_rule @ result
            scale = np.where(totals > 0, 1 / len(of_rule) / np.maximum(totals, 1e-300), 1.0)
            result = result * (scale @ of_rule)
    return np.asarray(result / result.sum())


def systematic(weights: np.ndarray, n: int, generator: np.random.Generator) -> np.ndarray:
    """Return n rows, each as often as its weight says, give or take one, over a drawn order of the rows."""
    order = generator.permutation(len(weights))
    ends = np.cumsum(weights[order])
    at = (np.arange(n) + generator.random()) / n * ends[-1]
    return order[np.minimum(np.searchsorted(ends, at, side="right"), len(order) - 1)]


def balanced(rows: np.ndarray, weights: np.ndarray, levels: Sequence[np.ndarray]) -> np.ndarray:
    """Return rows in which each level of each rule is met as often as the others, give or take one, where that can be.

    One row is exchanged after another: always the exchange after which least is missing, and of these the one that
    brings the row of the largest weight.
    """
    rows, has = rows.copy(), np.concatenate(levels).astype(int)
    wanted = np.concatenate([np.full(len(of_rule), len(rows) // len(of_rule)) for of_rule in levels])
    by_weight = np.argsort(-weights, kind="stable")
    for _ in range(_EXCHANGES):
        held = np.sort(np.unique(rows, return_index=True)[1])  # of each row that is there, where it stands first
        counts = has[:, rows].sum(axis=1)
        missing = np.maximum(wanted - counts, 0).sum()
        if not missing:
            break
        after = counts[:, None, None] - has[:, rows[held]][:, :, None] + has[:, by_weight][:, None, :]
        left = np.maximum(wanted[:, None, None] - after, 0).sum(axis=0)
        out, come = np.unravel_index(int(left.argmin()), left.shape)
        if left[out, come] >= missing:
            break
        rows[held[out]] = by_weight[come]
    return rows
