"""Pictures of plain data: dots where their quantiles are, scales with round marks, files that hold what is shown."""

import math
import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from io import BytesIO

import numpy as np
import pytest

from underwatch.pages.drawing.axes import LOG, Scale, ends, ticks
from underwatch.pages.drawing.dots import Dots, dotplot, n_inside, stacked
from underwatch.pages.drawing.neighbours import View, neighbourhood, spiral
from underwatch.pages.drawing.painting import png_bytes, saved, sheet
from underwatch.pages.drawing.picture import COLOURS, Picture, width_of, wrapped
from underwatch.pages.drawing.relief_bars import BarCell, BarRow, relief_chart
from underwatch.pages.drawing.series import Band, Course, Weeks, courses, month_starts
from underwatch.pages.drawing.strips import Along, Item, Strip, strips
from underwatch.pages.drawing.timeline import Mark, TimelineDay, timeline
from underwatch.pages.drawing.world_panels import WorldShown, dot_stands_for, outcome_frames, outcome_panels, spread_out

QUANTILES = tuple((n + 0.5) / 50 for n in range(50))  # of the uniform distribution from 0 to 1


def dots_of(picture, colour):
    return [
        point for shape in picture.shapes if shape.kind == "dots" and shape.fill == colour for point in shape.points
    ]


def words_of(picture):
    return [shape.words for shape in picture.shapes if shape.kind == "text"]


@pytest.mark.parametrize("kind", ["linear", LOG])
def test_a_dotplot_has_a_dot_for_each_quantile_where_it_lies(kind):
    values = QUANTILES if kind == "linear" else tuple(math.exp(3 * value) for value in QUANTILES)
    low = values[20]
    picture = dotplot(Dots(values, values[::2], low=low, kind=kind), lambda value: f"{value:g}")
    blue, grey = dots_of(picture, "c1"), dots_of(picture, "dim")
    assert (len(blue), len(grey)) == (50, 25)
    threshold = next(shape.points[0][0] for shape in picture.shapes if shape.stroke == "c0")
    assert sum(x > threshold for x, _ in blue) == 30 == n_inside(Dots(values, low=low))
    scale = Scale(*ends([*values, low], kind), 10.0, picture.width - 10.0, kind)
    assert threshold == pytest.approx(scale(low))
    for (x, _), value in zip(sorted(blue), values, strict=True):
        assert abs(x - scale(value)) <= 3.51, value  # half of the largest dot


def test_dots_of_one_value_can_all_be_counted_and_what_is_zero_stands_apart():
    assert len(set(stacked([10.0] * 50, 7.0, 58.0))) == 50
    picture = dotplot(Dots([0.0] * 5 + [10.0] * 45, low=1.0, kind=LOG), lambda value: f"{value:g}")
    left = min(x for x, _ in dots_of(picture, "c1"))
    assert sum(x == left for x, _ in dots_of(picture, "c1")) == 5
    assert "0" in words_of(picture)
    none = dotplot(Dots([math.nan] * 50, [1.0, 2.0], low=1.5), lambda value: f"{value:g}")
    assert dots_of(none, "c1") == []


@pytest.mark.parametrize(
    ("low", "high", "kind", "found"),
    [
        *[(0, 1, "linear", [0, 0.2, 0.4, 0.6, 0.8, 1]), (0, 47, "linear", [0, 10, 20, 30, 40])],
        *[(0.9, 5.1, LOG, [1, 2, 5]), (0.004, 130, LOG, [0.01, 0.1, 1, 10, 100])],
    ],
)
def test_marks_of_a_scale_are_round(low, high, kind, found):
    assert ticks(low, high, 5, kind) == pytest.approx(found)


def test_a_scale_puts_values_between_its_ends():
    assert [Scale(0, 10, 100, 200)(value) for value in (0, 2.5, 10, 99)] == [100, 125, 200, 200]
    assert [Scale(1, 100, 0, 60, LOG)(value) for value in (1, 10, 100)] == pytest.approx([0, 30, 60])


