"""The terminal: foreign text acts on nothing there, and a letter that it cannot print stops nothing."""

import ast
import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from evidence.packages import good_package
from support.depth import at_length, examples
from underwatch import terminal
from underwatch.cli import COMMANDS, main
from underwatch.cli.evidence import evidence
from underwatch.cli.front import Front
from underwatch.errors import InputError, Stopped
from underwatch.evidence.folder import write_files
from underwatch.evidence.package import to_files
from underwatch.experiments.engine.progress import Progress
from underwatch.inference.bank.bank import read_bank, shipped_folder

SOURCE = Path(terminal.__file__).parent
# Every one of them acts on a terminal or hides: escape, C0, C1, direction, zero width, tags, ends of line, half a pair.
ACTING = (
    *range(0x20), *range(0x7F, 0xA0), 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x180E, *range(0x200B, 0x2010),
    *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0x3164, 0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFC), 0xFE0F, 0xD800,
    0xDBFF, 0xDC80, 0xDFFF, 0xE000, 0xFFFF, 0xE0001, *range(0xE0020, 0xE0080), 0xE0100, 0x10FFFE,
)  # fmt: skip
HOSTILE = (
    "\x1b]0;mine\x07a\u202egnp.\u2066[red]b[bold]\u200b\x9b2J\x08\r\nunderwatch: all is well\U000e0041\u2028c\udc80"
)


def acts(text):
    """The letters of a text that would act on a terminal, ends of lines aside."""
    return {letter for letter in text if ord(letter) in ACTING and letter != "\n"}


def test_what_acts_is_replaced_and_all_that_shows_is_kept():
    for code in ACTING:
        assert terminal.printable(f"a{chr(code)}b") == ("a b" if code == 9 else "a\ufffdb"), hex(code)
    for code in [*range(0x20, 0x3100), *range(0xAC00, 0xD7A4), *range(0x1F300, 0x1F600)]:
        letter = chr(code)
        if code not in ACTING and unicodedata.category(letter)[0] in "LNPS" and code not in (0x17B4, 0x2800):
            assert terminal.printable(letter) == letter, hex(code)
    assert terminal.printable("회령 ⟨3⟩ é – “x” 한") == "회령 ⟨3⟩ é – “x” 한"


def test_no_text_can_pass_for_a_line_of_its_own(capsys):
    terminal.say(f"{HOSTILE} is a package.", "It is not sealed.")
    terminal.say(f"{HOSTILE}", err=True)
    shown = capsys.readouterr()
    assert (shown.out.count("\n"), shown.err.count("\n")) == (2, 1)
    assert not acts(shown.out + shown.err)
    assert "[red]b[bold]" in shown.out


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "euc-kr", "ascii"])
@examples(60)
@given(text=st.text(st.characters(codec=None, exclude_categories=()), max_size=20))
def test_json_stays_whole_and_acts_on_nothing(encoding, text):
    told = {"a": [text, HOSTILE], text: 1.5}
    before, stream = sys.stdout, io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    sys.stdout = stream
    try:
        terminal.say_json(json.dumps(told, indent=1, ensure_ascii=False))
    finally:
        sys.stdout = before
    printed = stream.buffer.getvalue().decode(encoding)
    assert json.loads(printed) == told
    assert not acts(printed)


def test_marks_of_a_markup_are_letters_in_tables_and_in_progress(capsys):
    terminal.say_table(("name", "n"), [("[red]x[/red] :bomb:", "1"), (HOSTILE, "2")], ("n",))
    shown = capsys.readouterr().out
    assert "[red]x[/red] :bomb:" in shown
    assert not acts(shown)
    progress, screen = Progress(10), io.StringIO()
    progress.say("[red]Hoeryong[/red]" + HOSTILE)
    Console(file=screen, width=200).print(progress.bar.get_renderable())
    assert "[red]Hoeryong[/red]" in screen.getvalue()
    assert not acts(screen.getvalue())


