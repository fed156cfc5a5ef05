"""init, step, run: a place through its days, week by week, on any number of threads.

A week is: its days, chunk by chunk (kernel), and on Sunday the review (review).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from underwatch.shown import Displayed
from underwatch.world import layout as L
from underwatch.world import population
from underwatch.world.guarded import seal
from underwatch.world.kernels import days as kernel
from underwatch.world.kernels import review, word
from underwatch.world.kernels.slots import pack
from underwatch.world.rates import rates
from underwatch.world.workers import Block, Workers

if TYPE_CHECKING:
    from underwatch.world.population import InitialConditions
    from underwatch.world.scenario import Phase


seal("underwatch.world.kernels")


@dataclass(repr=False)
class History(Displayed):
    """What a world leaves behind, day by day: the raw material of every indicator.

    cells int64[days, cells, indicators] by day and cell; records INCIDENT[n] by week, chunk, day and unit;
    who uint32[n] their subjects (kept in memory only); trace TRACE[m] the diary's raw material, if asked for.
    """

    cells: np.ndarray
    residents: np.ndarray
    adults: np.ndarray
    watched: np.ndarray
    record_blocks: list[np.ndarray] = field(default_factory=list)
    who_blocks: list[np.ndarray] = field(default_factory=list)
    trace_blocks: list[np.ndarray] = field(default_factory=list)

    @property
    def records(self) -> np.ndarray:
        """All incidents, INCIDENT[n]."""
        return _joined(self.record_blocks, L.INCIDENT)

    @property
    def who(self) -> np.ndarray:
        """Their subjects, uint32[n]; kept in memory only."""
        return _joined(self.who_blocks, np.dtype(np.uint32))

    def forget_incidents(self) -> None:
        """Let the incidents so far go, for who reads only the indicators."""
        self.record_blocks.clear()
        self.who_blocks.clear()

    @property
    def trace(self) -> np.ndarray:
        """All trace rows, TRACE[m]."""
        return _joined(self.trace_blocks, L.TRACE)


def _joined(blocks: Sequence[np.ndarray], dtype: np.dtype) -> np.ndarray:
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype)


@dataclass(repr=False, eq=False)
class World(Displayed):
    """The engine's state: one place in one history, what has come out so far, and the day reached."""

    key: tuple
    town: L.Town
    state: L.State
    history: History
    start: int
    day: int
    counted: int  # the first day that is counted
    order_sum: int = 0
    week_days: int = 0
    phase: Phase | None = None  # whose rates are `now`
    now: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __eq__(self, other: object) -> bool:
        return digest(self) == digest(other) if isinstance(other, World) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it changes from day to day


S = TypeVar("S", bound="Reached")


class Reached(Protocol):
    """What everybody may read of a state, in days since 1970-01-01.

    The first day, the morning it has reached, and the first day that is counted: before it the world settles.
    """

    start: int
    day: int
    counted: int


class Model(Protocol[S]):
    """The contract of the model, kept by the compiled engine (this module) and by the reference (`world.reference`).

    `init` makes the state of a first morning; two that begin alike are alike. `step` takes a state, in place, through
    days of one week that lie in one phase (ValueError where they cross a Sunday), and on a Sunday holds the review.
    On the first morning that is counted residents are grouped by the lists as they stand (where there is a list).
    Luck is keyed: where it is cut into steps shows in nothing but the order of incidents. Both agree to the last bit.
    """

    def init(self, given: InitialConditions) -> S:
        """A state on its first morning."""

    def step(self, world: S, phase: Phase, days: int) -> None:
        """Some days, at most to the next Sunday."""


def init(given: InitialConditions) -> World:
    """A world on its first morning, with room for the indicators of its days."""
    return world_of(*population.people_of(given), given.start, given.days, given.settling_days)


def world_of(key: tuple, town: L.Town, state: L.State, start: int, days: int, settling_days: int = 0) -> World:
    """The same of people who are there already, who change with it."""
    none = np.zeros(L.N_CELLS, np.int64)
    history = History(np.zeros((days, L.N_CELLS, L.N_INDICATORS), np.int64), none, none, none)
    world = World(key, town, state, history, start, start, start + settling_days)
    _count_people(world)
    return world


def _count_people(world: World) -> None:
    """Count who is in which cell."""
    state, history = world.state, world.history
    cell = population.cells(state.flags)
    adult = state.flags & L.ADULT != 0
    history.residents = np.bincount(cell, minlength=L.N_CELLS)
    history.adults = np.bincount(cell[adult], minlength=L.N_CELLS)
    history.watched = np.bincount(cell[population.watched(world.town, state)], minlength=L.N_CELLS)


def group_by(world: World, listed: np.ndarray) -> None:
    """From here on residents are grouped by `listed`, bool[R], as those who were on a list at the start."""
    flags = world.state.flags
    flags &= np.uint16(~L.LISTED_AT_START & 0xFFFF)
    flags[listed] |= np.uint16(L.LISTED_AT_START)
    _count_people(world)


def branch(world: World) -> World:
    """Return a copy of a world in which nothing has been counted yet, that goes its own way from here."""
    state = L.State(*(array.copy() for array in world.state))
    history = replace(
        world.history, cells=np.zeros_like(world.history.cells), record_blocks=[], who_blocks=[], trace_blocks=[]
    )
    return replace(world, state=state, history=history)


