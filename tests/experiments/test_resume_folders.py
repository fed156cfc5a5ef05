"""A folder to go on in may be a stranger's: no link in it is followed, and nothing is removed that is not its own."""

import json
import os
from dataclasses import replace

import pytest
from click.testing import CliRunner

from support.planted import STRANGER, opened_up, tree
from underwatch.api.commands.estimate import estimate_directory
from underwatch.cli import main
from underwatch.errors import InputError, Stopped
from underwatch.experiments.engine.answer_folder import new_answer, old_answer
from underwatch.experiments.studies.kept_run import new_run
from underwatch.experiments.sweep import Sweep
from underwatch.facts import find_place
from underwatch.inference.workflow import OWN_STEPS
from underwatch.record.outputs import run_entries, run_files
from underwatch.record.provenance import write_results
from underwatch.world.scenario import RunOptions
from underwatch.world.scenario_file import scenario_for

SCENARIO = scenario_for("hoeryong", population=50, days=2)
OPTIONS = RunOptions(draws=1, incidents="all", twin=True)


def do(*words):
    result = CliRunner().invoke(main, [*map(str, words)])
    assert result.stderr.count("\n") == 1 or result.exit_code == 0, result.stderr
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def precious(tmp_path):
    """A folder of something else, which no link may lead to."""
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / "letters").write_text("mine")
    return folder


@pytest.fixture
def run(tmp_path):
    """The folder of a run that was stopped before its first week."""
    return new_run(SCENARIO, replace(OPTIONS, out=tmp_path / "run")).path


@pytest.fixture
def sweep(tmp_path):
    """The folder of a sweep that was stopped before its first world."""
    return new_answer(tmp_path / "sweep", "sweep", Sweep(SCENARIO, 2).question()).path


RUN_NAMES = [
    "checkpoint/lock", "checkpoint/world-000-0-baseline.npz", "checkpoint/draw-000-1-baseline.npz",
    "checkpoint/part-000-000000-incidents.parquet", "checkpoint/.part-000-000000-incidents.parquet.part",
    "indicators.parquet", ".incidents.parquet.part", "report.html", "manifest.json",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["link", "pipe", "second name"])
@pytest.mark.parametrize("name", RUN_NAMES)
def test_a_run_goes_on_through_nothing_planted(run, precious, name, kind):
    plant(run / name, precious / "letters", kind)
    before = tree(run), tree(precious)
    assert do("run", "--resume", run).exit_code == 2
    assert (tree(run), tree(precious)) == before


def plant(place, target, kind):
    if kind == "link":
        place.symlink_to(target)
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        os.link(target, place)


@pytest.mark.parametrize("name", ["results.jsonl", "draws.parquet", "bands.csv", "manifest.json"])
@pytest.mark.parametrize("kind", ["link", "link to nothing", "pipe", "second name"])
def test_a_sweep_goes_on_through_nothing_planted(sweep, precious, name, kind):
    plant(sweep / name, precious / ("new" if "nothing" in kind else "letters"), kind.removesuffix(" to nothing"))
    before = tree(sweep), tree(precious)
    assert do("sweep", "--resume", sweep).exit_code == 2
    assert (tree(sweep), tree(precious)) == before


@pytest.mark.parametrize("which", ["whole", "inner"])
def test_a_folder_that_is_a_link_is_not_gone_on_in(run, tmp_path, which):
    if which == "whole":
        (tmp_path / "link").symlink_to(run)
        at = tmp_path / "link"
    else:
        (run / "checkpoint").rename(tmp_path / "moved")
        (run / "checkpoint").symlink_to(tmp_path / "moved")
        at = run
    before = tree(tmp_path)
    assert "is a link" in do("run", "--resume", at).stderr
    assert tree(tmp_path) == before


def test_a_folder_of_another_account_is_not_gone_on_in(run, sweep, monkeypatch):
    """Only root can give a folder away; another account has to be somebody else itself."""
    if os.geteuid() != 0:
        monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    for command, folder in (("run", run), ("sweep", sweep)):
        opened_up(folder)
        assert "belongs to somebody else" in do(command, "--resume", folder).stderr


@pytest.mark.parametrize("manifest", ["{}", "", '{"what": "underwatch run"}', '{"what": "estimate", "files": {}}'])
def test_checkpoints_of_whatever_else_has_a_manifest_stay(tmp_path, manifest):
    """An extension of a browser has a manifest.json, and a model that is being trained a folder of checkpoints."""
    folder = tmp_path / "other"
    (folder / "checkpoint" / "deep").mkdir(parents=True)
    for name in ("job.json", "lock", "part-000.npz", "deep/weights"):
        (folder / "checkpoint" / name).write_text("precious")
    (folder / "manifest.json").write_text(manifest)
    before = tree(folder)
    assert do("run", "--resume", folder).exit_code == 2
    assert tree(folder) == before


