"""Hostile files end in one line and exit code 2, and cost no more memory than a file of ours may cost.

Memory is counted by the kernel in a process for each file, as what it adds at most to what there was before. How long
each takes is a matter of `make bench`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from files import hostile

# What a test of memory must not be taken for: the limit that the process runs under.
OUT_OF_MEMORY = "not enough memory"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What became of every case, each read once."""
    command = [sys.executable, "-m", "files.hostile", str(tmp_path_factory.mktemp("hostile"))]
    tests = Path(__file__).resolve().parents[1]
    environment = os.environ | {"PYTHONPATH": str(tests), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tests, check=True)
    told = map(json.loads, done.stdout.splitlines())
    return {one.pop("case"): one for one in told}


@pytest.mark.parametrize("name", hostile.CASES)
def test_a_hostile_file_is_one_line_and_little_memory(outcomes, name):
    found = outcomes[name]
    said = found["said"]
    assert found["code"] == 2, said
    assert said.count("\n") == 1
    assert said.endswith("\n")
    assert OUT_OF_MEMORY not in said
    assert 0 <= found["mb"] <= hostile.MOST_MB
