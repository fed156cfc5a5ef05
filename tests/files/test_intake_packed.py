"""What the intake takes of what is packed or sealed: xz, zip, npz, Parquet, age."""

import io
import itertools
import lzma
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.hostile.making import raw_zip
from underwatch.errors import InputError
from underwatch.files.intake.archive import archive_of
from underwatch.files.intake.arrays import arrays_of, expect
from underwatch.files.intake.parquet import opened
from underwatch.files.intake.sealed import MOST_STANZAS, checked_head
from underwatch.files.intake.xz import unxz
from underwatch.record.outputs import table_bytes
from underwatch.record.schema import TABLES

# --- xz and zip -------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=3_000), st.integers(0, 9))
def test_xz_gives_back_what_was_packed_and_no_byte_more_than_allowed(data, preset):
    packed = lzma.compress(data, preset=min(preset, 6))
    assert unxz(packed, len(data), "") == data
    if data:
        with pytest.raises(InputError, match="unpacks to more"):
            unxz(packed, len(data) - 1, "")
        with pytest.raises(InputError, match=r"not one whole|cannot be unpacked"):
            unxz(packed[:-1], len(data), "")
    with pytest.raises(InputError, match="not one whole"):
        unxz(packed + packed, 10_000, "")


def test_xz_that_wants_much_memory_is_refused():
    with pytest.raises(InputError, match="cannot be unpacked"):
        unxz(lzma.compress(b"a", preset=9), 10, "f: ")


