"""Worlds of a scenario, place by place: begun, carried on with checkpoints, and brought down to what a study needs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from underwatch.channel.reporting import expected_published
from underwatch.facts import Place
from underwatch.record.indicators import Combined
from underwatch.world import simulate
from underwatch.world.draws import rng
from underwatch.world.layout import N_CELLS, RECORD_FIELDS
from underwatch.world.parameters import Parameters, prior_draws
from underwatch.world.population import InitialConditions
from underwatch.world.scenario import Scenario
from underwatch.world.workers import Workers

BASELINE, COUNTER = "baseline", "counter-world"
_SUMS = ("cells", "residents", "adults", "watched")


class WorldKey(NamedTuple):
    """Which world of a study: at the scenario's own values (draw 0) or at a draw, with which luck, baseline or twin."""

    draw: int
    replicate: int
    world: str

    def __str__(self) -> str:
        return f"draw-{self.draw}-{self.world}" if self.draw else f"central-{self.replicate}-{self.world}"


_here = threading.local()


def workers_here() -> Workers:
    """Return the workers of this thread: one, whose workspace serves world after world."""
    if not hasattr(_here, "workers"):
        _here.workers = Workers(1)
    workers: Workers = _here.workers
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
    given = InitialConditions.of(
        scenario.phases()[0], place.border, seed, place.first_resident, residents_in(scenario, place), scenario.days
    )
    return simulate.init(given)


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
