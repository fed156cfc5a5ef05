"""Measure one library in its own process: `python measure.py MODULE LAW_DAYS N:DAYS...`, figures as JSON.

Memory is what the arrays hold where a library keeps plain arrays (`bytes_of`), and otherwise the growth of the process
while the town is built. Warm: a small town is built and run first. Best of three by the processor time of the whole
process.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]


def resident_bytes():
    """Return the memory the process holds now, as the system counts it."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def give_back():
    """Hand freed memory back to the system, so that what is built next shows as growth."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def go(peer, n, days, built=None):
    """Return resident-days per core-second of one go, and its daily totals."""
    town = built or peer.build(n, days)
    gc.collect()
    begun = time.process_time()
    totals = peer.run(town, days)
    return n * days / (time.process_time() - begun), totals


def main():
    peer = importlib.import_module(sys.argv[1])
    law_days = int(sys.argv[2])
    peer.run(peer.build(3000, 14), 14)
    found = {"sizes": []}
    for part in sys.argv[3:]:
        n, days = map(int, part.split(":"))
        give_back()
        before = resident_bytes()
        town = peer.build(n, law_days if n >= 100_000 else days)
        held = peer.bytes_of(town) if hasattr(peer, "bytes_of") else resident_bytes() - before
        speeds = []
        if n >= 100_000:
            speed, totals = go(peer, n, law_days, town)
            speeds.append(speed)
            outings = sum(float(row[0]) for row in totals)
            followed = sum(float(row[1]) for row in totals)
            found["law"] = {
                "outings_per_resident_day": outings / (n * len(totals)),
                "followed_per_1000_residents_and_day": 1000 * followed / (n * len(totals)),
                "days": len(totals),
            }
            del town
        while len(speeds) < 3:
            speeds.append(go(peer, n, days)[0])
        found["sizes"].append(
            {
                "residents": n,
                "resident_days_per_core_second": round(max(speeds)),
                "bytes_per_resident": round(held / n, 1),
            }
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
