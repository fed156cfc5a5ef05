"""What all tests share: the Hypothesis profiles and a tiny bank. Under CI=true examples are the same each time.

`--hypothesis-profile=deep` has many more of them; `make test-deep` takes it.
"""

import fcntl
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

ROOT = Path(__file__).resolve().parent.parent

# A first example may meet the compiler, so no example has a deadline.
settings.register_profile(
    "here",
    max_examples=25,
    deadline=None,
    database=DirectoryBasedExampleDatabase(ROOT / "build" / "hypothesis"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, database=None, print_blob=True)
_SAME = "ci" if os.environ.get("CI") == "true" else "here"
settings.register_profile("deep", parent=settings.get_profile(_SAME), max_examples=500)
settings.load_profile(_SAME)

# Programs that tests begin and interrupt inherit what is ignored here, as it is behind an `&` of a shell.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# No test cuts the power: what is written need not be waited for until it is on the disk.
os.fsync = lambda descriptor: None


@pytest.fixture(scope="session")
def of_all(tmp_path_factory):
    """What is made once for all workers: a folder of theirs, and a lock that one of them holds at a time."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder

    @contextmanager
    def held(name):
        with (folder / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield folder / name

    return held


@pytest.fixture(scope="session")
def bank_folder(of_all):
    """A bank of 144 tiny worlds of half a year: too small for any number to be shown."""
    from support.reported import WINDOW
    from underwatch.inference.bank.bank import BankPlan, build

    with of_all("bank") as folder:
        if not folder.exists():
            plan = BankPlan(window=WINDOW, population=900, per_shard=48)
            with ThreadPoolExecutor(2) as executor:
                build(plan, folder, 144, executor, 2, lambda worlds: None)
    return folder


@pytest.fixture
def few_nets(monkeypatch):
    """An estimate with two nets instead of five, where what it says is withheld anyway."""
    monkeypatch.setattr("underwatch.inference.workflow.MEMBERS", 2)
