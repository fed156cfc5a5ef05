"""Published figures condition an estimate as exact weights would; one that shares a root counts for nothing."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from support.reported import PLACE, WINDOW, made_package, some_reports
from underwatch.errors import InputError
from underwatch.experiments.ensemble.outcomes import answers_to_figures
from underwatch.experiments.ensemble.selection import error_of, from_scale
from underwatch.facts import constraints
from underwatch.inference.bank import figure_answers as parts
from underwatch.inference.bank.bank import BankPlan, read_bank, shipped_folder
from underwatch.inference.bank.quantities import support_of
from underwatch.inference.bank.shard import checksum, packed
from underwatch.inference.bank.simulations import conditioned, simulations
from underwatch.inference.bank.summaries import _published, _Streams, columns, row_of
from underwatch.inference.checks.calibration import covered
from underwatch.inference.checks.cross_fit import HeldOut, cross_fit
from underwatch.inference.checks.proof import ASKED, reference_designs
from underwatch.inference.inputs import published
from underwatch.inference.inputs.observed import read_for
from underwatch.inference.inputs.published import (
    AS_ASKED,
    log_likelihood,
    no_figures,
    published_figures,
    with_figures,
)
from underwatch.inference.npe.posterior import train
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.texts.sentences import in_english

NAMES = list(constraints())
COUNTED = [name for name, figure in constraints().items() if "estimate" in figure.use]


@pytest.fixture(scope="module")
def bank(bank_folder):
    """A bank whose worlds answer near the figures, one error about them."""
    found = read_bank(bank_folder)
    generator = np.random.default_rng(1)
    near = [
        from_scale(figure.mean + error_of(figure) * generator.standard_normal(len(found)), figure.scale)
        for figure in constraints().values()
    ]
    return replace(found, figures=np.stack(near, axis=1))


@pytest.fixture(scope="module")
def reading():
    return read_for(made_package(some_reports()), PLACE, WINDOW)


def test_a_figure_counts_unless_it_is_no_figure_for_estimates_or_shares_a_root_or_has_no_answer(bank):
    every = published_figures(bank.figures)
    assert [figure.name for figure in every.used] == COUNTED
    assert set(every.off) == set(NAMES) - set(COUNTED) == {"arrests"}
    for name in COUNTED:
        some = published_figures(bank.figures, [constraints()[name].root.upper()])
        assert [figure.name for figure in some.used] == [other for other in COUNTED if other != name]
        assert constraints()[name].root in in_english(some.off[name])
    answers = bank.figures.copy()
    answers[: int(0.6 * len(answers)), NAMES.index(COUNTED[0])] = np.nan
    assert "too few worlds" in in_english(published_figures(answers).off[COUNTED[0]])
    assert "have not been asked" in in_english(published_figures(np.full_like(answers, np.nan)).off[COUNTED[0]])
    assert no_figures(AS_ASKED).off.keys() == constraints().keys()


def test_a_root_that_is_behind_no_figure_is_one_line_with_the_nearest(bank):
    with pytest.raises(InputError, match=r'--root "SNU IPU" is behind no published figure \(did you mean "SNU IPUS"'):
        published_figures(bank.figures, ["SNU IPU"])


def test_a_figure_that_no_world_comes_near_is_named(bank):
    answers = bank.figures.copy()
    answers[:, NAMES.index("calls_after_tightening")] = 1e-3
    with pytest.raises(
        InputError, match=f"constraint calls_after_tightening: of {len(bank)} draws none .* nothing was"
    ):
        published_figures(answers)
    assert published_figures(answers, ["SNU IPUS"]).used  # nor is it asked where it does not count


def test_a_figure_that_shares_a_root_leaves_exactly_what_is_without_its_row(bank, reading, monkeypatch):
    name = COUNTED[2]
    shared = with_figures(reading, published_figures(bank.figures, [constraints()[name].root]))
    table = MappingProxyType({other: figure for other, figure in constraints().items() if other != name})
    monkeypatch.setattr(published, "constraints", lambda: table)
    lacking = replace(bank, figures=np.delete(bank.figures, NAMES.index(name), axis=1))
    without = with_figures(reading, published_figures(lacking.figures))
    assert columns(shared.design) == columns(without.design)
    assert (row_of(shared.observed, shared.design) == row_of(without.observed, without.design)).all()
    few = np.arange(24)
    one = simulations(lacking.rows(few), without.design, 3)
    monkeypatch.undo()
    other = simulations(bank.rows(few), shared.design, 3)
    assert (one.x == other.x).all()
    assert (one.theta == other.theta).all()


def test_the_simulated_figures_are_the_answers_of_the_worlds_with_both_errors(bank, reading):
    design = with_figures(reading, published_figures(bank.figures)).design
    rows = np.tile(np.arange(len(bank)), 60)
    simulated = _published(bank, rows, design, _Streams(2))
    answers = published.answered(bank.figures[rows], design.published)
    z = (simulated - answers) / [error_of(figure) for figure in design.published]
    assert z.mean(axis=0) == pytest.approx(0, abs=5 / np.sqrt(len(rows)))
    assert z.std(axis=0) == pytest.approx(1, abs=5 / np.sqrt(2 * len(rows)))
    assert abs(np.corrcoef(z.T)[np.triu_indices(len(COUNTED), 1)]).max() < 5 / np.sqrt(len(rows))


def test_a_world_without_an_answer_gives_no_package_and_the_others_the_same(bank, reading):
    design = with_figures(reading, published_figures(bank.figures)).design
    few = bank.rows(np.arange(24))
    answers = few.figures.copy()
    answers[5, NAMES.index(COUNTED[0])] = np.nan
    assert 5 not in simulations(replace(few, figures=answers), design, 1).rows
    assert np.isneginf(log_likelihood(answers[5], design.published))


PUBLISHED = constraints()["calls_after_tightening"]
SLOPE, NOISE = 0.5, 0.8  # of the toy: what a world answers for each unit of theta, and the noise of its package


def toy(n, seed=1):
    """Draws of a standard normal theta, what their worlds answer, and what their packages say; all is normal."""
    generator = np.random.default_rng(seed)
    theta = generator.standard_normal(n)
    answers = np.full((n, len(NAMES)), np.nan)
    answers[:, NAMES.index(PUBLISHED.name)] = np.exp(SLOPE * theta)
    return theta, answers, theta + NOISE * generator.standard_normal(n), generator


def exact(x=None):
    """Mean and sd of theta given the published figure, and given what a package says, where there is one."""
    precision = 1 + (SLOPE / error_of(PUBLISHED)) ** 2 + (0 if x is None else NOISE**-2)
    pull = SLOPE * PUBLISHED.mean / error_of(PUBLISHED) ** 2 + (0 if x is None else x / NOISE**2)
    return pull / precision, precision**-0.5


def test_weights_of_worlds_give_the_exact_posterior_of_a_normal_toy():
    theta, answers, _, _ = toy(200_000)
    weights = np.exp(log_likelihood(answers, (PUBLISHED,)))
    weights /= weights.sum()
    mean = weights @ theta
    assert (mean, np.sqrt(weights @ (theta - mean) ** 2)) == pytest.approx(exact(), abs=0.01)


def test_the_prior_that_is_shown_has_the_figures_in_it_by_weight(bank, reading):
    design = with_figures(reading, published_figures(bank.figures)).design
    runs = simulations(bank.rows(np.arange(24)), reading.design, 1, per_world=4)
    weights = np.exp(log_likelihood(bank.figures[runs.rows], design.published))
    expected = weights / weights.sum() * len(runs)
    own = "p_tell_at_no_fear"  # another value in each run
    drawn = conditioned(runs, bank, design, 1).values[own]
    times = (drawn == runs.values[own][:, None]).sum(axis=1)
    assert (abs(times - expected) < 1).all()
    assert expected.max() > 3
    assert conditioned(runs, bank, reading.design, 1) is runs


def test_a_net_that_hears_the_figure_is_moved_by_it_as_exact_weights_move():
    theta, answers, x, generator = toy(1_500)
    said = published.answered(answers, (PUBLISHED,)) + error_of(PUBLISHED) * generator.standard_normal((len(x), 1))
    support = PriorSupport(("theta",), np.array([-8.0]), np.array([8.0]), np.array([False]))
    posterior = train(theta[:, None], np.column_stack([x, said]), support, seed=1, members=2)
    for package in (-1.0, 1.0):
        draws = posterior.draw(np.array([package, PUBLISHED.mean]), 4_000, 1)[:, 0]
        mean, sd = exact(package)
        assert draws.mean() == pytest.approx(mean, abs=0.25 * sd)
        assert draws.std() == pytest.approx(sd, rel=0.2)
    assert abs(package / (1 + NOISE**2) - mean) > 0.6 * sd  # without the figure


@pytest.mark.deep
def test_ranges_hold_the_truth_among_the_worlds_that_the_figures_leave():
    """With the figures heard, cross-fitted ranges are as calibrated over all worlds as over those near the figures."""
    shipped = read_bank(shipped_folder(), check_key=False)
    design = reference_designs(shipped)[f"two lists, {ASKED} leavers"]
    runs = simulations(shipped, design, 1, per_world=4)
    support = support_of(runs.theta)
    held = covered(HeldOut.of(cross_fit(runs, support, 1), support, 1).rank, 0.9)
    weights = np.exp(log_likelihood(shipped.figures[runs.rows], design.published))
    assert [figure.name for figure in design.published] == COUNTED
    assert held.mean() == pytest.approx(0.9, abs=0.02)
    assert (weights @ held).mean() / weights.sum() == pytest.approx(0.9, abs=0.06)  # some 50 effective worlds


def test_parts_are_what_worlds_answer_and_another_question_finds_none(tmp_path):
    plan = BankPlan(window=WINDOW, population=500, per_shard=2)
    assert list(parts.build_figures(tmp_path, [0], "0" * 16, plan.world, 2)) == [1, 1]
    found = parts.figure_parts(tmp_path)
    answers = parts.read_figures([None, found[0, "0" * 16], found.get((0, "1" * 16))], 2)
    assert np.isnan(answers[[0, 1, 4, 5]]).all()
    assert answers[3] == pytest.approx(answers_to_figures(plan.world(0, 1)), nan_ok=True)
    assert list(parts.build_figures(tmp_path, [0], "0" * 16, plan.world, 2)) == []


@pytest.mark.parametrize("wrong", ["damaged", "below zero", "another shape"])
def test_a_crafted_part_is_one_line(tmp_path, wrong):
    answers = np.full((2, len(NAMES)), -1.0 if wrong == "below zero" else 0.5)
    data = packed({"figures": answers[:, 1:] if wrong == "another shape" else answers}, frozenset())
    path = tmp_path / f"figures-0000-{'0' * 16}-{checksum(data)}.xz"
    path.write_bytes(data[:-1] if wrong == "damaged" else data)
    with pytest.raises(InputError, match=r"take another copy|delete it") as refusal:
        parts.read_figures([path], 2)
    assert "\n" not in str(refusal.value)
