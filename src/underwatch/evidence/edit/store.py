"""The working copy: the package in SQLite, where several people on one machine can edit at once. It is not sealed.

Its name says so (`NAME.UNSEALED.sqlite`), it has mode 600, and sealing removes it. STRICT tables with CHECKs refuse
what the format cannot say; a history that can only be added to has a line for each change, written in the same
transaction as the change. WAL with synchronous=FULL: what was reported as done survives a kill and a power cut.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Literal

from underwatch.errors import InputError, nearest
from underwatch.evidence.check.cells import check_cells
from underwatch.evidence.edit.store_guard import check_base, check_sizes
from underwatch.evidence.edit.store_schema import schema
from underwatch.evidence.folder import PRIVATE_FILE
from underwatch.evidence.format.table_schemas import CHANGES, RECORDED, TABLES, TableForm
from underwatch.evidence.history import Head, heads, new_segment, one_head
from underwatch.evidence.package import Package, Row, Sheet, content_of, table
from underwatch.files.folders import remove_files
from underwatch.files.ownership import others_may_write
from underwatch.files.writing import empty_file, own_file

SUFFIX = ".UNSEALED.sqlite"
# SQLite keeps these beside the file while it is open or was left by a kill.
_COMPANIONS = ("", "-wal", "-shm", "-journal")
_WAIT_FOR_OTHERS_MS = 60_000
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_WAIT_FOR_OTHERS_MS}",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
)
_KIND, _DECLARES, _KEY, _LOADED, _SAVING = "kind", "declares", "key", "loaded", "saving"


def working_path(folder: str | Path) -> Path:
    """Return where the working copy of a package folder is: beside it, with a name that says it is not sealed."""
    folder = Path(os.path.abspath(folder))
    return folder.parent.resolve() / (folder.name + SUFFIX)


def remove_working_copy(folder: str | Path) -> bool:
    """Remove the working copy of a package folder with all that SQLite keeps beside it; say whether there was one."""
    path = working_path(folder)
    existed = path.exists()
    _remove(path)
    return existed


def _remove(path: Path) -> None:
    remove_files(path.parent, [path.name + companion for companion in reversed(_COMPANIONS)])


def _trusted(path: Path) -> Path:
    """Return a path that SQLite may open; InputError where others could have put something there.

    SQLite follows a link, and plays back what it finds in a file beside (-journal, -wal) as if it were its own.
    """
    folder = Path(os.path.abspath(path)).parent
    if folder.is_dir() and others_may_write(folder):
        raise InputError(f"{folder} can be written by others, who could change a working copy; `chmod go-w` it first")
    for companion in _COMPANIONS:
        own_file(path.with_name(path.name + companion))
    return path


@contextmanager
def _told_plainly(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into one line; no cell's content is in it."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise InputError(
            f"{path.name}: a row does not fit the format or is there already; nothing was changed"
        ) from None
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if "locked" in str(error) or "busy" in str(error):
            raise InputError(f"{path.name} is in use by someone else for over a minute; try again") from None
        if "full" in str(error) or "I/O" in str(error):
            raise InputError(f"{path.name}: the disk is full or cannot be written; nothing was changed") from None
        raise InputError(
            f"{path.name} is damaged or no working copy; make another with `underwatch evidence work`"
        ) from None


class WorkingCopy:
    """A package in SQLite, open for reading and editing; use it in a `with` block. Every opening writes its own
    segment.

    Errors: InputError for a row that does not fit, a row that someone else changed meanwhile, a damaged file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = _trusted(Path(path))
        if not self.path.is_file():
            raise InputError(f"{self.path.name} does not exist; make it with `underwatch evidence work`")
        check_sizes(self.path.with_name(self.path.name + companion) for companion in _COMPANIONS)
        self._segment = new_segment()
        with _told_plainly(self.path):
            self._base = sqlite3.connect(self.path, isolation_level=None, timeout=_WAIT_FOR_OTHERS_MS / 1000)
            try:
                for pragma in _PRAGMAS:
                    self._base.execute(pragma)
                check_base(self._base, self.path)
                self._meta(_KIND)
            except BaseException:
                self._base.close()
                raise

    @classmethod
    def create(cls, path: str | Path, package: Package) -> "WorkingCopy":
        """Make a working copy of a package; InputError when one exists or a cell does not fit the format.

        The tables and all rows are one transaction: after a kill there is a whole copy or an unfinished one, which is
        made anew.
        """
        path = _trusted(Path(path))
        if path.exists() and _is_finished(path):
            raise InputError(f"{path.name} exists already; save it or discard it first")
        _remove(path)
        empty_file(path, PRIVATE_FILE)
        with _told_plainly(path):
            base = sqlite3.connect(path, isolation_level=None)
            try:
                for pragma in (*_PRAGMAS, "PRAGMA journal_mode = WAL"):
                    base.execute(pragma)
                base.execute("BEGIN IMMEDIATE")
                for statement in schema():
                    base.execute(statement)
                meta = (
                    (_KIND, package.kind),
                    (_DECLARES, " ".join(package.declares)),
                    (_KEY, package.key),
                    (_LOADED, package.fingerprint),
                )
                base.executemany("INSERT INTO meta VALUES (?, ?)", meta)
                for name in TABLES:
                    _insert(base, name, package.table(name).rows)
                base.execute("COMMIT")
            except BaseException:
                base.close()
                _remove(path)
                raise
            base.close()
        return cls(path)

    def __enter__(self) -> "WorkingCopy":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self.close()
        return False

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._base.close()

    def _meta(self, key: str, default: str | None = None) -> str:
        """Return an entry of the copy about itself; one that must be there has no default."""
        row = self._base.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if row is None and default is None:
            raise sqlite3.DatabaseError("no such entry")
        return str(row[0]) if row else str(default)

    def _note(self, key: str, value: str) -> None:
        self._base.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @contextmanager
    def _transaction(self, how: str) -> Iterator[None]:
        """Run a block in one transaction; on any error nothing of it stays."""
        with _told_plainly(self.path):
            self._base.execute(f"BEGIN {how}")
            try:
                yield
                self._base.execute("COMMIT")
            except BaseException:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise

    def package(self) -> Package:
        """Return the content as it is at one moment, whatever others write meanwhile."""
        with self._transaction("DEFERRED"):
            tables = {name: table(name, self._rows(name)) for name in TABLES}
            return Package(self._meta(_KIND), tuple(self._meta(_DECLARES).split()), tables, self._meta(_KEY, ""))

    def keyed_package(self) -> Package:
        """Return the content as it is to be saved: with a key, which stays from then on."""
        package = self.package().keyed()
        with self._transaction("IMMEDIATE"):
            if not self._meta(_KEY, ""):
                self._note(_KEY, package.key)
            return replace(package, key=self._meta(_KEY))

    def _rows(self, name: str) -> list[Row]:
        columns = ", ".join(f'"{column}"' for column in TABLES[name].names)
        return [tuple(str(cell) for cell in row) for row in self._base.execute(f'SELECT {columns} FROM "{name}"')]

    def loaded(self) -> str:
        """Return the fingerprint of the package it was made from or last saved as."""
        with _told_plainly(self.path):
            return self._meta(_LOADED)

    def mark_saving(self, before: str) -> None:
        """Note what stands in the folder while it is being written to, so that a save cut short can be completed."""
        with self._transaction("IMMEDIATE"):
            self._note(_SAVING, before)

    def saving(self) -> str:
        """Return what `mark_saving` noted, '' when no save was cut short."""
        with _told_plainly(self.path):
            return self._meta(_SAVING, "")

    def mark_saved(self, fingerprint: str) -> None:
        """Note that the content of this fingerprint now stands in the folder."""
        with self._transaction("IMMEDIATE"):
            self._note(_LOADED, fingerprint)
            self._base.execute("DELETE FROM meta WHERE key = ?", (_SAVING,))

    def version(self, table_name: str, row_id: str) -> str:
        """Return the version of a row, to be handed to `put` or `remove`; '' when there never was such a row."""
        with _told_plainly(self.path):
            head = self._head(table_name, row_id)
        return head.entry if head else ""

    def _head(self, table_name: str, row_id: str) -> Head | None:
        where = "table_name = ? AND row_id = ?"
        columns = ", ".join(f'"{column}"' for column in TABLES[CHANGES].names)
        lines = self._base.execute(f"SELECT {columns} FROM changes WHERE {where}", (table_name, row_id)).fetchall()
        result = heads(lines).get((table_name, row_id))
        return one_head(result) if result else None

    def put(self, table_name: str, row: Mapping[str, str], who: str, reason: str, version: str = "") -> str:
        """Add or change a row and write its line in the history, in one transaction; return the row's new version.

        `version` is what `version()` said when the row was read: when someone changed it meanwhile nothing is written
        and InputError says so, so that nobody's work is overwritten unseen. The row must pass the check of its cells.
        """
        form = _form(table_name)
        cells = _fitting(form, row)
        return self._change(
            form, cells[0], content_of(table_name, cells), (who, reason), version, lambda: self._write(form, cells)
        )

    def _write(self, form: TableForm, cells: Row) -> None:
        self._base.execute(f'DELETE FROM "{form.name}" WHERE "{form.names[0]}" = ?', (cells[0],))
        _insert(self._base, form.name, [cells])

    def remove(self, table_name: str, row_id: str, who: str, reason: str, version: str) -> str:
        """Remove a row; its line in the history stays. Arguments and errors as in `put`."""
        form = _form(table_name)
        delete = f'DELETE FROM "{table_name}" WHERE "{form.names[0]}" = ?'
        return self._change(form, row_id, "", (who, reason), version, lambda: self._base.execute(delete, (row_id,)))

    def _change(
        self, form: TableForm, row_id: str, content: str, by: tuple[str, str], version: str, write: Callable[[], object]
    ) -> str:
        """Run `write` and add the history's line, both or neither."""
        seq, last = self._segment.seq, self._segment.last
        try:
            with self._transaction("IMMEDIATE"):
                head = self._head(form.name, row_id)
                if (head.entry if head else "") != version:
                    raise InputError(f"the row of {form.file} was changed meanwhile or exists already; read it again")
                if not content and (head is None or not head.content):
                    raise InputError(f"{form.file} has no such row")
                write()
                line = self._segment.line(*by, (form.name, row_id), head, content)
                _insert(self._base, CHANGES, [line])
        except BaseException:
            self._segment.seq, self._segment.last = seq, last
            raise
        return line[-1]


