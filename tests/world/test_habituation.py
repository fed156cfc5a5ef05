"""S11 in the form `habituating`: the same event frightens those less who have long been afraid, by every way."""

import numpy as np
import pytest

from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters
from underwatch.world.population import InitialConditions
from underwatch.world.rates import UNWATCHED, one
from underwatch.world.scenario import Phase

MONDAY = 20094  # 6 January 2025
VALUES = {**Parameters.central().to_dict(), "habituation": 0.5, "fear_per_hearsay": 0.1, "kin_ties_per_household": 1.0}
FORMS = {form: Forms.central().with_forms({"S11": form}) for form in ("linear", "habituating")}


def morning(form, without=frozenset(), residents=3000, **values):
    """A town of which one half is in full distress, on a Monday, and the phase of its days."""
    phase = Phase(MONDAY, 28, {**VALUES, **values}, frozenset(without), 1.0, False, FORMS[form])
    world = simulate.init(InitialConditions.of(phase, True, 3, 0, residents, 28))
    world.state.people[L.DISTRESS, : residents // 2] = L.ONE
    return world, phase


def rises(form, before, **values):
    """The rise of fear in the afflicted and in the calm half after what `before` does to a quiet town."""
    world, phase = morning(form, UNWATCHED | {"S17"}, **values)
    before(world.state)
    simulate.step(world, phase, 1)
    half = len(world.state.fear) // 2
    return tuple(set(np.unique(part[part > 0]).tolist()) for part in (world.state.fear[:half], world.state.fear[half:]))


def word_in_the_unit(state):
    state.units[L.UNIT_WORD :] = 0


def word_from_kin(state):
    state.homes[L.HOME_WORD] = 1


@pytest.mark.parametrize("before", [word_in_the_unit, word_from_kin])
def test_word_frightens_the_afflicted_half_as_much(before):
    step = one(0.1)
    assert rises("linear", before) == ({step}, {step})
    afflicted, calm = rises("habituating", before)
    assert calm == {step}
    assert len(afflicted) == 1
    assert abs(afflicted.pop() - step * (1 - 0.5 * 0.99 if before is word_from_kin else 0.5)) < 5
    assert rises("habituating", before, habituation=0.0) == ({step}, {step})


def test_a_follower_and_a_summons_frighten_the_afflicted_less_and_anger_them_as_much():
    loud = {"hearsay_reach_noticed": 0.0, "p_notice": 0.95, "reactance_share": 0.3, "fear_decay_per_day": 0.0}
    felt, angered = {}, {}
    for form in FORMS:
        world, phase = morning(form, **loud, distress_decay_per_day=0.0, outing_avoidance_at_full_fear=0.0)
        simulate.step(world, phase, 1)
        half = len(world.state.fear) // 2
        felt[form] = [int(part.astype(int).sum()) for part in (world.state.fear[:half], world.state.fear[half:])]
        angered[form] = int(world.state.people[L.ANGER].astype(int).sum())
    assert felt["habituating"][1] == felt["linear"][1] > 0
    assert felt["habituating"][0] == pytest.approx(0.5 * felt["linear"][0], rel=0.05)
    assert angered["habituating"] == angered["linear"] > 0
