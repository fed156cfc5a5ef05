"""What the intake takes and what it refuses: the largest that we write, and a little more than that."""

import csv
import io
import os
import random
import socket
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwatch.errors import InputError
from underwatch.facts import model_parameters
from underwatch.files.intake import toml
from underwatch.files.intake.json import parse_json
from underwatch.files.intake.plain import DEEPEST
from underwatch.files.intake.regular import read_bytes, read_text
from underwatch.files.intake.table import MOST_CELLS, MOST_ROWS, check_counts, lines_of, rows_of
from underwatch.files.intake.toml import parse_toml
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


def test_a_day_is_a_day():
    assert parse_toml("x = 2024-07-01", "") == {"x": date(2024, 7, 1)}
