"""Worlds of a scenario, place by place: begun, carried on with checkpoints, and brought down to what a study needs."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from underwatch.channel.reporting import expected_published
from underwatch.facts import Place
from underwatch.record.indicators import Combined
from underwatch.world import checkpoint, population, simulate
from underwatch.world.draws import rng
from underwatch.world.layout import N_CELLS, RECORD_FIELDS
from underwatch.world.parameters import Parameters, prior_draws
from underwatch.world.scenario import Scenario

CHECKPOINT_DAYS = 28
BASELINE, COUNTER = "baseline", "counter-world"
_SUMS = ("cells", "residents", "adults", "watched")


class StopAsked(Exception):  # noqa: N818 - a wish, not an error
    """Somebody asked to stop: raised inside a world, between two weeks."""


_here = threading.local()


def workers_here() -> simulate.Workers:
    """Return the workers of this thread: one, whose workspace serves world after world."""
    if not hasattr(_here, "workers"):
        _here.workers = simulate.Workers(1)
    workers: simulate.Workers = _here.workers
    return workers


def seed_of(scenario: Scenario, replicate: int) -> int:
    """Return the seed of a replicate: seeds count up."""
    return (scenario.seed + replicate) % 2**64


def seed_of_draw(scenario: Scenario, draw: int, replicate: int = 0) -> int:
    """Return the seed of a replicate of a draw from the prior (from 1): keyed, so that no two worlds share their luck.

    Nor do those of another seed of the scenario: asking again with the next seed is asking anew.
    """
    generator = rng(scenario.seed, f"luck of draw {draw}, replicate {replicate}")
    return int(generator.integers(2**64, dtype=np.uint64))


def worlds_of(scenario: Scenario) -> dict[str, Scenario]:
    """Return the baseline and, where the campaign is within its days, the twin without it."""
    if not any(phase.campaign for phase in scenario.phases()):
        return {BASELINE: scenario}
    return {BASELINE: scenario, COUNTER: scenario.without_campaign()}


def prior_scenarios(scenario: Scenario, draws: int) -> list[Scenario]:
    """Return the scenario with parameters drawn from the prior, each draw with luck of its own."""
    found = as_set(scenario, prior_draws(draws, scenario.seed)) if draws else []
    return [scenario.replace(parameters=one, seed=seed_of_draw(scenario, n)) for n, one in enumerate(found, 1)]


def as_set(scenario: Scenario, draws: Sequence[Parameters]) -> list[Parameters]:
    """Return draws from the prior in which what the scenario sets itself stays as set."""
    fixed = scenario.fixed()
    return [one.with_values(**fixed) for one in draws]


def first_values(scenario: Scenario) -> Mapping[str, float]:
    """Return the parameters in force on the first day."""
    return scenario.phases()[0].values


def residents_in(scenario: Scenario, place: Place) -> int:
    """Return how many residents of a place are simulated."""
    return scenario.population or place.population


def init_world(scenario: Scenario, place: Place, seed: int) -> simulate.World:
    """Return a place on its first morning."""
    now = scenario.phases()[0]
    frame = population.frame(now.values, place.border, now.without)
    weeks = int(now.values["contact_weeks"] + 0.5)
    key, town, state = simulate.people_of(seed, place.first_resident, residents_in(scenario, place), frame, weeks)
    return simulate.init(key, town, state, now.day, scenario.days)


@dataclass
class Runner:
    """Carries worlds on, says how far, keeps checkpoints, and stops between two weeks when it is asked to."""

    tick: Callable[[int], None]  # resident-days done since the last tick
    stop: Callable[[], bool]
    patience: float = 0.0  # seconds of work that a stop may lose; 0: a checkpoint every 4 weeks and at the end
    saving: Callable[[], AbstractContextManager[None]] = nullcontext  # what a checkpoint is written in

    def check(self) -> None:
        """Stop here if somebody asked to."""
        if self.stop():
            raise StopAsked

    def carry_on(
        self, world: simulate.World, scenario: Scenario, workers: simulate.Workers, keep: Path | None = None,
        note: Mapping[str, Any] | None = None,
    ) -> simulate.World:  # fmt: skip
        """Take a world to its end; `keep` names its checkpoint, written every 4 weeks and at the end.

        With `patience` it is written only when so many seconds have passed since the last, and not at the end.
        """
        residents = len(world.state.flags)
        done = saved = world.day - world.start
        written = time.monotonic()
        self.tick(residents * done)
        if done == scenario.days:
            return world

        def weekly(days: int) -> None:
            nonlocal done, saved, written
            self.tick(residents * (days - done))
            done = days
            if self.patience:
                due = days < scenario.days and time.monotonic() - written >= self.patience
            else:
                due = days // CHECKPOINT_DAYS > saved // CHECKPOINT_DAYS or days == scenario.days
            if keep is not None and due:
                with self.saving():
                    checkpoint.save(world, keep, note or {})
                saved, written = days, time.monotonic()
            self.check()

        return simulate.run(world, scenario.phases(), workers, weekly)


@dataclass(frozen=True)
class WorldTotals:
    """What is kept of one world of one or more places: sums, and no incident."""

    cells: np.ndarray
    residents: np.ndarray
    adults: np.ndarray
    watched: np.ndarray
    numbers: np.ndarray  # float[2]: incidents, expected published

    def __add__(self, other: WorldTotals) -> WorldTotals:
        return WorldTotals(*(one + two for one, two in zip(self.arrays(), other.arrays(), strict=True)))

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the parts in order."""
        return self.cells, self.residents, self.adults, self.watched, self.numbers

    def of_cells(self, used: np.ndarray) -> WorldTotals:
        """Return it of some cells only."""
        return WorldTotals(
            self.cells[:, used], self.residents[used], self.adults[used], self.watched[used], self.numbers
        )

    def in_all_cells(self, used: np.ndarray) -> WorldTotals:
        """Return what `of_cells` took out, in its place among all cells."""
        cells = np.zeros((len(self.cells), N_CELLS, self.cells.shape[2]), self.cells.dtype)
        cells[:, used] = self.cells
        residents, adults, watched = np.zeros((3, N_CELLS), self.residents.dtype)
        residents[used], adults[used], watched[used] = self.residents, self.adults, self.watched
        return WorldTotals(cells, residents, adults, watched, self.numbers)

    def history(self, scenario: Scenario, records: np.ndarray | None = None) -> Combined:
        """Return it as the history of a place, without incidents unless they are given."""
        none = np.zeros((0, RECORD_FIELDS), np.uint16)
        sums = (self.cells, self.residents, self.adults, self.watched)
        return Combined(scenario.name, scenario.start, scenario.days, *sums, none if records is None else records)

    def named(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the parts by name, for a checkpoint."""
        return {f"{prefix}.{name}": part for name, part in zip((*_SUMS, "numbers"), self.arrays(), strict=True)}

    @classmethod
    def of_named(cls, prefix: str, arrays: Mapping[str, np.ndarray]) -> WorldTotals:
        """Return what `named` took apart."""
        return cls(*(arrays[f"{prefix}.{name}"] for name in (*_SUMS, "numbers")))


def totals_of(baseline: Scenario, lived: Scenario, seed: int) -> WorldTotals:
    """Run a world, all its places, and return what is kept: `baseline` makes the town, `lived` is what it meets."""
    phases, found = lived.phases(), None
    for place in baseline.places:
        world = simulate.run(init_world(baseline, place, seed), phases, workers_here())
        found = world_totals(world, baseline) if found is None else found + world_totals(world, baseline)
    if found is None:
        raise ValueError("no place to simulate")
    return found


def world_totals(world: simulate.World, scenario: Scenario) -> WorldTotals:
    """Return what is kept of a finished world."""
    history = world.history
    now = scenario.phases()[0]
    published = 0.0
    count = sum(len(block) for block in history.record_blocks)
    if "S13" not in now.without:
        published = expected_published(history.record_blocks, now.values)
    numbers = np.array([count, published])
    return WorldTotals(history.cells, history.residents, history.adults, history.watched, numbers)


def record_of(found: WorldTotals, scenario: Scenario, place: Place, records: np.ndarray | None = None) -> Combined:
    """Return what is kept of a world as the history of its place."""
    return replace(found.history(scenario, records), place=place.name)


def digest_of(digests: Iterable[str]) -> str:
    """Return the digest over the digests of places, replicates and worlds, in that order."""
    h = hashlib.blake2b(digest_size=20)
    for one in digests:
        h.update(bytes.fromhex(one))
    return h.hexdigest()
