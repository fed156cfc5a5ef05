"""What the intake takes and what it refuses: the largest that we write, and a little more than that."""

import csv
import io
import lzma
import os
import random
import socket
import zipfile
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile import raw_zip
from underwatch.errors import InputError
from underwatch.facts import model_parameters
from underwatch.intake import toml
from underwatch.intake.arrays import arrays_of, expect
from underwatch.intake.json import parse_json
from underwatch.intake.parquet import opened
from underwatch.intake.plain import DEEPEST
from underwatch.intake.regular import read_bytes, read_text
from underwatch.intake.sealed import MOST_STANZAS, checked_head
from underwatch.intake.table import MOST_CELLS, MOST_ROWS, check_counts, lines_of, rows_of
from underwatch.intake.toml import parse_toml
from underwatch.intake.xz import unxz
from underwatch.world.parameters import Parameters
from underwatch.world.scenario import Change
from underwatch.world.scenario_file import parse, scenario_for, scenario_toml


def test_a_file_is_read_up_to_its_limit(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    with pytest.raises(InputError, match="longer than 4 bytes and no scenario"):
        read_bytes(path, 4, "scenario")
    (tmp_path / "link").symlink_to(path)
    assert read_bytes(tmp_path / "link", 5) == b"12345"
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "none", 5)


def test_a_file_that_does_not_tell_its_size_is_read_up_to_the_limit():
    whole = read_bytes("/proc/self/status", 1 << 20)
    assert b"VmRSS" in whole
    with pytest.raises(InputError, match="longer than 9 bytes"):
        read_bytes("/proc/self/status", 9)


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to_pipe").symlink_to(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "s"))
        for name in ("pipe", "to_pipe", "s", "."):
            with pytest.raises(InputError, match="cannot be read"):
                read_bytes(tmp_path / name, 5)
    for name in ("/dev/zero", "/dev/null", "a\0b"):
        with pytest.raises(InputError, match="cannot be read"):
            read_bytes(name, 5)


def test_a_byte_order_mark_is_left_out_and_other_bytes_are_named(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfx")
    assert read_text(tmp_path / "a", 9) == "x"
    (tmp_path / "a").write_bytes(b"ab\xff")
    with pytest.raises(InputError, match="byte 3"):
        read_text(tmp_path / "a", 9)


# --- TOML -----------------------------------------------------------------------------------------------------------


def test_the_largest_scenario_passes():
    values = {n: v for n, v in Parameters.central().items() if model_parameters()[n].rule not in ("S1", "S2")}
    scenario = scenario_for("hoeryong", days=730)
    weekly = tuple(Change(scenario.start + timedelta(7 * week), values) for week in range(1, 104))
    text = scenario_toml(scenario.replace(changes=weekly))
    assert len(text) > 370_000
    assert len(parse(text).changes) == 103


@pytest.mark.parametrize("n", [1, toml.MOST_DOTS, toml.MOST_DOTS + 1])
def test_dots_of_a_key_are_counted_outside_of_strings(n):
    key = ".".join("a" * (n + 1))
    for text in (
        f"{key} = 1",
        f"[{key}]",
        f"x = {{ {key} = 1 }}",
        f"[[ {key.replace('.', ' . ')} ]]",
        f'"b".{key[2:]} = 1',
    ):
        if n > toml.MOST_DOTS:
            with pytest.raises(InputError, match="dots"):
                parse_toml(text, "")
        else:
            assert parse_toml(text, "")
    dots = "." * 5_000
    for text in (f'x = "{dots}"', f"x = '{dots}'", f'x = """{dots}"""', f"x = '''{dots}'''", f"x = 1 # a{dots}"):
        assert "x" in parse_toml(text, "")


def test_strings_cannot_hide_a_key():
    key = ".".join("a" * 400)
    for text in (
        f'x = """a"""\n{key} = 1', f"x = '''\n'''\n{key} = 1", f'x = "\\""\n{key} = 1', f"x = 'it\\'\n{key} = 1",
        f'x = ""\n{key} = 1', f"x = ''\n{key} = 1", f'x = """\\""""\n{key} = 1', f'x = """a""""\n{key} = 1',
        f"# it's\n{key} = 1", f'# "\n{key} = 1', f"x = '''a''''\n{key} = 1", f'x = """""\n"""\n{key} = 1',
    ):  # fmt: skip
        with pytest.raises(InputError, match="dots"):
            parse_toml(text, "")


def test_depth_is_counted_before_it_is_parsed():
    assert parse_toml("x = " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1), "")
    with pytest.raises(InputError, match="nested too deep"):
        parse_toml("x = " + "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "")
    with pytest.raises(InputError, match="nested too deep"):
        parse_toml(
            "\n".join("[" + ".".join("abcdefgh"[: n + 1]) + "]" for n in range(8)) + "\nx = " + "[" * 20 + "]" * 20, ""
        )


def test_a_number_of_thirty_digits_is_read_and_a_longer_one_named():
    assert parse_toml(f"x = {10**30 - 1}", "") == {"x": 10**30 - 1}
    for text in (f"x = {10**30}", f"x = -{10**30}", "x = 0x" + "f" * 30, "x = [[0b" + "1" * 200 + "]]"):
        with pytest.raises(InputError, match="more than 30 digits"):
            parse_toml(text, "f: ")


# --- JSON -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100 + "]" * 100, "nested too deep"), ('{"a":' * 30 + "1" + "}" * 30, "nested too deep"),
        ("[" * 200_000, "nested too deep"), (str(10**30), "30 digits"), ("1" * 5_000, "is no JSON"),
        ("1e999", "not finite"), ("-1e999", "not finite"), ("NaN", "no JSON"), ("[Infinity]", "no JSON"),
        ('"\\ud800"', "surrogate"), ('{"\\udfff": 1}', "surrogate"), ('["a", ["\\ud83d"]]', "surrogate"),
        ("", "is no JSON"), ("{", "is no JSON"), ("[" + "1," * 400_001 + "1]", "values"), (" " * 4_000_001, "letters"),
    ],
)  # fmt: skip
def test_json_that_no_file_of_ours_holds_is_refused(text, words):
    with pytest.raises(InputError, match=words):
        parse_json(text.encode(), "f: ")


