"""The verdicts on the report's statements and the dots of their measures: against closed forms, and as they ship."""

import numpy as np
import pytest
from trials.statements import AGREES, DISAGREES, UNSAID, Worlds, judgement, weights_without

from underwatch.experiments.ensemble.statements import (
    DOT_SHARES,
    N_DOTS,
    NOT_JUDGED,
    statement_dots,
    statement_rows,
)
from underwatch.facts import described, patterns


def test_each_statement_has_its_row_and_an_adapted_scenario_judges_none():
    for is_adapted in (True, False):
        rows = statement_rows(is_adapted)
        assert [row["id"] for row in rows] == list(described())
        for row in rows:
            judged = row["verdict"] != NOT_JUDGED
            assert (row["share_of_worlds"] is not None) == judged
            assert row["verdict"] in ("agrees", "disagrees", "cannot be said", NOT_JUDGED)
    assert {row["verdict"] for row in statement_rows(True)} == {NOT_JUDGED}


def test_dots_are_the_middles_of_equal_parts_of_the_worlds():
    n = 5_000
    even = Worlds(np.linspace(0, 1, n), np.full(n, 1 / n))
    assert even.dots() == pytest.approx(DOT_SHARES, abs=1e-3)
    # worlds that weigh in proportion to their value: the quantile at p of the density 2 x is the root of p
    heavy = Worlds(even.values, even.values / even.values.sum())
    assert heavy.dots() == pytest.approx(np.sqrt(DOT_SHARES), abs=2e-3)
    with_gaps = Worlds(np.where(np.arange(n) % 2, np.nan, even.values), even.weights)
    assert with_gaps.dots() == pytest.approx(DOT_SHARES, abs=1e-3)
    assert np.isnan(Worlds(np.full(n, np.nan), even.weights).dots()).all()


def test_a_pattern_is_judged_without_the_statement_it_is_nearest_to():
    assert list(patterns()) == ["P3", "P7"]
    assert all(said.left_out == (name,) for name, said in described().items())
    place = list(described()).index("R4")
    holds = np.ones((4, len(described())), bool)
    holds[0, place] = holds[1, 0] = False
    known = np.array([0.4, 0.3, 0.2, 0.1])
    assert weights_without(patterns()["P3"], known, holds) == pytest.approx([4 / 7, 0, 2 / 7, 1 / 7])
    assert weights_without(described()["R4"], known, holds) == pytest.approx([4 / 7, 0, 2 / 7, 1 / 7])
    assert weights_without(described()["R1"], known, holds) == pytest.approx([0, 0.5, 1 / 3, 1 / 6])


def test_a_verdict_needs_a_hundred_worlds_and_two_thirds_of_them():
    said = patterns()["P7"]

    def verdict(n, n_holding):
        values = np.where(np.arange(n) < n_holding, said.high, said.high + 0.01)
        return judgement(said, *[Worlds(values, np.full(n, 1 / n))] * 3)

    assert [verdict(300, some).verdict for some in (200, 199, 101, 100)] == [AGREES, UNSAID, UNSAID, DISAGREES]
    assert verdict(99, 99).verdict == UNSAID
    assert verdict(300, 200).without == pytest.approx(2 / 3)


def test_the_dots_that_ship_are_in_order_and_as_many_hold_as_the_shares_say():
    dots = statement_dots()
    assert [row.id for row in dots] == [*described(), *patterns()]
    assert [row.is_selected_on for row in dots] == [row.id in described() for row in dots]
    shares = {row["id"]: (row["share_of_worlds"], row["share_prior"]) for row in statement_rows(False)}
    for row in dots:
        assert row.scale in ("linear", "log")
        if row.is_selected_on:
            assert (row.share_without, row.share_prior) == shares[row.id]
        for some, share in ((row.without, row.share_without), (row.prior, row.share_prior)):
            values = np.array(some)
            assert len(values) == N_DOTS
            assert (np.diff(values) >= 0).all()
            inside = ((values >= row.low) & (values <= row.high)).mean()
            # each dot is 2 % of the worlds that have the measure; the few without it do not hold
            assert share - 0.02 <= inside <= share + 0.06
