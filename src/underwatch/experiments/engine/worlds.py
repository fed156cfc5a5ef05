"""Worlds of a scenario, place by place: their seeds, how they settle, and what is kept of them at their end."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from underwatch.channel.episodes import episodes
from underwatch.channel.reporting import expected_published
from underwatch.facts import Place
from underwatch.record.measures import Combined, Measured, measure
from underwatch.world import simulate
from underwatch.world.draws import rng
from underwatch.world.forms import Forms, prior_forms
from underwatch.world.layout import COUNT, INCIDENT, KIND, LISTED_AT_START, MARK_LISTED_AT_START, N_CELLS
from underwatch.world.parameters import Parameters, prior_draws
from underwatch.world.population import InitialConditions
from underwatch.world.scenario import Scenario
from underwatch.world.workers import Workers

BASELINE, COUNTER = "baseline", "counter-world"


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
    """Return the scenario with parameters and forms drawn from the prior, each draw with luck of its own."""
    if not draws:
        return []
    drawn = zip(as_set(scenario, prior_draws(draws, scenario.seed)), forms_of(scenario, draws), strict=True)
    return [
        scenario.replace(parameters=values, forms=forms, seed=seed_of_draw(scenario, n))
        for n, (values, forms) in enumerate(drawn, 1)
    ]


def forms_of(scenario: Scenario, draws: int) -> list[Forms]:
    """Return the forms of draws from the prior, in which what the scenario sets itself stays as set."""
    fixed = {rule: scenario.forms[rule] for rule in scenario.forms.fixed}
    return [drawn.with_forms(fixed) for drawn in prior_forms(draws, scenario.seed)]


def as_set(scenario: Scenario, draws: Sequence[Parameters]) -> list[Parameters]:
    """Return draws from the prior in which what the scenario sets itself stays as set."""
    fixed = scenario.fixed()
    return [drawn.with_values(**fixed) for drawn in draws]


def first_values(scenario: Scenario) -> Mapping[str, float]:
    """Return the parameters in force on the first day."""
    return scenario.phases()[0].values


def residents_in(scenario: Scenario, place: Place) -> int:
    """Return how many residents of a place are simulated."""
    return scenario.population or place.population


def calm_world(scenario: Scenario, place: Place, seed: int) -> simulate.World:
    """Return a place on the first morning of the weeks in which it settles: nothing has happened yet."""
    given = InitialConditions.of(
        scenario.all_phases()[0], place.border, seed, place.first_resident, residents_in(scenario, place),
        scenario.days, scenario.settling_days,
    )  # fmt: skip
    return simulate.init(given)


def init_world(scenario: Scenario, place: Place, seed: int, workers: Workers | None = None) -> simulate.World:
    """Return a place on the first morning that is counted: it has settled, and none of that is in its history."""
    return simulate.run(calm_world(scenario, place, seed), scenario.settling(), workers or workers_here())


def twin_world(
    world: simulate.World, scenario: Scenario, lived: Scenario, seed: int, workers: Workers | None = None
) -> simulate.World:
    """Return the same people on the first morning of another world: `world` is theirs in `scenario`, a single place.

    They share the weeks in which they settle where these are the same; else those are lived through anew. Either way
    residents are grouped as in `world`: never by what the other life itself has altered.
    """
    if same_settling(scenario, lived):
        return simulate.branch(world)
    drawn = scenario.replace(without=lived.all_phases()[0].without)
    other = simulate.run(calm_world(drawn, scenario.places[0], seed), lived.settling(), workers or workers_here())
    simulate.group_by(other, world.state.flags & LISTED_AT_START != 0)
    return other


def same_settling(scenario: Scenario, lived: Scenario) -> bool:
    """Say whether two worlds of the same people are one until the first day that is counted."""
    listed = (lived.all_phases()[0].without ^ scenario.all_phases()[0].without) & {"S3"}
    return scenario.settling() == lived.settling() and not listed


class WorldTotals(NamedTuple):
    """What is kept of one world of one or more places: sums, and no incident."""

    cells: np.ndarray
    residents: np.ndarray
    adults: np.ndarray
    watched: np.ndarray
    numbers: np.ndarray  # float[3]: incidents, expected published, ordinary residents accused

    def __repr__(self) -> str:
        return f"WorldTotals({int(self.residents.sum()):,} residents, {len(self.cells)} days)"

    def plus(self, other: WorldTotals) -> WorldTotals:
        """Return those of both together."""
        return WorldTotals._make(map(np.add, self, other))

    def measured(self, scenario: Scenario, window: tuple[int, int] | None = None) -> Measured:
        """Return its figures."""
        incidents, _, accused = self.numbers
        own = Combined(scenario.name, scenario.start, scenario.days, *self[:4], np.zeros(0, INCIDENT))
        return measure(own, window, int(incidents), accused)

    def expecting_arrests(self, scenario: Scenario) -> WorldTotals:
        """Return it with the arrests that the completed calls let expect (S9), in place of those that came of luck.

        Each completed call is detected with the same chance, whatever came before, so both have the same mean. In a
        small place that stands in for a large one arrests are few, and luck would be most of what they differ by.
        """
        phases = scenario.phases()
        chances = [0.0 if "S9" in phase.without else phase.values["p_detected_per_call"] for phase in phases]
        by_day = np.repeat(chances, [phase.days for phase in phases])
        cells = self.cells.astype(float)
        cells[..., COUNT.arrests] = cells[..., COUNT.calls_completed] * by_day[:, None]
        return self._replace(cells=cells)

    def of_cells(self, used: np.ndarray) -> WorldTotals:
        """Return it of some cells only."""
        return WorldTotals._make((self.cells[:, used], *(part[used] for part in self[1:4]), self.numbers))

    def in_all_cells(self, used: np.ndarray) -> WorldTotals:
        """Return what `of_cells` took out, in its place among all cells."""
        cells = np.zeros((len(self.cells), N_CELLS, self.cells.shape[2]), self.cells.dtype)
        cells[:, used] = self.cells
        parts = np.zeros((3, N_CELLS), self.residents.dtype)
        parts[:, used] = self[1:4]
        return WorldTotals._make((cells, *parts, self.numbers))

    def named(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the parts by name, for a checkpoint."""
        return {f"{prefix}.{name}": part for name, part in self._asdict().items()}

    @classmethod
    def of_named(cls, prefix: str, arrays: Mapping[str, np.ndarray]) -> WorldTotals:
        """Return what `named` took apart."""
        return WorldTotals._make(arrays[f"{prefix}.{name}"] for name in cls._fields)


