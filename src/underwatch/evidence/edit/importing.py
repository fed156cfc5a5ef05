"""Bringing a CSV of another form into a package by a mapping: what is not mapped or dropped by name stops the import.

The mapping is a TOML file that names, for each column of reports.csv, the column of the source, a constant, or a table
of values; dates are coarsened as they are read, so that no day enters, and Hangul is composed, as some systems write it
decomposed. Columns about persons, spots or text cannot be mapped at all. Everything is checked as a package before
anything is written, and no message repeats a cell.
"""

import csv
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from underwatch.errors import InputError, nearest
from underwatch.evidence.check.cells import check_cells
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.check.problems import ERROR, MOST_LISTED, Finding, finding
from underwatch.evidence.edit.alike import known
from underwatch.evidence.edit.mapping_form import check_form
from underwatch.evidence.folder import LARGEST_FILE
from underwatch.evidence.format.gazetteer import code_of_name, gazetteer
from underwatch.evidence.format.ids import new_id
from underwatch.evidence.format.periods import parse_period
from underwatch.evidence.format.table_schemas import REPORTS, TABLES
from underwatch.evidence.history import recorded
from underwatch.evidence.package import Package, Row, Sheet, read_sheet, separator_hint, to_files
from underwatch.files.intake.regular import read_text
from underwatch.files.intake.toml import MOST_BYTES, parse_toml
from underwatch.files.tripwire import column_tripped, tripped
from underwatch.record.dates import coarsen

_FORM = TABLES[REPORTS]
_SKIP, _REST, _NEW = "skip", "*", "new"
# Made here when the source has none: a fresh identifier for each row.
_ID = "report_id"
_OWN_IDS = (_ID, "incident_id")
# Derived from the date and the place.
_DERIVED = {"when_precision", "place_precision"}
_OPTIONAL = {column.name for column in _FORM.columns if not column.required}


@dataclass(frozen=True)
class ColumnMapping:
    """A column mapping as read from TOML; every name in it is known to be good."""

    columns: Mapping[str, str]
    constants: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    dropped: frozenset[str]
    date_formats: tuple[str, ...] = ()
    precision: str = "month"
    precision_column: str = ""
    precisions: Mapping[str, str] = field(default_factory=dict)
    else_column: str = ""

    def used(self) -> set[str]:
        """Return the columns of the source that are read."""
        return {*self.columns.values()} | {name for name in (self.precision_column, self.else_column) if name}


@dataclass(frozen=True)
class Imported:
    """What an import gave: the new package and the numbers of rows, or the findings that stopped it."""

    package: Package
    n_rows: int
    n_skipped: int
    findings: list[Finding]
    n_alike: int = 0  # of the rows, those that look like one that was there


def read_mapping(name: str | Path) -> ColumnMapping:
    """Return a mapping from a TOML file, or one that ships by its name ("acled"); InputError for a bad one."""
    if str(name) in shipped_mappings():
        text = (resources.files("underwatch.evidence.edit") / "mappings" / f"{name}.toml").read_text(encoding="utf-8")
    else:
        try:
            text = read_text(name, MOST_BYTES, "mapping")
        except OSError:
            near = nearest(str(name)[:80], shipped_mappings())
            raise InputError(f"the mapping {name} cannot be read{near}") from None
    return _mapping(parse_toml(unicodedata.normalize("NFC", text), "the mapping "))


def shipped_mappings() -> list[str]:
    """Return the names of the mappings that ship."""
    return sorted(entry.name[:-5] for entry in (resources.files("underwatch.evidence.edit") / "mappings").iterdir())


def _mapping(document: Mapping[str, Any]) -> ColumnMapping:
    """Return a mapping from TOML already read; InputError for names that are not known or may not be mapped."""
    check_form(document)
    dates, columns, constants = document.get("dates", {}), document.get("columns", {}), document.get("constants", {})
    for column in (*columns, *constants, *document.get("values", {})):
        if column not in _FORM.names:
            near = nearest(column[:80], _FORM.names)
            raise InputError(f'the mapping names "{column[:60]}", which reports.csv has not{near}')
    for source in columns.values():
        if column_tripped(source):
            raise InputError(
                "the mapping takes a column whose name speaks of a person, a spot or text; drop it instead"
            )
    mapping = ColumnMapping(
        dict(columns),
        {name: str(value) for name, value in constants.items()},
        {name: dict(table) for name, table in document.get("values", {}).items()},
        frozenset(document.get("drop", {}).get("columns", [])),
        tuple(dates.get("formats", [])),
        dates.get("precision", "month"),
        dates.get("precision_column", ""),
        dict(dates.get("precisions", {})),
        document.get("places", {}).get("else_column", ""),
    )
    given = {*mapping.columns, *mapping.constants, *_OWN_IDS, *_DERIVED, *_OPTIONAL}
    missing = [column for column in _FORM.names if column not in given]
    if missing:
        raise InputError(f"the mapping leaves out: {', '.join(missing)}; give each a column or a constant")
    return mapping


