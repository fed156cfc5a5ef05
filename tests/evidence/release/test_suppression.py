"""Which further cells are hidden: those that close a square with the small ones, and no fifth."""

import pytest

from underwatch.evidence.release.suppression import hide, with_totals


@pytest.mark.parametrize("turned", [False, True])
def test_two_small_cells_are_closed_to_a_square(turned):
    """4 and 4 in two rows and two columns: the other corners are 6 and 22, and a cell more would tell readers less."""
    inner = [[18, 4, 6], [11, 22, 4], [8, 28, 23]]
    wanted = {(0, 1), (0, 2), (1, 1), (1, 2)}
    if turned:
        inner, wanted = [list(column) for column in zip(*inner, strict=True)], {(j, i) for i, j in wanted}
    small = [cell for cell in wanted if inner[cell[0]][cell[1]] < 5]
    assert len(small) == 2
    assert hide(with_totals(inner), small, 5) == wanted
