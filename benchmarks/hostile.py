"""`make bench`: what each hostile file costs, in seconds and memory, until it is refused in one line.

The files are those of `tests/files/hostile`, whose test counts bytes. Here the clock counts too: the machine should
have nothing else to do. Ends with exit code 1 when a file takes longer than 2 s or more than 300 MB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import machine, table

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "build" / "hostile.json"
MOST_SECONDS, MOST_MB = 2.0, 300


def outcomes() -> list[dict]:
    """Return what became of every hostile file."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "files.hostile", folder]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "tests")}
        done = subprocess.run(command, env=environment, cwd=ROOT / "tests", capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_cheap(one: dict) -> bool:
    """Say whether a file was refused, and soon, and took little memory."""
    return one["code"] == 2 and 0 <= one["seconds"] <= MOST_SECONDS and 0 <= one["mb"] <= MOST_MB


def main() -> int:
    """Read every hostile file, print the ten that cost most and all that cost too much, and write them all down."""
    found = sorted(outcomes(), key=lambda one: -one["seconds"])
    dear = [one for one in found if not is_cheap(one)]
    shown = found[:10] + [one for one in dear if one not in found[:10]]
    rows = [(one["case"], f"{one['seconds']:.2f} s", f"{one['mb']} MB", str(one["code"])) for one in shown]
    print(table(("hostile file", "time", "memory added", "exit code"), rows))
    print(f"{len(found)} hostile files, {len(dear)} of them over {MOST_SECONDS:g} s or {MOST_MB} MB, or not refused")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": machine(), "files": found}, indent=1) + "\n", encoding="utf-8")
    return int(bool(dear))


if __name__ == "__main__":
    sys.exit(main())
