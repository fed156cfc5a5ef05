"""The main job: a scenario in the worlds of an ensemble, an example of it, the silence curve; a run folder, a summary.

Many places go side by side, one on each thread, and what comes out of each is on the disk before the next begins, so
memory is that of the largest few. Everything that a resumed run needs is in its folder.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from underwatch.errors import InputError
from underwatch.experiments.engine.progress import Clock, Progress, compile_first, warn_if_cold
from underwatch.experiments.engine.run_directory import RunDirectory
from underwatch.experiments.engine.runner import Runner
from underwatch.experiments.engine.worlds import WorldKey, digest_of
from underwatch.experiments.ensemble.settings import ensemble_words, usable_ensemble
from underwatch.experiments.histories.story import Story, story_of
from underwatch.experiments.studies.checkpoints import Checkpoints
from underwatch.experiments.studies.headline_rows import SUMMARY, summary_bytes
from underwatch.experiments.studies.kept_run import kept_options, new_run, note_of, old_run, reproduces, run_of_manifest
from underwatch.experiments.studies.running_study import RunningStudy
from underwatch.experiments.studies.study_plan import StudyPlan
from underwatch.experiments.studies.world_tables import FinishedWorld, is_large, table_parts
from underwatch.experiments.study import Study
from underwatch.record.outputs import joined, run_entries, run_files
from underwatch.record.schema import TABLES
from underwatch.world.scenario import RunOptions, Scenario
from underwatch.world.scenario_file import scenario_toml
from underwatch.world.simulate import World
from underwatch.world.workers import Workers

_PATIENCE = 15.0  # seconds of work on a place that a run of many may lose
EXAMPLE = "example.toml"  # the scenario at the settings of the history that the tables hold
_FULL = (errno.ENOSPC, errno.EDQUOT)


Report = Callable[[Scenario, Study, str, str], str]  # a page from scenario, study and digest, in a language


class FinishedRun(NamedTuple):
    """What the main job leaves: its figures, its manifest, its folder, and what the time was spent on, in words.

    `same_as` is the digest that a run repeated from a manifest should have, None for any other.
    """

    scenario: Scenario
    study: Study
    manifest: dict[str, Any]
    path: Path
    spent: str
    language: str
    same_as: str | None = None

    @property
    def is_same(self) -> bool | None:
        """Whether a repeated run came to the digest of its manifest; None for a run that repeats none."""
        return None if self.same_as is None else bool(self.manifest["digest"] == self.same_as)


@dataclass
class RunTables:
    """The tables of a run: of a single place in memory, of one of many on the disk before the next begins."""

    plan: StudyPlan
    is_sample: bool
    checkpoints: Checkpoints
    runner: Runner
    tables: dict[str, list[pa.Table]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def week(self, key: WorldKey, world: World, days: int) -> None:
        """Want nothing of a world on its way."""

    def finished(self, finished: FinishedWorld, world: World) -> None:
        """Keep the tables of a world."""
        every = 7 if self.plan.many else 1
        for name, table in self.tables.items():
            parts = self._until_stopped(table_parts(name, finished, every, self.is_sample))
            if self.plan.many:
                self.checkpoints.keep_table(finished.number, self.plan.central().index(finished.key), name, parts)
            else:
                table += parts

    def _until_stopped(self, parts: Iterator[pa.Table]) -> Iterator[pa.Table]:
        for part in parts:
            self.runner.check()
            yield part

    def contents(self) -> Mapping[str, pa.Table | Sequence[Path]]:
        """Return each table, or the files of its parts."""
        if self.plan.many:
            return {name: self.checkpoints.tables(name) for name in self.tables}
        return {name: joined(name, parts) for name, parts in self.tables.items()}


def _asked(scenario: Scenario | None, options: RunOptions) -> tuple[RunDirectory, Scenario, RunOptions]:
    """Return the directory, the scenario and its options: of a new run or of a stopped one."""
    if options.resume is not None:
        return old_run(options.resume)
    same_as: str | None = None
    if options.from_manifest is not None:
        scenario, kept, same_as = run_of_manifest(options.from_manifest)
        options = replace(kept, out=options.out)
    if scenario is None:
        raise ValueError("neither a scenario nor a run to go on with")
    if options.twin is None:
        options = replace(options, twin=not is_large(scenario))
    if options.incidents is None:
        options = replace(options, incidents="sample" if is_large(scenario) else "all")
    options = replace(options, ensemble=usable_ensemble(options.ensemble, options.draws))
    return new_run(scenario, options, same_as), scenario, options


@contextmanager
def _goes_on_when_full(directory: RunDirectory) -> Iterator[None]:
    """Say how to go on where the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise InputError(
            f"the disk is full; earlier results are untouched; make room, then {directory.resume}"
        ) from None


