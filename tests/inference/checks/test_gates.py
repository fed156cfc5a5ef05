"""The gates, tested by sabotage: each fault turns its own gate red, and a clean posterior passes them all."""

import dataclasses

import numpy as np
import pytest
from trials.cross_fit import cross_fit
from trials.toy_model import ToyModel, summarise

from underwatch.errors import InputError
from underwatch.inference.checks import calibration, gates, gates_calibration
from underwatch.inference.checks.verdict import GATES, Verdict, decide
from underwatch.inference.npe.posterior import train
from underwatch.inference.npe.training import Schedule
from underwatch.texts.sentences import Called
from underwatch.world.draws import rng

TWIN = ToyModel()
SUPPORT = TWIN.target_box
NAMES = SUPPORT.names
QUICK = Schedule(rate=2e-3, batch=128)  # twice the rows in a step twice as long: as sharp, and sooner done
KIND = {"place": "border city of 150,000", "window": "104 weeks", "vocabulary": "1", "prior": "a1b2"}


@dataclasses.dataclass
class Judged:
    """A bank of the toy model, held-out draws for every row, and what the gates read."""

    truth: np.ndarray
    x: np.ndarray
    reports: np.ndarray
    draws: np.ndarray


@pytest.fixture(scope="module")
def judged():
    theta, data = TWIN.bank(2000, rng(1, "bank of the gate tests"))
    truth, x = TWIN.targets(theta, data), summarise(data)
    fit = cross_fit(truth, x, SUPPORT, seed=1, members=2, schedule=QUICK)
    return Judged(truth, x, data.reports(), fit.draws)


def ranks(judged, unit_draws=None):
    """Ranks of the truth, on units 0 to 1; of other draws where given."""
    draws = SUPPORT.unit(judged.draws) if unit_draws is None else unit_draws
    return calibration.ranks(draws, SUPPORT.unit(judged.truth))


ROWS, DRAWS = 2000, 300


@pytest.fixture(scope="module")
def exact():
    """The clean control: truths, and exact draws of a Gaussian posterior whose two quantities are tied (0.95)."""
    luck = rng(9, "exact control")
    slant = np.linalg.cholesky(np.array([[1.0, 0.95], [0.95, 1.0]]))
    middle = luck.normal(0.0, 3.0, (ROWS, 2))
    truth = middle + luck.standard_normal((ROWS, 2)) @ slant.T
    return truth, middle[:, None] + luck.standard_normal((ROWS, DRAWS, 2)) @ slant.T, middle


def test_a_clean_control_passes_all_gates_on_calibration(exact):
    truth, draws, middle = exact
    rank, names = calibration.ranks(draws, truth), ("a", "b")
    at = calibration.tarp_references(truth, middle, 1)
    verdicts = [
        gates_calibration.sbc(rank, names),
        gates_calibration.coverage(rank, names),
        gates_calibration.low_counts(rank, np.arange(ROWS), 5, names),
        gates_calibration.tarp({name: calibration.tarp(draws, truth, points) for name, points in at.items()}),
    ]
    assert [verdict.state for verdict in verdicts] == ["passes"] * 4


def test_the_trained_posterior_of_the_twin_passes_too(judged):
    rank = ranks(judged)
    assert gates_calibration.sbc(rank, NAMES).state == "passes"
    assert gates_calibration.coverage(rank, NAMES).state != "refuses"
    assert calibration.coverage(rank, 0.9)[-1] == pytest.approx(0.9, abs=0.025)  # acts in all: the hidden total


def test_a_shift_of_0_3_sd_turns_g2_red(judged):
    draws = SUPPORT.unit(judged.draws)
    shifted = draws + 0.3 * draws.std(axis=1, keepdims=True)
    verdict = gates_calibration.sbc(ranks(judged, shifted), NAMES)
    assert (verdict.state, set(verdict.about)) == ("refuses", set(NAMES))


def test_a_narrowing_to_0_7_turns_g3_red(judged):
    draws = SUPPORT.unit(judged.draws)
    middle = np.median(draws, axis=1, keepdims=True)
    verdict = gates_calibration.coverage(ranks(judged, middle + 0.7 * (draws - middle)), NAMES)
    assert verdict.state == "refuses"
    assert set(verdict.about) == set(NAMES)
    assert "No numbers" in verdict.sentence


