"""Courses over the weeks of a run: ranges as bands, medians as lines, a history drawn thin."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from underwatch.pages.drawing.axes import Scale, mark_x, mark_y, ticks
from underwatch.pages.drawing.picture import NARROW, SMALL, Picture, Point, width_of

WORLD_COLOURS = ("c0", "c1")
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 3))
_LEGEND, _TALL = 18.0, 150.0
_SMALL = SMALL


@dataclass(frozen=True)
class Course:
    """A line over the weeks: its values, its look, and its name in the legend, if it has one there."""

    values: np.ndarray
    colour: str = "ink"
    width: float = 1.0
    dash: Sequence[float] = ()
    name: str = ""


@dataclass(frozen=True)
class Band:
    """A range over the weeks, filled."""

    low: np.ndarray
    high: np.ndarray
    colour: str
    alpha: float = 0.2


@dataclass(frozen=True)
class Weeks:
    """The first days of the weeks, the days that are shaded, and how dates and values are written at the axes."""

    days: Sequence[date]
    show_day: Callable[[date], str]
    show: Callable[[float], str]
    shade: tuple[date, date] | None = None
    top: float | None = None  # of the scale; by the values where it is None


def courses(weeks: Weeks, bands: Sequence[Band], lines: Sequence[Course], size: Point = (NARROW, _TALL)) -> Picture:
    """Draw bands and lines over the weeks, from zero up, with a legend of the lines that have a name."""
    width, tall = size
    picture = Picture(width, 0)
    top = legend(picture, [(line.name, line.colour, line.dash) for line in lines if line.name])
    highest = (
        weeks.top if weeks.top is not None else highest_of([*(band.high for band in bands), *(x.values for x in lines)])
    )
    marks = ticks(0.0, highest or 1.0, 4)
    left = max(width_of(weeks.show(mark), SMALL) for mark in marks) + 6
    picture.height = top + tall + 18
    up = Scale(0.0, (highest or 1.0) * 1.03, top + tall, top + 2)
    along = Scale(
        weeks.days[0].toordinal(), max(weeks.days[-1].toordinal(), weeks.days[0].toordinal() + 1), left, width - 4
    )
    if weeks.shade:
        lo, hi = (along(day.toordinal()) for day in weeks.shade)
        picture.box((lo, top), (hi - lo, tall), "shade", 0.9)
    mark_y(picture, up, (left, width - 4), marks, weeks.show)
    at = [along(day.toordinal()) for day in weeks.days]
    for band in bands:
        for part in _stretches(band.low, band.high):
            edge = [(at[n], up(band.high[n])) for n in part] + [(at[n], up(band.low[n])) for n in reversed(part)]
            picture.area(edge, band.colour, band.alpha)
    for line in lines:
        for part in _stretches(line.values):
            picture.line([(at[n], up(line.values[n])) for n in part], line.colour, line.width, line.dash)
    months = month_starts(weeks.days[0], weeks.days[-1])
    if months:
        mark_x(picture, along, top + tall, [day.toordinal() for day in months],
               lambda value: weeks.show_day(date.fromordinal(round(value))))  # fmt: skip
    return picture


def legend(picture: Picture, names: Sequence[tuple[str, str, Sequence[float]]]) -> float:
    """Write a legend of lines along the top of a picture; return how much room it takes."""
    x = y = 0.0
    for name, colour, dash in names:
        wide = 26 + width_of(name, _SMALL) + 12
        if x and x + wide > picture.width + 12:
            x, y = 0.0, y + 14
        picture.line([(x, y + 8), (x + 21, y + 8)], colour, 2.0, dash)
        picture.text((x + 26, y + 11.5), name, _SMALL)
        x += wide
    return y + _LEGEND if names else 4.0


def highest_of(values: Sequence[np.ndarray]) -> float:
    """Return the highest of all values; 1 where there are none."""
    known = np.concatenate([np.ravel(one) for one in values]) if values else np.zeros(0)
    known = known[np.isfinite(known)]
    return float(known.max()) if len(known) else 1.0


def _stretches(*values: np.ndarray) -> list[list[int]]:
    """Return the weeks without a gap in any of the values, stretch by stretch."""
    known = np.all([np.isfinite(one) for one in values], axis=0)
    parts: list[list[int]] = []
    for n in np.flatnonzero(known).tolist():
        if parts and parts[-1][-1] == n - 1:
            parts[-1].append(n)
        else:
            parts.append([n])
    return parts


def month_starts(first: date, last: date, most: int = 6) -> list[date]:
    """Return the first days of months between two days, as many as have room, evenly spaced."""
    months = [(year, month) for year in range(first.year, last.year + 1) for month in range(1, 13)]
    days = [day for year, month in months if first <= (day := date(year, month, 1)) <= last]
    step = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120, math.inf) if len(days) <= most * step)
    return days if step == 1 else [day for day in days if (day.year * 12 + day.month - 1) % int(min(step, 1200)) == 0]
