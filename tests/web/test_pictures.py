"""Figures of the page as files: no picture travels without its words, and what is drawn is what was counted."""

import re
from html import unescape
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from underwatch import __version__
from underwatch.errors import InputError
from underwatch.experiments.engine.worlds import BASELINE
from underwatch.experiments.ensemble.statements import statement_dots
from underwatch.record.headlines import HEADLINES
from underwatch.texts.catalogue import text
from underwatch.texts.languages import LANGUAGES
from underwatch.web.session.stored import stored_run
from underwatch.web.views.own_charts import map_chart
from underwatch.web.views.pictures import chart_of, pictures, saved_picture
from underwatch.web.views.town_map import days_of

CHARTED = [f"w-{headline.name}" for headline in HEADLINES if headline.charted]
NAMES = ["lines", "relief", "outcomes", "silence", "change", "incidents", "ledger-listed", *CHARTED]


@pytest.fixture(scope="module")
def run():
    return stored_run()


def said_in(svg):
    """The words of a picture in their order, its lines put together."""
    return " ".join(unescape(words) for words in re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def same(words):
    return re.sub(r"\s+", " ", words).strip()


@pytest.mark.parametrize(
    ("name", "language"), [("map-2-168", "ko"), *((name, own) for name in (*NAMES, "fear") for own in LANGUAGES)]
)
def test_title_caption_statement_and_version_are_inside(run, name, language):
    name = f"fear-{next(iter(run.lives))}" if name == "fear" else name
    chart = chart_of(run, language, name)
    media, svg = saved_picture(run, language, f"{name}.svg")
    said = said_in(svg.decode())
    assert media == "image/svg+xml"
    for words in (chart.title, chart.caption, text(language, "figure.note.invented"), f"Underwatch {__version__}"):
        assert same(words)
        assert same(words) in same(said)


@pytest.mark.parametrize("name", ["outcomes", "incidents"])
def test_the_png_is_the_same_picture(run, name):
    _, png = saved_picture(run, "en", f"{name}.png")
    svg = saved_picture(run, "en", f"{name}.svg")[1].decode()
    width, height = (float(found) for found in re.search(r"width='([\d.]+)' height='([\d.]+)'", svg).groups())
    image = Image.open(BytesIO(png))
    assert image.width / image.height == pytest.approx(width / height, rel=0.01)
    assert len(image.convert("RGB").getcolors()) > 4


def test_the_map_draws_each_resident_once_and_says_how_many(run):
    day = 168
    listed, followed = days_of(run)[0]
    is_listed = (listed > 0) & (listed <= day)
    is_followed = (followed > 0) & (followed <= day) & ~is_listed
    states = {"calm": ~is_listed & ~is_followed, "followed": is_followed, "listed": is_listed}
    picture = map_chart(run, "en", 0, day).picture
    drawn = [len(shape.points) for shape in picture.shapes if shape.kind == "dots" and len(shape.points) > 1]
    assert drawn == [state.sum() for state in states.values()]
    words = [shape.words for shape in picture.shapes if shape.kind == "text"]
    assert words == [f"{text('en', f'map.{name}')} {state.sum():,}" for name, state in states.items()]


def test_who_fares_otherwise_adds_up(run):
    (one, other), residents = days_of(run), run.study.place.residents
    shapes = map_chart(run, "en", 2, 200).picture.shapes
    numbers = [int(shape.words.rpartition(" ")[2].replace(",", "")) for shape in shapes if shape.kind == "text"]
    same_days = ((one[0] == other[0]) & (one[1] == other[1])).sum()
    assert sum(numbers) == residents
    assert same_days <= numbers[0] < residents
    assert min(numbers) > 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_statements_stand_line_by_line(run, language):
    shown = pictures(run, language)
    assert [line["id"] for line in shown["lines"]] == [one.id for one in statement_dots()]
    assert all(line["svg"].startswith("<svg") and line["rules"] for line in shown["lines"])
    assert {line["verdict"] for line in shown["lines"]} <= {"agrees", "disagrees", "cannot_say"}
    assert all(shown[name]["svg"].startswith("<svg") for name in ("relief", "change", "silence", "outcomes"))


@pytest.mark.parametrize("name", ["lines", "lines.pdf", "w-nothing.svg", "w-.png", "../index.svg", "map-0.svg"])
def test_what_is_no_figure_is_not_there(run, name):
    assert saved_picture(run, "en", name) is None


@pytest.mark.parametrize("name", ["map-0-0", "map-3-1", "map-0-9999", "fear-0", "ledger-rich"])
def test_what_a_run_has_not_is_one_line(run, name):
    with pytest.raises(InputError, match=r"^[^\n]+$"):
        saved_picture(run, "en", f"{name}.svg")


def test_the_incidents_drawn_are_those_counted(run):
    shapes = chart_of(run, "en", "incidents").picture.shapes
    drawn = next(shape for shape in shapes if shape.kind == "line" and len(shape.points) > 40)
    weeks = np.sum([*run.stored.seen[BASELINE]["incidents"].values()], axis=0)[: len(drawn.points)]
    heights = np.array([-y for _, y in drawn.points])
    assert np.corrcoef(heights, weeks)[0, 1] == pytest.approx(1.0, abs=1e-6)
