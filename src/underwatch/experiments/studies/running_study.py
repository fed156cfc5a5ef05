"""A study on its way: its worlds run on all threads, and the figures of those that are done.

The command line and the studio drive the same one, stage by stage: the worlds at the scenario's own values, the draws
from the prior, the silence curve. What they want of a world while it runs, or of its end, they collect (`Collector`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

import numpy as np

from underwatch.experiments.engine.progress import Clock
from underwatch.experiments.engine.runner import Runner, Watch
from underwatch.experiments.engine.tasks import run_all
from underwatch.experiments.engine.worlds import (
    BASELINE,
    WorldKey,
    WorldTotals,
    init_world,
    residents_in,
    seed_of,
    workers_here,
    world_totals,
)
from underwatch.experiments.studies.checkpoints import Checkpoints
from underwatch.experiments.studies.study_plan import StudyPlan
from underwatch.experiments.studies.world_tables import FinishedWorld
from underwatch.experiments.study import (
    Part,
    SilencePoint,
    Study,
    place_facts,
    silence_band,
    silence_place,
    silence_points,
)
from underwatch.facts import Place
from underwatch.record.measures import Measured, stack
from underwatch.world import simulate
from underwatch.world.workers import Workers

Totals = dict[WorldKey, WorldTotals]


class Collector(Protocol):
    """What is wanted of the worlds at the scenario's own values."""

    def week(self, key: WorldKey, world: simulate.World, days: int) -> None:
        """Look at a world when so many days are done."""

    def finished(self, finished: FinishedWorld, world: simulate.World) -> None:
        """Take what is wanted of a finished world."""