def test_checkpoints_left_beside_a_whole_run_are_taken_away_but_nothing_else(tmp_path):
    (tmp_path / "a").mkdir()
    manifest = write_results(tmp_path / "a", "run", run_files(SCENARIO, {}, ""), run_entries(SCENARIO, "0" * 40, {}))
    for told, left in ((manifest["scenario"], ["mine.npz", "world-x"]), ("another", None)):
        folder = tmp_path / "a" / "checkpoint"
        folder.mkdir(exist_ok=True)
        for name in ("lock", "part-000.npz", "world-000-0-baseline.npz", ".job.json.abc.part", "mine.npz", "world-x"):
            (folder / name).write_text("x")
        (folder / "job.json").write_text(json.dumps({"scenario": told}))
        before = sorted(os.listdir(folder))
        assert "is a finished run" in do("run", "--resume", tmp_path / "a").stderr
        assert sorted(os.listdir(folder)) == (left or before)


def test_a_run_that_ends_leaves_what_is_not_its_own(run):
    (run / "checkpoint" / "mine.txt").write_text("x")
    assert do("run", "--resume", run).exit_code == 0
    assert os.listdir(run / "checkpoint") == ["mine.txt"]
    assert (run / "manifest.json").exists()


def test_a_sweep_that_ends_leaves_what_is_not_its_own(sweep):
    for name in ("my-results.jsonl", "results.jsonl.bak"):
        (sweep / name).write_text("x")
    assert do("sweep", "--resume", sweep).exit_code == 0
    assert {"my-results.jsonl", "results.jsonl.bak", "manifest.json"} <= set(os.listdir(sweep))
    assert not (sweep / "results.jsonl").exists()


def test_two_cannot_go_on_with_one_sweep(sweep):
    with old_answer(sweep, "sweep").hold():
        assert "is being worked on by another process" in do("sweep", "--resume", sweep).stderr
    assert do("sweep", "--resume", sweep).exit_code == 0


def test_a_stop_says_how_to_go_on_and_leaves_the_directory_to_others(sweep):
    directory = old_answer(sweep, "sweep")
    with pytest.raises(Stopped, match=f"resume with underwatch sweep --resume {sweep}"), directory.hold():
        raise KeyboardInterrupt
    with directory.hold():
        pass


@pytest.mark.parametrize(
    ("command", "table"),
    [
        ("sweep hoeryong --draws 2 --days 7", "api.commands.sweep.bands_table"),
        ("compare hoeryong --with end-reprimands --draws 0 --replicates 2 --days 21", "pages.answers.compare_page"),
        ("sensitivity hoeryong --trajectories 2 --n 2 --factors 1 --town 50 --days 7",
         "api.commands.sensitivity.indices_table"),
    ],
)  # fmt: skip
def test_a_stop_while_the_tables_are_made_says_how_to_go_on(tmp_path, monkeypatch, command, table):
    out, asked = tmp_path / "answer", command.split()
    with monkeypatch.context() as patched:
        patched.setattr(f"underwatch.{table}", interrupted)
        told = CliRunner().invoke(main, [*asked, "--population", "800", "--out", str(out)])
    assert told.exit_code == 130
    assert f"resume with underwatch {asked[0]} --resume {out}" in told.stderr
    assert do(asked[0], "--resume", out).exit_code == 0
    assert (out / "manifest.json").exists()


def interrupted(*_):
    raise KeyboardInterrupt


def test_an_estimate_goes_on_through_no_link(tmp_path, precious):
    question = {"what": "x"}
    place = find_place("hoeryong")[2][0]
    folder = estimate_directory(None, tmp_path / "e", place, question, "").path
    again = (folder, None, place, question, "")
    assert estimate_directory(*again).path == folder
    (folder / "steps").rmdir()
    (folder / "steps").symlink_to(precious)
    with pytest.raises(InputError, match="is a link"):
        estimate_directory(*again)
    (folder / "steps").unlink()
    (folder / "steps").mkdir()
    (folder / "steps" / "first posterior.npz").symlink_to(precious / "letters")
    with pytest.raises(InputError, match="is a link"):
        estimate_directory(*again)
    assert tree(precious) == {"letters": b"mine"}


def test_the_key_of_an_estimate_goes_with_its_steps(tmp_path):
    place = find_place("hoeryong")[2][0]
    directory = estimate_directory(None, tmp_path / "e", place, {"what": "x"}, "a key")
    assert os.listdir(directory.folder) == ["key"]
    (directory.folder / "first posterior.npz").write_bytes(b"x")
    directory.clear()
    assert os.listdir(directory.path) == ["question.json"]
    assert (directory.path / "question.json").read_text(encoding="utf-8") == '{\n  "what": "x"\n}\n'  # people read it


def test_the_steps_of_an_estimate_are_known_by_name():
    own = ("first posterior", "second round", "cross-check of round 2", "exponential law alone, round 1",
           "another seed, round 1", "80 % of the bank, round 2")  # fmt: skip
    assert all(OWN_STEPS.fullmatch(f"{name}.npz") for name in own)
    assert all(OWN_STEPS.fullmatch(f".{name}.npz.ab_1x.part") for name in own)
    assert not any(OWN_STEPS.fullmatch(name) for name in ("mine.npz", "another seed.npz", "first posterior.npz.bak"))
