"""Modes of a posterior, on mixtures whose modes are known and on towns from both sides of the silence curve."""

import numpy as np
import pytest
from trials.toy_model import ToyModel, summarise

from underwatch.inference.checks import calibration, gates_calibration
from underwatch.inference.npe.modes import density, find_modes, in_words
from underwatch.inference.npe.posterior import train
from underwatch.texts.sentences import in_english
from underwatch.world.draws import rng

BOUNDS = (0.1, 10.0)


def lognormals(*parts, n=3000):
    """Draws of a mixture of (share, median, sd of the log), inside the bounds."""
    luck = rng(1, f"humps {parts}")
    drawn = np.concatenate([m * np.exp(s * luck.standard_normal(round(share * n))) for share, m, s in parts])
    return drawn[(drawn > BOUNDS[0]) & (drawn < BOUNDS[1])]


def test_two_humps_are_found_with_their_shares_and_ranges():
    modes = find_modes(lognormals((0.4, 0.4, 0.2), (0.6, 4.0, 0.2)), BOUNDS, log=True)
    assert len(modes) == 2
    assert [mode.mass for mode in modes] == pytest.approx([0.4, 0.6], abs=0.01)
    assert [mode.peak for mode in modes] == pytest.approx([0.4, 4.0], rel=0.1)
    spread = np.exp(1.645 * 0.2)
    assert modes[0].low == pytest.approx(0.4 / spread, rel=0.08)
    assert modes[1].high == pytest.approx(4.0 * spread, rel=0.08)
    assert in_english(in_words(modes)).startswith("either 0.2")
    assert "(40 % of the posterior) or 2.8" in in_english(in_words(modes))


@pytest.mark.parametrize(
    "parts",
    [
        ((1.0, 1.0, 0.5),),
        ((0.5, 0.8, 0.5), (0.5, 1.6, 0.5)),  # closer than two sds: one mode
        ((0.98, 0.5, 0.3), (0.02, 6.0, 0.1)),  # a trace is no mode
        ((1.0, 0.1, 0.8),),  # half a mode at the edge
    ],
)
def test_one_hump_is_one_range(parts):
    modes = find_modes(lognormals(*parts), BOUNDS, log=True)
    assert len(modes) == 1
    assert "either" not in in_english(in_words(modes))


def test_an_even_posterior_has_no_humps_to_choose_from():
    luck = rng(2, "even humps")
    assert [len(find_modes(luck.random(1000), (0.0, 1.0), log=False)) for _ in range(50)].count(1) >= 48


def test_the_density_integrates_to_one_and_keeps_its_height_at_an_edge():
    luck = rng(3, "edge")
    grid, height, _ = density(luck.random(20_000), (0.0, 1.0), log=False)
    assert np.trapezoid(height, grid) == pytest.approx(1.0, abs=0.01)
    assert height == pytest.approx(np.ones(len(grid)), abs=0.2)


# One list, and nothing in place or time that would tell which way more watching moves the reports.
BLIND = ToyModel(
    lists=1,
    bounds={
        "intensity": (0.1, 5.0),
        "fear_silence": (1.0, 1.5),
        "p_tell_a": (0.1, 0.15),
        "border_effect": (0.0, 0.1),
        "campaign_effect": (0.0, 0.1),
        "trend": (-0.1, 0.1),
        "place_spread": (0.05, 0.2),
    },
)


@pytest.mark.deep
def test_equal_counts_from_both_sides_of_the_silence_curve():
    """What is tested is P(terror side) and coverage given the counts; coverage given the true side need not hold."""
    theta, data = BLIND.bank(2000, rng(4, "blind bank"))
    posterior = train(BLIND.targets(theta, data), summarise(data), BLIND.target_box, seed=1, members=2)
    theta, data = BLIND.bank(2500, rng(5, "blind towns"))
    alike = (data.reports() >= 100) & (data.reports() <= 200)
    theta, truth, x = theta[alike], BLIND.targets(theta, data)[alike], summarise(data)[alike]
    terror = BLIND.terror_side(theta)
    assert 0.25 < terror.mean() < 0.75  # calm and terror, and the same number of reports
    draws = posterior.draw(x, 600, 1)
    chance = np.stack([BLIND.terror_side(each[:, :-1]) for each in draws]).mean(axis=1)
    assert gates_calibration.reliability(chance, terror).state == "passes"
    coverage = calibration.coverage(calibration.ranks(draws, truth), 0.9)
    assert coverage == pytest.approx(np.full(len(coverage), 0.9), abs=0.06)
    bounds = (BLIND.support.low[0], BLIND.support.high[0])
    modes = [find_modes(each[:, 0], bounds, log=True) for each in draws[:100]]
    assert np.mean([len(each) >= 2 for each in modes]) >= 0.3
    assert all(in_english(in_words(each)).startswith("either") for each in modes if len(each) > 1)
