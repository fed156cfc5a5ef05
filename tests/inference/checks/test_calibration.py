"""Scores and checks of calibration, against closed forms and hand-worked examples."""

import numpy as np
import pytest
from scipy import stats
from trials.cross_fit import cross_fit

from underwatch.inference.bank.quantities import ALL_NAMES
from underwatch.inference.checks import calibration as C
from underwatch.inference.checks.proof import LEVELS, Proof
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.pages.calibration import proofs_page
from underwatch.world.draws import rng

LUCK = rng(1, "calibration tests")
TRUTH = LUCK.standard_normal((1500, 2))
SEEN = TRUTH + LUCK.standard_normal((1500, 2))  # posterior: half the observation, sd sqrt(1/2)
EXACT = SEEN[:, None] / 2 + np.sqrt(0.5) * LUCK.standard_normal((1500, 200, 2))


def test_exact_draws_have_even_ranks_and_cover_as_they_say():
    rank = C.ranks(EXACT, TRUTH)
    assert (C.rank_p_values(rank) > 0.01).all()
    for level in (0.5, 0.9):
        assert C.coverage(rank, level) == pytest.approx([level, level], abs=4 * np.sqrt(level * (1 - level) / 1500))


def test_a_tie_counts_half():
    assert C.ranks(np.array([[[0.0], [1.0], [1.0], [2.0]]]), np.array([[1.0]]))[0, 0] == pytest.approx(0.5)


def test_holm_by_hand():
    assert C.holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_crps_of_a_gaussian():
    """Gneiting and Raftery 2007: y (2 Phi(y) - 1) + 2 phi(y) - 1 / sqrt(pi)."""
    draws = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)[None, :, None]
    for y in (0.0, 0.7, -2.0):
        exact = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
        assert C.crps(draws, np.array([[y]]))[0, 0] == pytest.approx(exact, abs=2e-3)


def test_coverage_by_quarter_keeps_equal_counts_together():
    rank = np.full((12, 1), 0.5)
    rank[:3] = 0.0
    reports = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    share, rows = C.coverage_by_quartile(rank, reports)
    assert share[:, 0].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert rows.tolist() == [3, 3, 3, 3]
    share, rows = C.coverage_by_quartile(rank, np.zeros(12))
    assert rows.tolist() == [12, 0, 0, 0]
    assert np.isnan(share[1:]).all()


def test_reliability_of_what_was_said():
    said = np.array([0.1, 0.1, 0.9, 0.9, 0.9, 0.9])
    curve = C.reliability(said, np.array([False, False, True, True, True, False]))
    assert curve.said == pytest.approx([0.1, 0.9])
    assert curve.came == pytest.approx([0.0, 0.75])
    assert curve.error == pytest.approx([np.sqrt(0.09 / 2), np.sqrt(0.09 / 4)])


def test_tarp_is_even_for_exact_draws_and_not_for_narrow_or_blind_ones():
    at = C.tarp_references(TRUTH, SEEN, 1)
    unit, own = stats.norm.cdf(EXACT), stats.norm.cdf(TRUTH)
    for points in at.values():
        assert stats.kstest(C.tarp(unit, own, points), "uniform").pvalue > 0.01
    narrow = stats.norm.cdf(SEEN[:, None] / 2 + 0.6 * (EXACT - SEEN[:, None] / 2))
    assert stats.kstest(C.tarp(narrow, own, at["even"]), "uniform").pvalue < 1e-4
    # the prior as posterior: references that do not know the data cannot tell
    prior = stats.norm.cdf(rng(2, "prior").standard_normal(EXACT.shape))
    assert stats.kstest(C.tarp(prior, own, at["even"]), "uniform").pvalue > 0.01
    assert stats.kstest(C.tarp(prior, own, at["by the data"]), "uniform").pvalue < 1e-4


def test_predictive_names_what_is_off():
    replicates = np.column_stack([rng(3, "replicates").standard_normal((999, 30)), np.full(999, 2.0)])
    usual = C.predictive(np.append(np.zeros(30), 2.0), replicates)
    assert usual.p_mean_square == 1.0
    odd = np.append(np.zeros(30), 2.0)
    odd[4] = 8.0
    found = C.predictive(odd, replicates)
    assert (found.p_largest, found.worst[0]) == (0.0, 4)
    assert found.deviation[4] == pytest.approx(8.0, rel=0.1)
    assert C.predictive(np.zeros(31), replicates).worst[0] == 30  # it never varied, and now differs


def test_contraction_and_shift_by_hand():
    luck = rng(4, "contraction")
    prior, posterior = luck.normal(0, 1, (20_000, 1)), luck.normal(0, 0.5, (20_000, 1))
    assert C.contraction(posterior, prior)[0] == pytest.approx(0.75, abs=0.02)
    assert C.median_shift(posterior, posterior + 0.25)[0] == pytest.approx(0.5, abs=0.02)


def test_cross_fitting_judges_each_row_by_nets_that_have_not_seen_it():
    """Summaries that tell nothing: a net that had seen the row could know it, one that has not cannot."""
    support = PriorSupport(("a",), np.zeros(1), np.ones(1), np.zeros(1, bool))
    theta, x = LUCK.random((300, 1)), LUCK.standard_normal((300, 40))
    fit = cross_fit(theta, x, support, seed=1, members=1)
    assert np.bincount(fit.fold).tolist() == [60] * 5
    assert fit.draws.shape == (300, C.DRAWS, 1)
    assert fit.log_density.mean() < 0.0  # no better than the prior, which has 0
    assert abs(np.corrcoef(np.median(fit.draws[:, :, 0], axis=1), theta[:, 0])[0, 1]) < 0.2


def test_the_page_of_a_proof_shows_its_kind_with_three_charts_and_their_tables():
    rank = LUCK.random((400, len(ALL_NAMES)))
    coverage = {level: C.coverage(rank, level) for level in LEVELS}
    by_reports = C.coverage_by_quartile(rank, LUCK.random(400))
    chance = LUCK.random(400)
    said = C.reliability(chance, LUCK.random(400) < chance)
    page = proofs_page([Proof("one list", rank, coverage, *by_reports, said, rank[0], 0.1, rank[0], (), 400)])
    assert "<h2>One list</h2>" in page
    assert page.count('<svg class="chart"') == page.count("<table") == 3