def test_words_are_no_wider_than_they_are_held_to_be():
    """In DejaVu Sans, the widest font that a page meets; and not held to be half as wide again."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    sentences = (
        "Thick lines: the medians of the worlds; the campaign's range is filled, the twin's has dotted edges.",
        "Underwatch 0.1.0 · Hoeryong, 1 July 2024 to 30 June 2025", "followed on 2 outings, noticed it", "12,000",
        "Ordinary residents falsely accused", "In the campaign: 18–31 Dec",
    )  # fmt: skip
    for weight in ("normal", "bold"):
        font = get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight)))
        for sentence in sentences:
            font.clear()
            font.set_size(100, 72)
            font.set_text(sentence, 0.0)
            true = font.get_width_height()[0] / 64
            assert true <= width_of(sentence, 100, weight == "bold") * 1.005, sentence
            assert width_of(sentence, 100, weight == "bold") < 1.3 * true, sentence
    assert width_of("인민반", 10) == 30
    lines = wrapped(sentences[0], 200, 11)
    assert " ".join(lines) == sentences[0]
    assert all(width_of(line, 11) <= 200 for line in lines)


def test_a_file_is_whole_on_its_own_and_a_page_has_its_colours_from_the_style():
    picture = Picture(40, 30)
    picture.box((0, 0), (20, 30), "c1")
    picture.text((2, 28), 'a < b & "c" it\'s', colour="c0")
    root = ET.fromstring(picture.file())
    assert root.attrib["width"] == "40"
    assert "".join(root.itertext()) == 'a < b & "c" it\'s'
    assert COLOURS["c1"] in picture.file()
    assert "var(" not in picture.file()
    assert picture.svg("x").count("var(--c1)") == 1
    assert not re.search(r"#[0-9a-f]{6}", picture.svg("x"))


def test_a_png_has_the_colours_that_were_painted():
    from PIL import Image

    picture = Picture(40, 30)
    picture.box((0, 0), (20, 30), "c1")
    picture.box((20, 0), (20, 15), "c0")
    picture.text((21, 27), "WWW", 12, bold=True)
    image = Image.open(BytesIO(png_bytes(picture, 2.0))).convert("RGB")
    assert image.size == (80, 60)
    for at, name in (((20, 30), "c1"), ((60, 10), "c0")):
        wanted = [int(COLOURS[name][k : k + 2], 16) for k in (1, 3, 5)]
        assert all(abs(a - b) <= 8 for a, b in zip(image.getpixel(at), wanted, strict=True))
    corner = np.asarray(image.crop((42, 32, 80, 60))).astype(int)
    assert corner.min() < 60
    assert corner.max() >= 247


def test_what_is_saved_has_its_words_above_and_below():
    picture = Picture(340, 50)
    whole = sheet(picture, "Title", "One sentence.\nAnother.", ["Nobody is real."])
    assert words_of(whole) == ["Title", "One sentence.", "Another.", "Nobody is real."]
    heights = [shape.points[0][1] for shape in whole.shapes]
    assert heights[0] < 34
    assert heights[1:] == sorted(heights[1:])
    assert heights[-1] < whole.height
    korean = Picture(100, 20)
    korean.text((0, 10), "인민반")
    assert saved("x", korean).svg.startswith("data:image/svg+xml,")


def test_courses_have_a_gap_where_there_is_no_value():
    days = [date(2024, 7, 1) + timedelta(7 * week) for week in range(10)]
    values = np.arange(10.0)
    values[4] = np.nan
    weeks = Weeks(days, lambda day: day.isoformat()[:7], lambda value: f"{value:g}", (days[2], days[3]))
    picture = courses(weeks, [Band(values - 1, values + 1, "c0")], [Course(values, "c0", 2.0, (), "all")])
    lines = [
        shape for shape in picture.shapes if shape.kind == "line" and shape.stroke == "c0" and len(shape.points) > 2
    ]
    assert [len(line.points) for line in lines] == [4, 5]
    steps = np.diff([point[0] for point in lines[1].points])
    np.testing.assert_allclose(steps, steps[0])
    assert "all" in words_of(picture)


def test_months_at_an_axis_are_first_days_evenly_spaced():
    assert month_starts(date(2024, 7, 1), date(2025, 6, 30)) == [
        date(year, month, 1) for year, month in ((2024, 7), (2024, 9), (2024, 11), (2025, 1), (2025, 3), (2025, 5))
    ]
    assert month_starts(date(2024, 7, 2), date(2024, 9, 30)) == [date(2024, 8, 1), date(2024, 9, 1)]
    assert month_starts(date(2024, 7, 2), date(2024, 7, 9)) == []
    assert len(month_starts(date(1924, 7, 1), date(2024, 7, 9))) <= 6


def test_a_strip_has_its_range_its_middle_and_its_name():
    rows = [Strip("first", [Item(2.0, 1.0, 3.0)], strokes=[1.0, 2.0, 3.0]), Strip("second", [Item(math.nan)])]
    picture = strips(rows, Along(0.0, 4.0, lambda value: f"{value:g}"), [("name", "c0", "dot")])
    bar = next(shape for shape in picture.shapes if shape.alpha == 0.32)
    left, right = bar.points[0][0], bar.points[1][0]
    x = dots_of(picture, "c0")[1][0]  # the first is of the legend
    assert x == pytest.approx((left + right) / 2)
    assert len(dots_of(picture, "c0")) == 2
    assert {"first", "second", "name", "0", "4"} <= set(words_of(picture))


def test_a_timeline_shades_the_days_that_differ():
    mark = Mark("dot", "c0", "followed")
    days = [TimelineDay("1 May", ([mark], [mark])), TimelineDay("2 May", ([mark], [])), TimelineDay("3 May", ([], []))]
    picture = timeline(("one", "other"), days)
    shaded = [shape for shape in picture.shapes if shape.fill == "shade"]
    assert len(shaded) == 1
    top = shaded[0].points[0][1]
    day = next(shape for shape in picture.shapes if shape.words == "2 May")
    assert top < day.points[0][1] < shaded[0].points[2][1]
    assert words_of(picture).count("–") == 3
    with pytest.raises(ValueError, match="no mark has the shape star"):
        timeline(("one", "other"), [TimelineDay("1 May", ([Mark("star", "c0", "x")], []))])


def test_neighbours_stand_at_the_same_places_in_every_view():
    places = spiral(126, 50.0)
    assert len(set(places)) == 126
    assert max(math.hypot(*place) for place in places) < 50.0
    inner = sum(math.hypot(*place) < 25.0 for place in places)
    assert abs(inner - 126 / 4) <= 1  # a quarter of the area has a quarter of them
    listed, followed = np.zeros(126, bool), np.zeros(126, bool)
    listed[:10], followed[5:30] = True, True
    picture = neighbourhood([View("before", "x", listed, followed), View("after", "y", ~listed, followed)])
    assert len(dots_of(picture, "c0")) == 2 * 25
    assert len(dots_of(picture, "ink")) == 10 + 116
    assert len(dots_of(picture, "dim")) == 126 - 30 + 5


def test_worlds_that_are_shown_stand_for_all():
    published = np.random.default_rng(1).permutation(np.arange(120.0))
    chosen = spread_out(published)
    assert sorted(published[chosen]) == [5.0 + 10 * n for n in range(12)]
    assert chosen == sorted(chosen)
    assert spread_out(np.array([1.0, np.nan, 3.0])) == [0, 2]
    assert [dot_stands_for([count]) for count in (144, 145, 2_100_000)] == [1, 2, 20_000]


def test_a_world_has_a_dot_for_so_many_incidents_and_blue_ones_for_what_came_out():
    outcomes = [WorldShown(25, 100.0, ("25 reports", "100 incidents")), WorldShown(0, 40.0, ("none", "40 incidents"))]
    panels, frames = outcome_panels(outcomes, 10.0), outcome_frames(outcomes, 10.0)
    for picture in (panels, frames):
        assert (len(dots_of(picture, "c0")), len(dots_of(picture, "c1"))) == (8 + 4, 2)
    assert {shape.frame for shape in frames.shapes} == {"world world-0", "world world-1"}
    assert frames.svg("x").count("<g class=") == 2


@pytest.mark.parametrize("width", [340.0, 720.0])
def test_a_bar_of_relief_is_filled_as_far_as_its_share_of_worlds(width):
    rows = [BarRow("something is changed", [BarCell(0.75, 0.0, "−3", "robust"), BarCell(0.5, 0.25, "−1", "hangs")])]
    picture = relief_chart([("one", "of 100"), ("other", "a year")], rows, width)
    boxes = {name: [shape for shape in picture.shapes if shape.kind == "area" and shape.fill == name]
             for name in ("shade", "c1", "c0")}  # fmt: skip
    wide = {name: [shape.points[1][0] - shape.points[0][0] for shape in found] for name, found in boxes.items()}
    assert wide["c1"] == pytest.approx([0.75 * wide["shade"][0], 0.5 * wide["shade"][1]])
    assert wide["c0"] == pytest.approx([0.25 * wide["shade"][1]])
    assert len(dots_of(picture, "ink")) == 2
    assert {"something is changed", "one", "of 100", "other", "a year", "−3", "−1"} <= set(words_of(picture))
