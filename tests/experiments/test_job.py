"""The main job end to end on a small place: what it writes, that it repeats, stops, resumes and refuses."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from support.depth import at_length, examples
from support.run_folder import read_run
from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.experiments.engine import checkpoint, progress
from underwatch.experiments.engine.worlds import init_world
from underwatch.experiments.silence import silence_curve
from underwatch.experiments.studies import checkpoints, world_tables
from underwatch.experiments.studies.kept_run import example_of_manifest, new_run
from underwatch.experiments.studies.run import main_job
from underwatch.pages.report import scenario_report
from underwatch.world import simulate
from underwatch.world.scenario import RunOptions
from underwatch.world.scenario_file import scenario_for
from underwatch.world.workers import Workers

MAIN = "from underwatch.cli import main; main()"
SMALL = "run hoeryong --population 3000 --days 60 --start 2024-11-01"


def do(words, code=0):
    result = CliRunner().invoke(main, [str(word) for word in words.split()] if isinstance(words, str) else words)
    assert result.exit_code == code, result.output
    return result


def digest(folder):
    return json.loads((Path(folder) / "manifest.json").read_text())["digest"]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A finished run, with what it said."""
    folder = tmp_path_factory.mktemp("job") / "a"
    return folder, do(f"{SMALL} --draws 2 --threads 2 --out {folder}")


def test_a_run_writes_its_folder_and_a_summary(done):
    folder, result = done
    lines = result.stdout.splitlines()
    assert 10 <= len(lines) <= 14
    assert max(map(len, lines)) <= 100
    assert "The campaign  15 November 2024 to " in result.stdout
    run = read_run(folder)
    assert (run.population, run.days, run.seed) == (3000, 60, 1)
    assert run.report.startswith("<!")
    assert set(run.tables["indicators"]["world"].to_pylist()) == {"baseline", "counter-world"}
    assert run.tables["incidents"].num_rows > 100
    assert sorted(p.name for p in folder.iterdir() if p.is_dir()) == []
    assert str(folder.parent) not in (folder / "manifest.json").read_text() + run.report


def test_a_manifest_repeats_the_run(done, tmp_path):
    folder, _ = done
    result = do(f"run --from {folder}/manifest.json --threads 1 --out {tmp_path}/b --json")
    told = json.loads(result.stdout)
    assert told["same_digest"] is True
    assert told["digest"] == digest(folder) == digest(tmp_path / "b")
    names = ("indicators.parquet", "incidents.parquet", "published.parquet", "report.html", "parameters.toml")
    for name in names:
        assert (tmp_path / "b" / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_folder_that_exists_is_refused(done):
    folder, _ = done
    before = (folder / "manifest.json").read_bytes()
    assert "exists already" in do(f"{SMALL} --out {folder}", 2).stderr
    assert "is a finished run" in do(f"run --resume {folder}", 2).stderr
    assert (folder / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("after", [at_length(1), at_length(2), at_length(3), at_length(5), 6])
def test_stopped_and_resumed_it_is_the_same_run(done, tmp_path, monkeypatch, after):
    folder, _ = done
    real, count = checkpoint.write_arrays, [0]

    def stop(*args):
        real(*args)
        count[0] += 1
        if count[0] == after:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "write_arrays", stop)
    result = do(f"{SMALL} --draws 2 --threads 1 --out {tmp_path}/c", 130)
    assert f"resume with underwatch run --resume {tmp_path}/c" in result.stderr
    assert "no permission" not in result.stderr
    monkeypatch.undo()
    do(f"run --resume {tmp_path}/c --threads 2")
    assert digest(tmp_path / "c") == digest(folder)
    assert (tmp_path / "c" / "report.html").read_bytes() == (folder / "report.html").read_bytes()
    assert not (tmp_path / "c" / "checkpoint").exists()


def test_a_killed_run_is_resumed(tmp_path):
    words = f"run hoeryong --population 20000 --days 120 --draws 1 --threads 1 --out {tmp_path}/"
    do(words + "whole")
    command = [sys.executable, "-c", MAIN, *(words + "killed").split()]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while not list((tmp_path / "killed" / "checkpoint").glob("world-*")):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "manifest.json").exists()
    do(f"run --resume {tmp_path}/killed")
    assert digest(tmp_path / "killed") == digest(tmp_path / "whole")


