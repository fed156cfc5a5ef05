"""Figures below one another, each a row: its range as a bar, its worlds as strokes, its middle as a mark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from underwatch.pages.drawing.axes import LINEAR, Scale, mark_x, ticks
from underwatch.pages.drawing.picture import NARROW, SMALL, Picture, width_of, wrapped
from underwatch.pages.drawing.timeline import draw_mark

MARKS = ("dot", "square")
_SMALL, _LEADING = SMALL, 12.0


@dataclass(frozen=True)
class Item:
    """One range of a row: low and high (None for no range), the middle, its colour, and its mark."""

    middle: float
    low: float | None = None
    high: float | None = None
    colour: str = "c0"
    mark: str = "dot"
    thick: float = 5.0


@dataclass(frozen=True)
class Strip:
    """A row: its words, its items one below the other, and worlds that are strokes in the first of them."""

    words: str
    items: Sequence[Item]
    strokes: Sequence[float] = ()
    rule: bool = False  # a line under it


@dataclass(frozen=True)
class Along:
    """The axis of all rows: its ends, its kind, how values are written, a line at `zero`, words under it."""

    low: float
    high: float
    show: Callable[[float], str]
    kind: str = LINEAR
    zero: float | None = None
    words: str = ""
    at: Sequence[float] = field(default_factory=tuple)


def strips(rows: Sequence[Strip], along: Along, names: Sequence[tuple[str, str, str]] = (),
           width: float = NARROW) -> Picture:  # fmt: skip
    """Draw rows from top to bottom over one axis; `names` are words, colour and mark of a legend above."""
    picture = Picture(width, 0)
    left = min(0.46 * width, max((width_of(row.words, _SMALL) for row in rows), default=0.0)) + 8
    scale = Scale(along.low, along.high, left, width - 8, along.kind)
    top = _legend(picture, names)
    lines = [wrapped(row.words, left - 8, _SMALL) for row in rows]
    talls = [max(len(words) * _LEADING + 3, 9.0 * len(row.items) + 6) for words, row in zip(lines, rows, strict=True)]
    bottom = top + sum(talls)
    at = along.at or ticks(along.low, along.high, 5, along.kind)
    for value in at:
        picture.line([(scale(value), top), (scale(value), bottom)], "grid", 0.6)
    if along.zero is not None:
        picture.line([(scale(along.zero), top), (scale(along.zero), bottom)], "ink", 1.0)
    y = top
    for row, words, tall in zip(rows, lines, talls, strict=True):
        _row(picture, row, scale, y + tall / 2)
        for n, line in enumerate(words):
            picture.text((left - 6, y + tall / 2 + (n - (len(words) - 1) / 2) * _LEADING + 3.4), line, _SMALL, "end")
        y += tall
        if row.rule:
            picture.line([(0, y), (width, y)], "grid", 0.8)
    mark_x(picture, scale, bottom, at, along.show)
    picture.height = bottom + 18
    for line in wrapped(along.words, width, _SMALL) if along.words else ():
        picture.height += _LEADING
        picture.text(((left + width - 8) / 2, picture.height - 2), line, _SMALL, "middle")
    return picture


def _legend(picture: Picture, names: Sequence[tuple[str, str, str]]) -> float:
    x = y = 0.0
    for words, colour, mark in names:
        wide = 12 + width_of(words, _SMALL) + 12
        if x and x + wide > picture.width + 12:
            x, y = 0.0, y + 14
        draw_mark(picture, mark, colour, (x + 5, y + 8))
        picture.text((x + 13, y + 11.5), words, _SMALL)
        x += wide
    return y + 20 if names else 4.0


def _row(picture: Picture, row: Strip, scale: Scale, y: float) -> None:
    for n, item in enumerate(row.items):
        at = y + (n - (len(row.items) - 1) / 2) * 9.0
        if item.low is not None and item.high is not None and item.low == item.low:
            lo, hi = scale(item.low), scale(item.high)
            picture.box((lo, at - item.thick / 2), (max(hi - lo, 1.0), item.thick), item.colour, 0.32)
        for value in row.strokes if n == 0 else ():
            picture.line([(scale(value), at - 3.4), (scale(value), at + 3.4)], item.colour, 0.6)
        if item.middle == item.middle:
            draw_mark(picture, item.mark, item.colour if not row.strokes else "c0", (scale(item.middle), at), 2.8)
