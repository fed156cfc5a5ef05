"""What worlds say of each statement of the report: the share in which it holds, a verdict, and its measure as dots.

What was selected on cannot confirm, so each is judged by worlds that were selected without it. The patterns P3 and P7,
which select no world, are judged likewise, without the statement that each is nearest to.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np

from trials.ensemble_diagnostics import weighted_quantiles
from trials.patterns import Town, judged
from underwatch.experiments.ensemble.outcomes import MEASURES
from underwatch.experiments.ensemble.selection import column, effective, holding, kept_by
from underwatch.experiments.ensemble.statements import DOT_SHARES
from underwatch.facts import Statement, described, patterns
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters

AGREES, DISAGREES, UNSAID = "agrees", "disagrees", "cannot be said"
_FEWEST = 100.0  # effective worlds behind a verdict
_BARS = (1 / 3, 2 / 3)  # of the worlds
CALLS = "P7"  # whose measure asks for a town of its own, in which nobody is watched


class Judged(NamedTuple):
    """A statement of the report: in what share of the worlds it holds, and what follows.

    `without` is the share in the ensemble that is fitted to all other statements, of `effective` worlds. The dots are
    quantiles of the measure at `DOT_SHARES` in that ensemble and in the prior; NaN where no world has it.
    """

    id: str
    prior: float
    known: float
    without: float
    effective: float
    verdict: str
    dots_without: tuple[float, ...]
    dots_prior: tuple[float, ...]


class Worlds(NamedTuple):
    """The measure of a statement in worlds, float[n], and their weights."""

    values: np.ndarray
    weights: np.ndarray

    def share(self, said: Statement) -> float:
        """Return in what share of them the statement holds; where there is no measure it does not."""
        holds = (self.values >= said.low) & (self.values <= said.high)
        return float((self.weights * holds).sum() / self.weights.sum()) if self.weights.any() else float("nan")

    def dots(self) -> tuple[float, ...]:
        """Return quantiles of the measure."""
        return tuple(weighted_quantiles(self.values, self.weights, DOT_SHARES).tolist())


def weights_without(said: Statement, known: np.ndarray, holds: np.ndarray) -> np.ndarray:
    """Return the weights of draws by the figures and all statements but those that are left out for this one."""
    asked = [place for place, name in enumerate(described()) if name not in said.left_out]
    return kept_by(known, holds[:, asked])


def judgement(said: Statement, prior: Worlds, known: Worlds, without: Worlds) -> Judged:
    """Judge a statement by the worlds of three ensembles."""
    share, n = without.share(said), effective(without.weights)
    verdict = UNSAID if n < _FEWEST or _BARS[0] < share < _BARS[1] else AGREES if share >= _BARS[1] else DISAGREES
    shares = prior.share(said), known.share(said), share
    return Judged(said.id, *shares, n, verdict, without.dots(), prior.dots())


def judged_statements(outcomes: np.ndarray, known: np.ndarray) -> list[Judged]:
    """Judge the statements, and the patterns whose measure the draws have, float64[draws, COLUMNS]."""
    holds, even = holding(outcomes), np.full(len(outcomes), 1 / len(outcomes))
    result = []
    for said in (*described().values(), *patterns().values()):
        if said.measure in MEASURES:
            values = column(outcomes, said.measure)
            without = weights_without(said, known, holds)
            result.append(judgement(said, *(Worlds(values, some) for some in (even, known, without))))
    return result


def calls_ratio(town: Town) -> float:
    """Return completed calls of listed callers over those with nobody watched; NaN where too few are made to judge."""
    verdict = judged(CALLS, town)
    return float("nan") if verdict.holds is None else verdict.figures["ratio"]


def judged_calls(settings: Sequence[Sequence[tuple[Parameters, Forms]]], residents: int) -> Judged:
    """Judge watched callers by equally weighed settings of three ensembles: prior, known, and without the nearest.

    A world in which too few calls are made to judge is none of them.
    """
    towns = [
        [Town(values, seed=seed, residents=residents, forms=forms) for seed, (values, forms) in enumerate(some, 1)]
        for some in settings
    ]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = [np.array(list(pool.map(calls_ratio, some, chunksize=5))) for some in towns]
    told = [values[~np.isnan(values)] for values in found]
    prior, known, without = (Worlds(values, np.ones(len(values)) / max(1, len(values))) for values in told)
    return judgement(patterns()[CALLS], prior, known, without)