@dataclass
class RunningStudy:
    """The worlds of a plan as far as they are run. `checkpoints` keep what is done, where a study can be resumed."""

    plan: StudyPlan
    threads: int
    runner: Runner
    collector: Collector
    checkpoints: Checkpoints | None = None
    clock: Clock = field(default_factory=Clock)  # what threads did
    totals: Totals = field(default_factory=dict)
    provinces: dict[str, WorldTotals] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    silence: tuple[SilencePoint, ...] = ()

    def __post_init__(self) -> None:
        self.tasks = self.plan.drawn()

    def run_place(self, number: int, keys: Iterable[WorldKey], workers: Workers) -> tuple[Totals, list[str]]:
        """Run worlds of a place at the scenario's own values one after the other; return their totals and digests."""
        place, totals, digests = self.plan.scenario.places[number], Totals(), []
        for key in keys:
            scenario = self.plan.worlds()[key.world]
            with self.clock.on("building"):
                world = init_world(scenario, place, seed_of(scenario, key.replicate))
            with self.clock.on("simulating"):
                kept = None if self.checkpoints is None else self.checkpoints.of_world(number, key)
                watch = Watch(self.runner, world, kept)
                for days in simulate.weeks(world, scenario.phases(), workers):
                    watch.week(days)
                    self.collector.week(key, world, days)
            with self.clock.on("outputs"):
                digests.append(simulate.digest(world))
                totals[key] = world_totals(world, scenario)
                seen = world.history.records, world.history.who
                self.collector.finished(FinishedWorld(scenario, number, key, totals[key], *seen), world)
        return totals, digests

    def run_places(self, checkpoints: Checkpoints, say: Callable[[str], None]) -> None:
        """Run the places that are not done yet side by side, the largest first; add all up in census order."""
        scenario, keys = self.plan.scenario, self.plan.central()
        places = dict(enumerate(scenario.places))
        left = {number: place for number, place in places.items() if not checkpoints.done(number)}
        there = sum(residents_in(scenario, place) for number, place in places.items() if number not in left)
        self.runner.tick(there * scenario.days * len(keys))

        def run(number: int) -> None:
            self.runner.check()
            say(f"{places[number].province}: {places[number].name}")
            totals, digests = self.run_place(number, keys, workers_here())
            with self.clock.on("checkpoints"):
                checkpoints.keep_place(number, totals, digests)

        largest_first = sorted(left, key=lambda number: -places[number].population)
        run_all(largest_first, run, self.threads, self.runner.stop_all)
        for number, place in places.items():
            self.add_place(place, *checkpoints.read_place(number, keys, scenario.days))

    def add_place(self, place: Place, totals: Mapping[WorldKey, WorldTotals], digests: Iterable[str]) -> None:
        """Take the worlds of a place into the figures."""
        self.digests += digests
        if self.plan.many:
            baseline = totals[WorldKey(0, 0, BASELINE)]
            self.parts.append(Part(place, self._measure(baseline)))
            _add(self.provinces, place.province, baseline)
        for key, sums in totals.items():
            _add(self.totals, key, sums)

    def run_draws(self) -> None:
        """Run the place, or the stand-ins of many, with every draw from the prior, each world on one thread."""
        results = run_all(self.tasks, self._draw, self.threads, self.runner.stop_all)
        for (_, key), totals in results.items():
            _add(self.totals, key, totals)

    def _draw(self, task: tuple[int, WorldKey]) -> WorldTotals:
        kept = None if self.checkpoints is None else self.checkpoints.read_draw(*task, self.plan.scenario.days)
        if kept is not None:
            self.runner.tick(int(kept.residents.sum()) * self.plan.scenario.days)
            return kept
        scenario = self.tasks[task]
        world = init_world(scenario, scenario.places[0], scenario.seed)
        watch = Watch(self.runner, world)
        for days in simulate.weeks(world, scenario.phases(), workers_here()):
            watch.week(days)
        totals = world_totals(world, scenario)
        if self.checkpoints is not None:
            self.checkpoints.keep_draw(*task, totals)
        return totals

    def run_silence(self) -> None:
        """Draw the silence curve."""
        draws = [self.tasks[0, WorldKey(draw, 0, BASELINE)] for draw in range(1, self.plan.n_silence)]
        parameters = [drawn.parameters for drawn in (self.plan.scenario, *draws)]
        done = partial(self.runner.done, self.plan.silence_days)
        self.silence = silence_points(self.plan.scenario, parameters, self.threads, done)

    def _measure(self, totals: WorldTotals) -> Measured:
        return totals.measured(self.plan.scenario, self.plan.window)

    def _drawn(self, world: str, n_draws: int) -> Measured:
        """Return the figures of all draws of a world; counts of a stand-in are brought to the residents of all."""
        figures = stack([self._measure(self.totals[WorldKey(draw, 0, world)]) for draw in range(1, n_draws + 1)])
        return replace(figures, people=figures.people * self.scale, sums=figures.sums * self.scale)

    @property
    def scale(self) -> float:
        """How many residents each resident of the draws stands for."""
        return self.plan.scenario.residents / self.plan.drawn_residents

    def study(self) -> Study:
        """Bring what is done so far down to the figures of the summary and the report."""
        plan, names = self.plan, tuple(self.plan.worlds())
        n = max(key.draw for key in self.totals)
        published = {}
        for name in names:
            numbers = [self.totals[WorldKey(draw, 0, name)].numbers[1] for draw in range(n + 1)]
            published[name] = np.array(numbers) * np.array([1.0] + [self.scale] * n)
        return Study(
            place=place_facts(plan.scenario),
            start=plan.scenario.start,
            days=plan.scenario.days,
            worlds=names,
            change=plan.change,
            window=plan.window,
            central={name: self._measure(self.totals[WorldKey(0, 0, name)]) for name in names},
            ensemble={name: self._drawn(name, n) for name in names} if n else {},
            published=published,
            silence=self.silence,
            silence_band=silence_band(self.silence),
            silence_place=silence_place(plan.scenario),
            stand_in=plan.drawn_residents if plan.many else 0,
            provinces={name: self._measure(totals) for name, totals in self.provinces.items()},
            parts=tuple(self.parts),
            relief=bool(plan.dated),
            n_set=len(plan.scenario.fixed()),
        )


def _add(totals: dict, key: object, more: WorldTotals) -> None:
    totals[key] = totals[key].plus(more) if key in totals else more
