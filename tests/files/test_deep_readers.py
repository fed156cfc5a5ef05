"""Every reader for longer: many wounds by Hypothesis, and some seconds each of a fuzzer that follows branches.

`make test-deep` runs this and `make test` leaves it out.
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.test_fuzz import mutated
from support import readers

FUZZER = Path(__file__).with_name("fuzz_reader.py")
SECONDS = 4
HERE = tempfile.TemporaryDirectory(prefix="readers-")
READERS = readers.readers(HERE.name)

pytestmark = pytest.mark.deep


@pytest.mark.parametrize("name", READERS)
@given(st.integers(0, 2**64), st.data())
def test_many_wounds_are_refused_in_one_line(name, seed, data):
    luck, reader = random.Random(seed), READERS[name]
    content = mutated(luck, data.draw(st.sampled_from(reader.samples)))
    with tempfile.TemporaryDirectory() as folder:
        readers.tried(reader, content, Path(folder))


@pytest.mark.parametrize("name", READERS)
def test_a_fuzzer_finds_no_other_end_than_one_line(name, tmp_path):
    command = [sys.executable, str(FUZZER), name, str(SECONDS), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-1_500:]
    print(done.stdout.splitlines()[0] if "atheris is not here" in done.stdout else f"{name}: branches were followed")
