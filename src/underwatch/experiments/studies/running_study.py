"""A study on its way: its worlds run on all threads, and the figures of those that are done.

The command line and the studio drive the same one, stage by stage: the worlds at the scenario's own values, the draws
from the prior, the silence curve. What they want of a world while it runs, or of its end, they collect (`Collector`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    calm_world,
    residents_in,
    same_settling,
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
from underwatch.world.scenario import Scenario
from underwatch.world.workers import Workers

Totals = dict[WorldKey, WorldTotals]


@dataclass
class Settled:
    """A world of a place that has settled and in which nothing is counted yet, kept for the twins that still come."""

    scenario: Scenario | None = None
    key: WorldKey | None = None
    world: simulate.World | None = None

    def keep(self, scenario: Scenario, key: WorldKey, world: simulate.World, left: Iterable[WorldKey]) -> None:
        """Keep a world, where another one with its luck is left."""
        if any(_same_luck(key, other) for other in left):
            self.scenario, self.key, self.world = scenario, key, simulate.branch(world)

    def take(self, scenario: Scenario, key: WorldKey) -> simulate.World | None:
        """Return a world that goes its own way from there, if there is one with this luck that settles alike."""
        if self.world is None or self.scenario is None or self.key is None or not _same_luck(key, self.key):
            return None
        return simulate.branch(self.world) if same_settling(self.scenario, scenario) else None


def _same_luck(one: WorldKey, other: WorldKey) -> bool:
    return (one.draw, one.replicate) == (other.draw, other.replicate)


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
        place, totals, digests, settled = self.plan.scenario.places[number], Totals(), [], Settled()
        left = [*keys]
        while left:
            key = left.pop(0)
            scenario = self.plan.worlds()[key.world]
            kept = None if self.checkpoints is None else self.checkpoints.of_world(number, key)
            with self.clock.on("building"):
                world = settled.take(scenario, key) if kept is None or not kept.path.exists() else None
                world = world or calm_world(scenario, place, seed_of(scenario, key.replicate))
            with self.clock.on("simulating"):
                watch = Watch(self.runner, world, kept)
                for days in simulate.weeks(world, scenario.all_phases(), workers):
                    if days == 0:
                        settled.keep(scenario, key, world, left)
                    watch.week()
                    if days > 0:
                        self.collector.week(key, world, days)
            with self.clock.on("outputs"):
                digests.append(simulate.digest(world))
                totals[key] = world_totals(world, scenario)
                self.collector.finished(FinishedWorld(scenario, number, key, totals[key], world.history.records), world)
        return totals, digests

    def run_places(self, checkpoints: Checkpoints, say: Callable[[str], None]) -> None:
        """Run the places that are not done yet side by side, the largest first; add all up in census order."""
        scenario, keys = self.plan.scenario, self.plan.central()
        places = dict(enumerate(scenario.places))
        left = {number: place for number, place in places.items() if not checkpoints.done(number)}
        there = sum(residents_in(scenario, place) for number, place in places.items() if number not in left)
        self.runner.tick(there * self.plan.days_of_twins * self.plan.replicates)

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
        """Run the place, or the stand-ins of many, with every draw from the prior, each with its twin on one thread."""
        twins: dict[tuple[int, int], list[WorldKey]] = {}
        for number, key in self.tasks:
            twins.setdefault((number, key.draw), []).append(key)

        def run(asked: tuple[int, int]) -> Totals:
            return self._draw(asked[0], twins[asked])

        for totals in run_all(twins, run, self.threads, self.runner.stop_all).values():
            for key, sums in totals.items():
                _add(self.totals, key, sums)

    def _draw(self, number: int, keys: Sequence[WorldKey]) -> Totals:
        """Run the worlds of one draw, as far as they are not kept; they settle together."""
        result, left, settled = Totals(), [*keys], Settled()
        while left:
            key = left.pop(0)
            kept = (
                None if self.checkpoints is None else self.checkpoints.read_draw(number, key, self.plan.scenario.days)
            )
            if kept is not None:
                days = self.plan.scenario.days + (self.plan.scenario.settling_days if key.world == BASELINE else 0)
                self.runner.tick(int(kept.residents.sum()) * days)
                result[key] = kept
                continue
            scenario = self.tasks[number, key]
            world = settled.take(scenario, key) or calm_world(scenario, scenario.places[0], scenario.seed)
            watch = Watch(self.runner, world)
            for days in simulate.weeks(world, scenario.all_phases(), workers_here()):
                if days == 0:
                    settled.keep(scenario, key, world, left)
                watch.week()
            result[key] = world_totals(world, scenario)
            if self.checkpoints is not None:
                self.checkpoints.keep_draw(number, key, result[key])
        return result

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
