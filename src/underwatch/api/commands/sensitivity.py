"""`sensitivity`: which unknowns drive the figures, and what to ask about first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa

from underwatch.api import frames
from underwatch.api.asked import Option, ScenarioLike, scenario_of, whole
from underwatch.api.commands.questions import asked_or_kept, at_work, refuse_beside_kept
from underwatch.api.results import Result, digest_of_table
from underwatch.errors import InputError
from underwatch.experiments.engine.answer_folder import csv
from underwatch.experiments.sensitivity import (
    Indices,
    SensitivityPlan,
    ask_first,
    chosen,
    divide,
    indices_table,
    screen,
)
from underwatch.facts import model_parameters
from underwatch.record.outputs import parquet
from underwatch.world.scenario_file import scenario_toml


@dataclass(frozen=True, eq=False, repr=False)
class SensitivityResult(Result):
    """Which unknowns drive the figures: indices of the screening and of the division, and what to ask about first."""

    plan: SensitivityPlan
    path: Path
    manifest: Mapping[str, Any]
    divided: Indices
    _table: pa.Table

    @cached_property
    def digest(self) -> str:
        """The hash of all indices."""
        return digest_of_table(self._table)

    @property
    def ask_first(self) -> list[dict[str, Any]]:
        """The unknowns to ask about first: parameter, and mean total index."""
        return [{"parameter": name, "mean_total_index": share} for name, share in ask_first(self.divided)]

    def to_df(self, engine: str = "pandas") -> Any:
        """Return a row for each parameter, headline and index, with its interval."""
        return frames.frame_of(self._table, engine)

    def _line(self) -> str:
        return f"SensitivityResult({self.plan.scenario.name}, in {self.path})"

    def _facts(self) -> list[tuple[str, str]]:
        return [(one["parameter"], f"mean total index {one['mean_total_index']:.2g}") for one in self.ask_first]

    def _next(self) -> tuple[str, ...]:
        return (".to_df()", ".ask_first")


def sensitivity(
    scenario: ScenarioLike | None = None,
    *,
    trajectories: int = 8,
    n: int = 512,
    factors: int = 10,
    town: int = 10_000,
    threads: int | None = None,
    dask: str | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    **options: Option,
) -> SensitivityResult:
    """Do what `underwatch sensitivity` does: which unknowns drive the figures (needs the package SALib).

    All are screened by `trajectories` of Morris; for the `factors` that matter most the spread is divided by `n` base
    samples of Sobol in a place of `town` residents. The rest as in `sweep`.
    """
    if find_spec("SALib") is None:
        raise InputError("sensitivity needs the package SALib: pip install SALib")
    refuse_beside_kept(resume, scenario, options)

    def asked() -> SensitivityPlan:
        whole(trajectories=trajectories, n=n, town=town, factors=factors)
        return SensitivityPlan(scenario_of(scenario, options, "sensitivity"), trajectories, n, town, factors)

    from underwatch.pages.answers import sensitivity_page

    meanings = {name: fact.meaning for name, fact in model_parameters().items()}
    kinds = dict.fromkeys(("trajectories", "n", "population", "factors"), (int,))
    workers = (threads, dask)
    with asked_or_kept("sensitivity", asked, SensitivityPlan, kinds, (out, resume)) as (plan, directory):
        runs = plan.trajectories * (len(plan.names()) + 1)
        with at_work(directory, plan, workers, runs, "screening-") as (executor, results, advance):
            screened = screen(plan, executor, results, lambda _: advance(1))
        some = chosen(screened, plan.factors)
        with at_work(directory, plan, workers, plan.n * (len(some) + 2), "dividing-") as (executor, results, advance):
            divided = divide(plan, some, executor, results, lambda _: advance(1))
        table = indices_table((screened, divided))
        contents = {
            "scenario.toml": scenario_toml(plan.scenario).encode(),
            "indices.parquet": parquet(table),
            "indices.csv": csv(table),
            "report.html": sensitivity_page(plan, screened, divided, meanings).encode(),
        }
        first = [{"parameter": name, "mean_total_index": share} for name, share in ask_first(divided)]
        asked_of = {key: value for key, value in plan.question().items() if key != "what"}
        known = {"place": plan.scenario.name, "seed": plan.scenario.seed, "ask_first": first}
        manifest = directory.finish(contents.items(), asked_of | known)
    return SensitivityResult(plan, directory.path, manifest, divided, table)
