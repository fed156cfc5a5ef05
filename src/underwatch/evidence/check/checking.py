"""Checking a package: every finding with file, row, column, code and remedy. It reads, and writes nothing.

In the order in which a coder mends: files, tables, cells, sense, history. A file that cannot be read is told once and
left out of what follows.
"""

import csv
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from underwatch.errors import InputError
from underwatch.evidence.check.cells import check_cells
from underwatch.evidence.check.problems import ERROR, MOST_LISTED, Finding, declared_as_notes, finding
from underwatch.evidence.check.sense import check_sense
from underwatch.evidence.folder import Oversized, read_files
from underwatch.evidence.format.descriptor import OwnWords, descriptor, own_words
from underwatch.evidence.format.gazetteer import places_file
from underwatch.evidence.format.table_schemas import (
    CHANGES,
    DESCRIPTOR_FILE,
    PLACES_FILE,
    RECORDED,
    TABLES,
    VOCABULARY_FOLDER,
)
from underwatch.evidence.format.vocabularies import vocabulary_files
from underwatch.evidence.history import Lines, verify
from underwatch.evidence.package import (
    BYTE_ORDER_MARK,
    Package,
    Sheet,
    fingerprint_of,
    leaves_out_last,
    package_of,
    read_sheet,
    separator_hint,
)
from underwatch.files.tripwire import tripped

_KNOWN_FILES = frozenset({DESCRIPTOR_FILE, PLACES_FILE, *(form.file for form in TABLES.values())})
_WITHHELD = "(a file whose name is not repeated here)"


@dataclass(frozen=True)
class Examined:
    """What a check found in the files of a package, and what it read on the way: nothing is read twice."""

    findings: list[Finding]
    own: OwnWords
    tables: Mapping[str, tuple[bytes, Sheet]]  # those that can be read: the file, and the sheet in it
    is_whole: bool  # no file is missing, unread or changed

    @cached_property
    def fingerprint(self) -> str:
        """The package's fingerprint; '' where it cannot be read."""
        return fingerprint_of(self.own, self.tables) if self.is_whole else ""

    @cached_property
    def package(self) -> Package:
        """The package, where there is no error among the findings."""
        return package_of(self.own, {name: sheet for name, (_, sheet) in self.tables.items()})


def read_package(path: str | Path, today: date | None = None) -> Package:
    """Return the package in a folder or zip; InputError when it has errors, so that nothing is computed from them."""
    if not isinstance(path, (str, Path)):
        raise InputError(f"{path!s:.40} is no path; read_package takes the folder or zip of a package")
    return read_checked(read_files(path), str(path), today)


def read_checked(files: Mapping[str, bytes], name: str, today: date | None = None) -> Package:
    """Return the package in these files; InputError when it has errors."""
    examined = examine(files, today)
    errors = sum(item.level == ERROR for item in examined.findings)
    if errors:
        raise InputError(f"{name} has {errors} errors; `underwatch check {name}` lists them with remedies")
    return examined.package


def check_package(package_files: Mapping[str, bytes], today: date | None = None) -> None:
    """Raise InputError with the first finding when files that are about to be written have an error."""
    for item in check_files(package_files, today):
        if item.level == ERROR:
            raise InputError(f"{item.file} row {item.row} {item.column}: {item.remedy}")


def check_files(files: Mapping[str, bytes], today: date | None = None) -> list[Finding]:
    """Return what is wrong with a package given as file names and bytes; `today` judges dates in the future."""
    return examine(files, today).findings


def examine(files: Mapping[str, bytes], today: date | None = None) -> Examined:
    """Return what is wrong with a package, with what was read of it."""
    with _collector_at_rest():
        return _examine(files, today or date.today())


def _examine(files: Mapping[str, bytes], today: date) -> Examined:
    result = _files(files)
    more, own = _descriptor(files)
    result += more
    sheets: dict[str, Sheet] = {}
    for name, form in TABLES.items():
        if form.file in files and not isinstance(files[form.file], Oversized):
            more, sheet = _sheet(name, files[form.file])
            result += more
            if sheet is not None:
                sheets[name] = sheet
    tables: dict[str, Lines] = {}
    for name, sheet in list(sheets.items()):
        more, unfit = check_cells(TABLES[name], sheet)
        result += more
        tables[name] = _fit(name, sheet, unfit)
        sheets[name] = replace(sheet, lines=())  # they are large, and no longer needed
    result += check_sense({name: (lines.columns, lines.numbers) for name, lines in tables.items()}, today)
    unread = {name for name, form in TABLES.items() if form.file in files} - sheets.keys()
    if CHANGES in tables:
        result += verify(tables[CHANGES], {name: tables[name] for name in RECORDED if name in tables}, unread)
    is_whole = not unread and not any(item.row == 0 and item.level == ERROR for item in result)
    in_files = {name: (files[TABLES[name].file], sheet) for name, sheet in sheets.items()}
    return Examined(declared_as_notes(result, own.declares), own, in_files, is_whole)