def _is_finished(path: Path) -> bool:
    """Say whether a file is more than the beginning of a working copy; a damaged one counts as finished."""
    base = sqlite3.connect(path, isolation_level=None)
    try:
        return base.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] > 0
    except sqlite3.DatabaseError:
        return True
    finally:
        base.close()


def _insert(base: sqlite3.Connection, name: str, rows: list[Row] | tuple[Row, ...]) -> None:
    marks = ", ".join("?" * len(TABLES[name].names))
    base.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)


def _form(table_name: str) -> TableForm:
    if table_name not in RECORDED:
        raise InputError(f"there is no table of that name to edit{nearest(table_name, RECORDED)}")
    return TABLES[table_name]


def _fitting(form: TableForm, row: Mapping[str, str]) -> Row:
    """Return a row as cells in order; InputError when columns are wrong or a cell does not fit, without its content."""
    unknown = sorted(set(row) - set(form.names))
    if unknown:
        raise InputError(f"{form.file} has no such column{nearest(unknown[0], form.names)}")
    missing = [name for name in form.names if name not in row]
    if missing:
        raise InputError(f"the row lacks columns of {form.file}: {', '.join(missing)}")
    cells = tuple(row[column] for column in form.names)
    result, _ = check_cells(form, Sheet(form.names, tuple([cell] for cell in cells), range(1, 2), (), True))
    if result:
        raise InputError(f"{form.file}, column {result[0].column}: {result[0].remedy}")
    return cells
