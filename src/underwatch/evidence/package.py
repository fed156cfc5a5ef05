"""A package in memory: its tables as rows of text, and the one canonical way in which they are written.

Canonical means UTF-8 without a mark, line feeds, quotes only where CSV needs them, columns in the order of the format
and rows in the order of their identifiers. So equal content is equal bytes, and the order in which rows came is no
trace.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from operator import lt

from underwatch.errors import InputError
from underwatch.evidence.format.descriptor import OwnWords, descriptor, own_words
from underwatch.evidence.format.gazetteer import places_file
from underwatch.evidence.format.ids import keyed_letters_of, letters_of, new_key
from underwatch.evidence.format.table_schemas import (
    CHANGES,
    DESCRIPTOR_FILE,
    PLACES_FILE,
    RECORDED,
    SOURCE_COLUMN,
    TABLES,
    VOCABULARY_FOLDER,
    TableForm,
)
from underwatch.evidence.format.vocabularies import shared, vocabulary_files
from underwatch.files.intake.table import BYTE_ORDER_MARK, check_counts, checked_texts, lines_of, rows_of
from underwatch.files.writing import csv_bytes
from underwatch.shown import Displayed

Row = tuple[str, ...]
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, repr=False)
class Table(Displayed):
    """The rows of one table, in canonical order of columns and rows."""

    form: TableForm
    rows: tuple[Row, ...]

    def column(self, name: str) -> list[str]:
        """Return the cells of one column; ValueError for an unknown column."""
        place = self.form.position(name)
        return [row[place] for row in self.rows]

    @cached_property
    def by_id(self) -> Mapping[str, Row]:
        """Return the rows by their identifier, the first column."""
        return {row[0]: row for row in self.rows}

    def records(self) -> list[dict[str, str]]:
        """Return the rows as dictionaries."""
        return [dict(zip(self.form.names, row, strict=True)) for row in self.rows]


def _order(form: TableForm, row: Row) -> tuple[str | int, ...]:
    """Return what a row is sorted by: its cells; the history by chain and place in the chain."""
    if form.name == CHANGES:
        number = row[1]
        return (row[0], int(number) if number.isdecimal() and len(number) < 10 else 0, *row)
    return row


def table(name: str, rows: Iterable[Row]) -> Table:
    """Return a table with its rows in canonical order; KeyError for an unknown table."""
    form = TABLES[name]
    return Table(form, tuple(sorted((tuple(row) for row in rows), key=lambda row: _order(form, row))))


@dataclass(frozen=True, repr=False)
class Package(Displayed):
    """A package: its kind (evidence, example, synthetic), the limits it declares, its tables by name, and its key.

    The key is no part of the content: two packages that differ in nothing else are equal.
    """

    kind: str = "evidence"
    declares: tuple[str, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    key: str = field(default="", compare=False, repr=False)

    def table(self, name: str) -> Table:
        """Return a table; an optional one that is not there is empty."""
        return self.tables.get(name) or table(name, ())

    def with_rows(self, name: str, rows: Iterable[Row]) -> "Package":
        """Return the package with other rows in one table."""
        return replace(self, tables={**self.tables, name: table(name, rows)})

    @cached_property
    def fingerprint(self) -> str:
        """A checksum of the whole content; row order does not count, and the key is left out."""
        return _checksum(to_files(replace(self, key="")))

    def keyed(self) -> "Package":
        """Return the package with its key, a fresh one where it has none: done whenever a package is written."""
        return self if self.key else replace(self, key=new_key())

    def keyed_name(self) -> str:
        """Return what outputs call the package: the same for the same content and key, and nothing without the key.

        ValueError without a key.
        """
        if not self.key:
            raise ValueError("the package has no key")
        return keyed_letters_of(self.key, self.fingerprint.encode())


def new_package(kind: str = "evidence", declares: tuple[str, ...] = ()) -> Package:
    """Return a package with all tables empty."""
    return Package(kind, tuple(sorted(declares)), {name: table(name, ()) for name in TABLES})


def leaves_out_last(table_name: str) -> bool:
    """Say whether the checksum of a row leaves out its last cell: the source's code, and the checksum itself."""
    return TABLES[table_name].names[-1] in (SOURCE_COLUMN, "entry")


def content_of(table_name: str, row: Row) -> str:
    """Return the checksum of a row as the history keeps it.

    The source's code is left out: it is dropped when a package is shared, and the history must still hold then.
    """
    kept = row[:-1] if leaves_out_last(table_name) else row
    return letters_of(f"{table_name},{','.join(kept)}".encode())


