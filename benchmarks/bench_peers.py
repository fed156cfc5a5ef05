"""`make bench-peers`: one small model in seven libraries and through Underwatch's own kernels, on this machine.

Each library is installed at a pinned version into throw-away environments under `build/`, and measured in a process of
its own: warm, on one thread, the best of three by processor time. One that cannot be installed or run is reported as
such, with the reason, and the rest goes on. The law of the model is checked for all. `law.py` tells the model.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from machine import machine, table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULT = ROOT / "build" / "bench-peers.json"
LAW_DAYS = 200
# Four standard errors either side of what an exact run gives at 100,000 residents over 200 days.
LAW = {"outings_per_resident_day": (0.2896, 0.2905), "followed_per_1000_residents_and_day": (2.30, 2.36)}
ONE_THREAD = dict.fromkeys(("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
TWO_SIZES = ("10000:200", "100000:200")
SLOW_SIZES = ("10000:50", "100000:20")
NEW = ("numpy==2.4.6", "numba==0.68.1", "pandas==3.1.1", "polars==2.1.0")
# mesa-frames asks for an older NumPy, and so has an environment of its own.
OLD = ("numpy==1.26.4", "pandas==3.0.6", "polars==2.1.0")


@dataclass(frozen=True)
class Peer:
    """A library: its name, pinned version, file in `peers/`, environment, and the sizes and days measured."""

    name: str
    version: str
    module: str
    package: str
    sizes: tuple[str, ...] = TWO_SIZES
    beside: tuple[str, ...] = NEW

    @property
    def environment(self) -> Path:
        return ROOT / "build" / ("peers" if self.beside == NEW else "peers-older-numpy")


PEERS = (
    Peer("Mesa", "3.3.1", "mesa_peer", "mesa", SLOW_SIZES),
    Peer("AgentPy", "0.1.5", "agentpy_peer", "agentpy", SLOW_SIZES),
    Peer("mesa-frames", "0.1.0a0", "mesa_frames_peer", "mesa-frames", beside=OLD),
    Peer("AMBER", "0.5.1", "ambr_peer", "ambr"),
    Peer("AMBER, own arrays", "0.5.1", "ambr_arrays_peer", "ambr"),
    Peer("Starsim", "3.6.1", "starsim_peer", "starsim"),
    Peer("LASER", "1.0.5", "laser_peer", "laser-core"),
)


class CannotMeasureError(Exception):
    """A library could not be installed or run here; the message is the last thing it said."""


def said(command: list[str]) -> str:
    """Run a command and return what it printed; CannotMeasureError with its last line if it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=900, check=False, env=os.environ | ONE_THREAD
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise CannotMeasureError(f"{type(problem).__name__}: {command[-1]}") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        raise CannotMeasureError(lines[-1].strip()[:200] if lines else f"exit code {done.returncode}")
    return done.stdout


def install(peer: Peer) -> Path:
    """Make the peer's environment if need be, install the peer, and return its Python."""
    python = peer.environment / "bin" / "python"
    if not python.exists():
        venv.create(peer.environment, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    said([*pip, f"{peer.package}=={peer.version}", *peer.beside])
    return python


def measured(python: Path | str, module: str, sizes: tuple[str, ...]) -> dict:
    """Run `measure.py` for a module and return its figures."""
    out = said([str(python), str(HERE / "peers" / "measure.py"), module, str(LAW_DAYS), *sizes])
    return json.loads(out.splitlines()[-1])


def agrees(law: dict) -> bool:
    """Say whether a run follows the law of the model, within four standard errors."""
    return all(low <= law[name] <= high for name, (low, high) in LAW.items())


def rows_of(name: str, number: str, found: dict) -> list[dict]:
    """Return one row for each size measured."""
    law = found["law"]
    return [
        {"name": name, "version": number, **size, "agrees_in_law": agrees(law), "law": law} for size in found["sizes"]
    ]


def measure_all() -> list[dict]:
    """Return the rows of all libraries and of Underwatch, each with its ratio to Underwatch at the same size."""
    own = measured(sys.executable, "toy", ("10000:5000", "100000:2000"))
    rows = rows_of("Underwatch", version("underwatch"), own)
    for peer in PEERS:
        print(f"{peer.name} {peer.version} ...", file=sys.stderr, flush=True)
        try:
            rows += rows_of(peer.name, peer.version, measured(install(peer), peer.module, peer.sizes))
        except CannotMeasureError as problem:
            nothing = {"residents": None, "resident_days_per_core_second": None, "bytes_per_resident": None}
            rows.append({"name": peer.name, "version": peer.version, **nothing, "reason": str(problem)})
    speeds = {size["residents"]: size["resident_days_per_core_second"] for size in own["sizes"]}
    for row in rows:
        if row["residents"]:
            row["underwatch_is_times_faster"] = round(
                speeds[row["residents"]] / row["resident_days_per_core_second"], 2
            )
        row["machine"] = machine()
    return rows


def show(rows: list[dict]) -> str:
    """Return the rows as a table for the eye."""
    lines, reasons = [], []
    for row in rows:
        if row["residents"] is None:
            reasons.append(f"{row['name']} {row['version']} was not measured: {row['reason']}")
            continue
        lines.append(
            (
                f"{row['name']} {row['version']}",
                f"{row['residents']:,}",
                f"{row['resident_days_per_core_second'] / 1e6:,.2f}",
                f"{row['underwatch_is_times_faster']:,.1f}",
                f"{row['bytes_per_resident']:,.1f}",
                "yes" if row["agrees_in_law"] else "NO",
            )
        )
    head = ("library", "residents", "million a core-second", "Underwatch is x times", "bytes each", "in law")
    return "\n".join([table(head, lines), *reasons])


def main() -> None:
    """Measure, print the table and write `build/bench-peers.json`; exit code 1 if a law is broken."""
    rows = measure_all()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print(show(rows))
    print(f"written to {RESULT.relative_to(ROOT)}")
    sys.exit(0 if all(row.get("agrees_in_law", True) for row in rows) else 1)


if __name__ == "__main__":
    main()
