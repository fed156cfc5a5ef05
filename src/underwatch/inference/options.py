"""Options: what would sharpen an estimate, so that a group knows what to ask next.

For each thing that could be added, packages like the one at hand are simulated with it and without it, and the width of
the range that comes out is compared, world by world: the same worlds through the same channels. That the ranges
hold the simulated truth is shown beside it. Half of the worlds teach and the other half is judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from underwatch.errors import InputError
from underwatch.inference.bank.bank import Bank
from underwatch.inference.bank.simulations import Simulations, simulations
from underwatch.inference.bank.summaries import n_reports
from underwatch.inference.checks.proof import OPEN, judged_on
from underwatch.inference.inputs.anchors import Count, Survey
from underwatch.inference.inputs.observed import ObservationDesign, Reading

PER_WORLD = 4  # packages of each world
LIKE = 3.0  # packages with from a third to three times as many incidents are like the one at hand
FEWEST_LIKE = 50
FIGURE_RANGE = (0.7, 1.4)  # of a count that would be found
_SHARE_OF_UNKNOWN = "unknown"
AS_IT_IS = "as it is"


@dataclass(frozen=True)
class Option:
    """What could be added: how wide the 90 % range of each column would be (upper over lower), and its coverage.

    `against` is that width as a share of the width without it, `error` the standard error of its logarithm.
    """

    name: str
    ratio: np.ndarray  # float[columns], geometric mean of upper over lower
    against: np.ndarray  # float[columns], geometric mean over the same cases
    error: np.ndarray  # float[columns]
    coverage: np.ndarray  # float[columns]
    n: int


def options(design: ObservationDesign) -> dict[str, ObservationDesign]:
    """Return the settings with one thing added each; what is there already is left out."""
    window = design.window
    whole = (0, window.n_periods - 1)
    result = {AS_IT_IS: design}
    for asked in (40, 200):
        survey = Survey("was_followed", whole, asked, 0)
        result[f"{asked} people who left are asked"] = replace(design, surveys=(*design.surveys, survey))
    if design.lists == 1:
        weeks = (OPEN,) * window.n_weeks
        result["a second independent list"] = replace(design, lists=2, effort=(design.effort[0], weeks))
    if any(week.state == _SHARE_OF_UNKNOWN for ear in design.effort[: design.lists] for week in ear):
        known = tuple(tuple(OPEN if week.state == _SHARE_OF_UNKNOWN else week for week in ear) for ear in design.effort)
        result["an effort log"] = replace(design, effort=known)
    result["an independent count of arrests for calls"] = replace(
        design,
        counts=(*design.counts, Count((0, window.n_weeks - 1), FIGURE_RANGE[0] * 100, FIGURE_RANGE[1] * 100)),
    )
    return result


def try_options(bank: Bank, reading: Reading, seed: int, say: Callable[[str], None]) -> tuple[Option, ...]:
    """Return how wide the ranges would be with each option, over simulated packages like the one at hand."""
    if reading.design.table is not None:
        raise InputError("a safe table cannot be added to; ask with the package it was made of")
    own, result, cases, before = float(n_reports(reading.observed)), [], None, None
    for name, design in options(reading.design).items():
        say(name)
        runs = simulations(bank, design, seed, per_world=PER_WORLD)
        if cases is None:
            cases = _like(runs, own)
        width, coverage = judged_on(runs, cases, seed)
        before = width if before is None else before
        change = np.log(width) - np.log(before)
        error = change.std(axis=0) / np.sqrt(len(cases))
        ratio, against = np.exp(width.mean(axis=0)), np.exp(change.mean(axis=0))
        result.append(Option(name, ratio, against, error, coverage, len(cases)))
    return tuple(result)


def _like(runs: Simulations, own: float) -> np.ndarray:
    """Return the numbers of the runs to be judged whose packages are like the one at hand; all, where those are few."""
    near = (runs.reports + 1 <= LIKE * (own + 1)) & (runs.reports + 1 >= (own + 1) / LIKE)
    judged = runs.rows % 2 == 1
    return np.flatnonzero(judged & near if (judged & near).sum() >= FEWEST_LIKE else judged)
