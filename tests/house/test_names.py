"""A name means one thing: no class is defined twice, files of one name are of one subject, former words are gone."""

import ast
import re
from collections import defaultdict
from functools import cache

from house.test_house import ROOT, SOURCE, tree_of

GLOSSARY = ROOT / "docs" / "glossary.md"

# Files that share a name on purpose: a command, what it calls and the page about it; a rule and its plain reference.
SHARE = {
    "calibration": {"inference/checks", "pages"},
    "compare": {"api/commands", "experiments"},
    "design": {"api/commands", "cli"},
    "diary": {"cli", "experiments/histories"},
    "estimate": {"api/commands", "cli", "pages"},
    "exposure": {"api/commands", "cli"},
    "importing": {"cli/evidence", "evidence/edit"},
    "ledger": {"experiments/ledger", "pages/charts"},
    "merge": {"cli/evidence", "evidence/edit"},
    "overview": {"cli/evidence", "evidence/check"},
    "population": {"world", "world/reference"},
    "publish": {"cli/evidence", "evidence/release"},
    "review": {"world/kernels", "world/reference"},
    "rules": {"world/kernels", "world/reference"},
    "seal": {"cli/evidence", "evidence/privacy"},
    "run": {"api/commands", "experiments/studies"},
    "sensitivity": {"api/commands", "cli", "experiments"},
    "share": {"cli/evidence", "evidence/release"},
    "silence": {"api", "experiments"},
    "simulate": {"api", "world"},
    "sweep": {"api/commands", "cli", "experiments"},
    "world": {"cli", "world/reference"},
}

FORMER = {
    "Hands", "hands", "Workbench", "benches", "Gathered", "Desk", "desk", "Stretch", "stretch", "lanes", "humps",
    "luck", "call_the_roll", "takeaway", "stations", "station", "declared", "Declared", "Told", "Luck", "tallied",
    "hearing",
}  # fmt: skip


@cache
def names_in(path):
    """Every name that a file binds or reads."""
    return frozenset(_names_in(path))


def _names_in(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg


def test_no_class_is_defined_twice():
    defined = defaultdict(list)
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                defined[node.name].append(path.relative_to(SOURCE).as_posix())
    assert {name: paths for name, paths in defined.items() if len(paths) > 1} == {}


def test_files_of_one_name_are_of_one_subject():
    folders = defaultdict(set)
    for path in SOURCE.rglob("*.py"):
        if path.stem not in ("__init__", "__main__"):
            folders[path.stem].add(path.relative_to(SOURCE).parent.as_posix())
    assert {name: where for name, where in folders.items() if len(where) > 1} == SHARE


def test_former_words_are_gone_from_the_code():
    still = {path.relative_to(SOURCE).as_posix(): FORMER & names_in(path) for path in SOURCE.rglob("*.py")}
    assert {name: words for name, words in still.items() if words} == {}


def test_the_glossary_has_each_word_once_and_its_code_is_there():
    text = GLOSSARY.read_text(encoding="utf-8")
    words = re.findall(r"^\| ([^|]+?) \|", text, flags=re.MULTILINE)
    words = [word for word in words if word not in ("word", "---")]
    assert len(words) == len(set(words))
    known = {name for path in SOURCE.rglob("*.py") for name in names_in(path)}
    for code in re.findall(r"`([a-z_.]*[A-Z]\w+|[a-z]+(?:_[a-z]+)+)`", text):
        assert code.rsplit(".")[-1] in known, code
