"""What each intervention does to each headline in the worlds of an ensemble: the table that ships."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from underwatch.experiments.compare import FIGURES, Task, measured
from underwatch.experiments.engine.tasks import run_all
from underwatch.experiments.ensemble.relief import ReliefRow, relief_row
from underwatch.experiments.ensemble.stand_ins import stand_ins
from underwatch.experiments.interventions import Intervention, with_interventions
from underwatch.record.headlines import HEADLINES
from underwatch.record.schema import GROUPS
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


def relief_table(rows: Sequence[ReliefRow], ensemble: str, key: str) -> pa.Table:
    """Return the rows as they ship, with the names of ensemble, model and prior."""
    table = pa.Table.from_pylist([row._asdict() for row in rows])
    return table.replace_schema_metadata({"ensemble": ensemble, "key": key})
