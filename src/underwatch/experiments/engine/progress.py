"""How far a run is, on standard error: a bar with time left on a terminal, and a word before the first compile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from underwatch.terminal import printable, progress_console, say

if TYPE_CHECKING:
    from underwatch.world.scenario import Scenario

COMPILE_SECONDS = 40


class Progress:
    """A bar over resident-days; without a terminal it stays silent."""

    def __init__(self, total: int) -> None:
        console = progress_console()
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
        self.bar = Bar(*columns, *times, console=console, disable=not console.is_terminal, transient=True)
        self.task: TaskID = self.bar.add_task("", total=total)

    def __enter__(self) -> Progress:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def advance(self, resident_days: int) -> None:
        """Count resident-days as done; any thread may."""
        self.bar.advance(self.task, resident_days)

    def say(self, what: str) -> None:
        """Name what is at work."""
        self.bar.update(self.task, description=printable(what))


def is_cold() -> bool:
    """Say whether the kernel must be compiled: neither in memory nor, up to date, in Numba's cache on disk."""
    from underwatch.world.kernels import days  # here, as what finds its worlds kept needs no kernel

    kernel = days.run_days
    if kernel.signatures:
        return False
    try:
        return not kernel._cache._cache_file._load_index()
    except (AttributeError, OSError, ValueError):
        return False


def warn_if_cold() -> bool:
    """Say that the first run compiles, or why every run has to; return whether this one does."""
    from underwatch.world.kernels import compiled

    cold = is_cold()
    if cold and compiled.NOT_KEPT:
        why = f"compiled code is not kept, as {compiled.NOT_KEPT}"
        say(f"compiling, about {COMPILE_SECONDS} s at every start: {why}", err=True)
    elif cold:
        say(f"compiling once, about {COMPILE_SECONDS} s; later runs start at once", err=True)
    return cold


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


def compile_first(scenario: Scenario) -> None:
    """Let a few residents live a week, so that all is compiled before it is timed, and a stop need not wait for it."""
    from underwatch.experiments.engine.worlds import init_world
    from underwatch.world import simulate

    end = min(scenario.end, scenario.start + timedelta(6))
    few = scenario.replace(places=scenario.places[:1], population=50, end=end, changes=(), settle_weeks=0)
    simulate.run(init_world(few, few.places[0], few.seed), few.phases())
