"""The SQL of the working copy, made from the format: STRICT tables whose CHECKs know what a cell may hold."""

from underwatch.evidence.format.gazetteer import gazetteer
from underwatch.evidence.format.ids import ALPHABET, LENGTH
from underwatch.evidence.format.table_schemas import CHANGES, TABLES, Column, TableForm
from underwatch.evidence.format.vocabularies import entries

_HASH_LENGTH = 64
_LONGEST_PERIOD = 17


def schema() -> list[str]:
    """Return the statements that make an empty working copy."""
    return [
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        *(_create(form) for form in TABLES.values()),
        "CREATE INDEX changes_of_row ON changes (table_name, row_id)",
        _only_added_to("UPDATE"),
        _only_added_to("DELETE"),
    ]


def _only_added_to(what: str) -> str:
    """Return a trigger that keeps the history as it is."""
    return (
        f"CREATE TRIGGER changes_no_{what.lower()} BEFORE {what} ON {CHANGES} "
        "BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END"
    )


def _create(form: TableForm) -> str:
    """Return the statement that makes one table."""
    columns = [
        f"{_quoted(column.name)} {'INTEGER' if column.kind == 'count' else 'TEXT'} NOT NULL {_check(column)}"
        for column in form.columns
    ]
    key = '"segment", "seq"' if form.name == CHANGES else _quoted(form.names[0])
    return f"CREATE TABLE {_quoted(form.name)} ({', '.join(columns)}, PRIMARY KEY ({key})) STRICT"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _check(column: Column) -> str:
    """Return the CHECK of a column; an optional one may also be empty."""
    name = _quoted(column.name)
    rule = _rule(column, name)
    return f"CHECK ({rule})" if column.required else f"CHECK ({name} = '' OR ({rule}))"


def _rule(column: Column, name: str) -> str:
    """Return what must hold for a cell that is not empty."""
    if column.kind in ("code", "place"):
        known = entries(column.source) if column.kind == "code" else gazetteer()
        return f"{name} IN ({', '.join(_text(code) for code in known)})"
    if column.kind == "count":
        return f"{name} BETWEEN 0 AND 999999"
    if column.kind == "period":
        return f"length({name}) BETWEEN 4 AND {_LONGEST_PERIOD} AND {name} NOT GLOB '*[^0-9WQ/-]*'"
    if column.kind == "amount":
        return f"length({name}) BETWEEN 1 AND 8 AND {name} NOT GLOB '*[^0-9.]*'"
    if column.kind == "address":
        return f"({name} LIKE 'http://%' OR {name} LIKE 'https://%') AND {name} NOT GLOB '*[ @]*'"
    length = _HASH_LENGTH if column.kind == "hash" else LENGTH
    return f"length({name}) = {length} AND {name} NOT GLOB '*[^{ALPHABET}]*'"


def _text(code: str) -> str:
    """Return a code as an SQL text; codes are our own words, and this keeps a quote in one from doing harm."""
    return "'" + code.replace("'", "''") + "'"
