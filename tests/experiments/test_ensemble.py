"""Many worlds: kept as they come, told in order, whoever works on them; a failure sinks no other, a stop loses none."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from support.depth import at_length
from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.experiments.engine.answer_folder import answers_of, kept_entries
from underwatch.experiments.engine.run_directory import RunDirectory
from underwatch.experiments.engine.tasks import Outcome, Results, run_all, run_tasks
from underwatch.experiments.sweep import Sweep, SweepTask, bands_table, draws_table, headlines_of, luck_of
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.record.ranges import range_of
from underwatch.world.draws import rng
from underwatch.world.scenario_file import scenario_for

SMALL = scenario_for("hoeryong", population=800, days=21)
QUESTION = {"what": "test"}


def square(task):
    if task == 3:
        raise ValueError("three\nis refused")
    return np.array([task * task, 0.1 * task])


@dataclass
class Slow:
    """A task list that stops after some tasks."""

    after: int

    def __call__(self, number):
        self.after -= 1
        if self.after == 0:
            raise KeyboardInterrupt


def run(results, progress=None, n=20, threads=4):
    with ThreadPoolExecutor(threads) as pool, results:
        return run_tasks(list(range(n)), square, pool, results, progress)


def do(words, code=0):
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == code, result.output
    return result


def test_outcomes_come_in_order_and_a_failure_keeps_its_reason():
    found = run(Results(QUESTION))
    assert [one.values for one in found if one.values] == [(n * n, 0.1 * n) for n in range(20) if n != 3]
    assert found[3] == Outcome(None, "ValueError: three is refused")


@pytest.mark.parametrize("cut", [0, 1, 7])
def test_a_stop_and_a_torn_line_lose_nothing_that_was_kept(tmp_path, cut):
    path = tmp_path / "results.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run(Results(QUESTION, path), Slow(9), threads=1)
    kept = len(path.read_text().splitlines()) - 1
    assert kept >= 9
    if cut:
        path.write_bytes(path.read_bytes()[:-cut])
    done = []
    assert run(Results(QUESTION, path), done.append) == run(Results(QUESTION))
    assert len(done) == 20 - kept + (cut > 0)
    assert run(Results(QUESTION, path), lambda _: pytest.fail("done again")) == run(Results(QUESTION))


def test_tasks_that_all_have_to_succeed_come_in_order_and_the_first_failure_ends_the_rest():
    assert list(run_all([3, 1, 2], lambda task: task * task, 2).items()) == [(3, 9), (1, 1), (2, 4)]
    done, stops = [], []

    def work(task):
        if task == 3:
            raise ValueError("three")
        time.sleep(0.001)
        done.append(task)

    with pytest.raises(ValueError, match="three"):
        run_all(range(1_000), work, 2, lambda: stops.append(len(done)))
    assert len(stops) == 1
    assert len(done) < 500


def test_results_of_another_question_or_damaged_ones_are_refused(tmp_path):
    path = tmp_path / "results.jsonl"
    run(Results(QUESTION, path))
    with pytest.raises(InputError, match="another question or version"):
        run(Results({"what": "other"}, path))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], '{"task": "x"}', *lines[2:]]) + "\n")
    with pytest.raises(InputError, match="is damaged"):
        run(Results(QUESTION, path))


def test_results_of_the_largest_size_are_taken_and_no_more(tmp_path, monkeypatch):
    path = tmp_path / "results.jsonl"
    run(Results(QUESTION, path))
    size = path.stat().st_size
    monkeypatch.setattr("underwatch.experiments.engine.tasks._LARGEST_RESULTS", size)
    assert run(Results(QUESTION, path), lambda _: pytest.fail("done again")) == run(Results(QUESTION))
    monkeypatch.setattr("underwatch.experiments.engine.tasks._LARGEST_RESULTS", size - 1)
    with pytest.raises(InputError, match=f"is longer than {size - 1:,} bytes"):
        run(Results(QUESTION, path))


def test_a_full_disk_keeps_what_is_done(tmp_path):
    path = tmp_path / "results.jsonl"
    results = Results(QUESTION, path)

    class Full:
        def __init__(self, file):
            self.file, self.left = file, 5

        def write(self, data):
            self.left -= 1
            if self.left < 0:
                raise OSError(errno.ENOSPC, "no space")
            return self.file.write(data)

        def __getattr__(self, name):
            return getattr(self.file, name)

    with ThreadPoolExecutor(1) as pool, results:
        results._file = Full(results._file)
        with pytest.raises(InputError, match="disk is full: 5 results are kept"):
            run_tasks(list(range(20)), square, pool, results)
    assert run(Results(QUESTION, path)) == run(Results(QUESTION))


@pytest.mark.parametrize("sampler", ["lhs", "sobol"])
def test_a_sweep_gives_the_same_tables_on_threads_and_processes(sampler):
    sweep = Sweep(SMALL, 4, 2, sampler, "prior")
    tables = []
    for pool in (ThreadPoolExecutor(1), ThreadPoolExecutor(3), ProcessPoolExecutor(2)):
        with pool:
            outcomes = run_tasks(sweep.worlds(), headlines_of, pool, Results(QUESTION))
        tables.append((draws_table(sweep, outcomes), bands_table(sweep, outcomes)))
    assert tables[0] == tables[1] == tables[2]
    draws = tables[0][0].to_pylist()
    assert [(row["draw"], row["replicate"]) for row in draws[:3]] == [(1, 0), (1, 1), (2, 0)]
    assert len({row["seed"] for row in draws}) == len(draws) == 8
    for row in draws:  # each row holds all that it takes to run the world again
        values = {name.partition(":")[2]: row[name] for name in row if name.startswith("parameter:")}
        forms = {name.partition(":")[2]: row[name] for name in row if name.startswith("form:")}
        settings = {"parameters": SMALL.parameters.with_values(**values), "forms": SMALL.forms.with_forms(forms)}
        again = headlines_of(SweepTask(SMALL.replace(**settings), row["seed"]))
        assert [row[f"headline:{name}"] for name in HEADLINE_NAMES] == [None if np.isnan(x) else x for x in again]


def test_draws_fill_the_range_and_what_the_scenario_sets_stays():
    fixed = SMALL.replace(parameters=SMALL.parameters.with_values(p_notice=0.4))
    for sampler in ("lhs", "sobol"):
        drawn = Sweep(fixed, 64, 1, sampler, "prior").parameters()
        assert {one["p_notice"] for one in drawn} == {0.4}
        quota = np.sort([one["quota_mps_per_week"] for one in drawn])
        from underwatch.facts import model_parameters

        fact = model_parameters()["quota_mps_per_week"]
        share = np.log(quota / fact.low) / np.log(fact.high / fact.low)
        if fact.scale != "log":
            share = (quota - fact.low) / (fact.high - fact.low)
        assert np.abs(share - (np.arange(64) + 0.5) / 64).max() < 1.5 / 64


def bands_of(sweep, values):
    """The rows of one headline by spread, where all headlines have float[draws, replicates]."""
    outcomes = [Outcome((float(one),) * len(HEADLINE_NAMES)) for one in np.ravel(values)]
    return {row["spread"]: row for row in bands_table(sweep, outcomes).to_pylist() if row["headline"] == "arrests"}


def test_bands_are_quantiles_of_the_draws_and_of_luck_around_them():
    rows = bands_of(Sweep(SMALL, 3, 2), np.arange(3.0)[:, None] + [0.0, 0.1])
    prior, luck = rows["prior"], rows["luck"]
    assert (prior["n"], prior["q25"], prior["q50"], prior["q75"]) == (3, *map(pytest.approx, (0.05, 1.05, 2.05)))
    assert (prior["low"], prior["high"], prior["holds"]) == tuple(map(pytest.approx, (0.05, 2.05, 0.5)))
    assert (prior["q05"], prior["q95"]) == (None, None)  # three draws do not tell
    away = 0.05 * np.sqrt(2)
    assert (luck["n"], luck["low"], luck["high"], luck["holds"]) == (6, *map(pytest.approx, (-away, away, 5 / 7)))


def test_few_replicates_make_luck_no_narrower():
    """The width between the 5th and 95th percentiles of normal luck, 3.290 of its standard deviation, whatever n is."""
    found = {}
    for replicates in (2, 3, 16):
        width = []
        for study in range(150):
            luck = rng(study, f"normal luck {replicates}")
            values = 5.0 * luck.standard_normal((32, 1)) + luck.standard_normal((32, replicates))
            around = range_of(luck_of(values))
            assert around.n == 32 * replicates
            width.append(around.high - around.low)
        found[replicates] = np.mean(width), np.std(width) / np.sqrt(len(width))
    for mean, error in found.values():
        assert abs(mean - 3.290) < 4 * error + 0.08


def test_luck_that_is_not_known_is_left_out():
    """A draw with one result says nothing of luck; one with two of three is corrected for two."""
    nan = np.nan
    values = np.array([[1.0, nan, nan], [2.0, 4.0, nan], [nan, nan, nan], [0.0, 3.0, 6.0]])
    root = np.sqrt(2)
    assert luck_of(values).tolist() == pytest.approx([-root, root, -3 * np.sqrt(1.5), 0.0, 3 * np.sqrt(1.5)])
    assert bands_of(Sweep(SMALL, 1, 1), [[nan]])["prior"]["low"] is None


def test_a_world_that_fails_is_told_and_the_rest_stands(tmp_path, monkeypatch):
    from underwatch.api.commands import sweep as module

    real, count = module.headlines_of, []

    def fails_once(world):
        count.append(world)
        if len(count) == 2:
            raise ArithmeticError("out of\nluck")
        return real(world)

    monkeypatch.setattr(module, "headlines_of", fails_once)
    result = do(f"sweep hoeryong --population 500 --days 14 --draws 4 --threads 1 --out {tmp_path}/s", 1)
    assert "1 of 4 worlds have no result; the first: ArithmeticError: out of luck" in result.stderr
    table = pq.read_table(tmp_path / "s" / "draws.parquet").to_pylist()
    assert [row["done"] for row in table] == [True, False, True, True]
    assert json.loads((tmp_path / "s" / "manifest.json").read_text())["without_result"] == 1


@pytest.mark.parametrize(
    "command",
    [
        "sweep hoeryong --population 3000 --days 60 --draws 40",
        at_length("compare hoeryong --with end-reprimands --population 6000 --days 120 --draws 20"),
        at_length("sensitivity hoeryong --population 3000 --days 60 --trajectories 2 --n 8 --factors 2 --town 500"),
    ],
)
def test_a_killed_command_goes_on_and_gives_the_same(tmp_path, command):
    do(f"{command} --out {tmp_path}/whole --threads 2")
    line = [sys.executable, "-c", "from underwatch.cli import main; main()", *command.split()]
    process = subprocess.Popen([*line, "--out", f"{tmp_path}/killed", "--threads", "1"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    until = time.monotonic() + 300
    while sum(path.read_bytes().count(b"\n") for path in tmp_path.glob("killed/*results.jsonl")) < 4:
        assert process.poll() is None, "finished before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "manifest.json").exists()
    do(f"{command.split()[0]} --resume {tmp_path}/killed --threads 2")
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "killed").iterdir())
    for name in names:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes(), name


def test_what_cannot_be_resumed_is_refused_in_one_line(tmp_path):
    do(f"sweep hoeryong --population 300 --days 7 --draws 2 --out {tmp_path}/a")
    assert "is finished" in do(f"sweep --resume {tmp_path}/a", 2).stderr
    assert "nothing to resume" in do(f"sweep --resume {tmp_path}", 2).stderr
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "question.json").write_text("{")
    assert "is damaged" in do(f"sweep --resume {tmp_path}/b", 2).stderr
    (tmp_path / "b" / "question.json").write_text('{"what": "compare", "made_by": "x"}')
    assert "is of underwatch compare" in do(f"sweep --resume {tmp_path}/b", 2).stderr
    (tmp_path / "b" / "question.json").write_text('{"what": "sweep", "made_by": "x"}')
    assert "was begun by underwatch x" in do(f"sweep --resume {tmp_path}/b", 2).stderr
    assert "--draws cannot be given with --resume" in do(f"sweep --resume {tmp_path}/b --draws 3", 2).stderr
    assert "a PLACE or a FILE.toml is missing" in do("sweep", 2).stderr
    assert "is no power of 2" in do("sensitivity hoeryong --n 100", 2).stderr


@pytest.mark.parametrize(("draws", "replicates"), [(1_000_000, 1), (1_000, 1_000), (1, 100_001)])
def test_a_folder_does_not_ask_for_worlds_without_end(tmp_path, draws, replicates):
    kinds = {"draws": (int,), "replicates": (int,)}

    def asking(draws, replicates):
        return RunDirectory(tmp_path, answers_of("sweep"), {"draws": draws, "replicates": replicates})

    with pytest.raises(InputError, match=r"question\.json"):
        kept_entries(asking(draws, replicates), kinds)
    assert kept_entries(asking(1_000, 100), kinds) == [1_000, 100]


@pytest.mark.parametrize("line", [b"ab", b'{"task": 0, "values": [' + b"1," * 50_000 + b'1], "reason": ""}'])
def test_results_of_a_stranger_are_read_a_line_at_a_time_and_refused(tmp_path, line):
    path = tmp_path / "results.jsonl"
    with Results({"q": 1}, path):
        pass
    path.write_bytes(path.read_bytes() + (line + b"\n") * 3)
    with pytest.raises(InputError, match="damaged"), Results({"q": 1}, path):
        pass
