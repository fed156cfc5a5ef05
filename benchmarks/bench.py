"""`make bench`: how fast the engine is, what each mechanism costs, and how close it comes to the limit of its luck.

All figures of one table come from one run on one machine, by processor time on one thread unless it says otherwise,
the best of three, with compiling left out. `--full` runs a world year of the whole country besides.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from machine import cpu_seconds, machine, peak_bytes, table
from numba import njit

from underwatch.experiments.engine.progress import Clock
from underwatch.experiments.engine.tasks import Results, run_tasks
from underwatch.experiments.engine.worlds import init_world
from underwatch.experiments.sweep import SweepTask, headlines_of
from underwatch.facts import Place
from underwatch.world import population, simulate
from underwatch.world.draws import Purpose, split_seed, threefry
from underwatch.world.scenario_file import scenario_for
from underwatch.world.workers import Workers

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "build" / "bench.json"

SMALL_RESIDENTS = 10_000
LARGE_RESIDENTS = 1_000_000
DRAWN = 100_000_000  # resident-days of the loops that only draw
BLOCK = 4096  # residents whose two words stay in the first-level cache
RULES = tuple(f"S{number}" for number in range(3, 18) if number != 12)
P_DAY = np.uint32(int(Purpose.DAY) << 16)
u32 = np.uint32


# --- the limits: luck alone, memory alone -----------------------------------------------------------------------


@njit(nogil=True, _nrt=False)
def only_draw(k0, k1, residents, days):
    """Two words for each resident and day, kept alive by a sum: what the same luck costs if nothing is done with it."""
    total = u32(0)
    for day in range(days):
        c1 = u32(P_DAY | u32(day))
        for who in range(residents):
            a, b = threefry(k0, k1, u32(who), c1)
            total = u32(total + u32(a ^ b))
    return total


@njit(nogil=True, _nrt=False)
def draw_and_keep(k0, k1, days, a, b):
    """Write both words into a buffer that fits the first-level cache, as a model that uses them has to."""
    for day in range(days):
        c1 = u32(P_DAY | u32(day))
        for who in range(len(a)):
            a[who], b[who] = threefry(k0, k1, u32(who), c1)


@njit(nogil=True, _nrt=False)
def stream(words):
    """Read and write every word of an array once."""
    for i in range(len(words)):
        words[i] ^= np.uint64(1)


def luck_limit(times: int) -> dict[str, float]:
    """Return resident-days per core-second of the two loops that only draw."""
    k0, k1 = split_seed(1)
    a, b = np.zeros(BLOCK, u32), np.zeros(BLOCK, u32)
    residents = 100_000
    only_draw(k0, k1, 8, 1)
    draw_and_keep(k0, k1, 1, a, b)
    days, short = DRAWN // residents, DRAWN // BLOCK
    return {
        "draw_and_sum": residents * days / cpu_seconds(lambda: only_draw(k0, k1, residents, days), times),
        "draw_and_keep": BLOCK * short / cpu_seconds(lambda: draw_and_keep(k0, k1, short, a, b), times),
    }


def stream_limit(bytes_per_resident: float, residents: int, times: int) -> float:
    """Return resident-days per core-second of a pass that only takes the state through memory, once a day."""
    words = np.zeros(max(1, int(bytes_per_resident * residents / 8)), np.uint64)
    stream(words)
    return residents / cpu_seconds(lambda: stream(words), 3 * times)


# --- the model --------------------------------------------------------------------------------------------------


def people(scenario) -> tuple:
    """Return key, town and first state of a scenario of one place."""
    phase, border = scenario.phases()[0], scenario.places[0].border
    return population.people_of(
        population.InitialConditions.of(phase, border, scenario.seed, 0, scenario.residents, scenario.days)
    )


def array_bytes(parts: Iterable) -> int:
    """Return the bytes of all arrays among the fields of a town or a state."""
    return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))


def start(made: tuple, scenario) -> simulate.World:
    """Return a fresh world on its first morning; the state is copied, so that `made` serves again."""
    key, town, state = made
    fresh = type(state)(*(part.copy() if isinstance(part, np.ndarray) else part for part in state))
    return simulate.world_of(key, town, fresh, scenario.phases()[0].day, scenario.days)


def speed(made: tuple, scenario, workers: Workers, times: int = 3, clock=time.process_time) -> float:
    """Return resident-days per second of a warm year, the state's copy left out."""
    phases = scenario.phases()
    worlds = [start(made, scenario) for _ in range(times)]
    left = iter(worlds)
    return (
        scenario.residents
        * scenario.days
        / cpu_seconds(lambda: simulate.run(next(left), phases, workers), times, clock)
    )


