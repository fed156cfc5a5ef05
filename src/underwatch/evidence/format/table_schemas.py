"""The format: which tables a package has, which columns, and what a cell of each may hold.

Every cell is a code, an identifier, a period, a place of the gazetteer or a small number. There is no column for a
person, free text, a coordinate, a clock time or a file: what the grammar cannot say cannot leak. The columns stand in
`dictionary.csv`, the data dictionary that users read too.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from types import MappingProxyType

# Raised when a package of the old version can no longer be read as it stands.
FORMAT_VERSION = 1

REPORTS, EFFORT, SURVEY, FIGURES = "reports", "effort", "survey", "figures"
BIBLIOGRAPHY, RELEASES, CHANGES = "bibliography", "releases", "changes"
DESCRIPTOR_FILE, PLACES_FILE, VOCABULARY_FOLDER = "datapackage.json", "places.csv", "vocab/"

# The column that never leaves a group; it stands last and is outside the row's checksum, so that it can be dropped.
SOURCE_COLUMN = "source_code"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what a cell holds (`kind`), where codes or identifiers come from, and whether it may be
    empty.

    Kinds: id, reference (an identifier that stands in `source`), code (of the vocabulary `source`), period, place,
    count (a whole number), amount (a number that cannot be a coordinate), address, hash.
    """

    name: str
    kind: str
    meaning: str
    source: str = ""
    required: bool = True


@dataclass(frozen=True)
class TableForm:
    """A table: its name, what it holds, and its columns, the row's identifier first."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    required: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns in order."""
        return tuple(column.name for column in self.columns)

    @property
    def file(self) -> str:
        """Return the name of the table's file in a package."""
        return f"{self.name}.csv"

    def position(self, column: str) -> int:
        """Return where a column stands, counted from 0; ValueError when there is none of that name."""
        return self.names.index(column)


def dictionary_csv() -> bytes:
    """Return the data dictionary: one row per column of every table."""
    return (resources.files("underwatch.evidence.format") / "dictionary.csv").read_bytes()


def _columns() -> dict[str, tuple[Column, ...]]:
    """Return the columns of each table; a code's vocabulary and a reference's table go by the stem of their file."""
    columns: dict[str, list[Column]] = {}
    for row in csv.DictReader(io.StringIO(dictionary_csv().decode("utf-8"), newline="")):
        source = "" if row["from"] == PLACES_FILE else row["from"].removeprefix(VOCABULARY_FOLDER).removesuffix(".csv")
        column = Column(row["column"], row["holds"], row["meaning"], source, row["may_be_empty"] == "no")
        columns.setdefault(row["table"], []).append(column)
    return {table: tuple(of_table) for table, of_table in columns.items()}


# What each table holds; without those of `_REQUIRED` there is no package.
_MEANINGS = {
    REPORTS: "one row for each thing a report says happened; an article with two grounds is two rows",
    EFFORT: "when and where a list could hear; without it a week without reports is not a zero. Never leaves the group",
    SURVEY: "answers of groups of people who left: an anchor. Only where the number asked is known",
    FIGURES: "counts and ranges from elsewhere: an anchor only where they are independent of the lists",
    BIBLIOGRAPHY: "public addresses of reports that were public before; nothing else reads it and no export keeps it",
    RELEASES: "what has been published: the reason why the same period is never published again",
    CHANGES: "the history: one line for each change of a row, chained by checksums and only ever added to",
}
_REQUIRED = (REPORTS, EFFORT, CHANGES)
TABLES: Mapping[str, TableForm] = MappingProxyType(
    {name: TableForm(name, _MEANINGS[name], columns, name in _REQUIRED) for name, columns in _columns().items()}
)
# The tables whose rows the history speaks of.
RECORDED = tuple(name for name in TABLES if name != CHANGES)