def table_bytes(rows: Table) -> bytes:
    """Write a table in canonical form."""
    return csv_bytes((rows.form.names, *rows.rows))


def to_files(package: Package) -> dict[str, bytes]:
    """Return the files of a package: name to bytes. Optional tables without a row are left out."""
    present = {name: part for name, part in package.tables.items() if part.rows}
    tables = {name: table_bytes(part) for name, part in present.items()}
    return _with_the_rest(package.kind, package.declares, tables, package.key)


def _with_the_rest(
    kind: str, declares: tuple[str, ...], tables: Mapping[str, bytes], key: str = ""
) -> dict[str, bytes]:
    """Return the tables' files together with what every package has."""
    needed = [name for name, form in TABLES.items() if form.required or name in tables]
    files = {TABLES[name].file: tables[name] if name in tables else table_bytes(table(name, ())) for name in needed}
    files[DESCRIPTOR_FILE] = descriptor(kind, declares, tuple(needed), key)
    files[PLACES_FILE] = places_file()
    return files | {VOCABULARY_FOLDER + name: data for name, data in vocabulary_files().items()}


def _checksum(files: Mapping[str, bytes]) -> str:
    parts = [part for name, data in sorted(files.items()) for part in (b"\0", name.encode(), b"\0", data)]
    return letters_of(b"".join(parts[1:]))


def fingerprint_of(own: OwnWords, result: Mapping[str, tuple[bytes, "Sheet"]]) -> str:
    """Return what `Package.fingerprint` gives for tables found in files, without writing those that are canonical.

    '' when a table cannot be read as one of the format.
    """
    tables = {}
    for name, (data, sheet) in result.items():
        made = None if _is_canonical_table(name, sheet) else table_of(name, sheet)
        if made is None and not _is_canonical_table(name, sheet):
            return ""
        if len(sheet.numbers):
            tables[name] = data if made is None else table_bytes(made)
    return _checksum(_with_the_rest(own.kind, own.declares, tables))


def _is_canonical_table(name: str, sheet: "Sheet") -> bool:
    """Say whether a file is as `table_bytes` would write it: in form, and with its rows in order."""
    if not sheet.plain or sheet.header != TABLES[name].names or sheet.ragged:
        return False
    first = sheet.columns[0]
    if name != CHANGES:
        return all(map(lt, first, islice(first, 1, None)))
    seqs = sheet.columns[1]
    if seqs == list(map(str, range(1, len(seqs) + 1))) and len(set(first)) <= 1:
        return True
    order = [_order(TABLES[name], row) for row in zip(first, seqs, strict=True)]
    return all(map(lt, order, islice(order, 1, None)))


@dataclass(frozen=True)
class Sheet:
    """A CSV file as it was found: header, rows in the file's order, and whether it was already canonical in form.

    `columns` gives each column's cells by position in the header; rows of a wrong length are in `ragged` (the row's
    number as a spreadsheet shows it) and left out of the columns; `numbers` are the rows' own numbers. `lines` are the
    lines as they stand where no cell is quoted, else empty.
    """

    header: tuple[str, ...]
    columns: tuple[list[str], ...]
    numbers: range | list[int]
    ragged: tuple[int, ...]
    plain: bool
    lines: Sequence[str] = ()


def read_sheet(data: bytes, where: str = "the file ") -> Sheet:
    """Read a CSV file leniently: a byte order mark, CRLF and needless quotes are understood and noted.

    UnicodeDecodeError or csv.Error when it is no UTF-8 or no CSV; InputError, begun with `where`, when it has more rows
    or cells than a table can have. A file without any quote is split directly, which is four times as fast as the csv
    module.
    """
    check_counts(data, where)
    plain = not data.startswith(BYTE_ORDER_MARK) and b"\r" not in data and data.endswith(b"\n")
    if b'"' not in data and plain:
        return _split(data, where)
    result = _Columns(where)
    canonical, index = plain, 0
    for rows in _some(rows_of(data, where)):
        if canonical:
            again = csv_bytes(rows)
            canonical, index = data.startswith(again, index), index + len(again)
        result.add(rows)
    return result.sheet(canonical and index in (0, len(data)))