def totals_of(baseline: Scenario, lives: Sequence[Scenario], seed: int) -> list[WorldTotals]:
    """Run worlds of all places and return what is kept: `baseline` makes the town, each of `lives` is what it meets.

    They differ from the first day that is counted on; until then they are one world, that of the baseline.
    """
    by_place = [_totals_of_place(baseline, lives, place, seed) for place in baseline.places]
    return [reduce(WorldTotals.plus, of_life) for of_life in zip(*by_place, strict=True)]


def _totals_of_place(baseline: Scenario, lives: Sequence[Scenario], place: Place, seed: int) -> list[WorldTotals]:
    settled, workers, last = init_world(baseline, place, seed), workers_here(), len(lives) - 1
    worlds = (settled if number == last else simulate.branch(settled) for number in range(len(lives)))
    return [
        world_totals(simulate.run(world, lived.phases(), workers), baseline)
        for world, lived in zip(worlds, lives, strict=True)
    ]


def world_totals(world: simulate.World, scenario: Scenario) -> WorldTotals:
    """Return what is kept of a finished world."""
    history, now = world.history, scenario.phases()[0]
    published = 0.0
    if "S13" not in now.without:
        told_of = episodes(history.records, history.who, scenario.start)
        published = expected_published(told_of, now.values, now.forms["S13"])
    numbers = np.array([sum(map(len, history.record_blocks)), published, _ordinary_accused(history)])
    return WorldTotals(history.cells, history.residents, history.adults, history.watched, numbers)


def _ordinary_accused(history: simulate.History) -> int:
    """Return how many residents who were on no list at the start are accused at least once."""
    marked = (history.records["kind"] == KIND.accusation) & (history.records["marks"] & MARK_LISTED_AT_START == 0)
    return len(np.unique(history.who[marked]))


def record_of(totals: WorldTotals, scenario: Scenario, place: Place, records: np.ndarray | None = None) -> Combined:
    """Return what is kept of a world as the history of its place, without incidents unless they are given."""
    none = np.zeros(0, INCIDENT)
    return Combined(place.name, scenario.start, scenario.days, *totals[:4], none if records is None else records)


def digest_of(digests: Iterable[str]) -> str:
    """Return the digest over the digests of places, replicates and worlds, in that order."""
    h = hashlib.blake2b(digest_size=20)
    for digest in digests:
        h.update(bytes.fromhex(digest))
    return h.hexdigest()
