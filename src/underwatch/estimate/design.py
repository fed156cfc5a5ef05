"""Design: what would sharpen an estimate, so that a group knows what to ask next.

For each thing that could be added, packages like the one at hand are simulated with it and without it, and the width of
the range that comes out is compared; that the ranges hold the simulated truth is shown beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from underwatch.errors import InputError
from underwatch.estimate.bank import Bank
from underwatch.estimate.experiments import experiments
from underwatch.estimate.observed import Count, Reading, Setting, Survey
from underwatch.estimate.proof import OPEN, widths
from underwatch.estimate.question import AGAIN, ALL_NAMES
from underwatch.estimate.summaries import n_reports

LIKE = 3.0  # packages with from a third to three times as many incidents are like the one at hand
FEWEST_LIKE = 50
FIGURE_RANGE = (0.7, 1.4)  # of a count that would be found
_SHARE_OF_UNKNOWN = "unknown"
AS_IT_IS = "as it is"


@dataclass(frozen=True)
class Option:
    """What could be added: how wide the 90 % range of each column would be (upper over lower), and its coverage."""

    name: str
    ratio: np.ndarray  # float[columns], geometric mean of upper over lower
    coverage: np.ndarray  # float[columns]
    n: int


def options(setting: Setting) -> dict[str, Setting]:
    """Return the settings with one thing added each; what is there already is left out."""
    window = setting.window
    whole = (0, window.n_periods - 1)
    found = {AS_IT_IS: setting}
    for asked in (40, 200):
        survey = Survey("was_followed", whole, asked, 0)
        found[f"{asked} people who left are asked"] = replace(setting, surveys=(*setting.surveys, survey))
    if setting.lists == 1:
        weeks = (OPEN,) * window.n_weeks
        found["a second independent list"] = replace(setting, lists=2, effort=(setting.effort[0], weeks))
    if any(week.state == _SHARE_OF_UNKNOWN for ear in setting.effort[: setting.lists] for week in ear):
        known = tuple(
            tuple(OPEN if week.state == _SHARE_OF_UNKNOWN else week for week in ear) for ear in setting.effort
        )
        found["an effort log"] = replace(setting, effort=known)
    found["an independent count of arrests for calls"] = replace(
        setting, counts=(*setting.counts, Count(whole, FIGURE_RANGE[0] * 100, FIGURE_RANGE[1] * 100))
    )
    return found


def design(bank: Bank, reading: Reading, seed: int, say: Callable[[str], None]) -> tuple[Option, ...]:
    """Return how wide the ranges would be with each option, over simulated packages like the one at hand."""
    if reading.setting.table is not None:
        raise InputError("a safe table cannot be added to; ask with the package it was made of")
    own = float(n_reports(reading.observed))
    found = []
    for name, setting in options(reading.setting).items():
        say(name)
        runs = experiments(bank, setting, seed, per_world=min(2, AGAIN))
        near = (runs.reports + 1 <= LIKE * (own + 1)) & (runs.reports + 1 >= (own + 1) / LIKE)
        if (near & (runs.rows % 2 == 1)).sum() < FEWEST_LIKE:
            near = np.ones(len(runs), bool)
        width, coverage = widths(runs, near, seed)
        found.append(Option(name, np.exp(width), coverage, int((near & (runs.rows % 2 == 1)).sum())))
    return tuple(found)


def column(name: str) -> int:
    """Return where a quantity stands in the columns."""
    return ALL_NAMES.index(name)
