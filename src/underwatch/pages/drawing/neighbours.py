"""The residents of a neighbourhood as dots, in views side by side: who is on a list, who was followed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from underwatch.pages.drawing.picture import NARROW, SMALL, Picture, Point, wrapped

_GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))
_SMALL, _LEADING = SMALL, 12.6
_GAP = 10.0


class View(NamedTuple):
    """A head, what the dots come to in words, and of each resident bool[n]: listed, followed."""

    head: str
    words: str
    listed: np.ndarray
    followed: np.ndarray


def spiral(n: int, radius: float) -> list[Point]:
    """Return n places that fill a disc evenly, from its middle: those of nobody, for the model knows of no street."""
    return [
        (radius * math.sqrt((k + 0.5) / n) * math.cos(k * _GOLDEN_ANGLE),
         radius * math.sqrt((k + 0.5) / n) * math.sin(k * _GOLDEN_ANGLE))
        for k in range(n)
    ]  # fmt: skip


def neighbourhood(views: Sequence[View], width: float = NARROW) -> Picture:
    """Draw the same residents at the same places in each view: listed with a ring, followed filled."""
    room = (width - _GAP * (len(views) - 1)) / len(views)
    heads = [wrapped(view.head, room, _SMALL, True) for view in views]
    texts = [wrapped(view.words, room, _SMALL) for view in views]
    top = max(map(len, heads)) * _LEADING
    picture = Picture(width, top + room + max(map(len, texts)) * _LEADING + 8)
    for n, (view, head, words) in enumerate(zip(views, heads, texts, strict=True)):
        left = n * (room + _GAP)
        for row, line in enumerate(head):
            picture.text((left, (row + 1) * _LEADING - 2), line, _SMALL, bold=True)
        _dots(picture, view, (left + room / 2, top + 4 + room / 2), room)
        for row, line in enumerate(words):
            picture.text((left, top + room + 6 + (row + 1) * _LEADING), line, _SMALL)
    return picture


def _dots(picture: Picture, view: View, middle: Point, room: float) -> None:
    n = len(view.listed)
    dot = 0.34 * room / math.sqrt(max(n, 1))
    places = [(middle[0] + x, middle[1] + y) for x, y in spiral(n, room / 2 - 1.4 * dot)]

    def of(chosen: np.ndarray) -> list[Point]:
        return [place for place, is_one in zip(places, chosen, strict=True) if is_one]

    listed, followed = np.asarray(view.listed), np.asarray(view.followed)
    picture.dots(of(~listed & ~followed), 0.8 * dot, "dim")
    picture.dots(of(~listed & followed), 0.8 * dot, "c0")
    picture.dots(of(listed), 1.35 * dot, "ink")
    picture.dots(of(listed & ~followed), 0.85 * dot, "card")
    picture.dots(of(listed & followed), 0.85 * dot, "c0")
