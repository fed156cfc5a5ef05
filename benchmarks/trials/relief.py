"""What each intervention does to each headline in the worlds of an ensemble: the table that ships."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from underwatch.experiments.compare import FIGURES, Task, measured
from underwatch.experiments.engine.tasks import run_all
from underwatch.experiments.ensemble.relief import ReliefRow
from underwatch.experiments.ensemble.robustness import judge
from underwatch.experiments.ensemble.stand_ins import stand_ins
from underwatch.experiments.interventions import Intervention, with_interventions
from underwatch.record.headlines import HEADLINES, LOWER, Headline
from underwatch.record.ranges import range_of
from underwatch.record.schema import GROUPS
from underwatch.world.forms import Forms
from underwatch.world.scenario import Scenario


def lived(world: Scenario, interventions: Sequence[Intervention]) -> np.ndarray:
    """Return headlines of a world without and with each intervention, float[1 + interventions, HEADLINES]."""
    towns = stand_ins(world)
    dated = [[(one, world.start)] for one in interventions]
    lives = [towns, *(tuple(with_interventions(town, one) for town in towns) for one in dated)]
    found = measured(Task(towns, tuple(lives), world.seed, tuple((0,) for _ in lives)))
    places = [item.indicator for item in FIGURES]
    of_headlines = [(GROUPS.index(item.group), places.index(item.indicator)) for item in HEADLINES]
    return np.stack([found[:, group, figure] for group, figure in of_headlines], axis=1)


def relief_rows(
    worlds: Sequence[Scenario], interventions: Sequence[Intervention], threads: int = 1
) -> tuple[ReliefRow, ...]:
    """Return a row for each intervention and headline, from the worlds of an ensemble."""
    numbers = range(len(worlds))
    found = np.stack([*run_all(numbers, lambda number: lived(worlds[number], interventions), threads).values()])
    forms = [world.forms for world in worlds]
    return tuple(
        relief_row(one.name, headline, found[:, (0, 1 + n), place], forms)
        for n, one in enumerate(interventions)
        for place, headline in enumerate(HEADLINES)
    )


def relief_row(intervention: str, headline: Headline, pairs: np.ndarray, forms: Sequence[Forms]) -> ReliefRow:
    """Return the row of a headline without and with the intervention, float[worlds, 2]; NaN where there is none."""
    change = pairs[:, 1] - pairs[:, 0]
    there = ~np.isnan(change)
    better = -change if headline.better == LOWER else change
    relieved, worsened = int((better > 0).sum()), int((better < 0).sum())
    found, around = judge(change, forms), range_of(change)
    return ReliefRow(
        intervention=intervention,
        headline=headline.name,
        worlds=around.n,
        relieved=relieved,
        worsened=worsened,
        ties=around.n - relieved - worsened,
        baseline=float(np.median(pairs[there, 0])) if around.n else float("nan"),
        change=float(np.median(change[there])) if around.n else float("nan"),
        low=around.low,
        high=around.high,
        is_relief=bool(found.sign) and (found.sign < 0) == (headline.better == LOWER),
        verdict=found.verdict,
        finding=found.words,
    )


def relief_table(rows: Sequence[ReliefRow], ensemble: str, key: str) -> pa.Table:
    """Return the rows as they ship, with the names of ensemble, model and prior."""
    table = pa.Table.from_pylist([row._asdict() for row in rows])
    return table.replace_schema_metadata({"ensemble": ensemble, "key": key})
