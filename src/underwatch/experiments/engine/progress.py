"""How far a run is, on standard error: a bar with time left on a terminal, and a word before the first compile."""

from __future__ import annotations

from types import TracebackType

from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from underwatch.terminal import printable, progress_console, say
from underwatch.world.kernels import compiled
from underwatch.world.kernels import days as kernel

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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def advance(self, resident_days: int) -> None:
        """Count resident-days as done; any thread may."""
        self.bar.advance(self.task, resident_days)

    def say(self, what: str) -> None:
        """Name what is at work."""
        self.bar.update(self.task, description=printable(what))


def is_cold() -> bool:
    """Say whether the kernel must be compiled: neither in memory nor, up to date, in Numba's cache on disk."""
    kernel_of_days = kernel.run_days
    if kernel_of_days.signatures:
        return False
    try:
        return not kernel_of_days._cache._cache_file._load_index()
    except (AttributeError, OSError, ValueError):
        return False


def warn_if_cold() -> bool:
    """Say that the first run compiles, or why every run has to; return whether this one does."""
    cold = is_cold()
    if cold and compiled.NOT_KEPT:
        told = f"compiling, about {COMPILE_SECONDS} s at every start: compiled code is not kept, as {compiled.NOT_KEPT}"
        say(told, err=True)
    elif cold:
        say(f"compiling once, about {COMPILE_SECONDS} s; later runs start at once", err=True)
    return cold
