"""What is done for one place: its worlds taken to their end, and what came out of each as sums and as tables."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from underwatch.channel.reporting import publish
from underwatch.experiments.engine.checkpoints import Checkpoints
from underwatch.experiments.engine.worlds import (
    Runner,
    WorldTotals,
    first_values,
    init_world,
    record_of,
    seed_of,
    world_totals,
)
from underwatch.facts import Place
from underwatch.record import incidents
from underwatch.record.indicators import indicator_table
from underwatch.world import checkpoint, simulate
from underwatch.world.scenario import RunOptions, Scenario

TABLES = ("indicators", "incidents", "published")
LARGE = 5_000_000  # residents; above, a run that does not say otherwise samples its incidents and has one world
_SAMPLE = 200_000  # incidents of a place and world
_LARGE_SAMPLE = 2_000_000  # of all places of a large scenario together, dealt out by their residents
_LEAST_SAMPLE = 1_000
_ROWS = 1 << 18  # incidents made into a table at once, so that memory stays flat


class Clock:
    """Seconds of all threads together, by what they were spent on; what is inside of another is not counted twice."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()
        self._inside = threading.local()

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count what happens inside."""
        begun, before = time.perf_counter(), getattr(self._inside, "seconds", 0.0)
        self._inside.seconds = 0.0
        try:
            yield
        finally:
            took = time.perf_counter() - begun
            with self._lock:
                self.seconds[what] = self.seconds.get(what, 0.0) + took - self._inside.seconds
            self._inside.seconds = before + took

    def words(self) -> str:
        """Return what the time was spent on: 'building 1.2 s, simulating 40.3 s'."""
        return ", ".join(f"{what} {seconds:.1f} s" for what, seconds in self.seconds.items())


@dataclass
class Done:
    """A place that is done: sums by replicate and world, and digests in that order.

    Of a single place the tables too, by name; those of one of many are on the disk.
    """

    sums: dict[str, WorldTotals] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)
    tables: dict[str, list[pa.Table]] = field(default_factory=dict)


def compile_first(scenario: Scenario) -> None:
    """Let a few residents live a week, so that all is compiled before it is timed, and a stop need not wait for it."""
    end = min(scenario.end, scenario.start + timedelta(6))
    few = scenario.replace(places=scenario.places[:1], population=50, end=end, changes=())
    simulate.run(init_world(few, few.places[0], few.seed), few.phases(), simulate.Workers(1))


@dataclass(frozen=True)
class Work:
    """The worlds of a scenario, to be done place by place."""

    scenario: Scenario
    options: RunOptions
    worlds: dict[str, Scenario]
    checkpoints: Checkpoints
    clock: Clock

    @property
    def many(self) -> bool:
        """Say whether there is more than one place."""
        return len(self.scenario.places) > 1

    def place(self, at: int, place: Place, runner: Runner, workers: simulate.Workers) -> Done:
        """Simulate a place at the central values, every replicate and world."""
        done = Done()
        for replicate in range(self.options.replicates):
            for name, scenario in self.worlds.items():
                path, note = self.checkpoints.world(at, replicate, name), self.checkpoints.noted(at, replicate, name)
                with self.clock.on("building"):
                    world = init_world(scenario, place, seed_of(scenario, replicate))
                with self.clock.on("simulating"):
                    self._carry_on(world, scenario, runner, workers, path, note)
                with self.clock.on("outputs"):
                    done.digests.append(simulate.digest(world))
                    found = world_totals(world, scenario)
                    done.sums[f"central-{replicate}-{name}"] = found
                    runner.check()
                    number = len(done.digests) - 1
                    for table, rows in self._tables(at, place, name, found, world, replicate):
                        if self.many:
                            self.checkpoints.keep_table(at, number, table, _until_stopped(rows, runner))
                        else:
                            done.tables.setdefault(table, []).extend(rows)
                        runner.check()
        return done

    def _carry_on(
        self, world: simulate.World, scenario: Scenario, runner: Runner, workers: simulate.Workers, path: Path,
        note: dict[str, Any],
    ) -> None:  # fmt: skip
        if path.exists():
            checkpoint.load(world, path, note)
        runner.carry_on(world, scenario, workers, path, note)

    def _tables(
        self, at: int, place: Place, name: str, found: WorldTotals, world: simulate.World, replicate: int
    ) -> Iterator[tuple[str, Iterable[pa.Table]]]:
        """Yield what came out of a finished world, table by table, each in parts."""
        scenario = self.worlds[name]
        values, history = first_values(scenario), record_of(found, scenario, place, world.history.records)
        floor = 0.0 if "S15" in scenario.without else values["private_speech_floor"]
        every = 7 if self.many else 1
        yield "indicators", [indicator_table(history, name, floor=floor, every_days=every, replicate=replicate)]
        records, weights = history.records, np.ones(len(history.records))
        if self.options.incidents == "sample":
            shares = incidents.shares_for(incidents.kind_counts(records), self._sample(place))
            records, weights = incidents.sample(records, shares, scenario.seed)
        yield "incidents", (
            incidents.incident_table(
                records[lo : lo + _ROWS], history.start, place.name, name, weights=weights[lo : lo + _ROWS],
                replicate=replicate,
            )
            for lo in range(0, len(records), _ROWS)
        )  # fmt: skip
        if "S13" not in scenario.without:
            seed = (seed_of(scenario, replicate) << 8) + at
            told: dict[str, Any] = {**publish(history.records, history.start, place.name, values, seed, world=name)}
            told["replicate"] = np.full(len(told["date"]), replicate, np.int16)
            yield "published", [incidents.published_table(told)]

    def _sample(self, place: Place) -> int:
        """Return how many incidents of a place and world are written when they are sampled."""
        if self.scenario.residents <= LARGE:
            return _SAMPLE
        return max(_LEAST_SAMPLE, _LARGE_SAMPLE * place.population // self.scenario.residents)


def _until_stopped(parts: Iterable[pa.Table], runner: Runner) -> Iterator[pa.Table]:
    for part in parts:
        runner.check()
        yield part
