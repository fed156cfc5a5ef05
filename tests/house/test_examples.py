"""The front door and the programs that go through it: every name is told of, and every program prints what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import underwatch

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted((ROOT / "examples").glob("*.py"))


def test_there_are_programs():
    assert len(PROGRAMS) >= 5


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_prints_what_stands_beside_it(program):
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False, timeout=600)
    assert (ran.returncode, ran.stdout) == (0, program.with_suffix(".out").read_text(encoding="utf-8")), ran.stderr


def test_the_api_page_tells_of_every_public_name_in_order():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)
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


def test_the_readme_shows_what_the_main_job_prints(tmp_path):
    shown = (ROOT / "README.md").read_text(encoding="utf-8").split("```text\n")[1].split("```")[0].splitlines()
    command = [sys.executable, "-c", "from underwatch.cli import main; main()", "run", "hoeryong"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=1200)
    assert ran.stdout.splitlines()[: len(shown)] == shown


@pytest.mark.parametrize(("former", "now"), underwatch._FORMER.items())
def test_a_former_name_is_understood_and_says_the_new_one(former, now):
    with pytest.warns(DeprecationWarning, match=f"is now underwatch.{now}"):
        assert getattr(underwatch, former) is getattr(underwatch, now)
