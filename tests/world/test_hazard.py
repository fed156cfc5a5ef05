"""The form `hazard` of S10: each report carries a chance of an accusation, in all its weight over the bar."""

import numpy as np
import pytest

from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters
from underwatch.world.population import InitialConditions
from underwatch.world.rates import rates
from underwatch.world.scenario import Phase

MONDAY = 20094  # 6 January 2025
WEEKS = 80
NOTHING_ELSE = frozenset({"S4", "S5", "S6", "S7", "S8", "S9", "S16", "S17"})
VALUES = {**Parameters.central(), "accusation_threshold": 3.0, "p_listed_after_accusation": 0.1}


def accused(reports, organ, form="hazard", listed_bar=None, residents=20_000):
    """By cell, how many of those who begin with a file of this weight are ever accused; the world and its rates."""
    values = VALUES | ({"accusation_threshold_listed": listed_bar} if listed_bar else {})
    forms = Forms.central().with_forms({"S10": form})
    out = NOTHING_ELSE if listed_bar else NOTHING_ELSE | {"S3"}
    phase = Phase(MONDAY, 7 * WEEKS, values, out, 1.0, False, forms)
    world = simulate.init(InitialConditions.of(phase, True, 9, 0, residents, 7 * WEEKS))
    world.state.people[L.FILE_MPS + organ] = round(256 * reports)
    before = world.state.flags.copy()
    simulate.run(world, [phase])
    return world, before, rates(values, out, forms=forms)


def chances(weight, bar, keep):
    """The weekly chances of a file of this weight, in 1/65536: what fades, over the bar."""
    result = []
    while weight:
        left = weight * keep >> 16
        result.append(min(65535, (weight - left << 16) // bar))
        weight = left
    return np.array(result)


@pytest.mark.parametrize("reports", [1.0, 2.5])
@pytest.mark.parametrize("organ", [L.MPS, L.MSS])
def test_a_report_carries_one_over_the_bar_in_all(reports, organ):
    world, flags, now = accused(reports, organ)
    weekly = chances(round(256 * reports), now.accuse, now.keep_file)
    assert len(weekly) < WEEKS
    assert weekly.sum() / 65536 == pytest.approx(reports / 3.0, abs=len(weekly) / 65536)
    n, p = np.count_nonzero(flags & L.ADULT), 1 - np.prod(1 - weekly / 65536)
    found = int(world.history.cells[:, :, L.COUNT.accusations].sum())
    assert abs(found - n * p) < 4 * np.sqrt(n * p * (1 - p))
    assert 0.2 < p < reports / 3.0


def test_in_the_form_threshold_a_single_report_leads_nowhere():
    world, _, _ = accused(1.0, L.MPS, "threshold")
    assert world.history.cells[:, :, L.COUNT.accusations].sum() == 0


def test_the_listed_have_a_bar_of_their_own_here_too():
    world, flags, now = accused(2.0, L.MPS, listed_bar=2.0, residents=60_000)
    weekly = chances(512, now.accuse_listed, now.keep_file)
    assert weekly.sum() / 65536 == pytest.approx(2.0 / 6.0, abs=len(weekly) / 65536)
    cells = np.arange(L.N_CELLS) & L.LISTED_CELL != 0
    n, p = np.count_nonzero(flags & L.ON_A_LIST), 1 - np.prod(1 - weekly / 65536)
    found = int(world.history.cells[:, cells, L.COUNT.accusations].sum())
    assert abs(found - n * p) < 4 * np.sqrt(n * p * (1 - p)) + 0.02 * n  # some come off the list meanwhile


def test_without_s10_no_report_turns_into_an_accusation():
    forms = Forms.central().with_forms({"S10": "hazard"})
    phase = Phase(MONDAY, 70, VALUES, NOTHING_ELSE | {"S10"}, 1.0, False, forms)
    world = simulate.init(InitialConditions.of(phase, True, 9, 0, 4000, 70))
    world.state.people[L.FILE_MPS] = 2560
    simulate.run(world, [phase])
    assert world.history.cells[:, :, L.COUNT.accusations].sum() == 0
