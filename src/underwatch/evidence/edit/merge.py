"""Joining the packages of two groups: the union of rows and of histories, the same in whatever order groups are joined.

A row that both have is taken once. Where they differ the history decides: the state that follows the other wins, a
removal too. Two changes that do not know of each other are refused, because a program cannot know who is right.
"""

from collections import Counter

from underwatch.errors import InputError
from underwatch.evidence.format.table_schemas import CHANGES, RECORDED, SOURCE_COLUMN, TABLES
from underwatch.evidence.history import Key, heads
from underwatch.evidence.package import Package, Row, content_of, recorded_rows, table

_MOST_NAMED = 3


def merge(first: Package, second: Package) -> Package:
    """Return the package of both; commutative and associative in content.

    InputError when the kinds differ (a synthetic row must never stand among real ones), when a chain of the history was
    continued in two ways, when two changes of a row do not know of each other, or when a row is outside the history.
    """
    if first.kind != second.kind:
        raise InputError(f"a package of kind {first.kind} is not merged with one of kind {second.kind}")
    lines = _all_lines(first, second)
    rows = _settled(first, second, lines)
    tables = {name: table(name, (row for (of, _), row in rows.items() if of == name)) for name in RECORDED}
    declares = tuple(sorted(set(first.declares) | set(second.declares)))
    return Package(first.kind, declares, {**tables, CHANGES: table(CHANGES, lines)})


def _all_lines(first: Package, second: Package) -> list[Row]:
    """Return the union of the histories; InputError when two lines stand at the same place of one chain."""
    lines = set(first.table(CHANGES).rows) | set(second.table(CHANGES).rows)
    doubled = [place for place, n in Counter((line[0], line[1]) for line in lines).items() if n > 1]
    if doubled:
        raise InputError("one chain of the history was continued in two ways; start from the last good copy of both")
    return sorted(lines)


def _settled(first: Package, second: Package, lines: list[Row]) -> dict[Key, Row]:
    """Return every row that stands after both histories."""
    ours, theirs = recorded_rows(first), recorded_rows(second)
    known = heads(lines)
    settled: dict[Key, Row] = {}
    torn: list[Key] = []
    for key in sorted(ours.keys() | theirs.keys()):
        wanted = {head.content for head in known.get(key, [])}
        if len(wanted) != 1:
            torn.append(key)
            continue
        candidates = [rows[key] for rows in (ours, theirs) if key in rows]
        fitting = [row for row in candidates if {content_of(key[0], row)} == wanted]
        if fitting:
            settled[key] = _with_source(key, fitting)
        elif wanted != {""}:
            torn.append(key)
    if torn:
        named = ", ".join(f"{name}.csv {row_id}" for name, row_id in torn[:_MOST_NAMED])
        raise InputError(
            f"{len(torn)} rows were changed by both or are not in the history: {named}; run "
            "`underwatch evidence record` in both, then settle these rows in one of them"
        )
    return settled


def _with_source(key: Key, rows: list[Row]) -> Row:
    """Return the row; where one package has dropped the source's code, the one that kept it."""
    if TABLES[key[0]].names[-1] != SOURCE_COLUMN:
        return rows[0]
    sources = {row[-1] for row in rows} - {""}
    if len(sources) > 1:
        raise InputError(
            f"{key[0]}.csv {key[1]}: the two packages give different codes of the source; settle it in one"
        )
    return (*rows[0][:-1], sources.pop() if sources else "")
