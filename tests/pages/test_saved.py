"""A figure that is saved carries its words inside, in both forms."""

import base64
import html
import re
import struct
from urllib.parse import unquote

import pytest

from pages.test_report import SAVED, fake_model, fake_study
from underwatch import __version__
from underwatch.pages.report import charts_of, render_report, saved_figures
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH


@pytest.fixture(scope="module")
def page():
    return render_report(fake_model())


def test_a_saved_figure_carries_its_caption_what_the_residents_are_and_the_version(page):
    """Inside of the picture, in both forms: it cannot travel without them."""
    study = fake_study()
    shown = charts_of(study)
    files = saved_figures(study, shown)
    charts = [chart for section in shown.sections.values() for chart in section]
    assert set(files) == {chart.key for chart in charts}
    for chart in charts:
        svg = unquote(files[chart.key].svg.removeprefix(SAVED[1]))
        words = html.unescape(" ".join(re.findall(r"<text[^>]*>(.*?)</text>", svg)))
        for said in (
            chart.title,
            *chart.caption.splitlines(),
            text(ENGLISH, "figure.note.invented"),
            f"Underwatch {__version__}",
        ):
            assert said in words, chart.key
        assert "var(" not in svg
        png = base64.b64decode(files[chart.key].png.removeprefix(SAVED[0]))
        wide, tall = struct.unpack(">II", png[16:24])
        box = [float(size) for size in re.search(r"viewBox='0 0 (\S+) (\S+)'", svg).groups()]
        assert wide / tall == pytest.approx(box[0] / box[1], rel=0.01)
        assert f'href="{files[chart.key].svg}"' in page
        assert f'href="{files[chart.key].png}"' in page
