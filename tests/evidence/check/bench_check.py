"""How long a package of 100,000 reports with its history takes to check.

Run: PYTHONPATH=tests python tests/evidence/check/bench_check.py [FOLDER]
"""

import sys
import tempfile
import time
from pathlib import Path

from underwatch.evidence.check.checking import check_files
from underwatch.evidence.folder import read_files, write_files
from underwatch.evidence.format.ids import new_id
from underwatch.evidence.format.table_schemas import REPORTS
from underwatch.evidence.history import recorded
from underwatch.evidence.package import new_package, to_files
from underwatch.evidence.samples.synthetic import synthetic_package

N_REPORTS = 100_000


def large_package():
    """The synthetic reports twenty times over, each row with identifiers of its own."""
    rows = synthetic_package()[0].table(REPORTS).rows
    package = new_package("synthetic", ("effort_unknown", "synthetic"))
    many = [(new_id(), new_id(), *row[2:4], "", "", *row[6:]) for _ in range(N_REPORTS // len(rows)) for row in rows]
    return recorded(package.with_rows(REPORTS, many), new_id(), "coding")


def benchmark(folder, n=5):
    """Return the wall-clock seconds of each of n checks of the folder, reading included, and the findings."""
    seconds, found = [], []
    for _ in range(n):
        start = time.perf_counter()
        found = check_files(read_files(folder))
        seconds.append(time.perf_counter() - start)
    return seconds, found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(place) / "large"
        if not folder.exists():
            write_files(folder, to_files(large_package()))
        size = sum(path.stat().st_size for path in folder.rglob("*.csv")) / 1e6
        seconds, found = benchmark(folder)
        spread = f"best {min(seconds):.2f} s, worst {max(seconds):.2f} s of {len(seconds)}"
        print(f"{N_REPORTS:,} reports with their history, {size:.0f} MB: {spread}")
        print(sorted({(one.level, one.code) for one in found}) or "clean")
