"""One world after another: how many reports came out of each, and how much lay behind them.

A hypothetical outcome plot: what a range means is seen from worlds drawn one by one. On the page it moves by the style
alone; who wants no movement, prints or saves sees all worlds at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from underwatch.pages.drawing.picture import NARROW, Picture, Point, wrapped

SHOWN = 12
_COLUMNS = 4
_SMALL, _LEADING = 9.0, 11.0
_PER_ROW = 12


class WorldShown(NamedTuple):
    """One world: its published reports, the incidents behind them, and both in words."""

    reports: int
    incidents: float
    words: tuple[str, str]


def spread_out(published: np.ndarray, n: int = SHOWN) -> list[int]:
    """Return n worlds that stand for all: of each n-th of them, by their reports, the middle; in the order of draws."""
    known = np.flatnonzero(np.isfinite(published))
    order = known[np.argsort(published[known], kind="stable")]
    n = min(n, len(order))
    middles = ((np.arange(n) + 0.5) / max(n, 1) * len(order)).astype(int)
    return sorted(order[middles].tolist())


def dot_stands_for(incidents: Sequence[float], most: int = 144) -> float:
    """Return a round number of incidents for one dot, so that the fullest world has at most so many dots."""
    least = max([*incidents, 1.0]) / most
    ten = 10.0 ** math.floor(math.log10(least))
    return float(next(ten * part for part in (1, 2, 5, 10) if ten * part >= least - 1e-9))


def outcome_panels(outcomes: Sequence[WorldShown], one_dot: float, width: float = NARROW) -> Picture:
    """Draw all worlds as small panels side by side."""
    room = (width - 8 * (_COLUMNS - 1)) / _COLUMNS
    panels = [_panel(outcome, one_dot, room) for outcome in outcomes]
    tall = max((panel.height for panel in panels), default=0.0) + 6
    picture = Picture(width, tall * math.ceil(len(panels) / _COLUMNS))
    for n, panel in enumerate(panels):
        picture.put(panel, ((n % _COLUMNS) * (room + 8), (n // _COLUMNS) * tall))
    return picture


def outcome_frames(outcomes: Sequence[WorldShown], one_dot: float, width: float = NARROW) -> Picture:
    """Draw the worlds one over the other, each a frame of its own class: `world world-0`, `world world-1` and so on."""
    room = 0.62 * width
    panels = [_panel(outcome, one_dot, room, 1.5) for outcome in outcomes]
    picture = Picture(width, max((panel.height for panel in panels), default=0.0))
    for n, panel in enumerate(panels):
        with picture.framed(f"world world-{n}"):
            picture.put(panel, ((width - room) / 2, 0))
    return picture


def _panel(outcome: WorldShown, one_dot: float, room: float, larger: float = 1.0) -> Picture:
    """Draw one world: its reports in words, under them a dot for so many incidents, the reported ones blue."""
    small, leading = _SMALL * larger, _LEADING * larger
    picture = Picture(room, 0)
    reports, behind = (wrapped(words, room, small, n == 0) for n, words in enumerate(outcome.words))
    y = 0.0
    for line in reports:
        y += leading
        picture.text((0, y), line, small, bold=True, colour="c1")
    y += 5
    n, told = (round(count / one_dot) for count in (outcome.incidents, outcome.reports))
    places, step = _field(max(n, 1), room, y)
    picture.dots(places[told:], 0.36 * step, "c0")
    picture.dots(places[:told], 0.44 * step, "c1")
    y += math.ceil(max(n, 1) / _PER_ROW) * step + 2
    for line in behind:
        y += leading
        picture.text((0, y), line, small)
    picture.height = y + 4
    return picture


def _field(n: int, room: float, top: float) -> tuple[list[Point], float]:
    """Return n places row by row from above, and how far they are from each other."""
    step = round(room / _PER_ROW, 1)
    return [((k % _PER_ROW + 0.5) * step, top + (k // _PER_ROW + 0.5) * step) for k in range(n)], step
