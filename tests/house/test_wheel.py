"""The wheel is whole: built from the sdist alone, installed outside the checkout, it runs a place and opens the studio.

Beside it stand only the packages that its own metadata asks for, so a plain `pip install` is what is tried.
"""

import hashlib
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import tarfile
import venv
import zipfile
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from underwatch.cli import COMMANDS

pytestmark = pytest.mark.deep

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "vendor" / "place.py"
LIBRARY = "src/underwatch/web/page/vendor"
CHARTS = f"{LIBRARY}/uPlot.iife.min.js"
NOT_SOURCE = shutil.ignore_patterns(
    ".git", ".venv", ".hypothesis", "build", "dist", "runs", "node_modules", "__pycache__"
)
SMALL = {"place": "Hyesan", "population": 60, "days": 14, "draws": 2}


def placed():
    """The hash of each file of the library, by its place, as vendor/placed.sha256 has it."""
    return {place: sha256 for place, sha256 in runpy.run_path(PLACE)["hashes"]().items() if place.startswith(LIBRARY)}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the source with the library, as `make` leaves it."""
    if not (ROOT / CHARTS).is_file():
        subprocess.run([sys.executable, PLACE], check=True)
    return shutil.copytree(ROOT, tmp_path_factory.mktemp("whole") / "checkout", ignore=NOT_SOURCE)


@pytest.fixture
def bare(checkout, tmp_path):
    """A copy of the source as git has it: without the library."""
    copy = shutil.copytree(checkout, tmp_path / "bare")
    shutil.rmtree(copy / LIBRARY)
    return copy


@pytest.fixture
def npm(tmp_path):
    """A way to put a script in the place of npm: `npm(script)` returns the environment of a build."""

    def put(script):
        folder = tmp_path / "path"
        folder.mkdir(exist_ok=True)
        (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "npm").chmod(0o755)
        return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}

    return put


def build(source, target, where, env=None):
    """Build with the hatchling that is there, as `make wheel` does."""
    words = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", where]
    return subprocess.run(words, cwd=source, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory):
    """A wheel from the unpacked sdist; nothing is on the path that could fetch anything."""
    out = tmp_path_factory.mktemp("dist")
    nowhere = {**os.environ, "PATH": str(out)}
    assert build(checkout, "sdist", out, nowhere).returncode == 0
    with tarfile.open(next(out.glob("*.tar.gz"))) as archive:
        archive.extractall(out, filter="data")
    unpacked = next(path for path in out.iterdir() if path.is_dir())
    assert build(unpacked, "wheel", out, nowhere).returncode == 0
    return next(out.glob("*.whl"))


def asked_for(requirements):
    """Names of the distributions that these bring, and those bring in turn, without any extra."""
    found, waiting = set(), [Requirement(one) for one in requirements]
    while waiting:
        one = waiting.pop()
        extras = one.extras or {""}
        if one.marker and not one.marker.evaluate({"extra": ""}):
            continue
        found.add(canonicalize_name(one.name))
        for text in distribution(one.name).requires or ():
            more = Requirement(text)
            wanted = more.marker is None or any(more.marker.evaluate({"extra": extra}) for extra in extras)
            if wanted and canonicalize_name(more.name) not in found:
                more.marker = None
                waiting.append(more)
    return found


def metadata_of(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(name).decode()


@pytest.fixture(scope="module")
def needed(wheel):
    """What a plain install brings."""
    return asked_for(re.findall(r"^Requires-Dist: (.+)$", metadata_of(wheel), re.MULTILINE))


class Installed:
    """The wheel in an environment of its own, with a folder far from the checkout to work in."""

    def __init__(self, wheel, needed, folder):
        venv.create(folder / "venv", with_pip=False)
        self.bin, self.cwd = folder / "venv" / "bin", folder / "work"
        self.cwd.mkdir()
        pip = [sys.executable, "-m", "pip", "--python", self.bin / "python", "install", "--quiet"]
        subprocess.run([*pip, "--no-deps", "--no-index", wheel], check=True, cwd=self.cwd)
        site = next((folder / "venv" / "lib").glob("python*/site-packages"))
        for name in needed:
            files = distribution(name).files
            for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
                (site / top).symlink_to(distribution(name).locate_file(top))
        left_out = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        self.env = {name: value for name, value in os.environ.items() if name not in left_out}
        self.env["NUMBA_CACHE_DIR"] = str(folder / "numba")

    def run(self, program, *words):
        return subprocess.run(
            [self.bin / program, *words], cwd=self.cwd, env=self.env, capture_output=True, text=True, check=False
        )

    @contextmanager
    def studio(self):
        """A client of its studio."""
        words = [self.bin / "underwatch", "studio", "--no-browser"]
        with subprocess.Popen(
            words, cwd=self.cwd, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            line = process.stdout.readline()
            found = re.search(r"(http://127\.0\.0\.1:\d+)/#token=([\w-]+)", line)
            assert found, line + process.stderr.read()
            try:
                with httpx.Client(base_url=found[1], headers={"X-Underwatch-Token": found[2]}, timeout=600) as client:
                    yield client
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(60)
        assert process.returncode == 0


@pytest.fixture(scope="module")
def installed(wheel, needed, tmp_path_factory):
    return Installed(wheel, needed, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def first_run(installed):
    """The first question of a fresh installation: the page, the library, what was told on the way, the citation."""
    with installed.studio() as client:
        page, charts = client.get("/"), client.get(f"/{CHARTS.split('page/')[1]}")
        run = client.post("/api/runs", json=SMALL).json()["run"]
        told = []
        with client.stream("GET", f"/api/runs/{run}/events") as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    told.append(json.loads(line[6:]))
        return page, charts, told, client.get(f"/api/runs/{run}/take/citation.txt").text


def test_the_wheel_holds_the_source_and_the_library_and_nothing_else(wheel, checkout):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = {name.split("/")[-1] for name in archive.namelist() if ".dist-info/licenses/" in name}
        found = {f"src/{name}": hashlib.sha256(archive.read(name)).hexdigest() for name in names}
    source = {path.relative_to(checkout).as_posix() for path in (checkout / "src").rglob("*") if path.is_file()}
    assert found.keys() == source
    assert {place: found[place] for place in placed()} == placed()
    assert f"{LIBRARY}/uPlot.LICENSE.txt" in placed()
    assert "src/underwatch/py.typed" in found
    assert licences == {"LICENSE"}


def test_a_plain_install_brings_no_pandas(needed):
    assert needed >= {"numpy", "numba", "threadpoolctl", "uvicorn"}
    assert needed & {"pandas", "multiprocess", "salib", "dask", "xarray", "pytest", "hatchling"} == set()


def test_every_module_imports_with_what_a_plain_install_brings(installed):
    code = (
        "import importlib, pkgutil, underwatch\n"
        "names = [one.name for one in pkgutil.walk_packages(underwatch.__path__, 'underwatch.')]\n"
        "for name in names: name.endswith('__main__') or importlib.import_module(name)\n"
        "print(len(names), underwatch.__file__)"
    )
    result = installed.run("python", "-c", code)
    assert result.returncode == 0, result.stderr
    n, where = result.stdout.split()
    assert int(n) > 150
    assert where.startswith(str(installed.bin.parent))


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(installed, name):
    assert installed.run("underwatch", name, "--help").returncode == 0


def test_what_an_extra_brings_is_asked_for_in_one_line(installed):
    result = installed.run("underwatch", "sensitivity", "hyesan")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "pip install SALib" in result.stderr


def test_the_studio_opens_with_its_library(first_run):
    page, charts, _, _ = first_run
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert CHARTS.split("page/")[1] in page.text
    assert (charts.status_code, charts.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert int(charts.headers["content-length"]) == len(charts.content)
    assert hashlib.sha256(charts.content).hexdigest() == placed()[CHARTS]


def test_while_the_kernels_compile_the_studio_says_so(first_run):
    """Each beat tells the stage; all of them until the first draw begins are of compiling."""
    told = first_run[2]
    draws = next(n for n, one in enumerate(told) if (one["kind"], one.get("stage")) == ("stage", "draws"))
    beats = [one["stage"] for one in told[:draws] if one["kind"] == "progress" and one["stage"] != "queued"]
    assert beats.count("compiling") > 2
    assert beats.count("compiling") >= len(beats) - 2
    assert [one["stage"] for one in told if one["kind"] == "stage"][:3] == ["compiling", "draws", "worlds"]
    assert told[-1]["state"] == "done"


def test_a_small_place_runs_and_is_that_of_the_studio(installed, first_run):
    words = [f"--{name}={SMALL[name]}" for name in ("population", "days", "draws")]
    result = installed.run("underwatch", "run", "hyesan", *words)
    assert result.returncode == 0, result.stderr
    folder = installed.cwd / "runs" / "hyesan-001"
    assert json.loads((folder / "manifest.json").read_text())["digest"] in first_run[3]
    assert (folder / "report.html").read_text().startswith("<!doctype html>")


def test_the_library_is_fetched_once_and_only_with_its_hash(bare, checkout, npm, tmp_path):
    files = {place: checkout / place for place in placed()}
    inside = runpy.run_path(PLACE)["FILES"]
    honest = "\n".join(f"install -D '{files[place]}' 'node_modules/{inside[place]}'" for place in files)
    forged = honest + f"\necho >> 'node_modules/{inside[CHARTS]}'"
    refused = build(bare, "wheel", tmp_path / "dist", npm(forged))
    assert refused.returncode == 1
    assert refused.stderr.strip().count("\n") == 0
    assert "is not the file of vendor/placed.sha256" in refused.stderr
    assert not (bare / LIBRARY / "uPlot.iife.min.js").exists()
    assert build(bare, "wheel", tmp_path / "dist", npm(honest)).returncode == 0
    with zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))) as archive:
        for place, sha256 in placed().items():
            assert hashlib.sha256(archive.read(place.removeprefix("src/"))).hexdigest() == sha256
    assert build(bare, "wheel", tmp_path / "dist", npm("exit 1")).returncode == 0  # it is there, so nobody is asked


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_where_it_cannot_be_had_the_build_ends_in_one_line(bare, npm, tmp_path, target):
    result = build(bare, target, tmp_path / "dist", npm("echo 'no\nnetwork' >&2; exit 1"))
    assert result.returncode == 1
    assert "uPlot could not be fetched (no network)" in result.stderr
    assert result.stderr.strip().count("\n") == 0
    assert list((tmp_path / "dist").glob("*")) == []


def test_an_editable_install_needs_no_library(bare, npm, tmp_path):
    code = f"from hatchling.build import build_editable; print(build_editable({str(tmp_path)!r}))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=bare, env=npm("exit 1"), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / result.stdout.strip()).is_file()