def own_mapping(header: Iterable[str]) -> ColumnMapping:
    """Return the mapping of a sheet that has the columns of the template already."""
    return ColumnMapping({name: name for name in header if name in _FORM.names}, {}, {}, frozenset())


def import_csv(
    package: Package,
    data: bytes,
    mapping: ColumnMapping | None,
    who: str,
    today: date | None = None,
    again: bool = False,
) -> Imported:
    """Return the package with the rows of a CSV file added; the package as it was when there are findings.

    Without a mapping the file must have the columns of the template; identifiers left empty are filled in. A row that
    is there already, but for its identifiers or how it was judged, is a finding unless `again`: a file imported twice
    would double what happened, also under other identifiers. `today` judges dates in the future. InputError when the
    file is no UTF-8 CSV or has columns that are neither mapped nor dropped.
    """
    sheet = _sheet(data)
    mapping = mapping or own_mapping(sheet.header)
    _columns_settled(sheet, mapping)
    result: list[Finding] = [finding("row-length", "the file", number) for number in sheet.ragged]
    rows: list[Row] = []
    numbers: list[int] = []
    skipped = 0
    fixed = {name: new_id() if value == _NEW else value for name, value in mapping.constants.items()}
    for index, number in enumerate(sheet.numbers):
        cells = {name: column[index] for name, column in zip(sheet.header, sheet.columns, strict=True)}
        row, wrong = _row(cells, mapping, fixed, number)
        result += wrong
        if row is None:
            skipped += 1
        elif not wrong:
            rows.append(row)
            numbers.append(number)
    result += _cells(rows, numbers, mapping)
    alike = _known(package, rows, numbers, mapping)
    result += [] if again else alike
    grown = package.with_rows(REPORTS, [*package.table(REPORTS).rows, *rows])
    if not result:
        grown = recorded(grown, who, "imported")
        result = _sense(grown, dict(zip((row[0] for row in rows), numbers, strict=True)), mapping, today)
    if result:
        return Imported(package, 0, skipped, sorted(result)[: MOST_LISTED * 5])
    return Imported(grown, len(rows), skipped, [], len(alike))


def _known(package: Package, rows: list[Row], numbers: list[int], mapping: ColumnMapping) -> list[Finding]:
    """Return the rows, by their numbers in the file, that look like one which the package has already."""
    made = {name for name, value in mapping.constants.items() if value == _NEW}
    codes = known(package.table(REPORTS).rows, rows, made)
    return [finding(code, "the file", number) for number, code in zip(numbers, codes, strict=True) if code]


def _sense(grown: Package, numbers: Mapping[str, int], mapping: ColumnMapping, today: date | None) -> list[Finding]:
    """Return the errors of the package as it would be; those in its new rows told by the row of the source.

    The history was written a moment ago: where it does not fit, two rows share an identifier, which is told as that.
    """
    result = []
    for item in check_files(to_files(grown), today):
        if item.level == ERROR and not item.code.startswith("history-"):
            is_report = item.file == _FORM.file
            number = numbers.get(grown.table(REPORTS).rows[item.row - 2][0], 0) if is_report and item.row else 0
            column = mapping.columns.get(item.column, item.column)
            is_new = is_report and (number or not item.row)
            result.append(replace(item, file="the file", row=number, column=column) if is_new else item)
    return result


