# ruff: noqa: E501 - tables are read by the line
"""make study: speed-up over threads and over workers of a Dask cluster, as a section of docs/how-to/cluster.md.

The same worlds each time, none kept from before; the best of three goes, turn about, so that others at work disturb all.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from distributed import LocalCluster
from machine import machine
from sections import put_section

from underwatch.experiments.engine.executors import executor_for
from underwatch.experiments.engine.tasks import Results, run_tasks
from underwatch.experiments.sweep import SweepTask, headlines_of
from underwatch.world.scenario_file import scenario_for

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "cluster.md"
SIZES = {10_000: 200, 153_532: 24}  # residents of a world, and how many worlds
WORKERS = (1, 2)
GOES = 3


@contextmanager
def workers(n: int) -> Iterator[str]:
    """Give the address of a scheduler with `n` worker processes of one thread each."""
    with LocalCluster(n, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:
        yield cluster.scheduler_address


def seconds(worlds: list[SweepTask], threads: int | None, dask: str | None) -> float:
    """Return the seconds on the wall for all worlds; what is compiled or read once is done before."""
    with executor_for(threads, dask) as executor:
        list(executor.map(headlines_of, worlds[: 2 * max(WORKERS)]))
        begun = time.perf_counter()
        run_tasks(worlds, headlines_of, executor, Results({}))
        return time.perf_counter() - begun


def main() -> None:
    rows = {}
    with workers(1) as one, workers(2) as two:
        ways = {
            "1 thread": (1, None),
            "2 threads": (2, None),
            "1 worker process": (None, one),
            "2 worker processes": (None, two),
        }
        for residents, n in SIZES.items():
            scenario = scenario_for("hoeryong", population=residents)
            worlds = [SweepTask(scenario, seed) for seed in range(n)]
            goes = [{name: seconds(worlds, *way) for name, way in ways.items()} for _ in range(GOES)]
            rows[residents] = {name: min(go[name] for go in goes) for name in ways}
    own = machine()
    lines = [
        f"A year of synthetic towns on {own['cpu']}, {own['cores']} cores, {own['date']}; seconds on the wall, the best of {GOES} (`make study`).",
        "",
        f"| | {' | '.join(f'{n} worlds of {residents:,} residents' for residents, n in SIZES.items())} |",
        "| --- " * (1 + len(SIZES)) + "|",
    ]
    for name in ways:
        cells = [f"{found[name]:.1f} s, {found['1 thread'] / found[name]:.2f} times" for found in rows.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    print("\n".join(lines))
    put_section(PAGE, "speed-up", lines)


if __name__ == "__main__":
    main()
