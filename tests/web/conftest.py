"""A studio of its own for the tests, a client that sends exactly what it is told, and a browser."""

import fcntl
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from web.served import ROOT, Studio

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
AXE = ROOT / "build" / "axe" / "axe.min.js"


@pytest.fixture(scope="session", autouse=True)
def placed():
    """Put uPlot and axe-core in their places, where `make` has not done so."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "placing").open("w") as held:  # of several workers one fetches
        fcntl.flock(held, fcntl.LOCK_EX)
        _place()


def _place():
    from underwatch.web.server import CHARTS

    if not (ROOT / "src" / "underwatch" / "web" / "page" / CHARTS).is_file() or not AXE.is_file():
        subprocess.run([sys.executable, ROOT / "vendor" / "place.py"], check=True)


@pytest.fixture(scope="session")
def studio(placed, compiled):
    one = Studio()
    yield one
    assert one.close() == 0


@pytest.fixture
def client(studio):
    with studio.client() as one:
        yield one


@pytest.fixture(scope="session")
def browser():
    """Chromium, of the machine or of Playwright; without one the browser tests say so loudly, and fail in CI."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
        own = playwright.chromium.executable_path
        if found is None and not Path(own).is_file():
            words = "NO BROWSER: the studio's page was not tested; install chromium (apt install chromium)"
            if os.environ.get("CI") == "true":
                pytest.fail(words, pytrace=False)
            warnings.warn(words, RuntimeWarning, stacklevel=1)
            pytest.skip(words)
        one = playwright.chromium.launch(executable_path=found or own, args=list(QUIET))
        yield one
        one.close()
