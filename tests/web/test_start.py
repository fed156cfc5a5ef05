"""From the command to the first page, what a wrong command line gets, and how it ends."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.web import server
from underwatch.web.session.queue import JobQueue
from web.served import SMALL, Studio
from web.test_runs import finished

FIRST_PAGE_SECONDS = 2.0


def test_the_page_is_there_before_the_model():
    """What the server imports before it answers has neither NumPy nor Numba; that is what keeps the start short."""
    begun = time.monotonic()
    one = Studio()
    try:
        with one.client() as client:
            assert client.get("/").status_code == 200
        spent = time.monotonic() - begun
        busy = sum(map(int, Path(f"/proc/{one.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
        busy /= os.sysconf("SC_CLK_TCK")
        print(f"\nfirst page {spent:.2f} s after the command, {busy:.2f} s of them work")
        assert (
            busy < FIRST_PAGE_SECONDS
        )  # the clock on the wall is that of a machine which may be busy with other things
        code = "import sys, underwatch.web.server, underwatch.web.session.queue as _; print({'numpy'} & {*sys.modules})"
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert told.stdout.strip() == "set()"
    finally:
        assert one.close() == 0


def exit_of(*arguments):
    """Return exit code and standard error of a command line."""
    result = CliRunner().invoke(main, ["studio", "--no-browser", *map(str, arguments)])
    return result.exit_code, result.stderr


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    for folder in (tmp_path / "nothing", tmp_path):
        code, told = exit_of(folder)
        assert code == 2
        assert told.count("\n") == 1


def test_a_run_of_several_places_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["run", "hoeryong", "--population", "500", "--days", "7", "--draws", "0", "--out", "mine"])
    manifest = json.loads((tmp_path / "mine" / "manifest.json").read_text())
    manifest["scenario"] = (
        manifest["scenario"].replace('place = "Hoeryong"', 'place = "Ryanggang"').replace("population = 500\n", "")
    )
    manifest["population"] = 719_269
    (tmp_path / "mine" / "manifest.json").write_text(json.dumps(manifest))
    code, told = exit_of("mine")
    assert code == 2
    assert "one city or county" in told


def test_a_port_in_use_is_refused():
    one = Studio()
    try:
        code, told = exit_of("--port", one.port)
        assert code == 2
        assert f"--port {one.port}" in told
    finally:
        one.close()


def test_a_page_without_its_charts_says_what_to_do(tmp_path, monkeypatch):
    page = tmp_path / "page"
    shutil.copytree(server.page_root(), page)
    shutil.rmtree(page / "vendor")
    monkeypatch.setattr(server, "page_root", lambda: page)
    with pytest.raises(InputError, match="make studio puts it there"):
        server.page_files()


@pytest.mark.deep
def test_two_folders_are_opened_side_by_side(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, place in (("one", "hoeryong"), ("two", "hyesan")):
        with pytest.raises(SystemExit):
            main(["run", place, "--population", "500", "--days", "14", "--draws", "0", "--out", name])
    both = Studio("one", "two", cwd=tmp_path)
    try:
        with both.client() as client:
            for run in (1, 2):
                finished(client, run)
                assert client.get(f"/api/runs/{run}").json()["same"] is True
            asked = client.get("/api/runs/1/beside/2").json()["asked"]
            assert {"name": "place", "values": ["Hoeryong", "Hyesan"]} in asked
            for seed in range(5):
                run = client.post("/api/runs", json={**SMALL, "days": 7, "draws": 0, "seed": seed}).json()["run"]
                finished(client, run)
            assert {1, 2} <= {one["run"] for one in client.get("/api/runs").json()}
    finally:
        assert both.close() == 0


def test_a_run_that_fails_is_told_and_the_next_goes_on():
    """What goes wrong in a run ends this run alone."""
    from underwatch.web.session.request import question_of

    def broken(run, threads):
        if run.number == 1:
            raise ZeroDivisionError("a fault put in by the test")
        run.state = "done"

    job_queue = JobQueue(broken, threads=1)
    try:
        runs = [
            job_queue.ask(question_of({"place": "Hoeryong", "population": 100, "days": 7}), kept=True) for _ in range(2)
        ]
        end = time.monotonic() + 10
        while runs[1].state != "done" and time.monotonic() < end:
            time.sleep(0.05)
        assert (runs[0].state, runs[1].state) == ("failed", "done")
        assert "ZeroDivisionError" in runs[0].error
    finally:
        job_queue.close()
