"""The main job: a scenario beside its twin, over draws from the prior, with the silence curve; a run folder, a summary.

Many places go side by side, one on each thread, and what comes out of each is on the disk before the next begins, so
memory is that of the largest few. Everything that a resumed run needs is in its folder.
"""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from underwatch.errors import InputError
from underwatch.experiments.engine.checkpoints import Checkpoints
from underwatch.experiments.engine.executors import executor_for
from underwatch.experiments.engine.place import LARGE, TABLES, Clock, Done, Work, compile_first
from underwatch.experiments.engine.progress import Progress, warn_if_cold
from underwatch.experiments.engine.run_directory import RunDirectory
from underwatch.experiments.engine.tasks import Key, Result, Task, run_all
from underwatch.experiments.engine.worlds import (
    BASELINE,
    Runner,
    WorldTotals,
    digest_of,
    init_world,
    prior_scenarios,
    residents_in,
    workers_here,
    world_totals,
    worlds_of,
)
from underwatch.experiments.kept_run import kept_options, new_run, note_of, old_run, reproduces, run_of_manifest
from underwatch.experiments.silence import STAND_IN, WATCHING
from underwatch.experiments.study import (
    SILENCE_DRAWS,
    Part,
    SilencePoint,
    Study,
    headlines,
    place_facts,
    silence_band,
    silence_place,
    silence_points,
)
from underwatch.record.indicators import Measured, measure, stack
from underwatch.record.outputs import RunContents, joined, write_run
from underwatch.terminal import say, say_json
from underwatch.world import simulate
from underwatch.world.scenario import RunOptions, Scenario
from underwatch.world.scenario_file import scenario_toml

_CHANGE = "the year-end campaign"
_FEW_RESIDENTS = 40_000  # residents of the places in which a run of many takes its draws from the prior
_PATIENCE = 15.0  # seconds of work on a place that a run of many may lose
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Pages(NamedTuple):
    """How a study is shown: as a page, from the scenario, the study and the digest, and in lines for the terminal."""

    report: Callable[[Scenario, Study, str], str]
    lines: Callable[[Study], Sequence[str]]