PROVINCE = "run Ryanggang --days 8 --draws 1 --twin"
WRITTEN = ("indicators.parquet", "incidents.parquet", "published.parquet", "report.html")


@pytest.fixture(scope="module")
def province(tmp_path_factory):
    """A finished run of a province: its places side by side on one thread, so the largest first."""
    folder = tmp_path_factory.mktemp("province") / "one"
    return folder, do(f"{PROVINCE} --threads 1 --out {folder}")


def same_run(folder, other):
    assert digest(folder) == digest(other)
    for name in WRITTEN:
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name


@pytest.mark.parametrize("threads", [2, at_length(4)])
def test_a_province_is_the_same_on_any_threads(province, tmp_path, threads):
    do(f"{PROVINCE} --threads {threads} --out {tmp_path}/more")
    same_run(province[0], tmp_path / "more")


def test_a_province_says_what_its_time_was_spent_on(province):
    told = province[1].stderr
    for what in ("building", "simulating", "outputs", "checkpoints", "on the wall"):
        assert what in told


@pytest.mark.parametrize("after", [at_length(1), at_length(2), at_length(7), 30])
def test_a_stopped_province_goes_on(province, tmp_path, monkeypatch, after):
    """Stopped when so many files of places are written, tables and sums, whichever of them was the last."""
    count = [0]

    def stopping(real):
        def stop(path, *rest):
            found = real(path, *rest)
            count[0] += path.name.startswith("part-")
            if count[0] == after:
                raise KeyboardInterrupt
            return found

        return stop

    monkeypatch.setattr(checkpoints, "write_parts", stopping(checkpoints.write_parts))
    monkeypatch.setattr(checkpoint, "write_arrays", stopping(checkpoint.write_arrays))
    result = do(f"{PROVINCE} --threads 1 --out {tmp_path}/stopped", 130)
    assert f"--resume {tmp_path}/stopped" in result.stderr
    monkeypatch.undo()
    do(f"run --resume {tmp_path}/stopped --threads 2")
    same_run(province[0], tmp_path / "stopped")