def test_a_widening_is_conservative_and_then_refused(exact):
    truth, draws, middle = exact
    wide = [
        gates_calibration.coverage(
            calibration.ranks(middle[:, None] + w * (draws - middle[:, None]), truth), ("a", "b")
        )
        for w in (1.15, 2.0)
    ]
    assert [verdict.state for verdict in wide] == ["warns", "refuses"]
    assert "Conservative" in wide[0].sentence


def test_permuted_parameters_turn_g2_red(judged):
    order = rng(2, "permuted").permutation(len(NAMES))
    verdict = gates_calibration.sbc(ranks(judged, SUPPORT.unit(judged.draws)[..., order]), NAMES)
    assert verdict.state == "refuses"
    moved = {NAMES[j] for j in range(len(NAMES)) if order[j] != j}
    assert len(moved & set(verdict.about)) >= len(moved) - 2


def test_the_prior_returned_as_posterior_is_mostly_prior_for_all(judged):
    prior = SUPPORT.unit(judged.truth)
    other = rng(3, "prior again").permutation(prior)[:1000]
    verdict = gates.contraction(other, prior, NAMES)
    assert (verdict.state, verdict.about) == ("warns", NAMES)
    assert "all quantities." in verdict.sentence
    mixed = np.column_stack([judged.truth[:1000, :1] * 0 + 0.5, other[:, 1:]])
    but_one = gates.contraction(mixed, prior, NAMES)
    assert but_one.about == NAMES[1:]
    assert f"Mostly prior: all quantities but {NAMES[0]}." in but_one.sentence
    assert gates_calibration.sbc(np.tile(ranks(judged)[:, :1], 2), ("a", "b")).state == "passes"


def test_nan_summaries_and_cut_weeks_coded_as_zero_turn_g0_red(judged):
    weekly, cut = np.full(104, 3.0), np.zeros(104, bool)
    cut[40:48] = True
    marked = np.where(cut, np.nan, weekly)
    assert gates.contract(KIND, KIND, judged.x[0], marked, cut).state == "passes"
    as_zero = gates.contract(KIND, KIND, judged.x[0], np.where(cut, 0.0, weekly), cut)
    assert as_zero.state == "refuses"
    assert "8 weeks that were cut off carry a number" in as_zero.sentence
    broken = judged.x[0].copy()
    broken[[3, 9]] = np.nan
    assert "2 of 175 summaries are no finite number" in gates.contract(KIND, KIND, broken, marked, cut).sentence
    assert "8 weeks have no count" in gates.contract(KIND, KIND, judged.x[0], marked, np.zeros(104, bool)).sentence
    other = gates.contract({**KIND, "window": "52 weeks"}, KIND, judged.x[0], marked, cut)
    assert "window is 52 weeks and the bank's is 104 weeks" in other.sentence


def test_g1_wants_more_than_one_list():
    none = gates.anchor(second_list=False, asked=12, counts=0, expert_prior=False)
    assert none.state == "refuses"
    assert "The scale is not identified" in none.sentence
    assert "asked so far: 12" in none.sentence
    for held in ({"second_list": True}, {"asked": 20}, {"counts": 1}, {"expert_prior": True}):
        given = {"second_list": False, "asked": 0, "counts": 0, "expert_prior": False, **held}
        assert gates.anchor(**given).state == "passes"


def test_g4_refuses_where_few_reports_are_wrong_and_warns_elsewhere(judged):
    unit = SUPPORT.unit(judged.draws)
    few = judged.reports <= np.quantile(judged.reports, 0.25)
    middle = np.median(unit, axis=1, keepdims=True)
    unit = np.where(few[:, None, None], middle + 0.5 * (unit - middle), unit)
    rank = ranks(judged, unit)
    here = gates_calibration.low_counts(rank, judged.reports, 5, NAMES)
    assert (here.state, set(here.about)) == ("refuses", set(NAMES))
    assert gates_calibration.low_counts(rank[:800], judged.reports[:800], 5, NAMES).figure < 500
    assert gates_calibration.low_counts(rank, judged.reports, 5000, NAMES).state == "warns"


def test_g5_sees_what_the_single_quantities_hide(exact):
    """Draws of each quantity shuffled among themselves keep every marginal and lose what ties them together."""
    truth, draws, middle = exact
    shuffled = rng(4, "shuffled").permuted(draws, axis=1)
    assert gates_calibration.sbc(calibration.ranks(shuffled, truth), ("a", "b")).state == "passes"
    at = calibration.tarp_references(truth, middle, 1)
    verdict = gates_calibration.tarp({name: calibration.tarp(shuffled, truth, p) for name, p in at.items()})
    assert verdict.state == "warns"
    assert gates_calibration.tarp({"even": np.linspace(0, 1, 200)}).figure == 200


