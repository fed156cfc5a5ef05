"""Where and how a figure was measured: the machine in words that name nobody, and a clock of processor time."""

from __future__ import annotations

import gc
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def cpu_model() -> str:
    """Return the processor's own name, or its architecture where the system does not tell."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def machine() -> dict[str, str | int]:
    """Return what a reader needs to place a figure; no name of a host or a user."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        "numba": version("numba"),
        "numpy": version("numpy"),
        "date": datetime.now(UTC).date().isoformat(),
    }


def cpu_seconds(work: Callable[[], object], times: int = 3, clock: Callable[[], float] = time.process_time) -> float:
    """Return the least processor time of `work` in `times` goes; pass `time.perf_counter` for time on the wall."""
    best = float("inf")
    for _ in range(times):
        gc.collect()
        begun = clock()
        work()
        best = min(best, clock() - begun)
    return best


def peak_bytes() -> int:
    """Return the most memory the process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return rows under a head, first column to the left and the others to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(row: tuple[str, ...]) -> str:
        return "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        )

    return "\n".join([line(head), line(tuple("-" * w for w in widths)), *map(line, rows)])