def _some(rows: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    """Yield rows some at a time."""
    left = iter(rows)
    while some := list(islice(left, _ROWS_AT_ONCE)):
        yield some


def _split(data: bytes, where: str) -> Sheet:
    """Read a CSV file that holds no quote and no carriage return."""
    body: list[str] = []
    columns: tuple[list[str], ...] = ()
    header: tuple[str, ...] = ()
    texts = 0
    for lines in lines_of(data, where):
        own: dict[str, str] = {}
        if not header:
            header = tuple(lines.pop(0).split(","))
            columns = tuple([] for _ in header)
        if not lines:
            continue
        wanted, step = len(header) - 1, len(header)
        if not wanted or {line.count(",") for line in lines} != {wanted}:
            return _ragged(data, where)
        cells = ",".join(lines).split(",")
        for index, column in enumerate(columns):
            column += shared(cells[index::step], own)
        body += lines
        texts = checked_texts(texts + len(own), where)
    return Sheet(header, columns, range(2, len(body) + 2), (), True, body)


def _ragged(data: bytes, where: str) -> Sheet:
    """Read such a file when some of its lines are empty or of another length."""
    result = _Columns(where)
    for lines in lines_of(data, where):
        result.add([line.split(",") if line else [] for line in lines])
    return result.sheet(True)


class _Columns:
    """Rows as they come, put into columns; empty ones are passed over, those of another length set aside."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.n_texts = 0
        self.header: tuple[str, ...] | None = None
        self.columns: tuple[list[str], ...] = ()
        self.numbers: list[int] = []
        self.ragged: list[int] = []
        self.n_rows = 0

    def add(self, rows: list[list[str]]) -> None:
        """Add some rows; the first of all is the header."""
        if self.header is None:
            self.header = tuple(rows.pop(0))
            self.columns = tuple([] for _ in self.header)
        first, wanted = self.n_rows + 2, len(self.header)
        self.n_rows += len(rows)
        good = [row for row in rows if len(row) == wanted]
        self.numbers += [number for number, row in enumerate(rows, first) if len(row) == wanted]
        self.ragged += [number for number, row in enumerate(rows, first) if row and len(row) != wanted]
        own: dict[str, str] = {}
        for column, cells in zip(self.columns, zip(*good, strict=True), strict=False):
            column += shared(cells, own)
        self.n_texts = checked_texts(self.n_texts + len(own), self.where)

    def sheet(self, plain: bool) -> Sheet:
        """Return what was added."""
        if self.header is None:
            return Sheet((), (), range(2, 2), (), False)
        is_plain = plain and len(self.numbers) == self.n_rows
        return Sheet(self.header, self.columns, self.numbers, tuple(self.ragged), is_plain)


def separator_hint(sheet: Sheet) -> str:
    """Say what to do where the cells of a file are separated by something else than commas; '' where they are not."""
    if len(sheet.header) != 1 or not any(mark in sheet.header[0] for mark in ";\t"):
        return ""
    mark = "semicolons" if ";" in sheet.header[0] else "tabs"
    return f"Its cells are separated by {mark}. Save it again as `CSV UTF-8 (comma delimited)`."


def table_of(name: str, sheet: Sheet) -> Table | None:
    """Return a sheet as a table, columns put in order; None when columns are missing, doubled or unknown."""
    form = TABLES[name]
    if sorted(sheet.header) != sorted(form.names) or sheet.ragged:
        return None
    return table(name, zip(*(sheet.columns[sheet.header.index(column)] for column in form.names), strict=True))


def parse_package(files: Mapping[str, bytes]) -> Package:
    """Read a package from its files without judging the cells.

    InputError when a file cannot be read as a table of the format; `check` says more about such a package.
    """
    try:
        own = own_words(files[DESCRIPTOR_FILE])
    except KeyError:
        raise InputError("there is no datapackage.json; a package is made with `underwatch evidence new`") from None
    except ValueError as error:
        raise InputError(str(error)) from None
    sheets = {}
    for name, form in TABLES.items():
        try:
            if form.file in files:
                sheets[name] = read_sheet(files[form.file])
            elif form.required:
                raise InputError(f"{form.file} is missing; `underwatch check` says what to do")
        except (UnicodeDecodeError, csv.Error):
            raise _no_table(form) from None
    return package_of(own, sheets)


def package_of(own: OwnWords, sheets: Mapping[str, Sheet]) -> Package:
    """Return the package of sheets already read; InputError for one that is no table of the format."""
    tables = {}
    for name, sheet in sheets.items():
        result = table_of(name, sheet)
        if result is None:
            raise _no_table(TABLES[name])
        tables[name] = result
    return Package(own.kind, own.declares, tables, own.key)


def _no_table(form: TableForm) -> InputError:
    return InputError(f"{form.file} is not a table of this format; `underwatch check` says what to do")


def recorded_rows(package: Package) -> dict[tuple[str, str], Row]:
    """Return every row the history speaks of, by table and identifier."""
    return {(name, row[0]): row for name in RECORDED if name in package.tables for row in package.tables[name].rows}