def _sheet(data: bytes) -> Sheet:
    """Return the file as a sheet; InputError when it cannot be one."""
    if len(data) > LARGEST_FILE or b"\0" in data:
        raise InputError("the file is no CSV in UTF-8 of at most 40 MB; save it as `CSV UTF-8 (comma delimited)`")
    try:
        sheet = read_sheet(unicodedata.normalize("NFC", data.decode("utf-8")).encode("utf-8"))
    except UnicodeDecodeError:
        raise InputError("the file is no CSV in UTF-8; save it as `CSV UTF-8 (comma delimited)`") from None
    except csv.Error:
        raise InputError(
            "the file cannot be read as CSV: a quote is not closed, or it holds strange characters"
        ) from None
    if hint := separator_hint(sheet):
        raise InputError(f"the file is no CSV with commas. {hint}")
    if not sheet.header or len(set(sheet.header)) < len(sheet.header):
        raise InputError("the first row must name every column, each once")
    return sheet


def _columns_settled(sheet: Sheet, mapping: ColumnMapping) -> None:
    """Raise InputError for columns that are neither mapped nor dropped, or mapped and not there."""
    missing = sorted(mapping.used() - set(sheet.header))
    if missing:
        raise InputError(f"the mapping names columns which the file has not: {', '.join(missing)}")
    left = [
        index
        for index, name in enumerate(sheet.header, 1)
        if name not in mapping.used() and name not in mapping.dropped
    ]
    if left:
        persons = [index for index in left if column_tripped(sheet.header[index - 1])]
        why = f"; number {persons[0]} speaks of a person, a spot or text" if persons else ""
        numbers = ", ".join(map(str, left[:10]))
        raise InputError(
            f"columns number {numbers} of the file are neither mapped nor dropped{why}; nothing was read. Name them "
            "under [drop] in the mapping, or delete them"
        )


def _row(
    cells: Mapping[str, str], mapping: ColumnMapping, fixed: Mapping[str, str], number: int
) -> tuple[Row | None, list[Finding]]:
    """Return one row of the source as a row of reports.csv, or None when it is to be skipped, with what is wrong."""
    made = {name: fixed.get(name, "") for name in _FORM.names}
    for name, source in mapping.columns.items():
        value = cells[source].strip()
        table = mapping.values.get(name)
        if table is not None:
            value = table.get(value, table.get(_REST, value))
            if value == _SKIP:
                return None, []
        made[name] = value
    for name in _OWN_IDS:
        made[name] = made[name] or new_id()
    if mapping.date_formats:
        made["when"] = _date(cells, made["when"], mapping)
        if not made["when"]:
            return None, [_at(number, mapping, "when", "date-malformed", cells)]
    if "when_precision" not in mapping.columns:
        period = parse_period(made["when"])
        made["when_precision"] = period.precision if period else "unknown"
    if "place_precision" not in mapping.columns:
        made["place_code"] = _place(made["place_code"], cells.get(mapping.else_column, ""))
        place = gazetteer().get(made["place_code"])
        made["place_precision"] = place.level if place else "unknown"
    return tuple(made[name] for name in _FORM.names), []


def _at(number: int, mapping: ColumnMapping, column: str, code: str, cells: Mapping[str, str]) -> Finding:
    """Return a finding at a cell of the source; one that looks like a person is named as that."""
    source = mapping.columns.get(column, column)
    return finding(tripped(cells.get(source, "")) or code, "the file", number, source)


def _date(cells: Mapping[str, str], text: str, mapping: ColumnMapping) -> str:
    """Return a date of the source as a period of the precision it is known to; '' when it cannot be read."""
    precision = mapping.precisions.get(cells.get(mapping.precision_column, ""), mapping.precision)
    for form in mapping.date_formats:
        try:
            day: date = datetime.strptime(text, form).date()
            return coarsen(day, precision)
        except ValueError:
            continue
    return ""


def _place(name: str, wider: str) -> str:
    """Return the code of a place by its code or name, else of the wider place; the name when neither is known."""
    for text in (name, wider.strip()):
        if text in gazetteer():
            return text
        if code := code_of_name(text):
            return code
    return name


def _cells(rows: list[Row], numbers: list[int], mapping: ColumnMapping) -> list[Finding]:
    """Return what is wrong with the cells made, told by the column of the source they came from."""
    if not rows:
        return []
    columns = tuple(list(cells) for cells in zip(*rows, strict=True))
    result, _ = check_cells(_FORM, Sheet(_FORM.names, columns, numbers, (), True))
    return [
        Finding("the file", item.row, mapping.columns.get(item.column, item.column), item.code, item.level, item.remedy)
        for item in result
    ]