def main_job(scenario: Scenario | None, options: RunOptions, report: Report) -> FinishedRun:
    """Do the main job and return what it leaves; nothing is printed but progress. A stop, or a full disk, says how to
    go on.
    """
    directory, scenario, kept = _asked(scenario, options)
    ensemble, threads = usable_ensemble(kept.ensemble, kept.draws), max(1, options.threads)
    plan = StudyPlan(scenario, (), kept.draws, kept.replicates, bool(kept.twin), ensemble)
    wall, clock, stopping = Clock(), Clock(), threading.Event()
    with _goes_on_when_full(directory), directory.hold():
        checkpoints = Checkpoints(directory.folder, note_of(directory))
        if warn_if_cold():
            with wall.on("compiling"):
                compile_first(scenario)
        with Progress(plan.resident_days) as progress:
            patience = _PATIENCE if plan.many else 0.0
            runner = Runner(progress.advance, stopping.is_set, stopping.set, patience, lambda: clock.on("checkpoints"))
            tables = RunTables(plan, kept.incidents == "sample", checkpoints, runner)
            study = RunningStudy(plan, threads, runner, tables, checkpoints, clock)
            progress.say(f"worlds of {ensemble_words(ensemble)}")
            with wall.on("worlds"):
                study.run_draws()
            with wall.on("places"):
                if plan.many:
                    study.run_places(checkpoints, progress.say)
                else:
                    progress.say(scenario.name)
                    with Workers(threads) as workers:
                        study.add_place(scenario.places[0], *study.run_place(0, workers, study.candidates()))
            progress.say("silence curve")
            with wall.on("silence curve"):
                study.run_silence()
        figures = study.study()
        with wall.on("story"):
            figures = replace(figures, story=_story(plan, study, threads))
        with wall.on("tables and report"):
            manifest = _write(directory, kept, study, figures, tables, report)
    spent = _spent(wall, clock, threads)
    return FinishedRun(scenario, figures, manifest, directory.path, spent, kept.language, reproduces(directory))


def _story(plan: StudyPlan, study: RunningStudy, threads: int) -> Story | None:
    """Return what is told near at hand of the example of one place and of its twin; None where there are not both."""
    whole = {name: scenario for name, scenario in plan.worlds_of(study.example).items() if name in plan.histories()}
    return None if plan.many or plan.dated else story_of(whole, threads)


def _write(
    directory: RunDirectory, options: RunOptions, study: RunningStudy, figures: Study, tables: RunTables, report: Report
) -> dict[str, Any]:
    """Write the run folder with its page; return the manifest."""
    scenario, digest = study.plan.scenario, digest_of(study.digests)
    notes = {
        "place": scenario.name,
        "places": len(scenario.places),
        "worlds": list(figures.example.figures),
        "options": kept_options(options),
        "incidents_sampled": options.incidents == "sample",
        "place_digests": place_digests(study.plan, study.digests),
        "example": {"draw": study.draw, "scenario": scenario_toml(study.example)},
    }
    more = {SUMMARY: summary_bytes(figures), EXAMPLE: scenario_toml(study.example).encode()}
    files = run_files(scenario, tables.contents(), report(scenario, figures, digest, options.language), more)
    return directory.finish(files, run_entries(scenario, digest, notes))


def place_digests(plan: StudyPlan, digests: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Return the digests by place and world, one of each replicate: those of a place are the same in any run."""
    keys, left = plan.central(), iter(digests)
    by_place: dict[str, dict[str, list[str]]] = {}
    for place in plan.scenario.places:
        by_world = by_place[place.name] = {key.world: [] for key in keys}
        for key in keys:
            by_world[key.world].append(next(left))
    return by_place


def _spent(wall: Clock, clock: Clock, threads: int) -> str:
    """Return what the time was spent on, in a sentence."""
    words = f"{sum(wall.seconds.values()):.0f} s on the wall: {wall.words()}"
    together = f"{threads} thread{'s' if threads != 1 else ''} together"
    return f"{words}; of the places, {together}: {clock.words()}" if clock.seconds else words