@dataclass
class Job:
    """One run on its way."""

    scenario: Scenario
    options: RunOptions
    directory: RunDirectory
    threads: int
    sums: dict[str, WorldTotals] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)
    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)  # what threads did, of many places
    wall: Clock = field(default_factory=Clock)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        worlds = worlds_of(self.scenario)
        self.worlds = worlds if self.options.twin else {BASELINE: worlds[BASELINE]}
        self.draws = prior_scenarios(self.scenario, self.options.draws)
        self.points = min(len(self.draws), SILENCE_DRAWS) + 1
        self.checkpoints = Checkpoints(self.directory.folder, note_of(self.directory))
        self.place_work = Work(self.scenario, self.options, self.worlds, self.checkpoints, self.clock)
        self.many = self.place_work.many
        self.stand_ins = self._stand_ins()
        self.drawn_residents = sum(one.residents for one in self.stand_ins)
        residents = self.options.replicates * self.scenario.residents + len(self.draws) * self.drawn_residents
        self.work = residents * self.scenario.days * len(self.worlds)

    def _stand_ins(self) -> tuple[Scenario, ...]:
        """Return what the draws from the prior are taken in: the place, or a border and an inland one for many.

        These have few residents, so many of them on the border as in all places.
        """
        if not self.many:
            return (self.scenario,)
        found = []
        for border in (True, False):
            places = [place for place in self.scenario.places if place.border is border]
            share = sum(place.population for place in places) / self.scenario.residents
            if residents := round(share * min(_FEW_RESIDENTS, self.scenario.residents)):
                largest = max(places, key=lambda place: place.population)
                found.append(self.scenario.replace(places=(largest,), population=residents))
        return tuple(found)

    def run(self) -> Study:
        """Simulate all places, the draws, then the silence curve."""
        stand_in = min(STAND_IN, self.scenario.residents) * self.scenario.days
        with Progress(self.work + stand_in * self.points * len(WATCHING)) as progress:
            patience = _PATIENCE if self.many else 0.0
            runner = Runner(progress.advance, self.stopping.is_set, patience, lambda: self.clock.on("checkpoints"))
            with self.wall.on("places"):
                if self.many:
                    self._places(progress, runner)
                else:
                    progress.say(self.scenario.name)
                    workers = simulate.Workers(self.threads)
                    self._take(self.place_work.place(0, self.scenario.places[0], runner, workers))
            progress.say("draws from the prior")
            with self.wall.on("draws"):
                for (draw, name), found in self._draws(runner).items():
                    self.sums[f"draw-{draw}-{name}"] = found
            progress.say("silence curve")
            with self.wall.on("silence curve"):
                silence = silence_points(self.scenario, self.draws, self.threads, lambda: progress.advance(stand_in))
        return self._study(silence)

    def _take(self, done: Done) -> None:
        """Keep what came out of the only place."""
        self.sums, self.digests, self.tables = done.sums, done.digests, done.tables

    def _places(self, progress: Progress, runner: Runner) -> None:
        """Simulate the places that are not done yet side by side, the largest first; add up in census order."""
        places, days = self.scenario.places, self.scenario.days * self.options.replicates * len(self.worlds)
        left = [at for at in range(len(places)) if not self.checkpoints.done(at)]
        progress.advance(self.work_of(set(range(len(places))) - set(left)) * days)

        def one(at: int) -> None:
            runner.check()
            progress.say(f"{places[at].province}: {places[at].name}")
            done = self.place_work.place(at, places[at], runner, workers_here())
            with self.clock.on("checkpoints"):
                self.checkpoints.keep_place(at, done.sums, done.digests)

        left.sort(key=lambda at: -places[at].population)
        self._side_by_side({at: at for at in left}, one)
        for at, place in enumerate(places):
            sums, digests = self.checkpoints.read_place(at, self._central(), self.scenario.days)
            self.digests += digests
            self.parts.append(Part(place, self._measure(sums[f"central-0-{BASELINE}"])))
            for key, found in sums.items():
                for total in (key, f"{place.province}/{key}"):
                    self.sums[total] = self.sums[total] + found if total in self.sums else found

    def _central(self) -> list[str]:
        """Return the keys of the sums of a place, in the order in which it is simulated."""
        return [f"central-{replicate}-{name}" for replicate in range(self.options.replicates) for name in self.worlds]

    def work_of(self, places: set[int]) -> int:
        """Return the residents of some places together."""
        return sum(residents_in(self.scenario, self.scenario.places[at]) for at in places)

    def _side_by_side(self, tasks: Mapping[Key, Task], work: Callable[[Task], Result]) -> dict[Key, Result]:
        """Do tasks on all threads; the first that fails, or a wish to stop, ends the others between two weeks."""
        with executor_for(self.threads) as executor:
            return run_all(tasks, work, executor, self.stopping.set)

    def _draws(self, runner: Runner) -> dict[tuple[int, str], WorldTotals]:
        """Run the place, or the stand-ins of many, with every draw from the prior, each world on one thread."""
        tasks: dict[tuple[int, int, str], Scenario] = {}
        for at, stand_in in enumerate(self.stand_ins):
            for draw, scenario in enumerate(prior_scenarios(stand_in, self.options.draws), 1):
                named = {BASELINE: scenario, **{n: scenario.without_campaign() for n in self.worlds if n != BASELINE}}
                tasks |= {(at, draw, name): world for name, world in named.items()}

        def one(task: tuple[int, int, str]) -> WorldTotals:
            at, draw, name = task
            if (kept := self.checkpoints.read_draw(at, draw, name, self.scenario.days)) is not None:
                runner.tick(int(kept.residents.sum()) * self.scenario.days)
                return kept
            scenario = tasks[at, draw, name]
            world = init_world(scenario, scenario.places[0], scenario.seed)
            found = world_totals(runner.carry_on(world, scenario, workers_here()), scenario)
            self.checkpoints.keep_draw(at, draw, name, found)
            return found

        total: dict[tuple[int, str], WorldTotals] = {}
        for (_, draw, name), found in self._side_by_side({task: task for task in tasks}, one).items():
            total[draw, name] = total[draw, name] + found if (draw, name) in total else found
        return total

    def _measured(self, key: str) -> Measured:
        return self._measure(self.sums[key])

    def _measure(self, found: WorldTotals) -> Measured:
        return measure(found.history(self.scenario), self.window, int(found.numbers[0]))

    def _drawn(self, name: str) -> Measured:
        """Return the figures of all draws of a world; counts of a stand-in are brought to the residents of all."""
        found = stack([self._measured(f"draw-{draw}-{name}") for draw in range(1, len(self.draws) + 1)])
        return replace(found, people=found.people * self.scale, sums=found.sums * self.scale)

    def _provinces(self) -> dict[str, Measured]:
        """Return the figures of each province's baseline, in census order."""
        names = dict.fromkeys(part.place.province for part in self.parts)
        return {name: self._measured(f"{name}/central-0-{BASELINE}") for name in names}

    @property
    def scale(self) -> float:
        """How many residents each resident of the draws stands for."""
        return self.scenario.residents / self.drawn_residents

    @property
    def window(self) -> tuple[int, int] | None:
        """The days in which the twin differs."""
        campaign = self.scenario.campaign
        if len(self.worlds) < 2 or campaign is None:
            return None
        first, last = ((day - self.scenario.start).days for day in campaign)
        return max(0, first), min(self.scenario.days, last + 1)

    def _study(self, silence: tuple[SilencePoint, ...]) -> Study:
        """Bring all that was gathered down to the figures of the summary and the report."""
        names, draws = tuple(self.worlds), range(1, len(self.draws) + 1)
        published = {}
        for name in names:
            keys = [f"central-0-{name}", *(f"draw-{draw}-{name}" for draw in draws)]
            told = np.array([self.sums[key].numbers[1] for key in keys])
            published[name] = told * np.array([1.0, *(self.scale for _ in draws)])
        return Study(
            place=place_facts(self.scenario),
            start=self.scenario.start,
            days=self.scenario.days,
            worlds=names,
            change=_CHANGE,
            window=self.window,
            central={name: self._measured(f"central-0-{name}") for name in names},
            ensemble={name: self._drawn(name) for name in names} if draws else {},
            published=published,
            silence=silence,
            silence_band=silence_band(silence),
            silence_place=silence_place(self.scenario),
            stand_in=self.drawn_residents if self.many else 0,
            provinces=self._provinces(),
            parts=tuple(self.parts),
            n_set=len(self.scenario.fixed()),
        )

    def _place_digests(self) -> dict[str, dict[str, list[str]]]:
        """Return the digests by place and world, one of each replicate: those of a place are the same in any run."""
        each = iter(self.digests)
        found: dict[str, dict[str, list[str]]] = {}
        for place in self.scenario.places:
            mine = found[place.name] = {world: [] for world in self.worlds}
            for _ in range(self.options.replicates):
                for digests in mine.values():
                    digests.append(next(each))
        return found

    def spent(self) -> str:
        """Return what the time was spent on, in a sentence."""
        told = f"{sum(self.wall.seconds.values()):.0f} s on the wall: {self.wall.words()}"
        if not self.clock.seconds:
            return told
        threads = f"{self.threads} thread{'s' if self.threads != 1 else ''} together"
        return f"{told}; of the places, {threads}: {self.clock.words()}"

    def write(self, study: Study, page: Callable[[Scenario, Study, str], str]) -> dict[str, Any]:
        """Write the run folder with its page; return the manifest."""
        digest = digest_of(self.digests)
        scenario = self.scenario
        text = scenario_toml(scenario)
        report = page(scenario, study, digest)
        tables: dict[str, pa.Table | list[Path]] = {}
        for name in TABLES:
            tables[name] = self.checkpoints.tables(name) if self.many else joined(name, self.tables.get(name, ()))
        notes = {
            "place": scenario.name,
            "places": len(scenario.places),
            "worlds": list(self.worlds),
            "options": kept_options(self.options),
            "incidents_sampled": self.options.incidents == "sample",
            "place_digests": self._place_digests(),
            "headlines": headlines(study),
        }
        run = RunContents(
            text, scenario.parameters.to_dict(), text, scenario.residents, scenario.days, scenario.seed, digest,
            tables, report, notes,
        )  # fmt: skip
        manifest = write_run(self.directory.path, run)
        self.directory.clear()
        return manifest


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
    large = scenario.residents > LARGE
    if options.twin is None:
        options = replace(options, twin=not large)
    if options.incidents is None:
        options = replace(options, incidents="sample" if large else "all")
    return new_run(scenario, options, same_as), scenario, options


