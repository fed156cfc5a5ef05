"""Drive one reader with bytes for some seconds: those that reach new branches are followed (atheris, libFuzzer).

`python tests/files/fuzz_reader.py NAME SECONDS FOLDER`: what it finds is put into the folder. Any end of a reading but
InputError, a reading of over 20 seconds, or memory beyond 300 MB over start-up ends the process with another exit code
than 0. Where there is no atheris (it has wheels for Linux on x86-64 alone) bytes are mutated at random, no branch is
followed, and the first line says so.
"""

import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
SOURCE = TESTS.parent / "src"
MB = 1 << 20
MOST_MB, ITS_OWN_MB = 300, 200  # the fuzzer itself holds what it has found
RUNS_IN_CI = 3_000
LONGEST, SLOWEST_SECONDS = 16_384, 20


def compiled():
    """The modules that Numba compiles: what follows branches would change what they are."""
    files = (path for path in SOURCE.rglob("*.py") if "njit" in path.read_text(encoding="utf-8"))
    return [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in files]


def resident_mb():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // MB


def at_random(read, samples, seconds, most_mb):
    """Mutate samples until the time is up."""
    from evidence.test_fuzz import mutated

    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + SLOWEST_SECONDS, -1))
    luck, n, end = random.Random(1), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        read(mutated(luck, luck.choice(samples))[:LONGEST])
        n += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // MB
    print(f"{n} inputs, {peak} MB at most")
    sys.exit(int(peak > most_mb))


def main(name, seconds, place):
    sys.path[:0] = [str(TESTS), str(SOURCE)]
    try:
        import atheris
    except ImportError:
        atheris = None
        print("atheris is not here: bytes are mutated at random, and no branch is followed", flush=True)
    if atheris is None:
        from support import readers
    else:
        with atheris.instrument_imports(include=["underwatch", "tomllib"], exclude=compiled()):
            from support import readers
    reader = readers.readers(place)[name]
    inside = Path(tempfile.mkdtemp(dir=place))

    def read(data):
        readers.tried(reader, data, inside)

    for sample in reader.samples:
        read(sample)
    most_mb = resident_mb() + MOST_MB
    if atheris is None:
        at_random(read, reader.samples, seconds, most_mb)
    corpus = Path(tempfile.mkdtemp(dir=place))
    for number, sample in enumerate(reader.samples):
        (corpus / str(number)).write_bytes(sample[:LONGEST])
    os.chdir(place)  # what is found is put here
    told = {
        "max_total_time": int(seconds), "max_len": LONGEST, "timeout": SLOWEST_SECONDS, "len_control": 0,
        "rss_limit_mb": most_mb + ITS_OWN_MB, "verbosity": 0, "print_final_stats": 1, "seed": 1,
    }  # fmt: skip
    if os.environ.get("CI") == "true":  # the same inputs each time, however busy the machine
        told |= {"runs": RUNS_IN_CI, "max_total_time": 120}
    atheris.Setup([sys.argv[0], *(f"-{key}={value}" for key, value in told.items()), str(corpus)], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
