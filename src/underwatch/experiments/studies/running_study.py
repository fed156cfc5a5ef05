"""A study on its way: its worlds run on all threads, and the figures of those that are done.

The command line and the studio drive the same one, stage by stage: the worlds of the ensemble, the history of the whole
place at the settings nearest to their medians, the silence curve. What they want of a world of the whole place while it
runs, or of its end, they collect (`Collector`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Protocol

import numpy as np

from underwatch.experiments.engine.progress import Clock
from underwatch.experiments.engine.runner import KeptWorld, Runner, Watch
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
from underwatch.experiments.ensemble.distance import nearest_to_medians
from underwatch.experiments.ensemble.statements import statement_rows
from underwatch.experiments.silence import FEW_STRENGTHS, SilenceCurve, shipped_silence, silence_in
from underwatch.experiments.studies.checkpoints import Checkpoints
from underwatch.experiments.studies.drawn_world import DrawnWorld
from underwatch.experiments.studies.headline_rows import rows_of, values_of
from underwatch.experiments.studies.study_plan import StudyPlan
from underwatch.experiments.studies.world_tables import FinishedWorld
from underwatch.experiments.study import Example, Part, Silence, Study, example_inside, place_facts, silence_of
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


@dataclass
class _Tried:
    """The draws that are tried for a place, how many figures of each lie outside, and the worlds still left."""

    draws: list[int]
    outside: dict[int, int] = field(default_factory=dict)
    left: list[WorldKey] = field(default_factory=list)
    settled: Settled = field(default_factory=Settled)
    is_over: bool = False


class Collector(Protocol):
    """What is wanted of the worlds of the whole place."""

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
    draw: int = 0  # whose settings the whole place has; 0 for the scenario's own
    totals: Totals = field(default_factory=dict)
    drawn: dict[int, DrawnWorld] = field(default_factory=dict)
    provinces: dict[str, WorldTotals] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    silence: SilenceCurve | None = None

    @property
    def example(self) -> Scenario:
        """The whole scenario at the settings of the example."""
        return self.plan.example_at(self.draw)

    def candidates(self) -> list[int]:
        """Return the draws whose settings are tried for the example, the nearest to the medians first; 0 for none."""
        if not self.drawn:
            return [0]
        values, is_difference = values_of(rows_of(self.study()))
        return [1 + row for row in nearest_to_medians(values, is_difference, self.plan.tries)]

    def run_place(self, number: int, workers: Workers, draws: Sequence[int]) -> tuple[Totals, list[str]]:
        """Run the worlds of a place one after the other at the settings of a draw; return their totals and digests.

        Of several draws it is the first whose baseline lies inside of every range: that is run first, its twin and
        other luck only for the one that is kept. Where none lies inside, it is the one with the fewest figures outside.
        """
        totals, digests, tried = Totals(), list[str](), _Tried([*draws])
        for key, scenario, world, kept in self._due(number, tried):
            with self.clock.on("simulating"):
                watch = Watch(self.runner, world, kept)
                for days in simulate.weeks(world, scenario.all_phases(), workers):
                    if days == 0:
                        tried.settled.keep(scenario, key, world, tried.left)
                    watch.week()
                    if days > 0:
                        self.collector.week(key, world, days)
            with self.clock.on("outputs"):
                sums = world_totals(world, scenario)
                if not totals and len(draws) > 1 and not tried.is_over and self._note(tried.outside, sums) > 0:
                    continue
                digests.append(simulate.digest(world))
                totals[key] = sums
                seen = world.history.records, world.history.who
                self.collector.finished(FinishedWorld(scenario, number, key, sums, *seen), world)
        self.runner.tick(max(0, len(draws) - len(tried.outside)) * self.plan.days_of_a_try if len(draws) > 1 else 0)
        return totals, digests

    def _due(self, number: int, tried: _Tried) -> Iterator[tuple[WorldKey, Scenario, simulate.World, KeptWorld | None]]:
        """Yield the worlds of a place on the morning from which they are run, those that are refused among them."""
        for draw in tried.draws:
            yield from self._of_draw(number, tried, draw)
            if not tried.outside.get(draw):
                return
        tried.is_over = True
        yield from self._of_draw(number, tried, min(tried.draws, key=lambda draw: tried.outside[draw]))

    def _of_draw(
        self, number: int, tried: _Tried, draw: int
    ) -> Iterator[tuple[WorldKey, Scenario, simulate.World, KeptWorld | None]]:
        self.draw, tried.left, tried.settled = draw, [*self.plan.central()], Settled()
        place, worlds = self.plan.scenario.places[number], self.plan.worlds_of(self.example)
        while tried.left:
            key = tried.left.pop(0)
            scenario = worlds[key.world]
            kept = None if self.checkpoints is None else self.checkpoints.of_world(number, key, draw)
            with self.clock.on("building"):
                world = tried.settled.take(scenario, key) if kept is None or not kept.path.exists() else None
                world = world or calm_world(scenario, place, seed_of(scenario, key.replicate))
            yield key, scenario, world, kept
            if tried.outside.get(draw) and not tried.is_over:
                return

    def _note(self, outside: dict[int, int], baseline: WorldTotals) -> int:
        """Return how many figures of this baseline lie outside of their ranges, and note it for its draw.

        It may be of a place of any size: its counts are brought to the residents of all.
        """
        scale = self.plan.scenario.residents / float(baseline.residents.sum())
        study = self._study({WorldKey(0, 0, BASELINE): baseline}, scale)
        outside[self.draw] = sum(row.is_left_out for row in rows_of(study))
        return outside[self.draw]

    def choose(self) -> None:
        """Choose the settings of the example of many places, which take too long to be run at more than one.

        Those that are nearest to the medians are tried in what stands in for the places, ten times as large as in a
        draw: it is the first whose baseline lies inside of every range, or the one with the fewest figures outside.
        """
        draws, outside = self.candidates(), dict[int, int]()
        self.draw = draws[0]
        if len(draws) > 1:
            for draw, found in run_all(draws, self._trial, self.threads, self.runner.stop_all).items():
                self.draw = draw
                self._note(outside, found)
            self.draw = min(draws, key=lambda draw: outside[draw])  # of equals the nearest, which comes first

    def _trial(self, draw: int) -> WorldTotals:
        towns = [self._lived(town, {BASELINE: town})[BASELINE] for town in self.plan.trial_towns_at(draw)]
        return reduce(WorldTotals.plus, towns)

    def run_places(self, checkpoints: Checkpoints, say: Callable[[str], None]) -> None:
        """Run the places that are not done yet side by side, the largest first; add all up in census order."""
        self.choose()
        scenario, keys = self.plan.scenario, self.plan.central()
        places = dict(enumerate(scenario.places))
        left = {number: place for number, place in places.items() if not checkpoints.done(number)}
        there = sum(residents_in(scenario, place) for number, place in places.items() if number not in left)
        self.runner.tick(there * self.plan.days_of(len(self.plan.histories())) * self.plan.replicates)

        def run(number: int) -> None:
            self.runner.check()
            say(f"{places[number].province}: {places[number].name}")
            totals, digests = self.run_place(number, workers_here(), [self.draw])
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
        """Run what stands in for the scenario in every world of the ensemble, each with its twin on one thread."""
        draws = range(1, self.plan.draws + 1)
        self.drawn = run_all(draws, self._draw, self.threads, self.runner.stop_all)

    def _draw(self, draw: int) -> DrawnWorld:
        """Run the worlds of one draw, unless they are kept."""
        plan, names = self.plan, tuple(self.plan.worlds())
        kept = None if self.checkpoints is None else self.checkpoints.read_draw(draw, names, plan.scenario.days)
        if kept is not None:
            self.runner.tick(plan.drawn_residents * plan.days_of(len(names)))
            return kept
        sums = dict[str, WorldTotals]()
        for stand_in in plan.stand_ins_at(draw):
            for name, totals in self._lived(stand_in, self.plan.worlds_of(stand_in)).items():
                _add(sums, name, totals)
        drawn = DrawnWorld.of({name: (self._measure(one), float(one.numbers[1])) for name, one in sums.items()})
        if self.checkpoints is not None:
            self.checkpoints.keep_draw(draw, drawn)
        return drawn

    def _lived(self, stand_in: Scenario, worlds: Mapping[str, Scenario]) -> dict[str, WorldTotals]:
        """Run worlds of a stand-in, which settle together."""
        result, settled = dict[str, WorldTotals](), Settled()
        left = [WorldKey(0, 0, name) for name in worlds]
        while left:
            key = left.pop(0)
            scenario = worlds[key.world]
            world = settled.take(scenario, key) or calm_world(scenario, scenario.places[0], scenario.seed)
            watch = Watch(self.runner, world)
            for days in simulate.weeks(world, scenario.all_phases(), workers_here()):
                if days == 0:
                    settled.keep(scenario, key, world, left)
                watch.week()
            totals = world_totals(world, scenario)
            result[key.world] = totals.expecting_arrests(scenario) if self.scale > 1 else totals
        return result

    def run_silence(self) -> None:
        """Draw the silence curve, unless it ships."""
        plan = self.plan
        if plan.silence_ships:
            self.silence = shipped_silence(plan.ensemble)
            return
        worlds = plan.settings[: plan.n_silence] or (plan.scenario,)
        self.silence = silence_in(worlds, self.threads, FEW_STRENGTHS, lambda: self.runner.done(plan.silence_days))

    def _measure(self, totals: WorldTotals) -> Measured:
        return totals.measured(self.plan.scenario, self.plan.window)

    @property
    def scale(self) -> float:
        """How many residents each resident of the draws stands for."""
        return self.plan.scenario.residents / self.plan.drawn_residents

    def study(self) -> Study:
        """Bring what is done so far down to the figures of the summary and the report."""
        whole = self._study(self.totals)
        seen = replace(whole, example=example_inside(whole.example, whole))
        n, shown = (sum(not np.isnan(row.shown) for row in rows_of(one)) for one in (whole, seen))
        n += sum(row.is_left_out for row in rows_of(whole))
        return replace(seen, example=replace(seen.example, left_out=n - shown, n_figures=n))

    def _study(self, totals: Totals, scale: float = 1.0) -> Study:
        """Return the figures with an example of which nothing is left out; each of its residents stands for `scale`."""
        plan = self.plan
        study = Study(
            place=place_facts(plan.scenario),
            start=plan.scenario.start,
            days=plan.scenario.days,
            worlds=tuple(plan.worlds()),
            change=plan.change,
            window=plan.window,
            example=Example(self.example, self.draw, {}),
            drawn=self._drawn(),
            published={
                name: self.scale * np.array([one.published[at] for one in self.drawn.values()])
                for at, name in enumerate(plan.worlds())
                if self.drawn
            },
            silence=silence_of(self.silence, plan.ensemble, plan.scenario) if self.silence else Silence(),
            stand_in=plan.drawn_residents if plan.drawn_residents < plan.scenario.residents else 0,
            provinces={name: self._measure(sums) for name, sums in self.provinces.items()},
            parts=tuple(self.parts),
            relief=bool(plan.dated),
            n_set=len(plan.scenario.fixed()),
            source=plan.ensemble,
            adapted=plan.is_adapted,
            forms=tuple(drawn.forms for drawn in plan.settings),
            statements=statement_rows(plan.is_adapted),
        )
        return replace(study, example=self._example(study, totals, scale))

    def _drawn(self) -> dict[str, Measured]:
        """Return the figures of all draws of each world; counts of a stand-in are brought to the residents of all."""
        found = {}
        for at, name in enumerate(self.plan.worlds()):
            if self.drawn:
                found[name] = _brought_to(stack([one.figures[at] for one in self.drawn.values()]), self.scale)
        return found

    def _example(self, study: Study, totals: Totals, scale: float) -> Example:
        first = {name: totals[key] for name in study.worlds if (key := WorldKey(0, 0, name)) in totals}
        figures = {name: _brought_to(self._measure(one), scale) for name, one in first.items()}
        published = {name: scale * float(one.numbers[1]) for name, one in first.items()}
        example = replace(study.example, figures=figures, published=published)
        if study.twin is None or len(figures) < 2:
            return example
        one, other = (figures[name].window for name in study.pair)
        return replace(example, change=one - other)


def _add(totals: dict, key: object, more: WorldTotals) -> None:
    totals[key] = totals[key].plus(more) if key in totals else more


def _brought_to(figures: Measured, scale: float) -> Measured:
    """Return figures with their counts brought to so many times as many residents; rates and shares stay."""
    return replace(figures, people=figures.people * scale, sums=figures.sums * scale)
