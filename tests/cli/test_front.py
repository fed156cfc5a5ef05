"""The front of the command line: light to import, and one clear line for all that goes wrong."""

import errno
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

import underwatch
from underwatch.cli import COMMANDS, main
from underwatch.cli.front import Front
from underwatch.errors import InputError, Stopped

HEAVY = ("numba", "numpy", "pyarrow", "matplotlib", "scipy", "pandas", "rich", "starlette", "jinja2")


def a_front(error=None, returned=None):
    """A command line with one command, `go`, that fails or returns as told."""

    @click.command()
    @click.option("--days", type=int)
    def go(days):
        if error is not None:
            raise error
        return returned

    front = Front({"go": ("nowhere:go", "Go.")}, help="A front.")
    front.get_command = lambda ctx, name: go if name == "go" else None
    return front


def test_the_help_imports_nothing_heavy():
    code = (
        "import sys, underwatch.cli\n"
        "try: underwatch.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        f"sys.exit(' '.join(name for name in {HEAVY} if name in sys.modules) or None)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"imported by the help: {result.stderr}"
    assert all(name in result.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_of_the_table_exists_and_explains_itself_with_an_example(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.stdout


def test_alone_it_shows_the_help():
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: underwatch")


def test_the_version_is_the_package_version():
    assert underwatch.__version__ in CliRunner().invoke(main, ["--version"]).stdout


def test_the_package_runs_as_a_module():
    words = [sys.executable, "-m", "underwatch", "fcts"]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert 'did you mean "facts"?' in result.stderr


def test_an_unknown_command_is_refused_with_the_nearest():
    result = CliRunner().invoke(main, ["fcts"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert 'did you mean "facts"?' in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (InputError("days = -3:\n must be 1 or more"), 2, "days = -3: must be 1 or more"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "runs/a"), 2, "the disk is full: runs/a"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "runs"), 2, "no permission: runs"),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "a.toml"), 2, "no such file or folder: a.toml"),
        (MemoryError(), 2, "not enough memory"),
        (Stopped("resume with underwatch run --resume runs/a"), 130, "stopped; resume with underwatch run"),
        (KeyboardInterrupt(), 130, "stopped"),
        (click.ClickException("two\nlines"), 2, "two lines"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_what_goes_wrong_ends_in_one_line(error, code, words):
    result = CliRunner().invoke(a_front(error), ["go"])
    lines = result.stderr.strip().splitlines()
    assert result.exit_code == code
    assert len(lines) == 1
    assert words in lines[0]
    assert "Traceback" not in result.output


def test_a_wrong_option_ends_in_one_line_that_names_the_help():
    result = CliRunner().invoke(a_front(), ["go", "--days", "many"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "--days" in result.stderr
    assert "go --help" in result.stderr


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1)])
def test_a_command_returns_its_exit_code(returned, code):
    assert CliRunner().invoke(a_front(returned=returned), ["go"]).exit_code == code


def test_a_fault_of_our_own_is_not_hidden():
    result = CliRunner().invoke(a_front(ZeroDivisionError("a bug")), ["go"])
    assert isinstance(result.exception, ZeroDivisionError)


def test_the_front_door_refuses_an_unknown_name_and_lists_the_known():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        underwatch.nothing  # noqa: B018
    assert set(underwatch.__all__) <= set(dir(underwatch))
    assert all(getattr(underwatch, name) is not None for name in underwatch.__all__)


@pytest.mark.parametrize(
    ("name", "content"), [(".numba_config.yaml", b"[1,2"), ("matplotlibrc", b"\xff\xfe"), ("matplotlibrc", None)]
)
def test_settings_in_the_working_folder_are_one_line(tmp_path, monkeypatch, name, content):
    """Numba and Matplotlib read them at their import: a traceback, or for ever where it is a pipe."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo(name) if content is None else (tmp_path / name).write_bytes(content)
    result = CliRunner().invoke(main, ["facts", "p_notice"])
    assert result.exit_code == 2
    assert name in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_plain_settings_of_matplotlib_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 3\n")
    assert CliRunner().invoke(main, ["facts", "p_notice"]).exit_code == 0
