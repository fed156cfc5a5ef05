"""init, step, run: a place through its days, week by week, on any number of threads.

A week is: its days, chunk by chunk (kernel), and on Sunday the review (review).
Threads take ranges of chunks; what they count is integers, and incidents are put
together in the order of chunks, so the number of threads cannot be seen in the result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from underwatch.world import layout as L
from underwatch.world import population
from underwatch.world.draws import split_seed
from underwatch.world.kernels import days as kernel
from underwatch.world.kernels import review
from underwatch.world.kernels.slots import pack
from underwatch.world.rates import rates

RECORD_ROOM = 1 << 17  # incidents a thread holds before they are taken over
TRACE_ROOM = 1 << 20
NO_ACTS = np.zeros((0, 0), np.uint16)


@dataclass
class History:
    """What a world leaves behind, day by day: the raw material of every indicator.

    cells int64[days, 64, indicators] by day and cell; records uint16[n, 8] incidents by week, chunk, day and unit;
    who uint32[n] their subjects (kept in memory only); trace int32[m, 5] the diary's raw material, if asked for.
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
        """All incidents, uint16[n, 8]."""
        return _joined(self.record_blocks, (0, L.RECORD_FIELDS), np.uint16)

    @property
    def who(self) -> np.ndarray:
        """Their subjects, uint32[n]; kept in memory only."""
        return _joined(self.who_blocks, (0,), np.uint32)

    def forget_incidents(self) -> None:
        """Let the incidents so far go, for who reads only the indicators."""
        self.record_blocks.clear()
        self.who_blocks.clear()

    @property
    def trace(self) -> np.ndarray:
        """All trace rows, int32[m, 5]."""
        return _joined(self.trace_blocks, (0, L.TRACE_FIELDS), np.int32)


def _joined(blocks: Sequence[np.ndarray], empty: tuple, dtype: type) -> np.ndarray:
    return np.concatenate(blocks) if blocks else np.zeros(empty, dtype)


@dataclass
class World:
    """One place in one history: town, state, what has come out so far, and the day reached."""

    key: tuple
    town: L.Town
    state: L.State
    history: History
    start: int
    day: int
    order_sum: int = 0
    week_days: int = 0


def init(
    key: tuple,
    town: L.Town,
    state: L.State,
    start: int,
    days: int,
) -> World:
    """A world on the morning of `start` (days since 1970-01-01) with room for `days` days of indicators."""
    cell = population.cells(state.flags)
    adult = state.flags & L.ADULT != 0
    history = History(
        cells=np.zeros((days, L.N_CELLS, L.N_INDICATORS), np.int64),
        residents=np.bincount(cell, minlength=L.N_CELLS),
        adults=np.bincount(cell[adult], minlength=L.N_CELLS),
        watched=np.bincount(cell[population.watched(town, state)], minlength=L.N_CELLS),
    )
    return World(key, town, state, history, start, start)


class Workspace:
    """Scratch and output memory of one thread, made once and used for every world that fits."""

    def __init__(
        self, chunk_residents: int, chunk_units: int, trace_who: int | None = None, acts: np.ndarray = NO_ACTS
    ) -> None:
        n, units = max(1, chunk_residents), max(1, chunk_units)
        rows = (
            4 * n + 16 * units + 64
        )  # two for each of 2 n visits at most; 3 outings of each, 16 spare turns of a unit
        self.scratch = L.Scratch(
            np.zeros((L.N_LANES, n), np.uint16),
            np.zeros((4, rows), np.uint32),
            np.zeros((rows, 4), np.int32),
            np.zeros((4, n), np.uint32),
            np.zeros((2 * n, 4), np.int32),
            np.zeros((2 * n, 7), np.int32),
            np.zeros(7 * units + 2, np.int32),
            np.zeros((units + 1, 5), np.int64),
            np.zeros((units, L.N_TERMS), np.int64),
            np.zeros((units, L.N_FREE), np.int64),
        )
        room = max(RECORD_ROOM, kernel.RECORDS_PER_RESIDENT * (n + 1))
        trace_room = 0 if trace_who is None else max(TRACE_ROOM, kernel.TRACE_PER_RESIDENT * (n + 1))
        self.out = L.Output(
            np.zeros((7, L.N_CELLS, L.N_INDICATORS), np.int64),
            np.zeros((7, 5), np.int64),
            np.zeros((room, L.RECORD_FIELDS), np.uint16),
            np.zeros(room, np.uint32),
            np.zeros(room, np.int32),
            np.zeros((trace_room, L.TRACE_FIELDS), np.int32),
            acts,
            np.zeros(2, np.int64),
            -1 if trace_who is None else trace_who,
        )


