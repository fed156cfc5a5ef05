"""What would relieve people: in how many worlds of an ensemble each intervention moves each headline, and how far.

The table of the default scenario ships with the program, found by `make study`; `underwatch compare` asks the same of
any other scenario, world by world.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from underwatch.experiments.ensemble.robustness import judge
from underwatch.record.headlines import LOWER, Headline
from underwatch.record.ranges import range_of
from underwatch.world.forms import Forms

_SHIPPED = "relief.parquet"


class ReliefRow(NamedTuple):
    """An intervention from the first day on, and a headline of the year, over `worlds` that have it with and without.

    In so many worlds it moves towards relief, away from it, or not at all (`relieved`, `worsened`, `ties`).
    `baseline` is the headline's median without the intervention; `change` the median of the differences, world by
    world, with their 90 % range from `low` to `high`; all in the headline's unit.
    `verdict` says whether the sign of the difference is robust over the rules' forms (`robustness`), `finding` the same
    in words, with the form on which it hangs; `is_relief` whether that sign is the way of relief.
    """

    intervention: str
    headline: str
    worlds: int
    relieved: int
    worsened: int
    ties: int
    baseline: float
    change: float
    low: float
    high: float
    is_relief: bool
    verdict: str
    finding: str

    @property
    def share(self) -> float:
        """In what share of the worlds it relieves; NaN of none."""
        return self.relieved / self.worlds if self.worlds else float("nan")


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


@cache
def shipped_relief(ensemble: str, is_adapted: bool = False) -> tuple[ReliefRow, ...] | None:
    """Return the rows of the default scenario over an ensemble; None in an adapted scenario, and where none ship.

    Interventions stand in the order of the catalogue, headlines in that of their table.
    """
    path = files("underwatch.experiments.ensemble").joinpath("shipped", _SHIPPED)
    if is_adapted or not path.is_file():
        return None
    import pyarrow.parquet as pq

    with path.open("rb") as stream:
        table = pq.read_table(stream)
    if (table.schema.metadata or {}).get(b"ensemble", b"").decode() != ensemble:
        return None
    return tuple(ReliefRow(**row) for row in table.to_pylist())
