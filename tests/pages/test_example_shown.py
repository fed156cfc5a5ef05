"""What the example shows of what the change changes."""

import numpy as np
import pytest

from pages.test_report import fake_study
from underwatch.pages.charts.plots import ratios
from underwatch.pages.report import charts_of
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.texts.numbers import signed


def test_the_twin_is_compared_draw_by_draw():
    study = fake_study()
    central, draws = ratios(study)
    at = HEADLINE_NAMES.index("followed")
    one, other = (study.drawn[world].window[:, at] for world in study.worlds)
    np.testing.assert_allclose(draws[:, at], one / other)
    assert central[at] == pytest.approx(1.5, rel=0.1)
    row = charts_of(study).sections["change"][0].rows[at]
    assert row[3:6] == tuple(signed(v) for v in (np.median(one - other), min(one - other), max(one - other)))
    assert row[6:8] == ("8", "cannot be said")
    assert row[8] == signed(study.example.change[at])
