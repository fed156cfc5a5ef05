"""What would relieve people: for each intervention and figure in how many worlds it falls, by how much, how surely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from underwatch.pages.drawing.picture import NARROW, Picture, wrapped

_SMALL, _LEADING, _HEAD = 9.0, 11.5, 10.8
_LEFT, _GAP = 0.0, 6.0
ROBUST, HANGS, NONE = "robust", "hangs", "none"


class BarCell(NamedTuple):
    """A figure under an intervention: the share of worlds in which it moves to relief, and the other way; the words.

    `sign` says whether the direction holds whatever the rules' forms are (`robust`), hangs on one, or neither.
    """

    relief: float
    worse: float
    words: str
    sign: str = NONE


class BarRow(NamedTuple):
    """An intervention in words, and its cells."""

    words: str
    cells: Sequence[BarCell]


def relief_chart(figures: Sequence[tuple[str, str]], rows: Sequence[BarRow], width: float = NARROW) -> Picture:
    """Draw a bar for each figure under each intervention: filled as far as worlds in which it moves to relief.

    A figure is its name and what its numbers are of. On a narrow sheet the words of an intervention stand over its
    bars, on a wide one beside them.
    """
    beside = width >= 1.6 * NARROW
    left = 0.34 * width if beside else _LEFT
    column = (width - left) / max(1, len(figures))
    heads = [wrapped(name, column - _GAP, _SMALL, True) for name, _ in figures]
    units = [wrapped(unit, column - _GAP, _SMALL) for _, unit in figures]
    under = max(map(len, heads), default=0)
    top = (under + max(map(len, units), default=0)) * _LEADING + 6
    picture = Picture(width, 0)
    for n, (head, unit) in enumerate(zip(heads, units, strict=True)):
        for k, line in enumerate(head):
            picture.text((left + n * column, (k + 1) * _LEADING - 1), line, _SMALL, bold=True)
        for k, line in enumerate(unit, under):
            picture.text((left + n * column, (k + 1) * _LEADING - 1), line, _SMALL)
    picture.line([(0, top), (width, top)], "ink", 1.0)
    for row in rows:
        lines = wrapped(row.words, (left if beside else width) - _GAP, _HEAD)
        y = top + (0 if beside else len(lines) * _LEADING + 3)
        for k, line in enumerate(lines):
            picture.text((0, top + (k + 1) * _LEADING + (2 if beside else 1)), line, _HEAD)
        for n, cell in enumerate(row.cells):
            _bar(picture, cell, (left + n * column, y + 6), column - _GAP)
        top = max(y + 32, top + len(lines) * _LEADING + 8)
        picture.line([(0, top), (width, top)], "grid", 0.6)
    picture.height = top + 2
    return picture


def _bar(picture: Picture, cell: BarCell, at: tuple[float, float], room: float) -> None:
    """Draw one cell: worlds of relief from the left, those of the contrary from the right, words under them."""
    x, y = at
    picture.box((x, y), (room, 8), "shade", 1.0)
    good, bad = cell.relief * room, cell.worse * room
    picture.box((x, y), (good, 8), "c1")
    if bad > 0:
        picture.box((x + room - bad, y + 2), (bad, 4), "c0")
    if cell.sign != NONE:
        middle = (x + 4, y + 16.4)
        picture.dots([middle], 3.2, "ink")
        if cell.sign == HANGS:
            picture.dots([middle], 2.0, "card")
    picture.text((x + (10 if cell.sign != NONE else 0), y + 20), cell.words, _SMALL)
