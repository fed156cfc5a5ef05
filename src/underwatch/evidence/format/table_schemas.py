"""The format: which tables a package has, which columns, and what a cell of each may hold.

Every cell is a code, an identifier, a period, a place of the gazetteer or a small number. There is no column for a
person, free text, a coordinate, a clock time or a file: what the grammar cannot say cannot leak.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
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


def _code(name: str, source: str, meaning: str) -> Column:
    return Column(name, "code", meaning, source)


_WHERE = Column("place_code", "place", "the place, a code of places.csv")

_REPORTS = TableForm(
    REPORTS,
    "one row for each thing a report says happened; an article with two grounds is two rows",
    (
        Column("report_id", "id", "the row, a random identifier"),
        Column("incident_id", "id", "what happened; rows about the same incident share it"),
        Column("list_id", "id", "the list (channel) this came through; random, its name stands nowhere"),
        _code("relayed_from", "relay", "whether this list had it from another list"),
        Column("relay_of", "reference", "the report it passes on, where that is in the package", REPORTS, False),
        Column("duplicate_of", "reference", "the report this repeats within the same list", REPORTS, False),
        _code("act_code", "act", "what was done"),
        _code("ground", "ground", "why these people, as far as the report says"),
        Column("when", "period", "when it happened; empty when unknown; a range is written first/last", "", False),
        _code("when_precision", "when_precision", "how well the date is known"),
        Column("place_code", "place", "where, a code of places.csv; empty when unknown", "", False),
        _code("place_precision", "place_precision", "how well the place is known"),
        _code("setting", "setting", "in what surroundings"),
        _code("actor_type", "actor_type", "which organ did it"),
        _code("affected_band", "affected_band", "how many people it happened to, as a band"),
        _code("source_connection", "source_connection", "how the source is tied to the incident (HURIDOCS list 19)"),
        _code("material", "material", "in what form it came"),
        _code("reliability", "reliability", "how far the source can be relied on (HURIDOCS list 42)"),
        _code("status", "status", "how sure it is that it happened (HURIDOCS list 41); judged apart from reliability"),
        _code("independent_sources", "independent_sources", "sources that do not know of each other"),
        Column("received", "period", "week, month or year in which it reached the list; empty when unknown", "", False),
        _code("consent", "consent", "what the source agreed to"),
        _code("release", "release", "what the group has decided; never more than the consent"),
        Column(SOURCE_COLUMN, "id", "the source, random; for capping only; dropped on every export", "", False),
    ),
    required=True,
)

_EFFORT = TableForm(
    EFFORT,
    "when and where a list could hear; without it a week without reports is not a zero. Never leaves the group",
    (
        Column("effort_id", "id", "the row, a random identifier"),
        Column("list_id", "id", "the list, as in reports.csv"),
        Column("period", "period", "the period"),
        _WHERE,
        _code("state", "effort_state", "whether contact was possible"),
        _code("capacity", "capacity", "how much the list could take in, against its own usual"),
        _code("event", "effort_event", "what changed in that period"),
    ),
    required=True,
)

_SURVEY = TableForm(
    SURVEY,
    "answers of groups of people who left: an anchor. Only where the number asked is known",
    (
        Column("survey_id", "id", "the row, a random identifier"),
        _code("respondents", "respondents", "who was asked, as a group"),
        Column("period", "period", "the period asked about, or of the survey where that is all that is known"),
        _WHERE,
        _code("question", "measure", "what was asked"),
        Column("n_asked", "count", "people asked, at least 20"),
        Column("n_yes", "count", "people who said yes"),
    ),
)

_FIGURES = TableForm(
    FIGURES,
    "counts and ranges from elsewhere: an anchor only where they are independent of the lists",
    (
        Column("figure_id", "id", "the row, a random identifier"),
        _code("measure", "measure", "what it measures; the vocabulary says what it does not"),
        Column("period", "period", "the period it is about"),
        _WHERE,
        Column("low", "amount", "lowest value that fits the source"),
        Column("high", "amount", "highest value that fits the source"),
        _code("unit", "measure_unit", "the unit of low and high"),
        _code("independence", "independence", "whether the lists had a part in it"),
    ),
)

_BIBLIOGRAPHY = TableForm(
    BIBLIOGRAPHY,
    "public addresses of reports that were public before; nothing else reads it and no export keeps it",
    (
        Column("report_id", "reference", "the report", REPORTS),
        Column("address", "address", "a public address that starts with http:// or https://"),
    ),
)

_RELEASES = TableForm(
    RELEASES,
    "what has been published: the reason why the same period is never published again",
    (
        Column("release_id", "id", "the release, a random identifier"),
        Column("version", "count", "1, 2, 3 in order"),
        Column("period", "period", "the quarters covered, as first/last or one"),
        _code("place_grain", "place_grain", "how places were joined"),
        _code("time_grain", "time_grain", "how periods were joined"),
        _code("method", "method", "how single reports were hidden"),
        Column("source_cap", "count", "reports counted per source at most"),
        Column("min_cell", "count", "smallest count shown; 0 with noise"),
        Column("epsilon", "amount", "privacy loss per source; 0 without noise"),
        _code("change_note", "change_note", "why there is a new version"),
        Column("checksum", "hash", "checksum of the published table"),
    ),
)

_CHANGES = TableForm(
    CHANGES,
    "the history: one line for each change of a row, chained by checksums and only ever added to",
    (
        Column("segment", "id", "the chain; every working copy starts its own"),
        Column("seq", "count", "place in the chain: 1, 2, 3"),
        Column("who_code", "id", "who changed it, a random identifier"),
        _code("reason", "reason", "why"),
        _code("table_name", "table", "the table"),
        Column("row_id", "id", "the row"),
        _code("action", "action", "what was done to the row"),
        Column("before", "hash", "line (its `entry`) of the change this one follows; empty for a new row", "", False),
        Column("content", "hash", "checksum of the row after the change; empty when removed", "", False),
        Column("entry", "hash", "checksum of the line before in this chain together with this line"),
    ),
    required=True,
)

TABLES: Mapping[str, TableForm] = MappingProxyType(
    {form.name: form for form in (_REPORTS, _EFFORT, _SURVEY, _FIGURES, _BIBLIOGRAPHY, _RELEASES, _CHANGES)}
)
# The tables whose rows the history speaks of.
RECORDED = tuple(name for name in TABLES if name != CHANGES)
