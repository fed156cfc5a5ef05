"""Days of one life and of its twin, drawn side by side: a row a day, a mark with words for each thing that happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from underwatch.pages.drawing.picture import NARROW, SMALL, Picture, wrapped

_DATE, _GAP = 50.0, 8.0
_SMALL, _LEADING, _PAD = SMALL, 12.6, 4.0
_MARK = 13.0  # room for a mark before its words


class Mark(NamedTuple):
    """What happened: a shape (`dot`, `ring`, `square`, `house`, `triangle`, `cross`), its colour, the words for it."""

    shape: str
    colour: str
    words: str


class TimelineDay(NamedTuple):
    """The words for a day, and what happened on it in each of the two lives."""

    words: str
    lives: tuple[Sequence[Mark], Sequence[Mark]]


def timeline(heads: tuple[str, str], days: Sequence[TimelineDay], width: float = NARROW) -> Picture:
    """Draw days from top to bottom, the two lives beside each other under their heads; what differs is shaded."""
    column = (width - _DATE - _GAP) / 2
    lefts = (_DATE, _DATE + column + _GAP)
    picture = Picture(width, 0)
    lines = [wrapped(head, column, _SMALL, True) for head in heads]
    top = max(map(len, lines)) * _LEADING + 4
    for left, of_head in zip(lefts, lines, strict=True):
        for n, line in enumerate(of_head):
            picture.text((left, (n + 1) * _LEADING - 2), line, _SMALL, bold=True)
    picture.line([(0, top), (width, top)], "ink", 1.0)
    for day in days:
        tall = max(_height(marks, column) for marks in day.lives) + _PAD
        if day.lives[0] != day.lives[1]:
            picture.box((0, top + 0.5), (width, tall - 1), "shade", 0.75)
        picture.text((2, top + _LEADING), day.words, _SMALL, colour="soft")
        for left, marks in zip(lefts, day.lives, strict=True):
            _write(picture, left, top, marks, column)
        top += tall
        picture.line([(0, top), (width, top)], "grid", 0.6)
    picture.height = top + 2
    return picture


def _height(marks: Sequence[Mark], column: float) -> float:
    return _LEADING * max(1, sum(len(wrapped(mark.words, column - _MARK, _SMALL)) for mark in marks))


def _write(picture: Picture, left: float, top: float, marks: Sequence[Mark], column: float) -> None:
    """Write the marks of one life on one day."""
    y = top
    if not marks:
        picture.text((left + _MARK, y + _LEADING), "–", _SMALL, colour="soft")
    for mark in marks:
        draw_mark(picture, mark.shape, mark.colour, (left + 5, y + _LEADING - 3.6))
        for line in wrapped(mark.words, column - _MARK, _SMALL):
            y += _LEADING
            picture.text((left + _MARK, y), line, _SMALL)


def draw_mark(picture: Picture, shape: str, colour: str, at: tuple[float, float], size: float = 3.6) -> None:
    """Draw a mark round a point."""
    x, y = at
    if shape == "dot":
        picture.dots([at], size, colour)
    elif shape == "ring":
        picture.rings([at], size, colour)
    elif shape == "square":
        picture.box((x - size, y - size), (2 * size, 2 * size), colour)
    elif shape == "triangle":
        picture.area([(x, y - size), (x + size, y + size), (x - size, y + size)], colour)
    elif shape == "house":
        half = size * 0.8
        picture.area([(x - half, y + size), (x - half, y - 0.2 * size), (x, y - 1.1 * size), (x + half, y - 0.2 * size),
                      (x + half, y + size)], colour)  # fmt: skip
    elif shape == "cross":
        for way in (1, -1):
            picture.line([(x - size, y - way * size), (x + size, y + way * size)], colour, 2.0)
    else:
        raise ValueError(f"no mark has the shape {shape}")
