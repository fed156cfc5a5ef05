"""The front door and the programs that go through it: every name is told of, and every program prints what it says."""

import re
import runpy
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import api_page
import pytest
from click.testing import CliRunner

import underwatch
from underwatch.cli import main

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("compiled")
PROGRAMS = sorted((ROOT / "examples").glob("*.py"))


def test_there_are_programs():
    assert len(PROGRAMS) >= 5


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_prints_what_stands_beside_it(program, capsys):
    runpy.run_path(str(program), run_name="__main__")
    assert capsys.readouterr().out == program.with_suffix(".out").read_text(encoding="utf-8")


@pytest.mark.deep
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_prints_it_in_a_process_of_its_own(program):
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False, timeout=600)
    assert (ran.returncode, ran.stdout) == (0, program.with_suffix(".out").read_text(encoding="utf-8")), ran.stderr


def test_the_api_page_is_made_from_the_docstrings_and_tells_of_every_public_name_in_order():
    """Remake it with `python benchmarks/api_page.py`."""
    text = api_page.PAGE.read_text(encoding="utf-8")
    assert text == api_page.page()
    told = re.findall(r"^### `(\w+)", text.split("## What comes back")[0], flags=re.MULTILINE)
    assert ["__version__", *told] == underwatch.__all__


@pytest.mark.parametrize("name", underwatch.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(underwatch, name)
    assert value.__doc__
    assert name in dir(underwatch)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="place_of_work"):
        _ = underwatch.place_of_work


def test_the_front_door_imports_nothing_before_it_is_asked():
    script = "import sys, underwatch; print(sorted(m for m in sys.modules if m.startswith('underwatch')))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['underwatch']"


SHOWN = (ROOT / "README.md").read_text(encoding="utf-8").split("```text\n")[1].split("```")[0].splitlines()


def test_the_readme_shows_the_lines_of_a_run(tmp_path):
    """Of a small one, which judges no statement: what each line is about, and what it says without a number."""
    words = f"run hoeryong --population 3000 --start 2024-11-01 --days 60 --draws 2 --out {tmp_path}/run"
    printed = CliRunner().invoke(main, words.split()).stdout.splitlines()
    about, shown = ([line.split("  ")[0] for line in lines[2:]] for lines in (printed, SHOWN))
    assert about == [one for one in shown if one not in ("Relief", "News report")]
    assert printed[-1] == SHOWN[-1]


@pytest.mark.deep
def test_the_readme_shows_what_the_main_job_prints(tmp_path):
    command = [sys.executable, "-c", "from underwatch.cli import main; main()", "run", "hoeryong"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=1200)
    assert ran.stdout.splitlines()[: len(SHOWN)] == SHOWN


@pytest.mark.parametrize(("former", "now"), underwatch._FORMER.items())
def test_a_former_name_is_understood_and_says_what_to_call_instead(former, now):
    module, attribute, instead = now
    with pytest.warns(DeprecationWarning, match=re.escape(f"underwatch.{former} goes with version 0.3: {instead}")):
        assert getattr(underwatch, former) is getattr(import_module(module), attribute)
