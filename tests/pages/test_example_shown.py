"""What the lines of a summary say of the example, and of the signs of what the change changes."""

from dataclasses import replace

import numpy as np
import pytest

from pages.test_report import fake_study
from underwatch.experiments.studies.headline_rows import DIFFERENCE, rows_of
from underwatch.pages.charts.plots import ratios
from underwatch.pages.report import charts_of
from underwatch.pages.summary import summary_lines
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.record.measures import SUMS
from underwatch.texts.numbers import signed


def test_what_is_left_out_of_the_example_is_told_and_not_printed():
    """A total outside of its range: the line has the median alone, and the first line counts it."""
    study = fake_study(25)
    assert "(1,700, 400 and 700 in the example)" in summary_lines(study)[4]
    own = study.example.figures["baseline"]
    sums = own.sums.copy()
    sums[SUMS.index("calls_stopped")] = np.nan
    figures = {**study.example.figures, "baseline": replace(own, sums=sums)}
    some = replace(study, example=replace(study.example, figures=figures, left_out=1, n_figures=49))
    assert "in the example" not in summary_lines(some)[4]
    assert "1 of its 49 figures lie outside of their ranges and are left out" in summary_lines(some)[0]


def test_a_run_with_enough_worlds_says_whether_its_signs_are_robust():
    study = fake_study(200)
    rows = {row.name: row for row in rows_of(study) if row.world == DIFFERENCE}
    assert (rows["followed"].drawn > 0).all()
    line = summary_lines(study)[3]
    assert "Sign over the rules' forms: followed outings" in line
    assert "robust" in line


def test_the_twin_is_compared_draw_by_draw():
    study = fake_study()
    central, draws = ratios(study)
    at = HEADLINE_NAMES.index("followed")
    one, other = (study.drawn[world].window[:, at] for world in study.worlds)
    np.testing.assert_allclose(draws[:, at], one / other)
    assert central[at] == pytest.approx(1.5, rel=0.1)
    row = charts_of(study)["change"][0].rows[at]
    assert row[3:6] == tuple(signed(v) for v in (np.median(one - other), min(one - other), max(one - other)))
    assert row[6:8] == ("8", "cannot be said (fewer than 100 worlds with some form)")
    assert row[8] == signed(study.example.change[at])
