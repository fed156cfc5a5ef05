"""`sweep`: every uncertain parameter drawn from its range, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from underwatch.api import frames
from underwatch.api.asked import Option, ScenarioLike, scenario_of, whole
from underwatch.api.commands.questions import asked_or_kept, at_work, refuse_beside_kept
from underwatch.api.look import WORLD_COLOURS, axes_of
from underwatch.api.results import Result, digest_of_table
from underwatch.experiments.engine.answer_folder import about, csv
from underwatch.experiments.engine.tasks import Outcome, run_tasks
from underwatch.experiments.ensemble.names import PRIOR
from underwatch.experiments.ensemble.settings import usable_ensemble
from underwatch.experiments.sweep import Sweep, bands_table, draws_table, headlines_of
from underwatch.facts import model_parameters
from underwatch.record.headlines import HEADLINE_NAMES, headline_of
from underwatch.record.outputs import parquet
from underwatch.world.scenario_file import scenario_toml

_PREFIXES = ("parameter:", "form:", "headline:")


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult(Result):
    """A sweep: every draw with its parameters and headlines, and the bands over them."""

    plan: Sweep
    path: Path
    manifest: Mapping[str, Any]
    _draws: pa.Table
    _bands: pa.Table
    _outcomes: Sequence[Outcome]

    @cached_property
    def digest(self) -> str:
        """The hash of all draws."""
        return digest_of_table(self._draws)

    @property
    def n_failed(self) -> int:
        """How many worlds have no result."""
        return sum(item.values is None for item in self._outcomes)

    @property
    def n_worlds(self) -> int:
        """How many worlds were asked for."""
        return len(self._outcomes)

    @property
    def first_reason(self) -> str:
        """Why the first of those has none, '' where all have."""
        return next((item.reason for item in self._outcomes if item.values is None), "")

    def to_df(self, engine: str = "pandas") -> Any:
        """Return a row for each world: draw, replicate, seed, each parameter and headline by its plain name, forms of
        rules as S4 and so on.
        """
        names = [name.split(":", 1)[1] if name.startswith(_PREFIXES) else name for name in self._draws.column_names]
        return frames.frame_of(self._draws.rename_columns(names), engine)

    def bands(self, engine: str = "pandas") -> Any:
        """Return a row for each headline and spread: its quantiles over draws (prior) or over luck."""
        return frames.frame_of(self._bands, engine)

    def plot(self, headline: str = "share_followed", parameter: str | None = None, ax: Any = None) -> Any:
        """Draw how a headline is spread over draws, or against a parameter; return the axes."""
        frame = self.to_df("arrow")
        frames.one_of("headline", headline, HEADLINE_NAMES)
        item, values = headline_of(headline), frame.column(headline).to_numpy(zero_copy_only=False)
        with axes_of(ax) as axes:
            if parameter is None:
                axes.hist(values[values == values], bins=20, color=WORLD_COLOURS[1])
                axes.set_ylabel("worlds")
                axes.set_xlabel(item.unit)
            else:
                frames.one_of("parameter", parameter, list(model_parameters()))
                axes.scatter(frame.column(parameter).to_numpy(), values, s=14, color=WORLD_COLOURS[1])
                axes.set_ylabel(item.unit)
                axes.set_xlabel(f"{parameter}, {model_parameters()[parameter].unit}")
            axes.set_title(f"{item.title}: {self.plan.draws} draws ({self.plan.ensemble})", loc="left")
        return axes

    def _line(self) -> str:
        return (
            f"SweepResult({self.plan.scenario.name}, {self.plan.draws} draws of {self.plan.ensemble}, in {self.path})"
        )

    def _facts(self) -> list[tuple[str, str]]:
        rows = [row for row in self._bands.to_pylist() if row["spread"] == "prior" and row["q50"] is not None]
        return [
            (row["headline"], f"{row['q50']:.3g} ({row['low']:.3g} to {row['high']:.3g}) {row['unit']}") for row in rows
        ]

    def _next(self) -> tuple[str, ...]:
        return (".to_df()", ".bands()", ".plot()")


def sweep(
    scenario: ScenarioLike | None = None,
    *,
    draws: int = 100,
    replicates: int = 1,
    sampler: str = "lhs",
    ensemble: str | None = None,
    threads: int | None = None,
    dask: str | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    **options: Option,
) -> SweepResult:
    """Do what `underwatch sweep` does: draw every uncertain parameter from its range, and see what comes of it.

    `scenario` and `options` as in `simulate`; what is set there is drawn nowhere. `draws` of `ensemble` ("prior",
    "known", "described"), each with `replicates`; `sampler` "lhs" or "sobol". `dask` is the address of a cluster. The
    folder is `out`, or runs/sweep-PLACE-001 counting up; `resume` goes on with one.
    """
    refuse_beside_kept(resume, scenario, options)

    def asked() -> Sweep:
        whole(draws=draws, replicates=replicates)
        named = ensemble or (PRIOR if sampler == "sobol" else None)  # no other has a sampler
        made = scenario_of(scenario, options, "sweep")
        return Sweep(made, draws, replicates, sampler, usable_ensemble(named))

    kinds = {"draws": (int,), "replicates": (int,), "sampler": (str,), "ensemble": (str,)}
    with asked_or_kept("sweep", asked, Sweep, kinds, (out, resume)) as (plan, directory):
        worlds = plan.worlds()
        with at_work(directory, plan, (threads, dask), len(worlds)) as (executor, results, advance):
            outcomes = run_tasks(worlds, headlines_of, executor, results, lambda _: advance(1))
        n_failed = sum(item.values is None for item in outcomes)
        table, bands = draws_table(plan, outcomes), bands_table(plan, outcomes)
        from underwatch.pages.answers import sweep_page

        contents = {
            "scenario.toml": scenario_toml(plan.scenario).encode(),
            "draws.parquet": parquet(table),
            "bands.csv": csv(bands),
            "report.html": sweep_page(plan, bands, n_failed).encode(),
        }
        drawn = {name: getattr(plan, name) for name in kinds}
        manifest = directory.finish(contents.items(), about(plan.scenario) | drawn | {"without_result": n_failed})
    return SweepResult(plan, directory.path, manifest, table, bands, tuple(outcomes))
