"""However the program is told to stop, it cleans up, says how to go on, and ends with the signal's exit code."""

import os
import signal
import subprocess
import sys
import time

import pytest

from evidence.packages import good_package
from underwatch.evidence.folder import zip_bytes
from underwatch.evidence.package import to_files
from underwatch.evidence.privacy.seal import new_key, seal_bytes

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
MAIN = "from underwatch.cli import main; main(prog_name='underwatch')"
# As from a shell: tests that run in the background, or under nohup, would hand down that signals are ignored.
AFRESH = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""
# Stands still in the middle of writing, and says so, until it is told to stop.
HALF_WAY = """
import os, time
real, count = os.fsync, [0]
def fsync(descriptor):
    real(descriptor)
    count[0] += 1
    if count[0] == 3:
        print("half-way", flush=True)
        time.sleep(600)
os.fsync = fsync
"""


def begun(*words, before="", **settings):
    """Start a command line in a process of its own."""
    line = [sys.executable, "-c", AFRESH + before + MAIN, *map(str, words)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings)


def ended(process, number):
    """Tell a process to stop; return its exit code and what it said of it."""
    process.send_signal(number)
    _, told = process.communicate(timeout=120)
    assert "Traceback" not in told
    return process.returncode, told


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_opening_half_way_leaves_nothing_plain(tmp_path, number):
    recipient = new_key(tmp_path / "key.txt")
    sealed = seal_bytes(zip_bytes(to_files(good_package())), recipients=[recipient])
    (tmp_path / "p.age").write_bytes(sealed)
    process = begun("evidence", "open", tmp_path / "p.age", "--key", tmp_path / "key.txt", before=HALF_WAY)
    assert process.stdout.readline() == "half-way\n"
    assert list(tmp_path.glob("p.*.unfinished"))
    assert ended(process, number) == (128 + number, "\nunderwatch: stopped\n")
    assert sorted(os.listdir(tmp_path)) == ["key.txt", "p.age"]


@pytest.mark.parametrize(
    ("words", "number", "kept"),
    [
        ("run hoeryong --population 20000 --days 360 --draws 1 --threads 1", signal.SIGTERM, "checkpoint/world-*"),
        ("sweep hoeryong --population 6000 --days 120 --draws 400 --threads 1", signal.SIGHUP, "results.jsonl"),
    ],
)
def test_a_run_that_is_stopped_keeps_what_it_has_and_says_how_to_go_on(tmp_path, words, number, kept):
    process = begun(*words.split(), "--out", tmp_path / "a")
    until = time.monotonic() + 300
    while not any(path.stat().st_size for path in (tmp_path / "a").glob(kept)):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.01)
    code, told = ended(process, number)
    assert code == 128 + number
    assert f"stopped; resume with underwatch {words.split()[0]} --resume {tmp_path}/a" in told
    assert list((tmp_path / "a").glob(kept))
    assert not list(tmp_path.rglob("*.part"))
    assert not (tmp_path / "a" / "manifest.json").exists()


@pytest.mark.parametrize("number", SIGNALS[1:], ids=lambda number: number.name)
def test_a_second_signal_does_not_cut_the_cleaning_short(number):
    """A terminal that closes sends the hang-up twice, by the shell and by the system."""
    before = f"""
import signal, time
import underwatch.cli.facts as module
def stand(**_):
    try:
        print("standing", flush=True)
        time.sleep(600)
    finally:
        signal.raise_signal({int(number)})
        signal.raise_signal(signal.SIGTERM)
        print("clean", flush=True)
module.facts.callback = stand
"""
    process = begun("facts", before=before)
    assert process.stdout.readline() == "standing\n"
    process.send_signal(number)
    said, told = process.communicate(timeout=60)
    assert (process.returncode, said, told) == (128 + number, "clean\n", "\nunderwatch: stopped\n")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_that_falls_into_a_callback_of_the_garbage_collection_is_not_lost(number):
    before = f"""
import signal, time, weakref
import underwatch.cli.facts as module
class Thing:
    pass
def stand(**_):
    thing = Thing()
    watched = weakref.ref(thing, lambda _: signal.raise_signal({int(number)}))
    del thing
    time.sleep(600)
module.facts.callback = stand
"""
    process = begun("facts", before=before)
    said, told = process.communicate(timeout=60)
    assert (process.returncode, said, told) == (128 + number, "", "\nunderwatch: stopped\n")


def test_what_is_ignored_from_the_start_stays_ignored():
    """Under nohup a hang-up is ignored."""
    before = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        + """
import underwatch.cli.facts as module
def stand(**_):
    signal.raise_signal(signal.SIGHUP)
    print("went on", flush=True)
module.facts.callback = stand
"""
    )
    process = begun("facts", before=before)
    assert (process.communicate(timeout=60), process.returncode) == (("went on\n", ""), 0)


def test_a_terminal_that_has_hung_up_is_not_written_to(tmp_path):
    """What stands for it is closed at the other end, as a terminal is: writing to it is an error."""
    outer, inner = os.openpty()
    before = f"""
import time
import underwatch.cli.facts as module
def stand(**_):
    try:
        open({str(tmp_path / "standing")!r}, "w").close()
        time.sleep(600)
    finally:
        open({str(tmp_path / "clean")!r}, "w").close()
module.facts.callback = stand
"""
    process = subprocess.Popen(
        [sys.executable, "-c", AFRESH + before + MAIN, "facts"],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    )
    os.close(inner)
    until = time.monotonic() + 120
    while not (tmp_path / "standing").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    os.close(outer)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 128 + signal.SIGHUP
    assert (tmp_path / "clean").exists()
