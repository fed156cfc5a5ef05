"""The data dictionary: what each indicator and column means, its unit, how it adds up, and the right it concerns.

No table has a column for a resident: the record is an outsider's, and a test holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pyarrow as pa

from underwatch.facts import grounds
from underwatch.facts.indicators import COUNTED, RATIO, STOCK, SUM, Indicator
from underwatch.facts.tables import read_rows
from underwatch.files.writing import csv_bytes
from underwatch.world.layout import GROUND_NAMES, INCIDENT_NAMES

SCHEMA_VERSION = 1

# Articles of the International Covenant on Civil and Political Rights, with what they protect
RIGHTS: Mapping[int, str] = MappingProxyType(
    {
        9: "liberty and security of the person",
        12: "freedom of movement",
        17: "privacy, family, home, honour",
        19: "freedom of expression, calls included",
    }
)

# Group and ground in every table; those of the baseline world at the start. "all" stands for "not split".
ALL = "all"
LISTED, ORDINARY = "listed", "ordinary"
GROUPS = (ALL, LISTED, ORDINARY, *GROUND_NAMES)
GROUP_WORDS: Mapping[str, str] = MappingProxyType(
    {
        ALL: "all residents",
        LISTED: "listed at the start",
        ORDINARY: "ordinary (on no list at the start)",
        **{name: ground.words for name, ground in grounds().items()},
    }
)

HOW_IT_ADDS_UP: Mapping[str, str] = MappingProxyType(
    {
        SUM: "sum over days, places and listed / ordinary; by ground 'any of', so grounds overlap",
        STOCK: "sum over places and listed / ordinary; mean over days",
        RATIO: "sum of the numerator over sum of the denominator",
    }
)


_MADE = tuple(
    Indicator(**row | {"articles": tuple(map(int, row["articles"].split()))})  # type: ignore[arg-type]
    for row in read_rows("indicators.csv", "underwatch.record")
)
DICTIONARY: Mapping[str, Indicator] = MappingProxyType({i.name: i for i in (*COUNTED, *_MADE)})


_WORD = pa.dictionary(pa.int32(), pa.string())
GROUND_COLUMNS = tuple(f"ground_{name}" for name in GROUND_NAMES)


def _fields(row: dict[str, str]) -> Iterator[pa.Field]:
    """Yield the column of a row of columns.csv; of one with a * in its name, that of each ground."""
    kind = _WORD if row["kind"] == "word" else pa.type_for_alias(row["kind"])
    meaning = row["meaning"].replace("{kinds}", ", ".join(INCIDENT_NAMES))
    for name in GROUND_NAMES if "*" in row["name"] else ("",):
        told = {"unit": row["unit"]} if row["unit"] else {}
        told |= {"meaning": meaning.replace("*", name)}
        yield pa.field(row["name"].replace("*", name), kind, nullable=row["nullable"] == "yes", metadata=told)


def schema_of(table: str) -> pa.Schema:
    """Return the columns of a table that is written, as columns.csv has them."""
    rows = [row for row in read_rows("columns.csv", "underwatch.record") if row["table"] == table]
    return pa.schema([field for row in rows for field in _fields(row)])


TABLES: Mapping[str, pa.Schema] = MappingProxyType(
    {
        name: schema_of(name).with_metadata({"schema_version": str(SCHEMA_VERSION), "table": name})
        for name in ("indicators", "incidents", "published")
    }
)
INDICATOR_SCHEMA, INCIDENT_SCHEMA, PUBLISHED_SCHEMA = TABLES.values()


def rights_words(articles: tuple[int, ...]) -> str:
    """Return the articles in words: 'ICCPR 12 (freedom of movement)'; '' for none."""
    return ", ".join(f"ICCPR {number} ({RIGHTS[number]})" for number in articles)


_HEADER = ("table", "name", "meaning", "unit", "adds_up", "numerator", "denominator", "iccpr_articles", "rights")


def data_dictionary() -> str:
    """Return the dictionary as CSV text: first the columns of each table, then every indicator."""
    rows: list[tuple[str, ...]] = [_HEADER]
    for table, schema in TABLES.items():
        for field in schema:
            notes = {key.decode(): value.decode() for key, value in field.metadata.items()}
            rows.append((table, field.name, notes["meaning"], notes["unit"], "", "", "", "", ""))
    for i in DICTIONARY.values():
        articles = " ".join(str(number) for number in i.articles)
        right = "; ".join(RIGHTS[number] for number in i.articles)
        made_of = (HOW_IT_ADDS_UP[i.kind], i.numerator, i.denominator)
        rows.append(("indicator", i.name, i.meaning, i.unit, *made_of, articles, right))
    return csv_bytes(rows).decode()
