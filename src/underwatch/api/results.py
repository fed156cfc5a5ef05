"""What every result has: one line, a card, a digest by which two are equal, and a plot in the look of the report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from underwatch.shown import INVENTED, Shown

_WIDTH, _HEIGHT = 7.0, 4.0  # inches


class Result(Shown):
    """What came of a question. Two are equal when they are of one kind and have one digest."""

    @property
    def digest(self) -> str:
        """The hash of all that came out."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Result):
            return NotImplemented
        return self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def digest_of_table(table: pa.Table) -> str:
    """Return the hash of a table's columns, by name."""
    h = hashlib.blake2b(digest_size=20)
    for name in table.column_names:
        h.update(name.encode())
        h.update(repr(table.column(name).to_pylist()).encode())
    return h.hexdigest()


@contextmanager
def axes_of(given: Any = None) -> Iterator[Any]:
    """Give the axes asked for, or those of a new figure in the look of the report; the figure says who is in it."""
    import matplotlib

    from underwatch.pages.charts.svg import STYLE

    with matplotlib.rc_context():
        if given is None:
            matplotlib.rcParams.update({name: value for name, value in STYLE.items() if not name.startswith("svg.")})
            from matplotlib import pyplot

            _, given = pyplot.subplots(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        given.grid(axis="y")
        given.set_axisbelow(True)
        yield given
    figure = given.figure
    if not any(text.get_text() == INVENTED for axes in figure.axes for text in axes.texts):
        given.annotate(
            INVENTED, (0, 0), xycoords="axes fraction", xytext=(0, -38), textcoords="offset points", fontsize=8,
            va="top", annotation_clip=False,
        )  # fmt: skip