def _carry_out(job: Job, pages: Pages) -> tuple[Study, dict[str, Any]]:
    """Do the work and return its figures and its manifest; a stop, or a full disk, says how to go on."""
    cold = warn_if_cold()
    with job.directory.hold():
        try:
            if cold:
                with job.wall.on("compiling"):
                    compile_first(job.scenario)
            study = job.run()
            with job.wall.on("tables and report"):
                return study, job.write(study, pages.report)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise InputError(
                f"the disk is full; earlier results are untouched; make room, then {job.directory.resume}"
            ) from None


def main_job(scenario: Scenario | None, options: RunOptions, pages: Pages) -> int:
    """Do the main job and return the exit code: 0, or 1 when a run repeated from a manifest has another digest."""
    directory, scenario, kept = _asked(scenario, options)
    same_as = reproduces(directory)
    job = Job(scenario, kept, directory, max(1, options.threads))
    study, manifest = _carry_out(job, pages)
    same = None if same_as is None else manifest["digest"] == same_as
    if options.as_json:
        keys = ("digest", "population", "days", "seed", "place", "worlds", "headlines")
        told = {"run": str(directory.path), **{key: manifest[key] for key in keys}}
        if same is not None:
            told["same_digest"] = same
        told["summary"] = pages.lines(study)
        say_json(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        say(*pages.lines(study))
        if same is not None:
            words = "as in the manifest" if same else f"NOT as in the manifest, which says {same_as}"
            say(f"Digest {manifest['digest']}: {words}.", err=not same)
    if job.many:
        say(job.spent(), err=True)
    say(f"Written to {directory.path}; open {directory.path / 'report.html'} in a browser.", err=True)
    return 1 if same is False else 0
