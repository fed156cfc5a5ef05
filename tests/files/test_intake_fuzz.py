"""Wounded files at every reader: one line or a sound reading, never a traceback.

`test_deep_readers` goes on for longer; `make test-deep` runs it.
"""

import json
import random
import re
import tempfile
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from evidence.test_fuzz import mutated
from support import readers
from support.depth import examples
from underwatch.errors import InputError
from underwatch.files.intake.json import parse_json
from underwatch.files.intake.toml import parse_toml

HERE = tempfile.TemporaryDirectory(prefix="readers-")
READERS = readers.readers(HERE.name)


@pytest.mark.parametrize("name", READERS)
def test_what_is_sound_is_read(name, tmp_path):
    assert all(readers.tried(READERS[name], sample, tmp_path) for sample in READERS[name].samples[:1])


@pytest.mark.parametrize("name", READERS)
@examples(30)
@given(st.integers(0, 2**64), st.data())
def test_what_is_wounded_is_read_or_refused_in_one_line(name, seed, data):
    luck, reader = random.Random(seed), READERS[name]
    content = mutated(luck, data.draw(st.sampled_from(reader.samples)))
    with tempfile.TemporaryDirectory() as folder:
        readers.tried(reader, content, Path(folder))


@pytest.mark.parametrize("name", READERS)
@examples(20)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused_in_one_line(name, data):
    with tempfile.TemporaryDirectory() as folder:
        readers.tried(READERS[name], data, Path(folder))


keys = st.text("ab", min_size=1, max_size=3)
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**64), 2**64), st.floats(), st.text(max_size=8),
    st.sampled_from([10**29, 10**30, 10**400, "\ud800", "\0", "é", 1e308]),
)  # fmt: skip
documents = st.recursive(
    leaves, lambda one: st.lists(one, max_size=4) | st.dictionaries(keys, one, max_size=4), max_leaves=12
)


@given(documents)
def test_json_that_python_writes_is_read_as_it_was_or_refused_for_a_reason(document):
    text = json.dumps(document, ensure_ascii=False)
    if re.search("[0-9]{31}|[\ud800-\udfff]", text):
        with pytest.raises(InputError, match=r"digits|surrogate"):
            parse_json(text, "", finite=False)
    else:
        assert repr(parse_json(text, "", finite=False)) == repr(document)


@given(st.dictionaries(keys, st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda one: st.lists(one, max_size=4) | st.dictionaries(keys, one, max_size=4), max_leaves=12,
), max_size=5))  # fmt: skip
def test_toml_that_is_written_is_read_as_it_was(document):
    assert parse_toml(tomli_w.dumps(document), "") == document