@dataclass
class Workers:
    """The threads at work, and their benches."""

    threads: int = 1
    trace_who: int | None = None
    workspaces: list[Workspace] = field(default_factory=list)
    pool: ThreadPoolExecutor | None = None
    acts: np.ndarray = field(default_factory=lambda: NO_ACTS)  # uint16[7, R] of the place at work, for who asks
    town: L.Town | None = None  # the last that the benches were made ready for

    def ready(self, town: L.Town) -> list[Workspace]:
        """A bench for each thread, large enough for the town's chunks."""
        if town is self.town:
            return self.workspaces
        edges = town.unit_start[town.chunk_start]
        residents = int(np.diff(edges).max(initial=1))
        units = int(np.diff(town.chunk_start).max(initial=1))
        fits = self.workspaces and (
            len(self.workspaces[0].scratch.visits) >= 2 * residents and len(self.workspaces[0].scratch.free) >= units
        )
        if not fits:
            room = (residents + 512, units + 64, self.trace_who, self.acts)
            self.workspaces = [Workspace(*room) for _ in range(max(1, self.threads))]
        if self.threads > 1 and self.pool is None:
            self.pool = ThreadPoolExecutor(self.threads)
        self.town = town
        return self.workspaces

    def over(self, n_chunks: int, work: Callable[[Workspace, int, int], list]) -> list:
        """Run `work(bench, first, last)` over ranges of chunks; results in the order of chunks."""
        workspaces = self.workspaces
        if self.threads <= 1 or n_chunks < 2 or self.pool is None:
            return work(workspaces[0], 0, n_chunks)
        edges = [n_chunks * i // self.threads for i in range(self.threads + 1)]
        jobs = [self.pool.submit(work, workspaces[i], edges[i], edges[i + 1]) for i in range(self.threads)]
        return [block for job in jobs for block in job.result()]


def _drain(out: L.Output) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take over a bench's incidents and trace rows."""
    n, m = int(out.used[0]), int(out.used[1])
    out.used[:] = 0
    return out.records[:n].copy(), out.who[:n].copy(), out.trace[:m].copy()


def _collect(world: World, workers: Workers, blocks: list, n_days: int) -> None:
    """Add what the benches counted to the history."""
    for records, who, traced in blocks:
        if len(records):
            world.history.record_blocks.append(records)
            world.history.who_blocks.append(who)
        if len(traced):
            world.history.trace_blocks.append(traced)
    t = world.day - world.start
    for workspace in workers.workspaces:
        kernel.add_up(world.history.cells[t : t + n_days], workspace.out.cells, workspace.out.totals)


def step(world: World, now: np.ndarray, n_days: int, workers: Workers, order: int = 65536) -> None:
    """Take the world through `n_days` days of one week; if the last of them is a Sunday, hold the review."""
    weekday = (world.day + 3) % 7
    if weekday + n_days > 7:
        raise ValueError(f"{n_days} days from weekday {weekday} cross a Sunday")
    workers.ready(world.town)
    n_chunks = len(world.town.chunk_start) - 1
    t = world.day - world.start

    def days(workspace: Workspace, first: int, last: int) -> list:
        blocks = []
        while first < last:
            first = kernel.run_days(
                world.key, world.town, world.state, now, workspace.scratch, workspace.out,
                first, last, world.day, n_days, t, 0,
            )  # fmt: skip
            blocks.append(_drain(workspace.out))
        return blocks

    _collect(world, workers, workers.over(n_chunks, days), n_days)
    world.day += n_days
    world.order_sum += order * n_days
    world.week_days += n_days
    if weekday + n_days == 7:
        _review(world, now, workers)


def _review(world: World, now: np.ndarray, workers: Workers) -> None:
    """Sunday evening: officers, then units, then the snapshot of households."""
    town, state = world.town, world.state
    sunday = world.day - 1
    order = world.order_sum // world.week_days
    for units, organ in ((town.mps_units, L.MPS), (town.mss_units, L.MSS)):
        review.review_officers(
            world.key, town, now, units, organ, state.units[L.UNIT_REPORTS + organ],
            state.officers[organ, L.PRESSURE], state.officers[organ, L.ADDED], order, world.week_days, sunday,
        )  # fmt: skip
    state.units[L.UNIT_REPORTS :] = 0
    events = state.homes[L.HOME_EVENTS].copy()

    def decide(workspace: Workspace, first: int, last: int) -> list:
        blocks = []
        while first < last:
            first = review.review_units(
                world.key,
                town,
                state,
                now,
                workspace.scratch,
                workspace.out,
                events,
                first,
                last,
                sunday,
                sunday - world.start,
                0,
            )
            blocks.append(_drain(workspace.out))
        return blocks

    blocks = workers.over(len(town.chunk_start) - 1, decide)
    world.day -= 1  # what the review counts belongs to the Sunday
    _collect(world, workers, blocks, 1)
    world.day += 1

    def close(workspace: Workspace, first: int, last: int) -> list:
        review.close_week(town, state, now, workspace.scratch, events, first, last)
        return []

    workers.over(len(town.chunk_start) - 1, close)
    world.order_sum = world.week_days = 0


def weeks(phases: Sequence, day: int) -> Iterator[tuple]:
    """Pieces (phase, days) of the calendar from `day` on: within one phase and one week each."""
    for phase in phases:
        end = phase.day + phase.days
        at = max(day, phase.day)
        while at < end:
            n = min(7 - (at + 3) % 7, end - at)
            yield phase, n
            at += n


class Course:
    """A world through its phases, day by day as far as it is asked to go; rates are made once for each phase."""

    def __init__(self, world: World, phases: Sequence) -> None:
        self.world, self.phases = world, phases
        self.made: dict[int, np.ndarray] = {}

    def go(self, until: int, workers: Workers) -> World:
        """Take the world to the morning of day `until` (days since 1970-01-01)."""
        for phase, n in weeks(self.phases, self.world.day):
            days = min(n, until - self.world.day)
            if days <= 0:
                break
            if id(phase) not in self.made:
                self.made[id(phase)] = pack(rates(phase.values, phase.without, phase.order, phase.campaign))
            step(self.world, self.made[id(phase)], days, workers, int(phase.order * 65536 + 0.5))
        return self.world


def run(world: World, phases: Sequence, workers: Workers, progress: Callable[[int], None] | None = None) -> World:
    """Take the world from the day it has reached to the end of `phases`; `progress(days done)` is called weekly."""
    course = Course(world, phases)
    for _, n in weeks(phases, world.day):
        course.go(world.day + n, workers)
        if progress is not None:
            progress(world.day - world.start)
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


def people_of(seed: int, first: int, residents: int, frame: population.Frame, contact_weeks: int) -> tuple:
    """Key, town and first state of a place of `residents` people numbered from `first`."""
    key = split_seed(seed)
    house_start, unit_house = population.draw_town(key, first, residents, frame)
    town = population.settle(first, house_start, unit_house, frame)
    state = population.people(key, town, frame)
    population.open_contact(town, state, contact_weeks)
    return key, town, state
