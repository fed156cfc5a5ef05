"""S2, form `kin`: the same shares as independent grounds, and families of those who left are kin of each other."""

import numpy as np
import pytest

from underwatch.world import layout as L
from underwatch.world import population
from underwatch.world.draws import split_seed
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters
from underwatch.world.reference import population as plain

VALUES = Parameters.central().with_values(share_defector_family=0.06).to_dict()
SEED, FIRST, RESIDENTS = 11, 5000, 200_000


def place(form):
    """By household: its ground, whose luck it meets, and the household at its first tie, all by index."""
    frame = population.frame(VALUES, True, forms=Forms.central().with_forms({"S2": form}))
    _, town, state = population.people_of(population.InitialConditions(SEED, FIRST, RESIDENTS, frame, 4, 0, 0))
    family = (state.flags & L.FAMILY != 0)[town.house_start[:-1]]
    key, houses = split_seed(SEED), len(family)
    luck = np.array([population.luck_of(key, FIRST, town.house_start, h, frame) for h in range(houses)])
    rng = plain.Rng(SEED)
    numbers = (FIRST + town.house_start[:-1]).tolist()
    tie = np.array([plain.choose(rng.words(population.Purpose.KIN, number, 0)[0], houses) for number in numbers])
    return frame, family, luck, np.where(tie == np.arange(houses), (tie + 1) % houses, tie), town, state


@pytest.fixture(scope="module")
def kin():
    return place("kin")


@pytest.fixture(scope="module")
def independent():
    return place("independent")


@pytest.mark.parametrize("form", ["kin", "independent"])
def test_the_share_is_the_parameter_in_both_forms(form, request):
    """Each household's luck counts once for each that meets it: the variance of the sum is exact."""
    frame, family, luck, *_ = request.getfixturevalue(form)
    share = int(frame.shares[0]) / 65536
    met = np.bincount(luck, minlength=len(family))
    deviation = (family.sum() - share * len(family)) / np.sqrt(share * (1 - share) * (met.astype(float) ** 2).sum())
    assert abs(deviation) < 3.5
    assert met.sum() == len(family) > 40_000


def test_one_in_two_meets_the_luck_of_its_kin_and_has_its_ground(kin, independent):
    _, family, luck, tie, _, _ = kin
    _, alone, own, same_tie, _, _ = independent
    assert np.array_equal(own, np.arange(len(own)))
    assert np.array_equal(tie, same_tie)
    of_kin = luck != np.arange(len(luck))
    assert abs(of_kin.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(luck))
    assert np.array_equal(luck[of_kin], tie[of_kin])
    assert np.array_equal(family, alone[luck])  # the ground of the household whose luck it is, in the independent form


def test_where_one_family_left_its_kin_have_more_often_left_too(kin, independent):
    """Closed form: a household and its first tie share luck in a quarter of cases (it takes, the other keeps)."""
    for (frame, family, _, tie, _, _), expected in ((kin, 0.25), (independent, 0.0)):
        share = int(frame.shares[0]) / 65536
        both = family[tie][family].mean()
        assert abs(both - (expected + (1 - expected) * share)) < 0.03
    assert kin[1][kin[3]][kin[1]].mean() > 3 * independent[1][independent[3]][independent[1]].mean()


def test_nothing_else_is_drawn_otherwise(kin, independent):
    *_, town, state = kin
    *_, same_town, other = independent
    assert np.array_equal(town.house_start, same_town.house_start)
    rest = L.ADULT | L.REACTIVE
    assert np.array_equal(state.flags & rest, other.flags & rest)
    assert not np.array_equal(state.flags & L.FAMILY, other.flags & L.FAMILY)
