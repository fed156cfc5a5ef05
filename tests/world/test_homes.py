"""At home: the listed are visited as far as the time of open roles goes, and can be accused again (S17, S10)."""

import numpy as np
import pytest
from trials.patterns import LISTED, Town

from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.parameters import Parameters
from underwatch.world.population import InitialConditions
from underwatch.world.scenario import Phase
from underwatch.world.workers import Workers

MONDAY = 20094  # 6 January 2025
CENTRAL = Parameters.central().with_values(
    share_defector_family=0.15, p_listed_given_ground=0.9, list_exit_per_year=0.0
)
STEADY = frozenset({"S9", "S10"})  # nobody is held or newly listed, and no role is lost
ONLY_VISITS = frozenset({"S4", "S7", "S8", "S9", "S10", "S14", "S16"})
KEPT_TO_ONESELF = {"hearsay_reach_home_visit": 0.0}  # so that only who is visited is afraid
DAYS = 42


def lived(without=STEADY, **changes):
    town = Town(CENTRAL.with_values(**changes), residents=4000, days=DAYS)
    return town.world(KEPT_TO_ONESELF, frozenset(without), workers=Workers(trace_who=-1))


def visits(world):
    rows = world.history.trace
    return rows[rows["kind"] == L.EPISODE.home_visit]


def by_unit(world, bit):
    return np.add.reduceat((world.state.flags & bit != 0).astype(np.int64), world.town.unit_start[:-1])


def total(world, column, cells=slice(None)):
    return int(world.history.cells[:, cells, column].sum())


@pytest.mark.parametrize("each", [0.25, 1.0])
@pytest.mark.parametrize("roles", [1.0, 3.0])
def test_a_day_has_no_more_visits_than_the_open_roles_of_the_unit_have_time_for(each, roles):
    world = lived(home_visit_days=1.0, home_visits_per_role_per_day=each, open_roles_per_unit=roles)
    n_open, n_units = by_unit(world, L.OPEN_ROLE), len(world.town.unit_start) - 1
    rows = visits(world)
    unit = np.searchsorted(world.town.unit_start, rows["who"], side="right") - 1
    made = np.zeros((DAYS, n_units), int)
    np.add.at(made, (rows["day"], unit), 1)
    day = world.start + np.arange(DAYS)[:, None]
    time = np.floor((day + 1) * each * n_open) - np.floor(day * each * n_open)
    assert np.all(made <= time)
    assert np.count_nonzero(made == time) > 0.9 * made.size  # here there is more to visit than time
    assert made.sum() == total(world, L.COUNT.home_visits) > 100


@pytest.mark.parametrize("days", [1.0, 2.0, 7.0])
def test_with_time_enough_a_listed_household_is_visited_as_often_as_the_table_says(days):
    world = lived(home_visit_days=days, home_visits_per_role_per_day=4.0, open_roles_per_unit=7.0)
    rows, starts = visits(world), world.town.house_start
    house = np.searchsorted(starts, rows["who"], side="right") - 1
    assert len(np.unique(house * DAYS + rows["day"])) == len(rows)  # once a day at most
    on_list = np.add.reduceat((world.state.flags & L.ON_A_LIST != 0).astype(int), starts[:-1]) > 0
    assert np.all(on_list[house])
    assert np.all(world.state.flags[rows["who"]] & L.ON_A_LIST)
    n, p = DAYS * np.count_nonzero(on_list), 1 / days
    assert abs(len(rows) - n * p) < 4 * np.sqrt(n * p * (1 - p)) + 0.01 * n


def test_a_week_of_visits_to_a_home_is_one_incident_and_of_somebody_listed():
    world = lived()
    rows = visits(world)
    house = np.searchsorted(world.town.house_start, rows["who"], side="right") - 1
    week = (world.start + rows["day"] + 3) // 7
    records = world.history.records
    mine = records[records["kind"] == L.KIND.home_visit]
    assert len(rows) == total(world, L.COUNT.home_visits) == total(world, L.COUNT.home_visits, LISTED) > 0
    assert len(mine) == len(np.unique(np.stack([house, week]), axis=1).T) < len(rows)
    assert np.all(mine["marks"] & L.MARK_LISTED)
    assert not mine["hearsay"].any()
    told = Town(CENTRAL, residents=2000, days=14).world().history.records
    assert np.all(told["hearsay"][told["kind"] == L.KIND.home_visit] > 0)


def test_visits_are_felt_written_down_and_gone_with_their_rule():
    world, out = lived(ONLY_VISITS), lived(ONLY_VISITS | {"S17"})
    mean = [total(world, L.COUNT.fear, cells) / world.history.residents[cells].sum() for cells in (LISTED, ~LISTED)]
    assert mean[0] > 5 * mean[1] > 0
    assert total(world, L.COUNT.reports_routine, LISTED) > 0
    assert [total(out, column) for column in (L.COUNT.home_visits, L.COUNT.fear, L.COUNT.reports_routine)] == [0, 0, 0]
    unwritten = lived(ONLY_VISITS | {"S5"})
    assert total(unwritten, L.COUNT.home_visits) > 0
    assert total(unwritten, L.COUNT.reports) == 0
    unfelt = lived(ONLY_VISITS | {"S11"})
    assert total(unfelt, L.COUNT.home_visits) > 0
    assert total(unfelt, L.COUNT.fear) == 0


def test_children_at_home_are_frightened_too_and_nobody_visits_who_is_held():
    world = lived(ONLY_VISITS, fear_per_home_visit=0.08, home_visit_days=1.0)
    family = np.zeros(len(world.state.flags), bool)
    starts = world.town.house_start
    for house in np.unique(np.searchsorted(starts, visits(world)["who"], side="right") - 1):
        family[starts[house] : starts[house + 1]] = True
    child = world.state.flags & L.ADULT == 0
    assert world.state.fear[family & child].mean() > 100 * (1 + world.state.fear[~family & child].mean())


def full_files(reports, **changes):
    """A town on a Sunday with this much in everybody's files, before and after the review."""
    values = {**CENTRAL, "accusation_threshold": 3.0, "p_listed_after_accusation": 0.8, **changes}
    phase = Phase(MONDAY + 6, 1, values, frozenset({"S4", "S5", "S6", "S8", "S9", "S17"}), 1.0, False)
    world = simulate.init(InitialConditions.of(phase, True, 4, 0, 4000, 1))
    world.state.people[L.FILE_MPS] = round(reports * 256)
    before = world.state.flags.copy()
    simulate.run(world, [phase])
    return world, before


def test_the_listed_are_accused_again_at_a_bar_of_their_own_and_stay_where_they_are():
    world, before = full_files(5.0, accusation_threshold_listed=2.0)  # above 3 and below 6 reports
    assert total(world, L.COUNT.accusations, LISTED) == 0
    assert total(world, L.COUNT.accusations) == np.count_nonzero((before & (L.ADULT | L.ON_A_LIST)) == L.ADULT)
    world, before = full_files(8.0, accusation_threshold_listed=2.0)
    listed = before & L.ON_A_LIST != 0
    assert total(world, L.COUNT.accusations, LISTED) == np.count_nonzero(listed) > 100
    assert total(world, L.COUNT.false_accusations, LISTED) == np.count_nonzero(listed)
    assert not world.state.people[L.FILE_MPS, listed].any()
    assert np.array_equal(world.state.flags[listed], before[listed])
    records = world.history.records
    mine = (records["kind"] == L.KIND.accusation) & (records["marks"] & L.MARK_LISTED != 0)
    assert np.count_nonzero(mine) == np.count_nonzero(listed)
