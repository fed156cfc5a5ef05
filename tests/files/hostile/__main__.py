"""Reading hostile files, each in a process of its own, whose memory the kernel counts."""

import importlib
import io
import json
import os
import pkgutil
import resource
import select
import shutil
import sys
import tempfile
import time
from pathlib import Path

from files.hostile.making import CASES, MB, files_of_a_package

ROOM = 1200 * MB  # of data that a process may take beyond what it had; what is above counts as a failure of its own
SECONDS = 120  # of processor time, after which a reader counts as hanging


def _now(key):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))


def _read(make, folder, out):
    """Read one hostile file in this process, which is a fresh copy of one that has all it needs; never returns."""
    code, said = 70, ""
    try:
        asked = make(folder)
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # from here on the highest memory counts
        before, began = _now("VmRSS"), time.monotonic()
        data = _now("VmData") + ROOM
        resource.setrlimit(resource.RLIMIT_DATA, (data, data))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        code, said = _answer(asked)
        told = {
            "code": code,
            "said": said,
            "mb": round((_now("VmHWM") - before) / MB),
            "seconds": round(time.monotonic() - began, 2),
        }
    except BaseException as error:
        told = {"code": 70, "said": f"{type(error).__name__}: {error}"[:300], "mb": -1, "seconds": -1}
    os.write(out, json.dumps(told).encode())
    os._exit(0)


def _answer(asked):
    """Return the exit code and what was said; for a function 2 and the words of its InputError."""
    from underwatch.errors import InputError

    if callable(asked):
        try:
            asked()
        except InputError as error:
            return 2, f"{error}\n"
        return 0, ""
    from underwatch.cli import main

    with tempfile.TemporaryFile("w+") as err, open(os.devnull, "w", encoding="utf-8") as nothing:
        os.dup2(err.fileno(), 2)
        os.dup2(nothing.fileno(), 1)
        sys.stdin = io.StringIO("a passphrase of some words\n")
        sys.stderr = err
        try:
            main(asked)
            code = 0
        except SystemExit as end:
            code = end.code
        err.flush()
        err.seek(0)
        return code, err.read()


def read_each(folder, names):
    """Yield name and outcome of each hostile file: exit code, what was said, MB added, seconds."""
    _warm()
    for number, name in enumerate(names):
        place = Path(folder) / str(number)
        place.mkdir()
        seen, out = os.pipe()
        child = os.fork()
        if not child:
            os.setsid()
            _read(CASES[name], place, out)
        os.close(out)
        with os.fdopen(seen, "rb") as file:
            told = _told_in(file, SECONDS)
        if not told:
            os.kill(child, 9)
        os.waitpid(child, 0)
        yield name, json.loads(told) if told else {"code": -9, "said": "hangs, or was killed", "mb": -1, "seconds": -1}
        shutil.rmtree(place, ignore_errors=True)


def _told_in(file, seconds):
    return file.read() if select.select([file], [], [], seconds)[0] else b""


def _warm():
    """Import all that reading needs, so that it does not count."""
    import pyarrow.parquet  # noqa: F401
    import pyrage  # noqa: F401
    import scipy.stats  # noqa: F401

    import underwatch
    from underwatch.evidence.check.checking import check_files

    for one in pkgutil.walk_packages(underwatch.__path__, "underwatch."):
        if not one.name.endswith("__main__"):
            importlib.import_module(one.name)
    check_files(files_of_a_package())


if __name__ == "__main__":
    from files import hostile  # noqa: F401 - the makers register themselves

    for one, outcome in read_each(sys.argv[1], sys.argv[2:] or list(CASES)):
        print(json.dumps({"case": one} | outcome), flush=True)
