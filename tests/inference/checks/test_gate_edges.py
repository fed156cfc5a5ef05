"""The bars of the gates: what lies on a bar passes, what lies beyond it does not, and the verdict names both."""

import numpy as np
import pytest

from underwatch.inference.checks import calibration, gates, gates_calibration


def predicted(p):
    return calibration.Predictive(p, 1.0, np.array([3.0, -1.0]), np.array([0, 1]))


@pytest.mark.parametrize(("p", "state"), [(0.0099, "warns"), (0.01, "passes"), (0.015, "passes")])
def test_g7_warns_below_one_in_a_hundred(monkeypatch, p, state):
    monkeypatch.setattr(calibration, "predictive", lambda x_obs, replicates: predicted(p))
    verdict = gates.predictive(np.zeros(2), np.zeros((9, 2)), ("a", "b"))
    assert (verdict.state, verdict.figure, verdict.bar) == (state, p, 0.01)


def test_g1_says_how_many_kinds_of_anchor_there_are_of_the_one_that_is_needed():
    two = gates.anchor(second_list=True, asked=20, counts=0, expert_prior=False)
    assert (two.state, two.figure, two.bar) == ("passes", 2.0, 1.0)
    none = gates.anchor(second_list=False, asked=19, counts=0, expert_prior=False)
    assert (none.state, none.figure, none.bar) == ("refuses", 0.0, 1.0)


@pytest.mark.parametrize(("share", "state"), [(0.25, "refuses"), (0.375, "passes"), (0.625, "passes"), (0.75, "warns")])
def test_g3_passes_on_its_bar_and_not_beyond(monkeypatch, share, state):
    """With binary fractions for level and bar the edge is exact: 0.5 give or take 0.125."""
    monkeypatch.setattr(gates_calibration, "BARS", {0.5: 0.125})
    monkeypatch.setattr(gates_calibration, "OVER", 0.25)
    monkeypatch.setattr(calibration, "coverage", lambda rank, level: np.array([share]))
    verdict = gates_calibration.coverage(np.zeros((gates_calibration.ROWS_OF_BARS, 1)), ("a",))
    assert (verdict.state, verdict.figure) == (state, share)


@pytest.mark.parametrize(
    ("share", "bad", "worst"),
    [
        ([[0.90, 0.93], [0.86, 0.91]], [[0, 0], [0, 0]], (1, 0)),  # 0.04 below is further off than 0.03 above
        ([[0.90, 0.949], [0.91, 0.90]], [[0, 0], [1, 0]], (1, 0)),  # what is outside the band comes first
        ([[np.nan, 0.95], [0.90, 0.84]], [[0, 0], [0, 0]], (1, 1)),
    ],
)
def test_the_stratum_furthest_off_is_the_one_that_is_told(share, bad, worst):
    assert gates_calibration._furthest(np.array(share), np.array(bad, bool)) == worst
