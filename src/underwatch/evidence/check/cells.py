"""Checking cells: does each hold what its column may hold? Column by column, so that a hundred thousand rows are
quick.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from underwatch.errors import nearest
from underwatch.evidence.check.problems import MOST_LISTED, Finding, finding
from underwatch.evidence.format.descriptor import ADDRESS_PATTERN, AMOUNT_PATTERN, COUNT_PATTERN
from underwatch.evidence.format.gazetteer import code_of_name, gazetteer
from underwatch.evidence.format.ids import not_hashes, not_ids
from underwatch.evidence.format.periods import parse_period
from underwatch.evidence.format.table_schemas import PLACES_FILE, Column, TableForm
from underwatch.evidence.format.vocabularies import codes, vocabulary_files
from underwatch.evidence.package import Sheet
from underwatch.files.tripwire import tripped

_AMOUNT, _COUNT, _ADDRESS = (
    re.compile(pattern, re.ASCII) for pattern in (AMOUNT_PATTERN, COUNT_PATTERN, ADDRESS_PATTERN)
)
_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
LONGEST_ADDRESS = 2_000
_MOST_TOLD = 5 * MOST_LISTED  # of one table


def _unless(is_good: Callable[[str], object]) -> Callable[[set[str]], set[str]]:
    return lambda cells: {cell for cell in cells if not is_good(cell)}


def _is_address(cell: str) -> bool:
    return bool(_ADDRESS.fullmatch(cell)) and len(cell) <= LONGEST_ADDRESS and cell.isprintable()


# What a column of a kind holds: which of its cells may not stand there, and the code of the finding. Codes have a
# vocabulary of their own.
_KINDS: dict[str, tuple[Callable[[set[str]], set[str]], str]] = {
    "id": (not_ids, "id-malformed"),
    "reference": (not_ids, "id-malformed"),
    "period": (_unless(parse_period), "date-malformed"),
    "place": (lambda cells: cells - gazetteer().keys(), "code-unknown"),
    "count": (_unless(_COUNT.fullmatch), "number-malformed"),
    "amount": (_unless(_AMOUNT.fullmatch), "number-malformed"),
    "address": (_unless(_is_address), "address-malformed"),
    "hash": (not_hashes, "hash-malformed"),
}
_NUMBER_HINT = {
    "count": "a whole number of at most six digits, written without spaces or commas",
    "amount": "a number under a million with one decimal at most, or under one with five",
}


def check_cells(form: TableForm, sheet: Sheet) -> tuple[list[Finding], set[int]]:
    """Return the findings about a table's cells, and the positions of the rows that are not fit to be read further.

    `sheet` must have the columns of the form, in any order.
    """
    result: list[Finding] = []
    unfit: set[int] = set()
    for column in form.columns:
        cells = sheet.columns[sheet.header.index(column.name)]
        if column.kind == "hash" and column.required and not not_hashes(cells):
            continue  # all different: no use in collecting them
        bad = _bad(column, set(cells))
        if bad:
            places = [index for index, cell in enumerate(cells) if cell in bad]
            unfit.update(places)
            # Only of those that are told is it asked what is wrong: of a hundred thousand that would take minutes.
            listed = places[: min(MOST_LISTED, max(0, _MOST_TOLD - len(result)))]
            for index in listed:
                code, hint = _reason(column, cells[index])
                result.append(finding(code, form.file, sheet.numbers[index], column.name, hint))
            rest = len(places) - len(listed)
            if rest > 0:
                code, hint = _reason(column, cells[places[len(listed)]])
                result.append(finding(code, form.file, 0, column.name, f"{hint} (and {rest} further rows)"))
    return result, unfit


def _bad(column: Column, distinct: set[str]) -> set[str]:
    """Return the cells of a column that may not stand there."""
    filled = distinct - {""}
    bad = filled - codes(column.source) if column.kind == "code" else _KINDS[column.kind][0](filled)
    return bad | {""} if column.required and "" in distinct else bad


@lru_cache(maxsize=1_000)
def _reason(column: Column, cell: str) -> tuple[str, str]:
    """Return the finding's code and hint for a cell that does not fit; the hint holds words of ours only."""
    if not cell:
        return "cell-empty", _empty_hint(column)
    if _FORMULA.match(cell) and not _SIGNED_NUMBER.fullmatch(cell):
        danger = tripped(cell)
        return (danger if danger in _PLAIN_DANGER else "cell-formula"), ""
    if cell != cell.strip() and not tripped(cell):
        return "cell-space", ""
    if column.kind == "place" and (code := code_of_name(cell)):
        return "code-unknown", f'{PLACES_FILE} (did you mean "{code}"?).'
    folded = cell.strip().casefold().replace(" ", "_")
    known = (
        codes(column.source) if column.kind == "code" else gazetteer().keys() if column.kind == "place" else frozenset()
    )
    hint = nearest(folded, sorted(known)) if folded.isalpha() else ""
    # One word near one of ours, or in the column of places, is a slip of the pen: an error, but not told as a name.
    slip = bool(hint) or (column.kind == "place" and folded.isalpha() and folded.isascii())
    danger = "" if folded in _our_words() or slip else tripped(cell)
    if danger and not (column.kind == "address" and danger == "identity-address"):
        return danger, ""
    if column.kind in ("code", "place"):
        file = f"vocab/{column.source}.csv" if column.kind == "code" else PLACES_FILE
        return "code-unknown", f"{file}{hint or nearest(folded, sorted(known))}."
    return _KINDS[column.kind][1], _NUMBER_HINT.get(column.kind, "")


_SIGNED_NUMBER = re.compile(r"-\d{1,3}(\.\d)?", re.ASCII)
_PLAIN_DANGER = {"identity-phone", "identity-email", "identity-digits"}


def _empty_hint(column: Column) -> str:
    return "Use `unknown`." if column.kind == "code" and "unknown" in codes(column.source) else ""


@cache
def _our_words() -> frozenset[str]:
    """Return every code of every vocabulary and place: words that are not mistaken for a name when wrongly cased."""
    return frozenset(gazetteer().keys()).union(*(codes(name[:-4]) for name in vocabulary_files()))


def doubled(cells: Sequence[str]) -> list[int]:
    """Return the positions of cells that stood before, in order."""
    if len(set(cells)) == len(cells):
        return []
    seen: set[str] = set()
    places = []
    for index, cell in enumerate(cells):
        if cell in seen:
            places.append(index)
        seen.add(cell)
    return places
