"""datapackage.json, the JSON Schema and the data dictionary: the format told to other programs and to people.

All three are made from `format` and nothing else. A package's own words are four: its kind, the limits it declares,
which optional tables it has, and its key; so the descriptor is no place for free text either. The key is random and
secret: what is computed from the package names it by a hash that only who has the key can make (`Package.keyed_name`).
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from underwatch.evidence.format import ids, periods
from underwatch.evidence.format.gazetteer import COLUMNS as PLACE_COLUMNS
from underwatch.evidence.format.table_schemas import (
    FORMAT_VERSION,
    PLACES_FILE,
    TABLES,
    VOCABULARY_FOLDER,
    Column,
    TableForm,
)
from underwatch.evidence.format.vocabularies import codes, entries, label, vocabulary_files
from underwatch.files.intake.json import parse_json
from underwatch.files.writing import csv_bytes

AMOUNT_PATTERN = r"^(0\.\d{1,5}|\d{1,6}(\.\d)?)$"
COUNT_PATTERN = r"^(0|[1-9]\d{0,5})$"
ADDRESS_PATTERN = r"^https?://[^\s@]+$"
_PATTERNS = {
    "id": ids.PATTERN,
    "reference": ids.PATTERN,
    "period": periods.PATTERN,
    "count": COUNT_PATTERN,
    "amount": AMOUNT_PATTERN,
    "address": ADDRESS_PATTERN,
    "hash": ids.HASH_PATTERN,
}


def _rule(column: Column) -> dict[str, Any]:
    """Return what a cell of a column may hold, in the words of JSON Schema."""
    if column.kind == "code":
        return {"enum": list(entries(column.source))}
    return {"pattern": _PATTERNS[column.kind]} if column.kind in _PATTERNS else {}


def _field(column: Column) -> dict[str, Any]:
    """Return a column as a field of a Frictionless Table Schema."""
    constraints = {"required": column.required, **_rule(column)}
    return {"name": column.name, "type": "string", "description": column.meaning, "constraints": constraints}


def _keys(form: TableForm) -> dict[str, Any]:
    """Return the keys of a table: its primary key, and to what its columns refer."""
    key: Any = ["segment", "seq"] if form.name == "changes" else form.columns[0].name
    foreign = []
    for column in form.columns:
        if column.kind == "reference":
            resource = "" if column.source == form.name else column.source
            foreign.append({"fields": column.name, "reference": {"resource": resource, "fields": "report_id"}})
        elif column.kind == "place":
            foreign.append({"fields": column.name, "reference": {"resource": "places", "fields": "place_code"}})
    return {"primaryKey": key} | ({"foreignKeys": foreign} if foreign else {})


def _resource(name: str, path: str, fields: list[dict[str, Any]], keys: dict[str, Any], **words: str) -> dict[str, Any]:
    """Return a CSV file as a Frictionless resource."""
    return {
        "name": name,
        "path": path,
        **words,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": fields, "missingValues": [""]} | keys,
    }


def _table(form: TableForm) -> dict[str, Any]:
    fields = [_field(column) for column in form.columns]
    return _resource(form.name, form.file, fields, _keys(form), description=form.meaning)


def _list(name: str, path: str, columns: Sequence[str]) -> dict[str, Any]:
    """Return places.csv or a vocabulary as a resource."""
    fields = [{"name": column, "type": "string"} for column in columns]
    return _resource(name, path, fields, {"primaryKey": columns[0]})


def descriptor(kind: str, declares: tuple[str, ...], tables: tuple[str, ...], key: str = "") -> bytes:
    """Return datapackage.json for a package of this kind, with these declared limits, these tables and this key."""
    resources = [_table(form) for name, form in TABLES.items() if name in tables]
    resources.append(_list("places", PLACES_FILE, PLACE_COLUMNS))
    for file, data in vocabulary_files().items():
        columns = data.decode("utf-8").splitlines()[0].split(",")
        resources.append(_list(f"vocab-{file[:-4].replace('_', '-')}", VOCABULARY_FOLDER + file, columns))
    own = {"format": FORMAT_VERSION, "kind": kind, "declares": list(declares)} | ({"key": key} if key else {})
    document = {
        "profile": "tabular-data-package",
        "name": "underwatch-evidence",
        "title": f"Underwatch evidence package ({label('package_kind', kind)})",
        "description": ". ".join(label("limit", limit) for limit in declares),
        "underwatch": own,
        "resources": resources,
    }
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


class OwnWords(NamedTuple):
    """What a package says of itself: its kind, the limits it declares, and its key, '' in one that never had one."""

    kind: str = "evidence"
    declares: tuple[str, ...] = ()
    key: str = ""


def own_words(data: bytes) -> OwnWords:
    """Return what a datapackage.json says of its package.

    ValueError with the remedy when it is no descriptor of this format; the remedy never repeats what the file says.
    """
    try:
        own = parse_json(data, "")["underwatch"]
        version, kind, declares, key = own["format"], own["kind"], own["declares"], own.get("key", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            "datapackage.json is not of this format; take a fresh one from `underwatch evidence new`"
        ) from None
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise ValueError(f"datapackage.json is of another version; this program reads version {FORMAT_VERSION}")
    if not isinstance(kind, str) or kind not in codes("package_kind"):
        raise ValueError("the kind in datapackage.json is none of vocab/package_kind.csv")
    if not isinstance(declares, list) or not all(isinstance(word, str) and word in codes("limit") for word in declares):
        raise ValueError("the limits declared in datapackage.json must be codes of vocab/limit.csv")
    if key != "" and not (isinstance(key, str) and ids.is_key(key)):
        raise ValueError(
            f"the key in datapackage.json is not {ids.KEY_LENGTH} letters as the program makes them; delete its line, "
            "and `underwatch evidence record` gives the package another"
        )
    return OwnWords(kind, tuple(sorted(set(declares))), key)


def json_schema(table: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one row of a table; KeyError for an unknown table."""
    form = TABLES[table]
    properties: dict[str, Any] = {}
    for column in form.columns:
        rule: dict[str, Any] = {"type": "string", "description": column.meaning, **_rule(column)}
        if not column.required:
            rule = {"description": column.meaning, "anyOf": [{"const": ""}, rule]}
        properties[column.name] = rule
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{table}.csv, one row",
        "description": form.meaning,
        "type": "object",
        "properties": properties,
        "required": list(form.names),
        "additionalProperties": False,
    }


def dictionary_rows() -> list[dict[str, str]]:
    """Return the data dictionary: one row per column of every table."""
    return [
        {
            "table": form.name,
            "column": column.name,
            "holds": column.kind,
            "from": f"vocab/{column.source}.csv" if column.kind == "code" else _origin(column),
            "may_be_empty": "no" if column.required else "yes",
            "meaning": column.meaning,
        }
        for form in TABLES.values()
        for column in form.columns
    ]


def _origin(column: Column) -> str:
    if column.kind == "place":
        return PLACES_FILE
    return f"{column.source}.csv" if column.kind == "reference" else ""


def dictionary_csv() -> bytes:
    """Return the data dictionary as CSV."""
    rows = dictionary_rows()
    return csv_bytes([list(rows[0]), *(list(row.values()) for row in rows)])
