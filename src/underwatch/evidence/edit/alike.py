"""Reports that look alike: the same in every cell that is no identifier, or in all but how they were judged.

Coding is coarse, so that two incidents can look alike and be two: nothing is dropped for it. But one report that comes
in twice is an incident that did not happen, so whoever brings rows in is told how many there are, which, and what to
do. Reports of two known sources are two reports; a source that one of the two does not name may be the same.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from underwatch.evidence.check.problems import Finding, finding
from underwatch.evidence.format.table_schemas import REPORTS, SOURCE_COLUMN, TABLES
from underwatch.evidence.package import Package, Row

_FORM = TABLES[REPORTS]
_IDENTIFIERS = {"report_id", "incident_id", "relay_of", "duplicate_of", SOURCE_COLUMN}
_JUDGED = {"reliability", "status", "independent_sources", "consent", "release"}
_SOURCE = _FORM.position(SOURCE_COLUMN)
SAME, JUDGED = "row-again", "row-judged"


def _kept(*left_out: Collection[str]) -> list[int]:
    """Return the positions of the cells by which rows are compared."""
    names = _IDENTIFIERS.union(*left_out)
    return [index for index, name in enumerate(_FORM.names) if name not in names]


def known(there: Iterable[Row], rows: Sequence[Row], made: Collection[str]) -> list[str]:
    """Return for each row `SAME` or `JUDGED` where one like it is there, '' where none is.

    `made` names further columns that hold an identifier made anew for every import.
    """
    there, result = list(there), [""] * len(rows)
    for code, cells in ((JUDGED, _kept(made, _JUDGED)), (SAME, _kept(made))):
        sources: dict[Row, set[str]] = defaultdict(set)
        for row in there:
            sources[tuple(row[index] for index in cells)].add(row[_SOURCE])
        for number, row in enumerate(rows):
            theirs = sources.get(tuple(row[index] for index in cells), set())
            if theirs and (not row[_SOURCE] or theirs & {"", row[_SOURCE]}):
                result[number] = code
    return result


def met_in_merging(first: Package, second: Package, both: Package) -> list[Finding]:
    """Return the reports that came with one package and look like one that came with the other, by the row where they
    stand in the merged one; the same in whichever order the two are named.

    Rows that share an incident are told apart already. Those alike but for the list are only counted: two lists may
    well have heard of one incident.
    """
    tables = [package.table(REPORTS) for package in (first, second)]
    shared = [set.intersection(*(set(table.column(name)) for table in tables)) for name in ("report_id", "incident_id")]
    number = {row[0]: index for index, row in enumerate(both.table(REPORTS).rows, 2)}
    left = [
        [row for row in table.rows if row[0] in number and row[0] not in shared[0] and row[1] not in shared[1]]
        for table in tables
    ]
    result: list[Finding] = []
    for code, cells in (("row-twice", _kept()), ("row-twice-judged", _kept(_JUDGED))):
        pairs = list(_pairs(left[0], left[1], cells))
        for pair in pairs:
            earlier, later = sorted(number[row[0]] for row in pair)
            result.append(finding(code, _FORM.file, later, hint=f"row {earlier}"))
        met = {row for pair in pairs for row in pair}
        left = [[row for row in rows if row not in met] for rows in left]
    n = sum(1 for _ in _pairs(left[0], left[1], _kept(_JUDGED, {"list_id"})))
    return sorted(result) + ([finding("row-twice-lists", _FORM.file, hint=str(n))] if n else [])


def _pairs(ours: Iterable[Row], theirs: Iterable[Row], cells: Sequence[int]) -> Iterator[tuple[Row, Row]]:
    """Return pairs of one row of each side that look alike; no row stands in two pairs."""
    groups: dict[Row, tuple[dict[str, list[Row]], dict[str, list[Row]]]] = defaultdict(
        lambda: (defaultdict(list), defaultdict(list))
    )
    for side, rows in enumerate((ours, theirs)):
        for row in rows:
            groups[tuple(row[index] for index in cells)][side][row[_SOURCE]].append(row)
    for one, other in groups.values():
        for source in sorted(one.keys() & other.keys()):
            while one[source] and other[source]:
                yield one[source].pop(), other[source].pop()
        yield from zip(one[""], [row for source in sorted(other) if source for row in other[source]], strict=False)
        yield from zip([row for source in sorted(one) if source for row in one[source]], other[""], strict=False)