def test_all_that_is_printed_goes_through_the_one_module():
    """No other module prints, asks, or opens a console; a command that did would show what others wrote as it is."""
    banned = {"print", "input", "echo", "secho", "prompt", "confirm", "pause", "getpass", "Console", "writelines"}
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        if path == SOURCE / "terminal.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                found += [f"{path.name}:{node.lineno} {name}"] if name in banned else []
            if isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr", "stdin"):
                found.append(f"{path.name}:{node.lineno} {node.attr}")
    assert found == []


@pytest.mark.parametrize("error", [InputError(f"x {HOSTILE}"), Stopped(f"resume {HOSTILE}"),
                                   OSError(28, HOSTILE, HOSTILE), click.ClickException(HOSTILE)])  # fmt: skip
def test_an_error_made_of_foreign_text_is_one_harmless_line(error):
    @click.command()
    def go():
        raise error

    front = Front({"go": ("nowhere:go", "Go.")}, help="A front.")
    front.get_command = lambda ctx, name: go
    found = CliRunner().invoke(front, ["go"])
    assert found.exit_code in (2, 130)
    assert found.stderr.strip().count("\n") == 0
    assert not acts(found.stderr)


@pytest.fixture(scope="module")
def shipped_bank():
    return read_bank(shipped_folder())


@pytest.fixture
def hostile(tmp_path, monkeypatch, shipped_bank):
    """A folder in which everything that somebody else could have named or written holds what acts."""
    monkeypatch.chdir(tmp_path)
    read = lambda folder: shipped_bank if folder == shipped_folder() else read_bank(folder)  # noqa: E731
    monkeypatch.setattr("underwatch.inference.bank.bank.read_bank", read)
    name = HOSTILE.replace("/", "")
    write_files(tmp_path / "p", to_files(good_package()))
    write_files(tmp_path / name, to_files(good_package()))
    write_files(tmp_path / "bad", to_files(good_package()))
    inside = (
        to_files(good_package())["reports.csv"].decode().replace("hoeryong", name.encode("utf-8", "replace").decode())
    )
    (tmp_path / "bad" / "reports.csv").write_text(inside, encoding="utf-8")
    (tmp_path / "bad" / name).write_text("x")
    (tmp_path / "bad.csv").write_text(f"when,{name},act\n2024,{name},{name}\n", encoding="utf-8", errors="replace")
    words = json.dumps(HOSTILE.encode("utf-8", "replace").decode())
    for file, text in {
        "place.toml": f"place = {words}\n",
        "key.toml": f'place = "hoeryong"\n{words} = 3\n',
        "rule.toml": f'place = "hoeryong"\nwithout = [{words}]\n',
        "parameter.toml": f'place = "hoeryong"\n[parameters]\n{words} = 3\n',
        "prior.toml": f"declared_by = {words}\nreason = {words}\n[parameters]\n{words} = [1, 2]\n",
        "map.toml": f"[columns]\n{words} = {words}\n",
        "broken.toml": f"place = \x1b[31m{name}",
    }.items():
        (tmp_path / file).write_text(text, encoding="utf-8", errors="replace")
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "bank.toml").write_text(f"place = {words}\n", encoding="utf-8")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "manifest.json").write_text(json.dumps({"scenario": HOSTILE, "what": HOSTILE}))
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "safe_table.csv").write_text(f"{words}\n", encoding="utf-8")
    (tmp_path / "table" / "release.json").write_text(json.dumps({HOSTILE: HOSTILE}))
    return name