def test_g6_refuses_what_no_world_looks_like(judged):
    inside = [gates.support(row, judged.x).state for row in judged.x[:100]]
    assert inside.count("passes") >= 95
    joint = judged.x[7].copy()  # each count is usual, together they are not: the border silent in one list only
    joint[0:6], joint[6:12] = judged.x[:, 0:6].max(axis=0) / 2, judged.x[:, 6:12].min(axis=0)
    verdict = gates.support(joint, judged.x)
    assert (verdict.state, verdict.sentence.startswith("No simulated place looks like this")) == ("refuses", True)


def test_g7_names_the_worst_features(judged):
    theta, data = TWIN.bank(1, rng(5, "predictive truth"))
    replicates = summarise(TWIN.simulate(np.repeat(theta, 400, axis=0), rng(6, "replicates")))
    names = [f"feature {i}" for i in range(replicates.shape[1])]
    own = summarise(data)[0]
    assert gates.predictive(replicates[0], replicates[1:], names).state == "passes"
    own = replicates[0].copy()
    own[20] += 9 * replicates[:, 20].std()
    verdict = gates.predictive(own, replicates[1:], names)
    assert (verdict.state, verdict.about[0]) == ("warns", "feature 20")


def test_g8_withholds_the_median_where_the_laws_differ():
    near = gates.responses({"exponential": 10.0, "threshold": 14.0, "saturating": 9.0}, "acts")
    far = gates.responses({"exponential": 10.0, "threshold": 24.0, "saturating": 9.0}, "acts")
    alone = gates.responses({"exponential": 10.0}, "acts")
    assert [v.state for v in (near, far, alone)] == ["passes", "warns", "warns"]
    assert far.figure == pytest.approx(24 / 9)
    assert "no median" in far.sentence


def test_g10_refuses_a_posterior_that_moves_when_trained_again(judged):
    theta = judged.truth[:400]
    first, second = (train(theta, judged.x[:400], SUPPORT, seed=s, members=1) for s in (1, 2))
    rows = judged.x[400:410]
    shifts = [
        gates.stability({"seed 1": a, "seed 2": b}, NAMES).figure
        for a, b in zip(SUPPORT.unit(first.draw(rows, 500, 1)), SUPPORT.unit(second.draw(rows, 500, 1)), strict=True)
    ]
    assert min(shifts) > 0.05
    a = rng(7, "stable").normal(size=(2000, 2))
    assert gates.stability({"seed 1": a, "seed 2": a + 0.1}, ("a", "b")).state == "passes"
    moved = gates.stability({"seed 1": a, "80 %": a + np.array([0.0, 0.4])}, ("a", "b"))
    assert (moved.state, moved.about) == ("refuses", ("b",))
    assert gates.stability({"seed 1": a}, ("a", "b")).state == "refuses"


def test_p_of_terror_that_is_overstated_is_withheld():
    luck = rng(8, "terror")
    chance = luck.random(2000)
    came = luck.random(2000) < chance
    assert gates_calibration.reliability(chance, came).state == "passes"
    sharper = np.clip(0.5 + 1.6 * (chance - 0.5), 0, 1)
    assert gates_calibration.reliability(sharper, came).state == "refuses"


def verdicts(**states):
    return [Verdict(gate, states.get(gate, "passes"), 0.0, 0.0, Called(f"{gate} speaks", "")) for gate in GATES]


def test_the_decision():
    clean = decide(verdicts())
    assert (clean.numbers, clean.scale, clean.median, clean.sentences) == (True, True, True, ())
    shape = decide(verdicts(G1="refuses", G9="warns"))
    assert (shape.numbers, shape.scale, shape.sentences) == (True, False, ("G1 speaks", "G9 speaks"))
    assert not decide(verdicts(G8="warns")).median
    for gate in ("G0", "G2", "G3", "G4", "G6", "G10"):
        assert not decide(verdicts(**{gate: "refuses"})).numbers
    with pytest.raises(InputError, match="G4 was not asked"):
        decide([v for v in verdicts() if v.gate != "G4"])
