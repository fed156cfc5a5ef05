"""CSV: counted before it is parsed, and decoded and split a stretch at a time, so that little is held twice."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from underwatch.errors import InputError

# A hundred thousand reports have 2.4 million cells, and as many lines of history one million.
MOST_ROWS, MOST_CELLS = 175_000, 2_600_000
MOST_COLUMNS = 500
MOST_TEXTS = 750_000  # different ones, counted anew every few hundred rows; a report has four of its own
LONGEST_LINE = 100_000  # letters; of a cell in quotes as well
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_STRETCH = 1 << 18  # bytes
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def check_counts(data: bytes, where: str = "") -> None:
    """Raise InputError, begun with `where`, for more rows, columns or cells than a table of ours can have."""
    rows = data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
    if rows > MOST_ROWS:
        raise InputError(f"{where}has {rows:,} rows, and {MOST_ROWS:,} are the most that are read; take it apart")
    if rows + data.count(b",") > MOST_CELLS:
        raise InputError(f"{where}has more than {MOST_CELLS:,} cells; take it apart")
    if data.count(b",", 0, _end_of_line(data, 0)) >= MOST_COLUMNS:
        raise InputError(f"{where}has more than {MOST_COLUMNS} columns; leave some out")


def checked_texts(texts: int, where: str) -> int:
    """Return how many different texts a table has so far; InputError, begun with `where`, for too many."""
    if texts > MOST_TEXTS:
        raise InputError(
            f"{where}has more than {MOST_TEXTS:,} different cells, and no table of ours has; take it apart"
        )
    return texts


def _end_of_line(data: bytes, offset: int) -> int:
    """Return where the next line begins: after a line feed, a carriage return, or both."""
    feed = data.find(b"\n", offset) + 1 or len(data)
    back = data.find(b"\r", offset, feed) + 1
    return feed if not back or back == feed - 1 else back


def stretches(data: bytes, where: str = "") -> Iterator[str]:
    """Yield the text of a file in stretches of whole lines; UnicodeDecodeError when it is no UTF-8.

    InputError for a line that is longer than any of ours.
    """
    offset, end = len(BYTE_ORDER_MARK) if data.startswith(BYTE_ORDER_MARK) else 0, len(data)
    while offset < end:
        upto = _end_of_line(data, min(offset + _STRETCH, end))
        if upto - offset > _STRETCH + 4 * LONGEST_LINE:
            raise InputError(f"{where}has a line of more than {LONGEST_LINE:,} letters, which no table of ours has")
        yield data[offset:upto].decode("utf-8")
        offset = upto


def lines_of(data: bytes, where: str = "") -> Iterator[list[str]]:
    """Yield the lines of a file that ends each with a line feed, a stretch at a time, without their ends."""
    for text in stretches(data, where):
        lines = text.removesuffix("\n").split("\n")
        if max(map(len, lines)) > LONGEST_LINE:
            raise InputError(f"{where}has a line of more than {LONGEST_LINE:,} letters, which no table of ours has")
        yield lines


def rows_of(data: bytes, where: str = "") -> Iterator[list[str]]:
    """Yield the rows of a CSV file of any line ends; csv.Error for an open quote or a cell longer than any of ours."""
    csv.field_size_limit(LONGEST_LINE)
    lines = (found[0] for text in stretches(data, where) for found in _LINE.finditer(text))
    yield from csv.reader(lines, strict=True)
