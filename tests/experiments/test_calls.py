"""How far it is from the command line to the kernel: a newcomer who follows a call gets there in a minute."""

import inspect
from pathlib import Path

from click.testing import CliRunner

import underwatch
from underwatch.cli.world import run
from underwatch.world.kernels import days

HERE = str(Path(underwatch.__file__).parent)
MOST_CALLS = 8


def test_a_scenario_reaches_the_kernel_in_eight_calls(tmp_path, monkeypatch):
    kernel, seen = days.run_days, []

    def run_days(*given):
        if not seen:
            seen.extend(frame.function for frame in inspect.stack() if frame.filename.startswith(HERE))
        return kernel(*given)

    run_days.signatures = [()]  # as of a kernel that is compiled
    monkeypatch.setitem(vars(days), "run_days", run_days)  # a compiled rule is sealed against any other way
    words = f"hoeryong --population 60 --days 3 --draws 0 --threads 1 --out {tmp_path}/a"
    assert CliRunner().invoke(run, words.split(), standalone_mode=False).exit_code == 0
    calls = [*seen[::-1], "run_days"]
    assert calls[0] == "run"
    assert len(calls) <= MOST_CALLS, " ".join(calls)
