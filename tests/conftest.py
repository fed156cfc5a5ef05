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


# Rooms whose tests run no world, or few; the others wait until one worker has compiled the kernels for all.
WITHOUT_WORLDS = ("evidence", "facts", "files", "house", "texts")
# The longest files, so that none is left alone at the end. One worker compiles the kernels in the first; until they are
# there the other has eleven files that want none.
FIRST = (
    "files/test_deep_readers", "inference/checks/test_calibrate", "house/test_wheel",  # these in make test-deep alone
    "world/test_engine_is_reference", "files/test_hostile", "evidence/edit/test_coding_page",
    "evidence/privacy/test_passphrases", "evidence/release/test_publish", "house/test_house", "evidence/test_fuzz",
    "evidence/format/test_format", "evidence/edit/test_store", "evidence/release/test_safe_cells",
    "evidence/privacy/test_seal", "files/test_intake_fuzz", "web/test_page", "experiments/test_job",
    "inference/test_estimate", "web/test_runs", "inference/checks/test_gates", "pages/test_report",
    "house/test_examples", "web/test_links", "web/test_guard", "web/test_malformed", "web/test_zones",
    "web/test_start", "web/test_end", "web/test_text", "web/test_key", "world/test_vector_code",
    "experiments/test_ensemble", "experiments/test_ensemble_in_front", "experiments/test_ledger", "cli/test_terminal",
    "experiments/test_cluster", "experiments/test_resume_folders", "inference/test_estimate_privacy",
    "inference/checks/test_recovery", "world/test_settling", "cli/test_stops",
)  # fmt: skip


def place_of(item):
    return item.path.relative_to(ROOT / "tests").with_suffix("").as_posix()


def pytest_collection_modifyitems(items):
    order = {name: at for at, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get(place_of(item), len(order)))


@pytest.fixture(scope="module", autouse=True)
def kernels(request):
    """Before what a module makes for its tests, so that no studio or bank of theirs compiles them a second time."""
    if not place_of(request.node).startswith(WITHOUT_WORLDS):
        request.getfixturevalue("compiled")


# Rooms whose tests are about no page: their charts stay blank. Laying them out is two thirds of what a small run costs.
WITHOUT_CHARTS = ("cli", "experiments", "house", "inference")


@pytest.fixture(scope="module", autouse=True)
def charts(request):
    """Leave charts blank where nobody looks at them; `pages` and `web` draw them, and programs that tests begin."""
    with pytest.MonkeyPatch.context() as patch:
        if place_of(request.node).startswith(WITHOUT_CHARTS):
            blank = lambda canvas, sink, **_: sink.write('<svg viewBox="0 0 1 1"></svg>')  # noqa: E731
            patch.setattr("matplotlib.backends.backend_svg.FigureCanvasSVG.print_svg", blank)
        yield


@pytest.fixture(scope="session")
def compiled(of_all):
    """Compile the kernels once for all workers, and for the programs that tests begin: they find them on the disk."""
    from underwatch.web.session.request import question_of
    from underwatch.web.session.simulation import answer
    from underwatch.web.session.studio_run import StudioRun
    from underwatch.web.views.life import life

    with of_all("compiled") as done:
        if not done.exists():
            question = question_of({"place": "Hoeryong", "population": 300, "days": 8, "draws": 1})
            run = StudioRun(1, question, kept=True)
            answer(run, 2)
            life(run, 0)
            done.touch()


@pytest.fixture(scope="session")
def bank_folder(of_all):
    """A bank of 144 tiny worlds of half a year: too small for any number to be shown."""
    from support.reported import WINDOW
    from underwatch.inference.bank.bank import BankPlan, build

    with of_all("bank") as folder:
        if not folder.exists():
            plan = BankPlan(window=WINDOW, population=900, per_shard=48)
            with ThreadPoolExecutor(1) as executor:  # the other worker has the other core
                build(plan, folder, 144, executor, 1, lambda worlds: None)
    return folder


@pytest.fixture
def few_nets(monkeypatch):
    """An estimate with two nets instead of five, where what it says is withheld anyway."""
    monkeypatch.setattr("underwatch.inference.checks.cross_fit.MEMBERS", 2)