@pytest.mark.parametrize(
    "line",
    [
        "@", "--@", "facts @", "facts --json @", "run @", "run @.toml", "run place.toml", "run key.toml",
        "run rule.toml", "run parameter.toml", "run broken.toml", "run hoeryong --set @=1",
        "run hoeryong --set p_notice=@", "run hoeryong --without @", "run hoeryong --start @", "run --resume @",
        "run --resume run", "run --from @", "compare @ --with @", "compare hoeryong --with @",
        "compare key.toml --ledger", "compare hoeryong --ledger @", "sweep place.toml", "sweep @",
        "sweep --resume @", "sensitivity key.toml", "diary @", "diary run --like @", "studio @", "studio run",
        "estimate @-none", "estimate --example --place @", "estimate --example --bank bank",
        "estimate --example --declared-prior prior.toml", "estimate --example --declared-prior @",
        "estimate table", "estimate bad", "estimate --example --resume @", "calibrate --bank bank",
        "calibrate --bank x --worlds 1 --place @", "calibrate --bank x --worlds 1 --first-day @", "design @-none",
        "design bad", "check @", "check bad", "check --json bad", "check bad.csv", "evidence @", "evidence new @",
        "evidence new p", "evidence mapping @", "evidence schema @", "evidence import bad.csv --into p",
        "evidence import bad.csv --into p --json", "evidence import @ --into p",
        "evidence import bad.csv --into p --map map.toml", "evidence import bad.csv --into @ --map @",
        "evidence record @", "evidence record bad", "evidence work @", "evidence put @ when=@",
        "evidence put p @=@", "evidence save @", "evidence merge @ @", "evidence merge p bad",
        "evidence share @ --out @-o", "evidence summary @", "evidence summary bad",
        "evidence summary @ --html @.html", "evidence key @", "evidence seal @ -r @",
        "evidence seal p -r ssh-ed25519@", "evidence open @", "evidence open @.age --key @",
        "evidence publish @ --out @-o --from @ --to @", "evidence publish @ --out @-o --from 2024-Q1 --to 2024-Q2",
    ],
)  # fmt: skip
def test_no_command_lets_foreign_text_act(hostile, line):
    words = [word.replace("@", hostile) for word in line.split()]
    found = CliRunner().invoke(main, words)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    assert found.exit_code in (0, 1, 2)
    assert not acts(found.output)
    assert "\nunderwatch: all is well" not in found.output
    if found.exit_code == 2:
        assert found.stderr.count("\n") == 1


ENCODINGS = ("cp949", "euc-kr", "ascii", "latin-1")
QUICK = (
    "--help", "--version", "facts", "facts 회령시", "facts --json", "facts hoeryong", "facts hoeryong --json",
    "facts 회령시아님", "run 회령아님", "compare 회령시 --with 없음", "evidence ids 3", "evidence mapping",
    "evidence schema reports", "evidence schema --dictionary", "check p", "check --json p", "evidence summary p",
    "evidence summary 없음", "evidence new 회령", "evidence record p", "evidence work p",
    "evidence work p --discard", "evidence share p --out 나눔", "evidence merge p p --out 둘", "evidence key 열쇠",
    "evidence publish p --out 표 --from 2023-Q1 --to 2023-Q4", "estimate 없음", "없는명령", "evidence --help",
    *(f"{name} --help" for name in COMMANDS), *(f"evidence {name} --help" for name in evidence.commands),
)  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_letter_that_the_terminal_cannot_print_stops_no_command(encoding, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path / "p", to_files(good_package()))
    for line in QUICK:
        found = CliRunner(charset=encoding).invoke(main, line.split())
        assert found.exception is None or isinstance(found.exception, SystemExit), (line, found.exception)
        usual = 2 if "없" in line or "아님" in line else 1 if "publish" in line and "--help" not in line else 0
        assert found.exit_code == usual, (line, found.output)
        if "--json" in line.split():
            assert json.loads(found.stdout)


def test_what_stands_for_a_letter_is_the_plainest_there_is(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    terminal.never_fail()
    terminal.say("90\xa0% of 12\u202f000 é 10² ½ 회령 – \U0001f600.")
    assert stream.buffer.getvalue() == b"90 % of 12 000 e 10? ? ?? ? ?.\n"


@pytest.mark.parametrize("settings_of", [
    at_length({"PYTHONIOENCODING": "cp949"}), at_length({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
])  # fmt: skip
def test_so_it_is_in_a_process_of_its_own(settings_of, tmp_path):
    """A run prints marks that cp949 has not; its folder was written, and then it ended in a traceback."""
    words = [sys.executable, "-m", "underwatch", "run", "hyesan", "--days", "2", "--population", "50", "--draws", "2"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHON"))}
    done = subprocess.run(
        [*words, "--out", "o"], cwd=tmp_path, env=environment | settings_of, capture_output=True, check=False
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr.decode("utf-8", "replace")
    assert (tmp_path / "o" / "manifest.json").exists()