def rules_one_by_one(scenario, made_with, workers: Workers, times: int) -> list[dict]:
    """Return the speed without S3 to S17, then with one rule added back after another."""
    rows = []
    for n in range(len(RULES) + 1):
        now = scenario.replace(without=frozenset(RULES[n:]))
        rows.append({
            "added": RULES[n - 1] if n else "S1, S2 and the calendar alone",
            "resident_days_per_core_second": round(speed(made_with(now), now, workers, times)),
        })  # fmt: skip
    return rows


def first_week() -> float:
    """Return the seconds until a first week is over, with what the cache does not hold compiled on the way."""
    scenario = scenario_for("hoeryong", days=7, population=500)
    begun = time.perf_counter()
    simulate.run(start(people(scenario), scenario), scenario.phases(), Workers())
    return time.perf_counter() - begun


def compile_seconds() -> float:
    """Return the seconds of a first week in a process of its own with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--first-week"]
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def many_small_runs(threads: int, runs: int) -> dict[str, float]:
    """Run a year of many small places with luck of their own, side by side: what inference does all day."""
    scenario = scenario_for("hoeryong", population=SMALL_RESIDENTS)
    phases, workspace = scenario.phases(), threading.local()

    def one(number: int) -> None:
        if not hasattr(workspace, "workers"):
            workspace.workers = Workers(1)
        simulate.run(init_world(scenario, scenario.places[0], number), phases, workspace.workers)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(threads)))
        begun, cpu = time.perf_counter(), time.process_time()
        list(pool.map(one, range(runs)))
        wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    work = scenario.residents * scenario.days * runs
    return {
        "runs": runs,
        "residents": SMALL_RESIDENTS,
        "threads": threads,
        "resident_days_per_core_second": round(work / cpu),
        "resident_days_per_second": round(work / wall),
    }


def layer_overhead(threads: int, runs: int) -> dict[str, float]:
    """Run the same small worlds through the ensemble layer, results kept in a file, and bare; turn about, the best."""
    scenario = scenario_for("hoeryong", population=SMALL_RESIDENTS)
    worlds = [SweepTask(scenario, seed) for seed in range(runs)]
    best = {"bare": float("inf"), "layer": float("inf")}
    with ThreadPoolExecutor(threads) as pool, tempfile.TemporaryDirectory() as folder:
        list(pool.map(headlines_of, worlds[:threads]))
        for go in range(3):
            begun = time.process_time()
            list(pool.map(headlines_of, worlds))
            best["bare"] = min(best["bare"], time.process_time() - begun)
            begun = time.process_time()
            with Results({"what": "bench"}, Path(folder) / f"{go}.jsonl") as results:
                run_tasks(worlds, headlines_of, pool, results)
            best["layer"] = min(best["layer"], time.process_time() - begun)
    return {"runs": runs, "share": round(best["layer"] / best["bare"] - 1.0, 4)}


def country_year(threads: int) -> dict[str, float]:
    """Run one world year of all 178 places, side by side, the largest first; building is reported apart."""
    scenario = scenario_for("country")
    phases, workspace, clock = scenario.phases(), threading.local(), Clock()

    def one(place: Place) -> None:
        if not hasattr(workspace, "workers"):
            workspace.workers = Workers(1)
        with clock.on("building"):
            world = init_world(scenario, place, scenario.seed)
        with clock.on("simulating"):
            simulate.run(world, phases, workspace.workers)

    begun, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, sorted(scenario.places, key=lambda place: -place.population)))
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return {
        "residents": scenario.residents,
        "threads": threads,
        "wall_seconds": round(wall, 2),
        "core_seconds": round(cpu, 2),
        "building_thread_seconds": round(clock.seconds["building"], 2),
        "running_thread_seconds": round(clock.seconds["simulating"], 2),
        "resident_days_per_core_second": round(scenario.residents * scenario.days / cpu),
        "peak_bytes": peak_bytes(),
    }


def country_command(threads: int) -> dict[str, object]:
    """Run `underwatch run country` as a user does, and return its seconds, what it says of them, and its memory."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", "country", "--threads", str(threads), "--out", f"{folder}/country"]
        command = [sys.executable, "-c", "from underwatch.cli import main; main()", *words]
        begun = time.perf_counter()
        with Path(folder, "told").open("w+") as told:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told)
            _, code, used = os.wait4(process.pid, 0)  # of this process alone, not of the others that were waited for
            wall = time.perf_counter() - begun
            told.seek(0)
            lines = told.read().splitlines()
        if code:
            raise RuntimeError("underwatch run country: " + " ".join(lines[-1:]))
        written = sum(path.stat().st_size for path in Path(folder, "country").iterdir())
    return {
        "wall_seconds": round(wall, 1),
        "core_seconds": round(used.ru_utime + used.ru_stime, 1),
        "spent": next(line for line in lines if "on the wall" in line),
        "peak_bytes": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "written_bytes": written,
    }


