"""A working copy that somebody else may have made: only our own tables are read from it, and only so much.

A file of SQLite may hold views and triggers in the place of tables, which run when they are read; so what it says of
itself must be, word for word, what this program writes.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from underwatch.errors import InputError
from underwatch.evidence.edit.store_schema import schema
from underwatch.evidence.folder import LARGEST_PACKAGE
from underwatch.evidence.format.table_schemas import TABLES
from underwatch.files.intake.regular import regular
from underwatch.files.intake.table import MOST_CELLS

_LARGEST = 3 * LARGEST_PACKAGE  # a file of SQLite holds keys twice, and pages that are not full
_LONGEST_CELL = 1_000_000  # bytes, also of what SQLite makes on the way
_STEPS, _MOST_STEPS = 1_000_000, 2_000  # of the virtual machine between two looks; no reading of ours takes a tenth
_PRAGMAS = ("PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0")


def check_sizes(paths: Iterable[Path]) -> None:
    """Raise InputError when a working copy, or what SQLite keeps beside it, is no regular file or too large."""
    for path in paths:
        if path.exists() and (not regular(path) or path.stat().st_size > _LARGEST):
            raise InputError(f"{path.name} is no working copy: a pipe, or larger than {_LARGEST >> 20} MB; remove it")


def check_base(base: sqlite3.Connection, path: Path) -> None:
    """Raise InputError unless a file holds the tables of a working copy and nothing else, and no more than a package.

    sqlite3.DatabaseError when it is damaged.
    """
    base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
    looks = iter(range(_MOST_STEPS))
    base.set_progress_handler(lambda: next(looks, None) is None, _STEPS)
    for pragma in _PRAGMAS:
        base.execute(pragma)
    said = base.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchmany(2 * len(schema()))
    if sorted(text for (text,) in said) != sorted(schema()):
        raise InputError(
            f"{path.name} holds other tables than this version makes; save it with the version that made it, or make "
            "another with `underwatch evidence work`"
        )
    if base.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("damaged")
    base.set_progress_handler(None, 0)  # what is sound and no larger than told can be read in any time
    cells = sum(
        len(form.names) * base.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name, form in TABLES.items()
    )
    if cells > 2 * MOST_CELLS:
        raise InputError(f"{path.name} has {cells:,} cells, which no package has; make another working copy")
