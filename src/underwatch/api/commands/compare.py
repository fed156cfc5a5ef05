"""`compare`: what interventions would change, pair by pair of twins, and the chilling ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from underwatch.api import frames
from underwatch.api.asked import (
    Interventions,
    Option,
    ScenarioLike,
    day_of,
    interventions_of,
    scenario_of,
    threads_of,
    whole,
)
from underwatch.api.commands.questions import asked_or_kept, at_work, refuse_beside_kept
from underwatch.api.look import WORLD_COLOURS, axes_of
from underwatch.api.results import Result
from underwatch.errors import InputError
from underwatch.experiments.compare import ENSEMBLE, FIGURES, LUCK, UNWATCHED, ComparePlan, Comparison
from underwatch.experiments.compare import compare as run_pairs
from underwatch.experiments.engine.answer_folder import about, csv
from underwatch.experiments.ensemble.names import DEFAULT_DRAWS
from underwatch.experiments.ensemble.settings import checked_ensemble, usable_ensemble
from underwatch.experiments.interventions import as_toml, parse_interventions
from underwatch.experiments.ledger.ledger import Ledger
from underwatch.experiments.ledger.ledger import ledger as ledger_of
from underwatch.record.outputs import parquet
from underwatch.record.schema import ALL, LISTED, ORDINARY
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import scenario_toml


@dataclass(frozen=True, eq=False, repr=False)
class CompareResult(Result):
    """A comparison: a baseline and its twins under interventions, and the chilling ledger if one was asked for."""

    found: Comparison
    path: Path
    manifest: Mapping[str, Any]
    ledger: Ledger | None

    @property
    def digest(self) -> str:
        """The hash of the table of changes."""
        return str(self.manifest["digest"])

    @property
    def plan(self) -> ComparePlan:
        """What was compared."""
        return self.found.question

    @cached_property
    def changes(self) -> pa.Table:
        """The whole table of changes, grounds that overlap among its rows."""
        return self.found.changes()

    def to_df(self, engine: str = "pandas", *, by: str | None = None) -> Any:
        """Return a row for each intervention, spread and indicator: median now, change, its range, signs of pairs.

        `by`: None for all residents, "group" for the listed and the ordinary.
        """
        if by not in (None, "group"):
            raise InputError(f'by = "{by!s:.20}" is not known here; None or "group" (grounds: overlapping_grounds())')
        groups = [ALL] if by is None else [LISTED, ORDINARY]
        rows = self.changes.filter(pc.equal(self.changes.column("ground"), ALL))
        rows = rows.filter(pc.is_in(rows.column("group"), pa.array(groups)))
        return frames.frame_of(rows.drop_columns(["ground", *(["group"] if by is None else [])]), engine)

    def overlapping_grounds(self, engine: str = "pandas") -> Any:
        """Return the same for each ground, of all who hold it alone or with others: the rows overlap."""
        rows = self.changes.filter(pc.not_equal(self.changes.column("ground"), ALL))
        return frames.frame_of(rows.drop_columns(["group"]), engine)

    def pairs(self, engine: str = "pandas") -> Any:
        """Return every pair of all residents, the listed and the ordinary: the figure now and with the intervention."""
        table = self.found.pairs()
        return frames.frame_of(table.filter(pc.equal(pc.cast(table.column("ground"), pa.string()), ALL)), engine)

    def plot(self, intervention: str | None = None, ax: Any = None) -> Any:
        """Draw in what share of pairs an intervention (the first without a name) is relief, a bar for each figure."""
        if not self.found.names:
            raise InputError("nothing but a ledger was asked for; name interventions to compare")
        name = intervention or self.found.names[0]
        frames.one_of("intervention", name, self.found.names)
        spread = ENSEMBLE if self.plan.draws else LUCK
        rows = [row for row in self.to_df("arrow").to_pylist() if row["intervention"] == name]
        rows = [row for row in rows if row["spread"] == spread and row["p_relief"] is not None][::-1]
        with axes_of(ax) as axes:
            labels = [row["indicator"].replace("_", " ") for row in rows]
            axes.barh(labels, [row["p_relief"] for row in rows], color=WORLD_COLOURS[1])
            axes.set_xlim(0, 1)
            axes.set_xlabel("share of pairs in which it is relief")
            axes.set_title(f"{name}, {self.plan.scenario.name}", loc="left")
        return axes

    def _line(self) -> str:
        names = ", ".join(self.found.names) or "ledger alone"
        return f"CompareResult({self.plan.scenario.name}, {names}, in {self.path})"

    def _facts(self) -> list[tuple[str, str]]:
        spread = ENSEMBLE if self.plan.draws else LUCK
        shown = [
            row for row in self.to_df("arrow").to_pylist() if row["spread"] == spread and row["change"] is not None
        ]
        labels = {figure.indicator: figure.unit_of_any_group for figure in FIGURES}
        return [
            (
                f"{row['intervention']}: {row['indicator']}",
                f"{row['change']:+.3g} {labels[row['indicator']]}, n {row['n']}",
            )
            for row in shown
        ]

    def _next(self) -> tuple[str, ...]:
        return (".to_df()", '.to_df(by="group")', ".pairs()", ".plot()")


def compare(
    scenario: ScenarioLike | None = None,
    interventions: Interventions = (),
    *,
    from_date: date | str | None = None,
    draws: int = DEFAULT_DRAWS,
    replicates: int = 4,
    ensemble: str | None = None,
    ledger: str | bool | None = None,
    threads: int | None = None,
    dask: str | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    **options: Option,
) -> CompareResult:
    """Do what `underwatch compare` does: what interventions would change, pair by pair of twins with one luck.

    `interventions` are names of those that ship, files, or your own `Intervention`. Pairs run in `draws` worlds of
    `ensemble`, in small places that stand in, and `replicates` times at the scenario's own values. `ledger`: True for
    the chilling ledger against the unwatched life, or the name of a counter-world. The rest as in `sweep`.
    """
    refuse_beside_kept(resume, scenario, options)
    against = UNWATCHED if ledger is True else ledger or None

    def asked() -> ComparePlan:
        several = interventions_of(interventions)
        if scenario is None or not (several or against):
            raise InputError(
                'a place and interventions, or a ledger, are needed; for example: compare("hoeryong", "end-reprimands")'
            )
        whole(draws=draws, replicates=replicates)
        if draws + replicates == 0:
            raise InputError("draws = 0 and replicates = 0 leave nothing to compare; give one of them")
        made, used = scenario_of(scenario, options, "compare"), usable_ensemble(ensemble, draws)
        plan = ComparePlan.ask(made, several, day_of(from_date), replicates, draws, against)
        return replace(plan, ensemble=used)

    def kept_plan(made: Scenario, text: str, *others: Any) -> ComparePlan:
        several = parse_interventions(text, f"{resume}: ") if text.strip() else ()
        return replace(ComparePlan.ask(made, several, None, *others[:-1]), ensemble=checked_ensemble(others[-1]))

    kinds: dict[str, tuple[type, ...]] = {"interventions": (str,), "replicates": (int,), "draws": (int,)}
    kinds |= {"ledger": (str, type(None)), "ensemble": (str,)}
    with asked_or_kept("compare", asked, kept_plan, kinds, (out, resume)) as (plan, directory):
        with at_work(directory, plan, (threads, dask), plan.resident_days) as (executor, results, advance):
            found = run_pairs(plan, executor, results, advance)
            kept = None if plan.ledger is None else _ledger(plan, threads, advance)
        contents = _compared_files(found, kept)
        compared = {name: getattr(plan, name) for name in ("replicates", "draws", "ensemble")}
        digest = hashlib.blake2b(contents["changes.csv"], digest_size=20).hexdigest()
        entries = about(plan.scenario) | compared | {"interventions": list(found.names)}
        manifest = directory.finish(contents.items(), entries | {"ledger": plan.ledger, "digest": digest})
    return CompareResult(found, directory.path, manifest, kept)


def _ledger(plan: ComparePlan, threads: int | None, advance: Callable[[int], None]) -> Ledger:
    """Hold the baseline against the world asked for."""
    names = ("baseline", plan.ledger or "")
    return ledger_of(plan.scenario, plan.held_against(), names=names, replicates=max(1, plan.replicates),
                     threads=threads_of(threads), progress=advance)  # fmt: skip


def _compared_files(found: Comparison, kept: Ledger | None) -> dict[str, bytes]:
    """Return the files of a comparison: the question as TOML, the tables, the page."""
    from underwatch.pages.answers import compare_page

    changes = found.changes()
    contents = {
        "scenario.toml": scenario_toml(found.question.scenario).encode(),
        "interventions.toml": as_toml(found.question.dated).encode(),
        "changes.parquet": parquet(changes),
        "changes.csv": csv(changes),
        "pairs.parquet": parquet(found.pairs()),
        "report.html": compare_page(found, kept).encode(),
    }
    if kept is not None:
        table = kept.table()
        contents["ledger.parquet"], contents["ledger.csv"] = parquet(table), csv(table)
        contents["ledger_weeks.parquet"] = parquet(kept.weekly())
    return contents


def ledger(
    scenario: ScenarioLike,
    other: ScenarioLike | None = None,
    *,
    names: tuple[str, str] = ("watched", "unwatched"),
    lived: ScenarioLike | None = None,
    replicates: int = 1,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    **options: Option,
) -> Ledger:
    """Hold a watched world against another: by default the scenario against the free life of the same people.

    `scenario` and `options` as in `simulate`, and they make the town; `lived` is what its people live through in the
    watched world (the scenario itself without it), `other` in the world it is held against. `progress` is told
    resident-days. InputError when the two differ in their days, or in more than what is done to residents: then no
    reason would fit.
    """
    whole(1, replicates=replicates)
    made = scenario_of(scenario, options, "ledger")
    against, own = (None if one is None else scenario_of(one, options, "ledger") for one in (other, lived))
    return ledger_of(made, against, names=names, lived=own, replicates=replicates,
                     threads=threads_of(threads), progress=progress)  # fmt: skip
