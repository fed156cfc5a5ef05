"""What would relieve people: the picture and its table have the counts of the worlds that ship."""

from dataclasses import replace

import pytest

from pages.test_report import fake_model, fake_study, read
from underwatch.experiments.ensemble.relief import shipped_relief
from underwatch.pages.charts.relieving import DRAWN, WIDE, in_order, relief_figure, relief_picture, words_of
from underwatch.pages.report import charts_of, render_report
from underwatch.texts.languages import LANGUAGES
from underwatch.texts.numbers import signed


@pytest.fixture(scope="module")
def rows():
    return shipped_relief("described")


def test_the_table_has_every_row_and_the_bars_are_as_long_as_their_shares(rows):
    chart, narrow = relief_figure(rows)
    assert len(chart.rows) == len(in_order(rows)) * len(DRAWN)
    ordered = [row for name in in_order(rows) for row in rows if row.intervention == name and row.headline in DRAWN]
    assert [row[2:5] for row in chart.rows] == [(str(r.relieved), str(r.worsened), str(r.ties)) for r in ordered]
    by_both = {(row.intervention, row.headline): row for row in rows}
    wide = [shape.points[1][0] - shape.points[0][0] for shape in chart.picture.shapes if shape.fill in ("shade", "c1")]
    drawn = [by_both[name, headline] for name in in_order(rows) for headline in DRAWN]
    for row, whole, filled in zip(drawn, wide[::2], wide[1::2], strict=True):
        assert filled / whole == pytest.approx(row.relieved / row.worlds), row
    assert narrow.count("<path") > 2 * len(drawn)


def test_those_stand_first_that_spare_most_people_on_no_list(rows):
    share = {row.intervention: row.relieved for row in rows if row.headline == "accused"}
    assert [share[name] for name in in_order(rows)] == sorted(share.values(), reverse=True)


def test_every_intervention_is_a_sentence_in_both_languages(rows):
    for language in LANGUAGES:
        words = [shape.words for shape in relief_picture(rows, language, WIDE).shapes if shape.kind == "text"]
        for name in in_order(rows):
            assert set(words_of(language, name).split()) <= set(" ".join(words).split()), name


def test_a_share_is_told_as_so_many_of_the_hundred_at_the_head_of_its_column(rows):
    row = next(row for row in rows if (row.intervention, row.headline) == ("abolish-the-list", "calls_given_up"))
    picture = relief_picture(rows, "en", WIDE)
    words = [shape.words for shape in picture.shapes if shape.kind == "text"]
    assert -1 < row.change < -0.01
    assert {"of 100 calls", signed(100 * row.change)} <= set(words)
    assert not any(word.endswith("pp") for word in words)


def test_a_report_of_the_described_worlds_has_it_and_an_adapted_one_says_why_not():
    study = replace(fake_study(2), source="described")
    assert charts_of(study).sections["relief"]
    assert charts_of(replace(study, adapted=True)).sections["relief"] == ()
    adapted = render_report(fake_model(replace(study, adapted=True)))
    read(adapted)
    assert "underwatch compare asks it of this one" in adapted
    assert "Not judged" in adapted
