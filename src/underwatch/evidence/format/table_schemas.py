"""The format: which tables a package has, which columns, and what a cell of each may hold.

Every cell is a code, an identifier, a period, a place of the gazetteer or a small number. There is no column for a
person, free text, a coordinate, a clock time or a file: what the grammar cannot say cannot leak.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from underwatch.facts.tables import read_rows

# Raised when a package of the old version can no longer be read as it stands.
FORMAT_VERSION = 1

REPORTS, EFFORT, SURVEY, FIGURES = "reports", "effort", "survey", "figures"
BIBLIOGRAPHY, RELEASES, CHANGES = "bibliography", "releases", "changes"
DESCRIPTOR_FILE, PLACES_FILE, VOCABULARY_FOLDER = "datapackage.json", "places.csv", "vocab/"

_HERE = "underwatch.evidence.format"
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


def _tables() -> dict[str, TableForm]:
    """Return the tables of the format in their order, from `tables.csv` and `columns.csv`."""
    columns: dict[str, list[Column]] = {}
    for row in read_rows("columns.csv", _HERE):
        required = row["required"] == "yes"
        columns.setdefault(row["table"], []).append(
            Column(row["name"], row["kind"], row["meaning"], row["source"], required)
        )
    return {
        row["table"]: TableForm(row["table"], row["meaning"], tuple(columns[row["table"]]), row["required"] == "yes")
        for row in read_rows("tables.csv", _HERE)
    }


TABLES: Mapping[str, TableForm] = MappingProxyType(_tables())
# The tables whose rows the history speaks of.
RECORDED = tuple(name for name in TABLES if name != CHANGES)