def _files(files: Mapping[str, bytes]) -> list[Finding]:
    """Return files that are missing, unexpected, too large, or of the format and changed."""
    result = [finding("file-missing", name) for name in (DESCRIPTOR_FILE, PLACES_FILE) if name not in files]
    result += [
        finding("file-missing", form.file) for form in TABLES.values() if form.required and form.file not in files
    ]
    fixed = {VOCABULARY_FOLDER + name: data for name, data in vocabulary_files().items()} | {PLACES_FILE: places_file()}
    for name, data in fixed.items():
        if name not in files:
            result += [finding("file-missing", name)] if name != PLACES_FILE else []
        elif isinstance(files[name], Oversized):
            result.append(finding("file-oversized", name))
        elif _plain(files[name]) != data:
            result.append(finding("file-changed", name))
    for name in files:
        if name not in _KNOWN_FILES and name not in fixed:
            danger = tripped(name.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("_", " "))
            result.append(finding("file-unexpected", _WITHHELD if danger or not name.isprintable() else name))
        elif isinstance(files[name], Oversized) and name in _KNOWN_FILES and name != PLACES_FILE:
            result.append(finding("file-oversized", name))
    return result


def _plain(data: bytes) -> bytes:
    """Return bytes without what a spreadsheet adds: byte order mark and carriage returns."""
    return data.removeprefix(BYTE_ORDER_MARK).replace(b"\r\n", b"\n")


def _descriptor(files: Mapping[str, bytes]) -> tuple[list[Finding], OwnWords]:
    """Return the findings about datapackage.json, and what it says of its package."""
    if DESCRIPTOR_FILE not in files or isinstance(files[DESCRIPTOR_FILE], Oversized):
        return [], OwnWords()
    data = files[DESCRIPTOR_FILE]
    try:
        own = own_words(data)
    except ValueError as error:
        return [finding("descriptor", DESCRIPTOR_FILE, hint=str(error))], OwnWords()
    # An optional table may be added or left out in a spreadsheet, so the tables named there need not be those present.
    named = tuple(name for name, form in TABLES.items() if form.required or f'"{form.file}"'.encode() in data)
    if _plain(data) != descriptor(own.kind, own.declares, named, own.key):
        return [finding("file-changed", DESCRIPTOR_FILE)], own
    present = tuple(name for name, form in TABLES.items() if form.required or form.file in files)
    if named != present:
        return [finding("file-form", DESCRIPTOR_FILE, hint="it names other tables than there are")], own
    return [], own


def _sheet(name: str, data: bytes) -> tuple[list[Finding], Sheet | None]:
    """Return a table's file as a sheet, with what is wrong with the file; None when it cannot be read further."""
    form = TABLES[name]
    if b"\0" in data:
        return [finding("file-encoding", form.file)], None
    try:
        sheet = read_sheet(data, f"{form.file} ")
    except UnicodeDecodeError:
        return [finding("file-encoding", form.file)], None
    except csv.Error:
        return [finding("file-csv", form.file)], None
    result = [finding("row-length", form.file, number) for number in sheet.ragged[:MOST_LISTED]]
    if (rest := len(sheet.ragged) - MOST_LISTED) > 0:
        result.append(finding("row-length", form.file, 0, "", f"(and {rest} further rows)"))
    if sorted(sheet.header) != sorted(form.names):
        return [*result, *_columns(name, sheet)], None
    if not sheet.plain or sheet.header != form.names:
        result.append(finding("file-form", form.file, hint="marks of a spreadsheet, or columns in another order"))
    return result, sheet


def _columns(name: str, sheet: Sheet) -> list[Finding]:
    """Return what is wrong with a header: columns missing, doubled or unknown, and those that speak of a person."""
    form = TABLES[name]
    if hint := separator_hint(sheet):
        return [finding("file-columns", form.file, 1, hint=hint)]
    missing = [column for column in form.names if column not in sheet.header]
    result = []
    if missing:
        result.append(finding("file-columns", form.file, 1, hint=f"Missing: {', '.join(missing)}."))
    for index, column in enumerate(sheet.header, 1):
        if column not in form.names or column in sheet.header[: index - 1]:
            code = tripped(column) or "file-columns"
            hint = f"Column number {index} is not known or doubled; delete it."
            result.append(finding(code, form.file, 1, f"column number {index}", hint))
    return result


def _fit(name: str, sheet: Sheet, unfit: set[int]) -> Lines:
    """Return the rows whose cells passed."""
    columns = {column: sheet.columns[sheet.header.index(column)] for column in TABLES[name].names}
    short = leaves_out_last(name)
    if sheet.lines and sheet.header == TABLES[name].names:
        texts = [line[: line.rindex(",")] for line in sheet.lines] if short else sheet.lines
    else:
        counted = list(columns.values())[:-1] if short else list(columns.values())
        texts = [",".join(row) for row in zip(*counted, strict=True)]
    lines = Lines(columns, sheet.numbers, texts)
    return lines.in_order([index for index in range(len(sheet.numbers)) if index not in unfit]) if unfit else lines


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep Python from searching for circular garbage meanwhile: a million small tuples have none, and it takes a
    third.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
