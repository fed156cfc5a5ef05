"""`silence_curve`: incidents and the reports published of them, as watching grows from next to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from underwatch.api import frames
from underwatch.api.asked import Option, ScenarioLike, scenario_of, threads_of
from underwatch.api.look import WORLD_COLOURS, axes_of
from underwatch.api.results import Result, digest_of_table
from underwatch.errors import InputError
from underwatch.experiments.engine.progress import warn_if_cold
from underwatch.experiments.engine.worlds import prior_scenarios
from underwatch.experiments.silence import WATCHING, SilenceCurve, silence_in
from underwatch.experiments.silence import silence_curve as curve_of_parameters
from underwatch.world.parameters import Parameters
from underwatch.world.scenario import Scenario


@dataclass(frozen=True, eq=False, repr=False)
class SilenceResult(Result):
    """The silence curve of a scenario, in one or more worlds."""

    scenario: Scenario
    curve: SilenceCurve

    @property
    def watching(self) -> tuple[float, ...]:
        """The strengths of watching, as multiples of the scenario's."""
        return self.curve.watching

    @property
    def incidents(self) -> np.ndarray:
        """float[strengths, worlds]: incidents."""
        return self.curve.incidents

    @property
    def published(self) -> np.ndarray:
        """float[strengths, worlds]: reports expected to be published of them."""
        return self.curve.published

    @cached_property
    def _table(self) -> pa.Table:
        n, worlds = self.curve.incidents.shape
        field = frames.field_of
        return frames.table_of(
            [
                (field("world", pa.int32(), "from 0"), np.tile(np.arange(worlds, dtype=np.int32), n)),
                (
                    field("watching", pa.float64(), "a multiple of the scenario's", "times"),
                    np.repeat(self.watching, worlds),
                ),
                (field("incidents", pa.float64(), "in the stand-in", "incidents"), self.curve.incidents.reshape(-1)),
                (field("published", pa.float64(), "expected", "reports"), self.curve.published.reshape(-1)),
            ],
            f"Silence curve of {self.scenario.name}.",
        )

    @property
    def digest(self) -> str:
        """The hash of its table."""
        return digest_of_table(self._table)

    def to_df(self, engine: str = "pandas") -> Any:
        """Return a row for each world and strength of watching: incidents, and reports published of them."""
        return frames.frame_of(self._table, engine)

    def plot(self, ax: Any = None) -> Any:
        """Draw reports published for each 1,000 incidents against the strength of watching, a line for each world."""
        rate = 1000 * self.curve.published / np.maximum(self.curve.incidents, 1)
        with axes_of(ax) as axes:
            axes.plot(self.watching, rate, color=WORLD_COLOURS[0], marker="o", markersize=4, linewidth=1.2)
            axes.set_xscale("log")
            axes.set_xlabel("strength of watching, a multiple of the scenario's")
            axes.set_ylabel("reports published per 1,000 incidents")
            axes.set_ylim(bottom=0)
            axes.set_title(f"The silence: {self.scenario.name}", loc="left")
        return axes

    def _line(self) -> str:
        return f"SilenceResult({self.scenario.name}, {len(self.watching)} strengths, {self.incidents.shape[1]} worlds)"

    def _facts(self) -> list[tuple[str, str]]:
        middle = np.median(self.incidents, axis=1), np.median(self.published, axis=1)
        return [
            (f"watching x {strength:g}", f"{incidents:,.0f} incidents, {published:.3g} reports expected")
            for strength, incidents, published in zip(self.watching, *middle, strict=True)
        ]

    def _next(self) -> tuple[str, ...]:
        return (".to_df()", ".plot()")


def silence_curve(
    scenario: ScenarioLike,
    parameters: Sequence[Parameters] = (),
    *,
    watching: Sequence[float] = WATCHING,
    draws: int = 0,
    threads: int | None = None,
    **options: Option,
) -> SilenceResult:
    """Run a stand-in of the place at every strength of watching, and count incidents and reports published of them.

    `scenario` and `options` as in `simulate`. In the scenario's own world, or in `draws` from the prior; `parameters`
    are sets of your own instead. `watching` are multiples of the scenario's.
    """
    made = scenario_of(scenario, options, "silence_curve")
    if not isinstance(draws, int) or draws < 0 or (draws and parameters):
        raise InputError(f"draws = {draws!s:.20} must be 0 or more, and goes with no parameters of your own")
    strengths: tuple[Any, ...] = tuple(watching) if isinstance(watching, Iterable) else (watching,)
    if not strengths or not all(isinstance(one, (int, float, np.integer)) and 0 <= one < np.inf for one in strengths):
        raise InputError(f"watching = {watching!s:.60} must be multiples of the scenario's, for example (0.5, 1, 2)")
    warn_if_cold()
    if parameters:
        return SilenceResult(made, curve_of_parameters(made, parameters, threads_of(threads), strengths))
    worlds = prior_scenarios(made, draws) or [made]
    return SilenceResult(made, silence_in(worlds, threads_of(threads), strengths))
