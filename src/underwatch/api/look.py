"""How plots look: in Matplotlib the colours and lines of the report, and the sentence that residents are invented."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from underwatch.pages.charts.svg import GRID, INK, MARKERS, WORLD_COLOURS
from underwatch.shown import INVENTED

__all__ = ["DASHES", "GRID", "MARKERS", "WORLD_COLOURS", "axes_of", "date_axis", "percent_axis"]
DASHES = ("-", "--")
_WIDTH, _HEIGHT = 7.0, 4.0  # inches
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
}


@contextmanager
def axes_of(given: Any = None) -> Iterator[Any]:
    """Give the axes asked for, or those of a new figure in the look of the report; the figure says who is in it."""
    import matplotlib

    with matplotlib.rc_context(_STYLE):
        if given is None:
            from matplotlib import pyplot

            _, given = pyplot.subplots(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        given.grid(axis="y")
        given.set_axisbelow(True)
        yield given
    if not any(text.get_text() == INVENTED for axes in given.figure.axes for text in axes.texts):
        given.annotate(
            INVENTED, (0, 0), xycoords="axes fraction", xytext=(0, -38), textcoords="offset points", fontsize=8,
            va="top", annotation_clip=False,
        )  # fmt: skip


def percent_axis(axis: Any) -> None:
    """Write the shares of an axis as percentages."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(100 * value, 6):g} %"))


def date_axis(axis: Any) -> None:
    """Give an axis of days a few dates."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=6)
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