def test_json_of_every_plain_kind_is_read():
    assert parse_json(b'\xef\xbb\xbf{"a": [1, 2.5, null, true, "\\ud83d\\ude00"]}', "") == {
        "a": [1, 2.5, None, True, "😀"]
    }
    assert np.isnan(parse_json(b"[NaN]", "", finite=False)[0])


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


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_reports_are_within_the_limits():
    line = (b"x" * 8 + b",") * 23 + b"x\n"
    check_counts(line * 100_001)
    check_counts((b"x" * 10 + b",") * 9 + b"x\n" * 100_001)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_rows_and_cells_beyond_the_limits_are_refused(end):
    check_counts(end * MOST_ROWS)
    with pytest.raises(InputError, match="rows"):
        check_counts(end * (MOST_ROWS + 1))
    with pytest.raises(InputError, match="cells"):
        check_counts(b"a" + end + b"," * (MOST_CELLS + 1))
    with pytest.raises(InputError, match="columns"):
        check_counts(b"," * 600 + end)


cells = st.text(st.sampled_from(["a", "김", ",", '"', "\n", "\r", " ", "é"]), max_size=4)


@given(st.lists(st.lists(cells, min_size=1, max_size=3), max_size=6), st.sampled_from(["\n", "\r\n", "\r"]))
def test_rows_are_those_of_the_csv_module(rows, end):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows(rows)
    data = text.getvalue().encode()
    assert list(rows_of(data)) == list(csv.reader(io.StringIO(text.getvalue(), newline=""), strict=True))


def test_stretches_come_to_the_whole_file_wherever_they_are_cut():
    luck = random.Random(1)
    for end in (b"\n", b"\r\n", b"\r"):
        lines = ["김a" * luck.randint(0, 900) for _ in range(900)]
        data = b"".join(line.encode() + end for line in lines)
        assert [row[0] if row else "" for row in rows_of(data)] == lines
    assert [line for some in lines_of(data.replace(b"\r", b"\n")) for line in some] == lines


@pytest.mark.parametrize("data", [b"x" * 800_000, b"a\n" + b"x" * 800_000 + b"\n", b"a\r" + b"x" * 800_000])
def test_a_line_longer_than_any_is_refused(data):
    with pytest.raises((InputError, csv.Error)):
        list(rows_of(data))
    with pytest.raises(InputError, match="line of more than"):
        list(lines_of(data))


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


def test_other_columns_and_other_bytes_are_refused():
    sound = parquet(table(10))
    with pytest.raises(InputError, match="columns"):
        read(sound, pa.schema([pa.field("n", pa.int32())]))
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


def test_a_day_is_a_day():
    assert parse_toml("x = 2024-07-01", "") == {"x": date(2024, 7, 1)}
