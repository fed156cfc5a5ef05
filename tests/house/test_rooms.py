"""Rooms are small, and each says what comes in, what goes out and who may call; who does call is held against that."""

import ast
import re
from collections import defaultdict
from functools import cache

import pytest

from house.test_house import SOURCE, tree_of

MOST_NAMES = 12
FULLER = {
    ".": "the rooms themselves, and the few modules that all of them use",
    "cli": "a file a verb",
    "evidence/format/vocab": "a table a vocabulary",
    "facts": "a table a subject",
    "inference/bank/hoeryong": "the shards of the bank that ships",
    "texts/ko": "a file a subject, and those of the tables, whose English stands in them",
    "web/page/js": "the modules of the page",
    "world": "the model: twelve files, and the rooms of its kernels and of its reference",
}
MADE = {"__init__", "__pycache__", "font", "vendor"}  # or put there by make
ROOMS = sorted(path.parent.relative_to(SOURCE).as_posix() for path in SOURCE.glob("*/**/__init__.py"))
# Its words are in the hash of what is compiled, and change only when that is compiled anew anyway.
KEYED = {"world/kernels"}
ANYBODY = re.compile(r"everything|everybody|whoever")


def test_at_most_a_dozen_names_stand_in_a_folder():
    """A module and the table that it reads go by one name."""
    folders = {path.parent for path in SOURCE.rglob("*") if not MADE & set(path.relative_to(SOURCE).parts)}
    names = {folder: {path.name.split(".")[0] for path in folder.iterdir()} - MADE for folder in folders}
    full = {folder.relative_to(SOURCE).as_posix() for folder in names if len(names[folder]) > MOST_NAMES}
    assert full == set(FULLER)


def rooms_of(module):
    """The room that a module stands in, and those around it."""
    parts = module.split(".")[1:]
    return {"/".join(parts[:n]) for n in range(1, len(parts) + 1)} & set(ROOMS)


@cache
def callers():
    """For each room, the outermost rooms that import from it or from a room in it; its own are left out."""
    found = defaultdict(set)
    for path in SOURCE.rglob("*.py"):
        top = path.relative_to(SOURCE).parts[0]
        if not (SOURCE / top).is_dir():
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("underwatch"):
                for room in set().union(*(rooms_of(f"{node.module}.{name.name}") for name in node.names)):
                    if room.split("/")[0] != top:
                        found[room].add(top)
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_comes_in_what_goes_out_and_who_may_call(room):
    said = " ".join(ast.get_docstring(ast.parse((SOURCE / room / "__init__.py").read_text(encoding="utf-8"))).split())
    assert {"In:", "Out:"} <= set(said.split())
    called_by = said.split("Called by")[1]
    named = {one.split(".")[0] for one in re.findall(r"`([^`]+)`", called_by)}
    assert room in KEYED or ANYBODY.search(called_by) or callers()[room] - named == set()
