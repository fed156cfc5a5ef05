"""Which cells of a table with totals must not be shown, so that no hidden one can be worked out from those that are.

A cell that is too small is hidden. Then every hidden small cell is attacked exactly, as a reader with the totals
would: the least and greatest value that fits all that is shown, by a flow through the hidden cells (a table with
totals is a network; the bounds are whole numbers). Where the answer would narrow it down, a further cell is hidden,
the smallest that helps. It ends, because with everything hidden nothing can be worked out. See Fischetti and Salazar,
Management Science 2001, for the problem; the choice of further cells here is greedy, so it may hide a few more than
the fewest possible.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

Cell = tuple[int, int]


@dataclass(frozen=True)
class Counts:
    """A table of counts with its totals: `value[row, column]`, the last row and last column being the sums."""

    value: Mapping[Cell, int]
    n_rows: int
    n_columns: int

    def is_total(self, cell: Cell) -> bool:
        """Say whether the cell is a sum of others."""
        return cell[0] == self.n_rows or cell[1] == self.n_columns

    def sign(self, cell: Cell) -> int:
        """Return -1 for a sum of one row or one column, else 1: signed so, every row and column adds up to 0."""
        return -1 if (cell[0] == self.n_rows) != (cell[1] == self.n_columns) else 1


def with_totals(inner: list[list[int]]) -> Counts:
    """Return a table with its sums of rows, of columns, and of all."""
    n_rows, n_columns = len(inner), len(inner[0])
    value = {(i, j): n for i, row in enumerate(inner) for j, n in enumerate(row)}
    value |= {(i, n_columns): sum(row) for i, row in enumerate(inner)}
    value |= {(n_rows, j): sum(row[j] for row in inner) for j in range(n_columns)}
    value[n_rows, n_columns] = sum(map(sum, inner))
    return Counts(value, n_rows, n_columns)


def hide(counts: Counts, primary: Iterable[Cell], smallest: int) -> set[Cell]:
    """Return the cells to hide: the primary ones and as many more as protect them.

    A primary cell is protected when every value of 0 to `smallest` - 1 fits what is shown, and for one that is hidden
    for another reason than its size, `smallest` more and as many less than its value (never below 0).
    """
    primary = set(primary)
    hidden = set(primary)
    for cell in sorted(primary, key=lambda cell: (counts.value[cell], cell)):
        while not _protected(counts, hidden, cell, smallest):
            hidden.add(_next_to_hide(counts, hidden, cell))
    # A cell hidden later only widens what fits, so that those which were protected stay so.
    return hidden


def _protected(counts: Counts, hidden: set[Cell], cell: Cell, smallest: int) -> bool:
    """Say whether a hidden cell can lie as far below and above its value as it must be able to."""
    value = counts.value[cell]
    down, up = (value, smallest - 1 - value) if value < smallest else (smallest, smallest)
    return room(counts, hidden, cell, -1, down) >= down and room(counts, hidden, cell, 1, up) >= up


def _next_to_hide(counts: Counts, hidden: set[Cell], cell: Cell) -> Cell:
    """Return the cell to hide next: in the same row or column while there is one, the smallest first, sums last."""
    shown = [other for other in counts.value if other not in hidden]
    crossing = [other for other in shown if other[0] == cell[0] or other[1] == cell[1]]
    lonely = [other for other in crossing if not _has_company(hidden, cell, other)]
    return min(lonely or crossing or shown, key=lambda other: (counts.is_total(other), counts.value[other], other))


def _has_company(hidden: set[Cell], cell: Cell, other: Cell) -> bool:
    """Say whether the line that `other` shares with the cell has another hidden cell already."""
    if other[0] == cell[0]:
        return any(item[0] == cell[0] and item != cell for item in hidden)
    return any(item[1] == cell[1] and item != cell for item in hidden)


def room(counts: Counts, hidden: set[Cell], cell: Cell, direction: int, enough: int) -> int:
    """Return how far a hidden cell can move up (1) or down (-1) while all that is shown stays; at most `enough`.

    Raising one cell must be made good by others in its row and column, and so on round: a flow from the cell's column
    back to its row through the other hidden cells, each of which may rise without limit and fall to 0.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    if direction < 0:
        enough = min(enough, counts.value[cell])
    first_column = counts.n_rows + 1
    n_nodes = first_column + counts.n_columns + 1
    capacity = np.zeros((n_nodes, n_nodes), np.int32)
    for other in hidden - {cell}:
        row, column = other[0], first_column + other[1]
        rising = (row, column) if counts.sign(other) > 0 else (column, row)
        capacity[rising] = enough  # without limit: no more than this is asked for
        capacity[rising[::-1]] = min(enough, counts.value[other])
    ends = (first_column + cell[1], cell[0])
    start, goal = ends if counts.sign(cell) * direction > 0 else ends[::-1]
    return min(enough, int(maximum_flow(csr_array(capacity), start, goal).flow_value))