@pytest.mark.deep
def test_a_killed_province_loses_at_most_what_its_patience_allows(province, tmp_path):
    """Killed in the middle of a place, twice; a checkpoint of a place at work is taken up."""
    command = [sys.executable, "-c", f"import underwatch.experiments.studies.run as j; j._PATIENCE = 1e-9; {MAIN}"]
    folder = tmp_path / "killed"
    words = [f"{PROVINCE} --threads 2 --out {folder}", f"run --resume {folder} --threads 2"]
    for n, line in enumerate(words):
        process = subprocess.Popen([*command, *line.split()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 300
        while len(list(folder.glob("checkpoint/part-???.npz"))) <= n or not list(folder.glob("checkpoint/world-*")):
            assert process.poll() is None, "finished before it could be killed"
            assert time.monotonic() < until
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (folder / "manifest.json").exists()
    do(f"run --resume {folder} --threads 1")
    same_run(province[0], folder)


def test_a_place_is_the_same_alone_in_its_province_and_in_the_country(province):
    """Kin ties and officers stay within a place, and its residents bear the numbers of the census everywhere."""
    told = json.loads((province[0] / "manifest.json").read_text())["place_digests"]
    assert list(told) == [place.name for place in scenario_for("Ryanggang").places]
    example = example_of_manifest(province[0])
    lived = {"parameters": example.parameters, "forms": example.forms}
    country = scenario_for("country", days=8).replace(**lived)
    of_province = scenario_for("Ryanggang").places
    workers = Workers(2)
    for at in (0, 4):
        place = of_province[at]
        for scenario in (country, scenario_for(place.name, days=8).replace(**lived)):
            same = next(one for one in scenario.places if one.name == place.name)
            world = simulate.run(init_world(scenario, same, scenario.seed), scenario.phases(), workers)
            assert [simulate.digest(world)] == told[place.name]["baseline"], (scenario.name, place.name)


def test_the_order_of_places_does_not_matter(province, tmp_path):
    scenario = example_of_manifest(province[0])
    turned = scenario.replace(places=scenario.places[::-1])
    main_job(turned, RunOptions(draws=0, threads=2, out=tmp_path / "turned"), scenario_report)
    told = [json.loads((folder / "manifest.json").read_text()) for folder in (province[0], tmp_path / "turned")]
    one, other = (manifest["place_digests"] for manifest in told)
    assert list(one) == list(other)[::-1]
    assert {name: found["baseline"] for name, found in one.items()} == {n: f["baseline"] for n, f in other.items()}


def test_a_large_run_is_one_world_and_a_sample_of_its_incidents_unless_asked(tmp_path, monkeypatch):
    """Sums of weights estimate the counts by kind: within four standard errors."""
    monkeypatch.setattr(world_tables, "LARGE", 500_000)
    monkeypatch.setattr(world_tables, "_LARGE_SAMPLE", 6_000)
    monkeypatch.setattr(world_tables, "_LEAST_SAMPLE", 100)
    words = f"run Ryanggang --start 2024-11-15 --days 8 --draws 0 --threads 2 --out {tmp_path}/"
    do(words + "sampled")
    do(words + "whole --incidents all")
    sampled, whole = (read_run(tmp_path / name) for name in ("sampled", "whole"))
    assert sampled.digest == whole.digest
    assert sampled.worlds == whole.worlds == ["baseline"]
    some, every = sampled.tables["incidents"], whole.tables["incidents"]
    assert some.num_rows < every.num_rows / 2
    assert pc.min_max(every["weight"]).as_py() == {"min": 1.0, "max": 1.0}
    weights, kinds = some["weight"].to_numpy(), np.array(some["kind"].to_pylist())
    for kind, count in Counter(every["kind"].to_pylist()).items():
        of_kind = weights[kinds == kind]
        error = np.sqrt((of_kind * (of_kind - 1)).sum())
        assert abs(of_kind.sum() - count) <= 4 * error + 1e-6, kind


def test_time_inside_of_another_is_counted_once(monkeypatch):
    ticks = iter([0.0, 1.0, 4.0, 10.0, 10.0, 12.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(ticks))
    clock = progress.Clock()
    with clock.on("outer"), clock.on("inner"):
        pass
    with clock.on("outer"):
        pass
    assert clock.seconds == {"inner": 3.0, "outer": 7.0 + 2.0}


def test_a_run_that_another_has_finished_is_not_begun_again(tmp_path):
    directory = new_run(scenario_for("hoeryong"), RunOptions(out=tmp_path / "run"))
    (tmp_path / "run" / "manifest.json").write_text("{}")
    with pytest.raises(InputError, match="was finished by another process"), directory.hold():
        pass


def test_two_cannot_go_on_with_one_run(tmp_path):
    folder = tmp_path / "run"
    directory = new_run(
        scenario_for("hoeryong", population=50, days=3), RunOptions(draws=2, out=folder, incidents="all", twin=True)
    )
    with directory.hold():
        result = do(f"run --resume {folder}", 2)
    assert "is being worked on by another process" in result.stderr
    do(f"run --resume {folder} --threads 1")
    assert digest(folder)


@pytest.fixture(scope="module")
def small_world():
    scenario = scenario_for("hoeryong", population=400, days=70)
    return scenario, lambda: init_world(scenario, scenario.places[0], 1)


@pytest.mark.parametrize("week", [1, 2, 4, 9])
def test_a_world_goes_on_from_any_week(small_world, tmp_path, week):
    scenario, fresh = small_world
    workers = Workers(1)
    whole = simulate.run(fresh(), scenario.phases(), workers)

    world = fresh()
    for days in simulate.weeks(world, scenario.phases(), workers):
        if days == 7 * week:
            checkpoint.save(world, tmp_path / "w.npz", {"a": 1})
            break
    again = checkpoint.load(fresh(), tmp_path / "w.npz", {"a": 1})
    assert simulate.digest(simulate.run(again, scenario.phases(), workers)) == simulate.digest(whole)


@examples(60)
@given(data=st.data())
def test_a_damaged_checkpoint_is_refused_in_one_line(small_world, tmp_path_factory, data):
    _, fresh = small_world
    path = tmp_path_factory.mktemp("damaged") / "w.npz"
    checkpoint.save(fresh(), path, {"a": 1})
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    world = fresh()
    refused = ""
    try:
        checkpoint.load(world, path, {"a": 1})
    except InputError as error:
        refused = str(error)
    assert "\n" not in refused
    if not refused:  # a byte that bears no content, such as a time in the zip's own list
        assert simulate.digest(world) == simulate.digest(fresh())


def test_a_foreign_checkpoint_is_refused(small_world, tmp_path):
    _, fresh = small_world
    checkpoint.save(fresh(), tmp_path / "w.npz", {"a": 1})
    with pytest.raises(InputError, match="another run"):
        checkpoint.load(fresh(), tmp_path / "w.npz", {"a": 2})
    other = scenario_for("hoeryong", population=500, days=70)
    with pytest.raises(InputError, match="does not fit"):
        checkpoint.load(init_world(other, other.places[0], 1), tmp_path / "w.npz", {"a": 1})


def test_a_damaged_folder_is_told_in_one_line(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    job = tmp_path / "checkpoint" / "job.json"
    for text in ("", "[]", "{", '{"scenario": 3, "reproduces": null}', "null"):
        job.write_text(text)
        result = do(f"run --resume {tmp_path}", 2)
        assert result.stderr.count("\n") == 1
        assert "damaged" in result.stderr
    assert "holds no stopped run" in do(f"run --resume {tmp_path}/nothing", 2).stderr


def test_a_full_disk_is_one_line_and_leaves_earlier_runs(done, tmp_path, monkeypatch):
    folder, _ = done
    before = digest(folder)

    def full(*args, **named):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("underwatch.experiments.engine.checkpoint.write_atomically", full)
    result = do(f"{SMALL} --draws 0 --out {tmp_path}/full", 2)
    told = result.stderr.strip().splitlines()[-1]
    assert told.startswith("underwatch: the disk is full")
    assert told.endswith(f"resume with underwatch run --resume {tmp_path}/full")
    assert "Traceback" not in result.stderr
    assert digest(folder) == before
    monkeypatch.undo()
    do(f"run --resume {tmp_path}/full")
    assert digest(tmp_path / "full")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_one_line(tmp_path):
    tmp_path.chmod(0o500)
    assert "no permission" in do(f"{SMALL} --out {tmp_path}/x", 2).stderr


def test_replicates_have_luck_of_their_own(tmp_path):
    do(f"{SMALL} --draws 0 --replicates 2 --out {tmp_path}/r")
    manifest = json.loads((tmp_path / "r" / "manifest.json").read_text())
    told = manifest["place_digests"]["Hoeryong"]
    assert [len(set(told[world])) for world in ("baseline", "counter-world")] == [2, 2]
    assert len(set(told["baseline"] + told["counter-world"])) == 4
    assert set(read_run(tmp_path / "r").tables["indicators"]["replicate"].to_pylist()) == {0, 1}


def test_the_silence_curve_has_more_incidents_with_more_watching():
    scenario = scenario_for("hoeryong", population=4000, days=120)
    curve = silence_curve(scenario, [scenario.parameters], 2, (0.05, 0.3, 1.0))
    incidents = curve.incidents[:, 0]
    assert (np.diff(incidents) > 0).all()
    assert (np.diff(curve.published[:, 0] / incidents) < 0).all()


def test_a_run_keeps_its_language_and_one_that_repeats_it_has_it_too(tmp_path):
    first = do(f"run hoeryong --population 300 --days 7 --draws 0 --lang ko --out {tmp_path}/a")
    assert first.stdout.startswith("회령시, 2024년 7월: ")
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["options"]["language"] == "ko"
    again = do(f"run --from {tmp_path}/a/manifest.json --out {tmp_path}/b")
    assert again.stdout.splitlines()[:-1] == first.stdout.splitlines()
    wrong = do("run hoeryong --lang kr", 2)
    assert wrong.stderr == 'underwatch: --lang "kr" is not known (did you mean "ko"?); it is one of en, ko\n'
    beside = do(f"run --from {tmp_path}/a/manifest.json --lang en", 2)
    assert "--lang cannot be given with --from" in beside.stderr