def weekday(day: int) -> int:
    """Monday is 0; days are counted from 1970-01-01."""
    return (day + 3) % 7


def step(world: World, phase: Phase, days: int, workers: Workers | None = None) -> None:
    """Take the world through `days` days of one week, all in `phase`; if the last is a Sunday, hold the review."""
    check_step(world, days)
    if world.phase is not phase:
        world.phase, world.now = (
            phase,
            pack(rates(phase.values, phase.without, phase.order, phase.campaign, phase.forms)),
        )
    workers = workers or Workers()
    workers.ready(world.town)
    n_chunks, t = len(world.town.chunk_start) - 1, world.day - world.start
    where = (world.key, world.town, world.state, world.now)
    _collect(world, workers, workers.over(kernel.run_days, n_chunks, *where, world.day, days, t), t, days)
    world.day += days
    world.order_sum += int(phase.order * 65536 + 0.5) * days
    world.week_days += days
    if weekday(world.day) == 0:
        _review(world, workers)
    if world.day == world.counted and "S3" not in phase.without:
        group_by(world, world.state.flags & L.ON_A_LIST != 0)


def check_step(world: Reached, days: int) -> None:
    """Raise ValueError where so many days would cross a Sunday, or the morning from which days are counted."""
    if weekday(world.day) + days > 7:
        raise ValueError(f"{days} days from weekday {weekday(world.day)} cross a Sunday")
    if world.day < world.counted < world.day + days:
        raise ValueError(f"{days} days from day {world.day} cross the first day that is counted, {world.counted}")


def _review(world: World, workers: Workers) -> None:
    """Sunday evening: officers, then units, then the snapshot of households. What it counts belongs to the Sunday."""
    key, town, state, now = world.key, world.town, world.state, world.now
    sunday, n_chunks = world.day - 1, len(town.chunk_start) - 1
    order = world.order_sum // world.week_days
    for units, organ in ((town.mps_units, L.MPS), (town.mss_units, L.MSS)):
        review.review_officers(
            key, town, now, units, organ, state.units[L.UNIT_REPORTS + organ],
            state.officers[organ, L.PRESSURE], state.officers[organ, L.ADDED], order, world.week_days, sunday,
        )  # fmt: skip
    state.units[L.UNIT_REPORTS : L.UNIT_REPORTS + 2] = 0
    telling = np.empty(state.homes.shape[1], np.uint16)
    workers.over(word.tell_kin, n_chunks, town, state, now, telling)
    t = sunday - world.start
    _collect(
        world, workers, workers.over(review.review_units, n_chunks, key, town, state, now, telling, sunday, t), t, 1
    )
    workers.over(review.close_week, n_chunks, town, state, now)
    world.order_sum = world.week_days = 0


def _collect(world: World, workers: Workers, blocks: Iterable[Block], t: int, days: int) -> None:
    """Add what the workers put out and counted on days of the run from `t` on to the history, if they are counted.

    What leaves the world has days from the first that is counted.
    """
    history, settling = world.history, world.counted - world.start
    if t < settling:
        for workspace in workers.workspaces:
            workspace.out.cells[:days] = workspace.out.totals[:days] = 0
        return
    for records, who, traced in blocks:
        if len(records):
            records["day"] -= np.uint16(settling)
            history.record_blocks.append(records)
            history.who_blocks.append(who)
        if len(traced):
            traced["day"] -= settling
            history.trace_blocks.append(traced)
    for workspace in workers.workspaces:
        kernel.add_up(history.cells[t - settling : t - settling + days], workspace.out.cells, workspace.out.totals)


def weeks(world: World, phases: Sequence[Phase], workers: Workers | None = None) -> Iterator[int]:
    """Take the world from the day it has reached to the end of `phases`, and yield how many days are counted, weekly.

    A week ends on a Sunday, where the phases end, or where counting begins: until then the days are 0 or less. To stop
    is to `break`; who counts, draws or keeps a checkpoint does so in the loop, and may let incidents go that it has
    seen. ValueError where the phases begin later than the world stands.
    """
    end = max((phase.day + phase.days for phase in phases), default=world.day)
    if world.day < min((phase.day for phase in phases), default=world.day):
        raise ValueError(f"the world stands on the morning of day {world.day}, and the phases begin later")
    workers = workers or Workers()
    for phase in phases:
        while world.day < phase.day + phase.days:
            step(world, phase, min(7 - weekday(world.day), phase.day + phase.days - world.day), workers)
            if weekday(world.day) == 0 or world.day in (end, world.counted):
                yield world.day - world.counted


def run(world: World, phases: Sequence[Phase], workers: Workers | None = None) -> World:
    """Take the world from the day it has reached to the end of `phases`, and return it."""
    for _ in weeks(world, phases, workers):
        pass
    return world


def digest(world: World) -> str:
    """Hash of the final state, all daily indicators and all incidents with their subjects, in order."""
    h = hashlib.blake2b(digest_size=20)
    for array in world.state:
        h.update(array.tobytes())
    h.update(world.history.cells.tobytes())
    for block in (*world.history.record_blocks, *world.history.who_blocks):
        h.update(block.tobytes())
    return h.hexdigest()