# --- the table --------------------------------------------------------------------------------------------------


def measure(args: argparse.Namespace) -> dict:
    """Measure everything once and return it as written to `build/bench.json`."""
    one, two = Workers(threads=1), Workers(threads=2)
    cores = min(2, os.cpu_count() or 1)
    hoeryong = scenario_for("hoeryong", days=args.days)
    compiled = compile_seconds()
    first_week()
    made = people(hoeryong)
    small = hoeryong.replace(population=SMALL_RESIDENTS)
    large = hoeryong.replace(population=LARGE_RESIDENTS)
    made_small, made_large = people(small), people(large)
    simulate.run(start(made_small, small), small.phases(), one)  # warm
    luck = luck_limit(args.times)
    full = speed(made, hoeryong, one, args.times)
    bytes_each = (array_bytes(made[1]) + array_bytes(made[2])) / hoeryong.residents
    state_each = array_bytes(made[2]) / hoeryong.residents
    goes = [speed(made, hoeryong, workers, 1, time.perf_counter) for _ in range(args.times) for workers in (one, two)]
    wall_one, wall_two = max(goes[::2]), max(goes[1::2])  # turn about, so that others at work disturb both
    steps = rules_one_by_one(hoeryong.replace(end=hoeryong.start + (hoeryong.end - hoeryong.start) // 4), people, one,
                             args.times)  # fmt: skip
    begun = time.process_time()
    people(hoeryong)
    building = time.process_time() - begun
    return {
        "resident_days_per_core_second": round(full),
        "bytes_per_resident": round(bytes_each, 2),
        "luck_ratio": round(full / luck["draw_and_sum"], 4),
        "state_bytes_per_resident": round(state_each, 2),
        "luck_ratio_kept": round(full / luck["draw_and_keep"], 4),
        "luck_resident_days_per_core_second": {name: round(value) for name, value in luck.items()},
        "stream_resident_days_per_core_second": round(stream_limit(bytes_each, LARGE_RESIDENTS, args.times)),
        "small": {"residents": SMALL_RESIDENTS,
                  "resident_days_per_core_second": round(speed(made_small, small, one, 3 * args.times))},
        "large": {"residents": LARGE_RESIDENTS,
                  "resident_days_per_core_second": round(speed(made_large, large, one, 1))},
        "wall": {"one_thread": round(wall_one), "two_threads": round(wall_two), "gain": round(wall_two / wall_one, 2)},
        "rules_added": steps,
        "building_core_seconds": round(building, 3),
        "compile_seconds": round(compiled, 2),
        "days": hoeryong.days,
        "residents": hoeryong.residents,
        "many_small": many_small_runs(cores, 1000 if args.full else 200),
        "layer_overhead": layer_overhead(cores, 100),
        **({"country": country_year(cores), "country_command": country_command(cores)} if args.full else {}),
        "peak_bytes": peak_bytes(),
        "load_average": round(os.getloadavg()[0], 2),
        "machine": machine(),
    }  # fmt: skip


def show(found: dict) -> str:
    """Return the figures as a table for the eye."""
    luck = found["luck_resident_days_per_core_second"]["draw_and_sum"]

    def row(name: str, value: float) -> tuple[str, ...]:
        return name, f"{value / 1e6:,.1f}", f"{value / luck:.3f}"

    rows = [
        row("luck: two words, summed", luck),
        row("luck: two words, kept in a small buffer", found["luck_resident_days_per_core_second"]["draw_and_keep"]),
        row("memory: the arrays once through", found["stream_resident_days_per_core_second"]),
        row(f"full model, Hoeryong ({found['residents']:,})", found["resident_days_per_core_second"]),
        row(f"full model, {found['small']['residents']:,}", found["small"]["resident_days_per_core_second"]),
        row(f"full model, {found['large']['residents']:,}", found["large"]["resident_days_per_core_second"]),
        *(row(f"  with {step['added']}", step["resident_days_per_core_second"]) for step in found["rules_added"]),
    ]
    place = found["machine"]
    lines = [
        table(("million resident-days per core-second", "speed", "of luck"), rows),
        "",
        f"bytes per resident {found['bytes_per_resident']} (state {found['state_bytes_per_resident']}); "
        f"peak memory {found['peak_bytes'] / 2**20:,.0f} MiB; "
        f"two threads {found['wall']['gain']} times one on the wall (load {found['load_average']})",
        f"until a first week is over, all compiled afresh: {found['compile_seconds']} s; "
        f"building Hoeryong: {found['building_core_seconds']} s",
    ]
    small = found["many_small"]
    lines.append(
        f"{small['runs']:,} runs of {small['residents']:,} residents for a year, each built anew: "
        f"{small['resident_days_per_core_second'] / 1e6:,.1f} million resident-days per core-second"
    )
    lines.append(f"what the ensemble layer adds to them: {found['layer_overhead']['share']:+.1%} of processor time")
    if "country" in found:
        country, command = found["country"], found["country_command"]
        lines.append(
            f"country: {country['residents']:,} residents, a year in {country['wall_seconds']} s on "
            f"{country['threads']} threads ({country['resident_days_per_core_second'] / 1e6:,.1f} million per "
            f"core-second; building {country['building_thread_seconds']} s of thread time)"
        )
        lines.append(
            f"underwatch run country: {command['wall_seconds']} s ({command['core_seconds']} core-seconds), "
            f"peak {command['peak_bytes'] / 2**20:,.0f} MiB, "
            f"{command['written_bytes'] / 2**20:,.0f} MiB written; {command['spent']}"
        )
    lines.append(
        f"{place['cpu']}, {place['cores']} cores, Python {place['python']}, Numba {place['numba']}, {place['date']}"
    )
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table and write `build/bench.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365, help="days simulated (365)")
    parser.add_argument("--times", type=int, default=3, help="goes, of which the best counts (3)")
    parser.add_argument("--full", action="store_true", help="also a year of the country, 23.3 million residents")
    parser.add_argument("--first-week", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.first_week:
        print(first_week())
        return
    found = measure(args)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(show(found))
    print(f"written to {RESULT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
