"""Threads and their memory: made once, used for every world that fits, and handed to the kernels range by range.

Threads take ranges of chunks; what they count is integers, and incidents are put together in the order of chunks, so
the number of threads cannot be seen in the result.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from underwatch.shown import Displayed
from underwatch.world import layout as L
from underwatch.world.kernels.days import RECORDS_PER_RESIDENT, TRACE_PER_RESIDENT

RECORD_ROOM = 1 << 17  # incidents a thread holds before they are taken over
TRACE_ROOM = 1 << 20
NO_ACTS = np.zeros((0, 0), np.uint16)
Kernel = Callable[..., int]
Block = tuple[np.ndarray, np.ndarray, np.ndarray]  # incidents, their subjects, trace rows


class Workspace:
    """Scratch and output memory of one thread, large enough for chunks of so many residents and units."""

    def __init__(
        self, chunk_residents: int, chunk_units: int, trace_who: int | None = None, acts: np.ndarray = NO_ACTS
    ) -> None:
        n, units = max(1, chunk_residents), max(1, chunk_units)
        rows = (
            4 * n + 16 * units + 64
        )  # two for each of 2 n visits at most; 3 outings of each, 16 spare turns of a unit
        self.scratch = L.Scratch(
            np.zeros((L.N_BUFFERS, n), np.uint16),
            np.zeros((4, rows), np.uint32),
            np.zeros((rows, 5), np.int32),
            np.zeros((4, n), np.uint32),
            np.zeros((2 * n, 4), np.int32),
            np.zeros((2 * n, 8), np.int32),
            np.zeros(7 * units + 2, np.int32),
            np.zeros((units + 1, L.N_SPANS), np.int64),
            np.zeros((units, L.N_TERMS), np.int64),
            np.zeros((units, L.N_FREE), np.int64),
            np.zeros((n, L.N_CASE), np.int32),
        )
        room = max(RECORD_ROOM, RECORDS_PER_RESIDENT * (n + 1))
        trace_room = 0 if trace_who is None else max(TRACE_ROOM, TRACE_PER_RESIDENT * (n + 1))
        self.out = L.Output(
            np.zeros((7, L.N_CELLS, L.N_INDICATORS), np.int64),
            np.zeros((7, 5), np.int64),
            np.zeros((room, len(L.WORD)), np.uint16),
            np.zeros(room, np.uint32),
            np.zeros(room, np.int32),
            np.zeros(trace_room, L.TRACE),
            acts,
            np.zeros(2, np.int64),
            -1 if trace_who is None else trace_who,
        )

    def fits(self, residents: int, units: int) -> bool:
        """Say whether a chunk of so many residents and units has room."""
        return len(self.scratch.visits) >= 2 * residents and len(self.scratch.free) >= units

    def take(self, kernel: Kernel, first: int, last: int, *rest: Any) -> list[Block]:
        """Call `kernel(scratch, out, first, last, *rest)` until these chunks are done; what it put out, in order."""
        blocks: list[Block] = []
        while first < last:
            first = kernel(self.scratch, self.out, first, last, *rest)
            blocks += self.drain()
        return blocks

    def drain(self) -> list[Block]:
        """Take over the incidents and trace rows, if there are any, and make room."""
        out = self.out
        n, m = out.used.tolist()
        if not n and not m:
            return []
        out.used[:] = 0
        # Copied as words and then read as incidents: NumPy copies structures field by field, forty times slower
        return [(out.records[:n].copy().view(L.INCIDENT)[:, 0], out.who[:n].copy(), out.trace[:m].copy())]


@dataclass(repr=False)
class Workers(Displayed):
    """The threads at work, each with its workspace. As a context it lets its threads go at the end."""

    threads: int = 1
    trace_who: int | None = None
    workspaces: list[Workspace] = field(default_factory=list)
    pool: ThreadPoolExecutor | None = None
    acts: np.ndarray = field(default_factory=lambda: NO_ACTS)  # uint16[7, R] of the place at work, for who asks
    town: L.Town | None = None  # the last that the workspaces were made ready for

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.shutdown()
            self.pool = None

    def ready(self, town: L.Town) -> None:
        """Make a workspace for each thread that is large enough for the town's chunks."""
        if town is self.town:
            return
        residents = int(np.diff(town.unit_start[town.chunk_start]).max(initial=1))
        units = int(np.diff(town.chunk_start).max(initial=1))
        if not self.workspaces or not self.workspaces[0].fits(residents, units):
            room = (residents + 512, units + 64, self.trace_who, self.acts)
            self.workspaces = [Workspace(*room) for _ in range(max(1, self.threads))]
        if self.threads > 1 and self.pool is None:
            self.pool = ThreadPoolExecutor(self.threads)
        self.town = town

    def over(self, kernel: Kernel, n_chunks: int, *rest: Any) -> list[Block]:
        """Call `kernel(scratch, out, first, last, *rest)` over all chunks; what it put out, in their order.

        A kernel whose output is full stops early and returns the next chunk: what there is is taken over, and it goes
        on from there.
        """
        if self.pool is not None and n_chunks > 1:
            edges = [n_chunks * i // self.threads for i in range(self.threads + 1)]
            ranges = zip(self.workspaces, edges[:-1], edges[1:], strict=True)
            jobs = [self.pool.submit(workspace.take, kernel, *ends, *rest) for workspace, *ends in ranges]
            return [block for job in jobs for block in job.result()]
        # `take` of the one workspace, written out: small worlds come here three times a week.
        workspace, first = self.workspaces[0], 0
        blocks: list[Block] = []
        while first < n_chunks:
            first = kernel(workspace.scratch, workspace.out, first, n_chunks, *rest)
            blocks += workspace.drain()
        return blocks
