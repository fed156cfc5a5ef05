"""CONTRIBUTING.md leads from promise to source to test and from question to answer; tests have the rooms of sources."""

import ast
import re

import pytest

from house.test_house import ROOT, SOURCE

TESTS = ROOT / "tests"
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# Rooms of tests that mirror no room of the source: the repository itself, and what tests share.
OWN_ROOMS = {"house", "support", "files/hostile"}


def rows(heading):
    """The rows of the table under a heading, without its head."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    found = [re.findall(r"(?:^| )(.*?) \|", line.lstrip("|")) for line in section.splitlines() if line.startswith("| ")]
    return found[2:]


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


PROMISES = rows("Which test holds which promise")
QUESTIONS = rows("Ten questions of a newcomer")


def test_the_tables_are_read_whole():
    assert len(PROMISES) >= 25
    assert len(QUESTIONS) == 10
    assert {len(row) for row in [*PROMISES, *QUESTIONS]} == {3}


def test_every_command_of_the_makefile_is_explained():
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    explained = {word for row in rows("Commands") for word in re.findall(r"`make ([a-z-]+)`", row[0])}
    assert explained == set(targets) - {"help"}


def test_every_source_and_test_of_a_promise_exists():
    named = [SOURCE / one for _, sources, _ in PROMISES for one in quoted(sources)]
    named += [TESTS / f"{one}.py" for *_, tests in PROMISES for one in quoted(tests)]
    assert [path for path in named if not path.exists()] == []
    assert all(quoted(sources) and quoted(tests) for _, sources, tests in PROMISES)


def test_every_test_file_holds_a_promise():
    held = {one for *_, tests in PROMISES for one in quoted(tests)}
    files = {path.relative_to(TESTS).with_suffix("").as_posix() for path in TESTS.rglob("test_*.py")}
    assert files - held == {"house/test_promises"}


def test_every_source_is_promised_something():
    named = {one for _, sources, _ in PROMISES for one in quoted(sources)}
    files = [path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py")]
    over = tuple(one for one in named if one.endswith("/"))
    assert [file for file in files if file not in named and not file.startswith(over)] == []


def test_tests_stand_in_the_rooms_of_the_source():
    rooms = {path.parent.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py") if path.parent != TESTS}
    assert {room for room in rooms - OWN_ROOMS if not (SOURCE / room / "__init__.py").is_file()} == set()
    assert {path.name for path in TESTS.glob("*.py")} == {"conftest.py"}
    tops = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert tops - rooms == set()


@pytest.mark.parametrize(("question", "answer"), [(row[0], row[2]) for row in QUESTIONS])
def test_an_answer_names_what_is_there(question, answer):
    """Each file exists, and each name after it stands at the top of one of the files before it, or in a class there."""
    known = set()
    for one in quoted(answer):
        path = ROOT / one if one.startswith("tests/") else SOURCE / one
        if "/" in one:
            assert path.is_file(), f"{question}: {one}"
            known |= names_of(path) if path.suffix == ".py" else set()
        else:
            assert one in known, f"{question}: {one}"


def names_of(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found
