"""The notebooks: short, told what a reader learns, without outputs; run in depth, and their identities hold."""

import json

import matplotlib
import notebooks
import pytest

from underwatch.shown import LONGEST_CARD

matplotlib.use("agg")


@pytest.mark.parametrize("path", notebooks.NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_short_says_what_a_reader_learns_and_carries_no_output(path):
    text = path.read_text(encoding="utf-8")
    document = json.loads(text)
    assert document["cells"][0]["cell_type"] == "markdown"
    assert "You learn how to" in "".join(document["cells"][0]["source"])
    lines = [line for cell in notebooks.cells_of(path) for line in cell.splitlines() if line.strip()]
    assert len(lines) <= 40
    assert any(line.lstrip().startswith("assert ") for line in lines)
    assert all(not cell.get("outputs") for cell in document["cells"])
    assert "underwatch._" not in text
    assert "from underwatch" not in text


def test_there_is_one_for_each_everyday_task():
    assert [path.stem.split("_")[0] for path in notebooks.NOTEBOOKS] == [str(number) for number in range(1, 9)]


@pytest.mark.deep
@pytest.mark.parametrize("path", notebooks.NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_what_it_shows_is_short(path):
    from matplotlib import pyplot

    shown = notebooks.run(path)
    assert any(value is not None for value in shown)
    cards = [value._repr_html_() for value in shown if type(value).__module__.startswith("underwatch.")]
    assert all(len(card) <= LONGEST_CARD for card in cards)
    assert pyplot.get_fignums()
    pyplot.close("all")
