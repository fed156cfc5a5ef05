"""Whether figures hang on the seed: the ranges of a study held against those of the same study with another seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from underwatch.experiments.engine.runner import Runner
from underwatch.experiments.engine.worlds import WorldKey
from underwatch.experiments.ensemble.distance import scale_for
from underwatch.experiments.studies.headline_rows import rows_of, values_of
from underwatch.experiments.studies.running_study import RunningStudy
from underwatch.experiments.studies.study_plan import StudyPlan
from underwatch.experiments.studies.world_tables import FinishedWorld
from underwatch.record.ranges import ranges_of
from underwatch.world.simulate import World

# What is asked of two seeds, in units of a range's width: of the median over headlines, and of each
MIDDLE, MOST = 0.15, 0.3


class Apart(NamedTuple):
    """How far the ends of a headline's range lie apart between two seeds, in units of its width."""

    name: str
    world: str
    share_of_width: float


class _Nothing:
    """Wants nothing of the whole place, which is not run."""

    def week(self, key: WorldKey, world: World, days: int) -> None:
        """Want nothing."""

    def finished(self, finished: FinishedWorld, world: World) -> None:
        """Want nothing."""


def disagreement(one: np.ndarray, other: np.ndarray, is_difference: np.ndarray) -> np.ndarray:
    """Return float[figures]: how far the ends of two ranges of the same figures lie apart, in units of their width.

    `one` and `other` are float[worlds, figures], from two seeds. Of both ends the worse counts; the width is the mean
    of the two. NaN where there is no range.
    """
    apart = np.full(one.shape[1], np.nan)
    for at, linear in enumerate(is_difference):
        scale = scale_for(np.concatenate([one[:, at], other[:, at]]), bool(linear))
        ends = np.array([[scale(end) for end in ranges_of(some[:, at])[::2]] for some in (one, other)], float)
        width = (ends[:, 1] - ends[:, 0]).mean()
        gap = np.abs(ends[0] - ends[1]).max()
        apart[at] = gap / width if width > 0 else np.where(gap > 0, np.inf, gap)
    return apart


def range_ends_apart(plan: StudyPlan, seeds: Sequence[int], threads: int = 1) -> list[Apart]:
    """Run the worlds of a plan with two seeds, and return how far the ends of each headline's range lie apart.

    A headline whose range is a point with both seeds, or that has none, is left out.
    """
    runner = Runner(lambda _: None, lambda: False, lambda: None)
    values, rows = [], []
    for seed in seeds:
        seeded = StudyPlan(plan.scenario.replace(seed=seed), plan.dated, plan.draws, ensemble=plan.ensemble)
        study = RunningStudy(seeded, threads, runner, _Nothing())
        study.run_draws()
        rows = rows_of(study.study())
        values.append(values_of(rows))
    (one, is_difference), (other, _) = values
    apart = disagreement(one, other, is_difference)
    return [Apart(row.name, row.world, float(far)) for row, far in zip(rows, apart, strict=True) if not np.isnan(far)]