def stored(name, data):
    """A zip of one stored file: what stands before its directory, and the entry in it."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr(name, data)
    at = memory.getvalue().index(b"PK\1\2")
    return memory.getvalue()[:at], memory.getvalue()[at : memory.getvalue().index(b"PK\5\6")]


def test_a_file_within_another_is_not_unpacked_twice():
    inner, entry = stored("b", b"x" * 50)
    outer, first = stored("a", inner)
    second = entry[:42] + struct.pack("<L", len(outer) - len(inner)) + entry[46:]
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 2, 2, len(first + second), len(outer), 0)
    with zipfile.ZipFile(io.BytesIO(outer + first + second + end)) as archive:
        assert (archive.read("a"), archive.read("b")) == (inner, b"x" * 50)
    with pytest.raises(InputError, match="over each other"), archive_of(outer + first + second + end, 9, "", "x"):
        pass


ARRAYS = {
    "whole": np.arange(7), "empty": np.zeros((0, 3)), "one": np.array(5), "texts": np.array(["a", "회령"]),
    "by columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "truth": np.array([True, False]),
    "small": np.ones((2, 3, 4), np.uint8), "big end": np.arange(3, dtype=">i4"),
}  # fmt: skip


def npz(arrays):
    memory = io.BytesIO()
    np.savez(memory, **arrays)
    return memory.getvalue()


def test_arrays_are_those_that_numpy_reads():
    data = npz(ARRAYS)
    found, truth = arrays_of(data, ""), np.load(io.BytesIO(data), allow_pickle=False)
    assert sorted(found) == sorted(truth.files)
    for name in truth.files:
        assert found[name].dtype == truth[name].dtype
        assert np.array_equal(found[name], truth[name])
        found[name][...] = 0  # it is our own


def member(head, body=b"", version=b"\1\0"):
    length = len(head).to_bytes(2 if version == b"\1\0" else 4, "little")
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY" + version + length + head + body)
    return memory.getvalue()


HEAD = "{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}\n"


def headed(kind, shape="(1,)", body=b"12345678", version=b"\1\0"):
    return member(HEAD.format(kind, shape).encode(), body, version)


@pytest.mark.parametrize(
    "data",
    [
        headed("<f8", "(1000000000000,)", b""), headed("<f8", "(10**9,)", b""), headed("<f8", "(-1,)", b""),
        headed("<f8", body=b"1234567"), headed("<f8", body=b"123456789"), headed("|O"), headed("|V8"), headed("|S8"),
        headed("<M8[D]"), headed("nonsense"), headed("|u1", str((1,) * 40), b"1"), headed("|u1", "(" * 5_000, b""),
        headed("|u1", body=b"1", version=b"\3\0"), headed("|u1", body=b"1", version=b"\1\7"), member(b"[" * 60_000),
        npz({"a": np.arange(5)})[:-5], npz({"a": np.arange(500)}).replace(np.arange(9).tobytes(), bytes(72)), b"",
        raw_zip([("a.npy", b"x" * 9, 9, 0), ("a.npy", b"x" * 9, 9, 0)]), raw_zip([("a.npy", b"x" * 9, 9, 0)], flags=1),
        raw_zip([("a.txt", b"", 0, 0)]),
    ],
    ids=itertools.count(),  # the bytes of a zip hold the time
)  # fmt: skip
def test_an_array_that_is_none_is_refused(data):
    with pytest.raises(InputError, match=r"^f: "):
        arrays_of(data, "f: ")


def test_arrays_must_be_those_expected():
    shapes = {"a": ("i", (None, 2)), "b": ("f", ())}
    sound = {"a": np.zeros((3, 2), int), "b": np.array(1.0)}
    expect(sound, shapes, "")
    for spoilt in (
        {"a": sound["a"]}, sound | {"c": np.zeros(1)}, sound | {"a": np.zeros((3, 3), int)},
        sound | {"a": np.zeros(2, int)}, sound | {"a": np.zeros((3, 2))}, sound | {"b": np.array(np.nan)},
        sound | {"b": np.array(np.inf)},
    ):  # fmt: skip
        with pytest.raises(InputError):
            expect(spoilt, shapes, "")


# --- Parquet ----------------------------------------------------------------------------------------------------------

SCHEMA = pa.schema([pa.field("n", pa.int64()), pa.field("word", pa.dictionary(pa.int32(), pa.string()))])


def table(n):
    return pa.table({"n": pa.array(np.arange(n)), "word": pa.array(["a"] * n).dictionary_encode()}, SCHEMA)


def parquet(made, **how):
    sink = pa.BufferOutputStream()
    pq.write_table(made, sink, compression="zstd", **how)
    return sink.getvalue().to_pybytes()


def read(data, schema=SCHEMA):
    with opened(pa.BufferReader(data), schema, "take another copy", "f") as file:
        return file.read()


@pytest.mark.parametrize("how", [{}, {"use_dictionary": False}, {"data_page_version": "2.0"}, {"row_group_size": 700}])
def test_parquet_is_read_as_it_was_written(how):
    made = table(20_000)
    assert read(parquet(made, **how)).cast(SCHEMA).to_pylist() == made.to_pylist()


@pytest.mark.parametrize("n", [0, 1, 500])
@pytest.mark.parametrize("name", TABLES)
def test_every_table_of_a_run_is_read_as_it_was_written(name, n):
    def column(kind):
        if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
            return pa.array(["a"] * n, kind)
        return pa.array([1] * n, pa.int32()).cast(kind)

    made = pa.table({field.name: column(field.type) for field in TABLES[name]}, TABLES[name])
    assert read(table_bytes(name, made), TABLES[name]).to_pylist() == made.to_pylist()


def test_a_page_that_becomes_huge_is_refused():
    zeros = pa.table(
        {"n": np.zeros(4_000_000, np.int64), "word": pa.array(["a"] * 4_000_000).dictionary_encode()}, SCHEMA
    )
    huge = parquet(
        zeros.slice(0, 2_000_000), use_dictionary=["word"], data_page_size=1 << 30, max_rows_per_page=1 << 30
    )
    assert len(huge) < 100_000
    with pytest.raises(InputError, match=r"a page of [0-9,]+ bytes"):
        read(huge)
    with pytest.raises(InputError, match=r"4,000,000 rows in"):
        read(parquet(zeros, row_group_size=4_000_000))


def test_no_list_in_the_footer_that_says_another_length_ends_the_process():
    """pyarrow 25 ends it, with no error, where a column counts more levels than it can have."""
    sound = parquet(table(10))
    footer = len(sound) - 8 - int.from_bytes(sound[-8:-4], "little")
    refused = 0
    for at in range(footer, len(sound) - 8):
        for head in (0x06, 0x16, 0x26, 0x36):  # a list of 0 to 3 whole numbers
            try:
                read(sound[:at] + bytes([head]) + sound[at + 1 :])
            except InputError:
                refused += 1
    assert refused > 1_000


def test_other_columns_and_other_bytes_are_refused():
    sound = parquet(table(10))
    with pytest.raises(InputError, match="columns"):
        read(sound, pa.schema([pa.field("n", pa.int32())]))
    assert b"word" in sound[-600:]
    with pytest.raises(InputError, match="not Parquet"):
        read(sound.replace(b"word", b"wor\xd2"))  # a name that is no UTF-8
    for data in (
        b"",
        b"PAR1",
        sound[:-1],
        sound[:-4] + b"PARE",
        sound[:-8] + b"\xff\xff\xff\x7fPAR1",
        bytes(100) + sound[-60:],
    ):
        with pytest.raises(InputError, match="not Parquet"):
            read(data)


# --- age --------------------------------------------------------------------------------------------------------------

B64 = b"A" * 43
STANZA = b"-> X25519 " + B64 + b"\n" + B64 + b"\n"
FIRST, MAC = b"age-encryption.org/v1\n", b"--- " + B64 + b"\n"


def scrypt(factor):
    return b"-> scrypt " + b"A" * 22 + b" " + factor + b"\n" + B64 + b"\n"


@pytest.mark.parametrize("factor", [b"1", b"18", b"19", b"20"])
def test_a_work_factor_up_to_20_is_tried(factor):
    data = FIRST + scrypt(factor) + MAC + b"x"
    assert checked_head(data) == data


@pytest.mark.parametrize("factor", [b"21", b"22", b"63", b"99"])
def test_a_higher_one_is_not(factor):
    with pytest.raises(InputError, match=f"work factor of {int(factor)}"):
        checked_head(FIRST + scrypt(factor) + MAC)


@pytest.mark.parametrize(
    "head",
    [
        STANZA * (MOST_STANZAS + 1) + MAC, STANZA * 2_000 + MAC, scrypt(b"0") + MAC, scrypt(b"010") + MAC,
        scrypt(b"-1") + MAC, scrypt(b"+18") + MAC, scrypt(b"1e9") + MAC, scrypt(b"18") * 2 + MAC,
        STANZA + scrypt(b"18") + MAC, b"-> scrypt\n\n" + MAC, STANZA + b"--- " + b"A" * 99 + b"\n", STANZA, MAC,
        STANZA + b"---\n", b"-> X25519\n" + b"A" * 65 + b"\n" + MAC, b"-> a \n\n" + MAC, STANZA + b"x" + MAC,
        STANZA.replace(b"\n", b"\r\n") + MAC,
    ],
)  # fmt: skip
def test_another_head_is_refused(head):
    with pytest.raises(InputError):
        checked_head(FIRST + head)


def test_the_most_recipients_and_some_more():
    import pyrage

    keys = [pyrage.x25519.Identity.generate() for _ in range(MOST_STANZAS)]
    sealed = pyrage.encrypt(b"a", [key.to_public() for key in keys[:-2]])
    assert pyrage.decrypt(checked_head(sealed), [keys[0]]) == b"a"
    with pytest.raises(InputError, match=f"more than {MOST_STANZAS} keys"):
        checked_head(pyrage.encrypt(b"a", [key.to_public() for key in keys + keys]))


def test_armour_is_taken_off_and_nothing_else_is_taken_for_it():
    import base64

    bare = FIRST + STANZA + MAC + bytes(range(200))
    text = base64.b64encode(bare)
    lines = b"\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    first, last = b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----END AGE ENCRYPTED FILE-----"
    for data in (b"\n".join((first, lines, last, b"")), b"\r\n".join((first, *lines.split(b"\n"), last))):
        assert checked_head(data) == bare
    for data in (
        first,
        first + b"\n" + lines,
        b"\n".join((first, lines + b"!", last)),
        b"\n".join((first, b"\n" * 99, last)),
    ):
        with pytest.raises(InputError, match="damaged"):
            checked_head(data)
