"""A world settles before it is counted: nothing of those weeks comes out, and twins share them."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from underwatch.channel.episodes import episodes
from underwatch.channel.reporting import expected_published
from underwatch.errors import InputError
from underwatch.experiments.engine.worlds import (
    calm_world,
    init_world,
    prior_scenarios,
    same_settling,
    totals_of,
    twin_world,
    world_totals,
)
from underwatch.experiments.ledger.ledger import unwatched
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.scenario import EPOCH, Change, day_number
from underwatch.world.scenario_file import parse, parse_written, scenario_for, scenario_toml
from underwatch.world.workers import Workers

START = date(2024, 10, 7)  # a Monday
SCENARIO = scenario_for("hoeryong", start=START, days=70, population=2500).replace(campaign=None)
WORKERS = Workers(1)


def lived(scenario, phases=None):
    """A world of the scenario, from its first calm morning to its end."""
    world = calm_world(scenario, scenario.places[0], 1)
    return simulate.run(world, phases or scenario.all_phases(), WORKERS)


def test_what_is_counted_is_the_end_of_a_longer_run():
    """26 weeks that are not counted and 70 days are the last 70 days of 252, but for who is grouped as listed."""
    settled = lived(SCENARIO)
    whole = lived(SCENARIO.replace(start=START - timedelta(weeks=26), settle_weeks=0))
    np.testing.assert_array_equal(settled.history.cells.sum(axis=1), whole.history.cells[182:].sum(axis=1))
    late = whole.history.records["day"] >= 182
    here, there = settled.history.records.copy(), whole.history.records[late].copy()
    there["day"] -= 182
    for records in (here, there):
        records["marks"] &= L.MARK_GROUNDS | L.MARK_LISTED
    assert len(here) > 100
    np.testing.assert_array_equal(here, there)
    np.testing.assert_array_equal(settled.history.who, whole.history.who[late])
    for row in (L.FEAR, L.LISTED_DAY, L.FOLLOWED_DAY):  # days of the state count from the first that is simulated
        np.testing.assert_array_equal(settled.state.people[row], whole.state.people[row])


def test_listed_at_the_start_is_who_is_on_a_list_on_the_first_day():
    scenario = SCENARIO.replace(parameters=SCENARIO.parameters.with_values(list_exit_per_year=0.3))
    world = init_world(scenario, scenario.places[0], 1)
    at_start = world.state.flags & L.LISTED_AT_START != 0
    np.testing.assert_array_equal(at_start, world.state.flags & L.ON_A_LIST != 0)
    drawn = calm_world(scenario, scenario.places[0], 1).state.flags & L.LISTED_AT_START != 0
    assert (at_start != drawn).sum() > 3
    counted = world.history
    assert counted.residents[L.LISTED_CELL :].sum() == counted.adults[L.LISTED_CELL :].sum() == at_start.sum()
    assert counted.residents.sum() == 2500
    assert not counted.cells.any()
    assert not len(counted.records)


def test_without_lists_residents_stay_grouped_as_they_were_drawn():
    scenario = SCENARIO.replace(without={"S3"})
    flags = init_world(scenario, scenario.places[0], 1).state.flags
    drawn = calm_world(SCENARIO, scenario.places[0], 1).state.flags
    assert (flags & L.LISTED_AT_START).any()
    np.testing.assert_array_equal(flags & L.LISTED_AT_START, drawn & L.LISTED_AT_START)


def test_neither_campaign_nor_change_reaches_the_weeks_before():
    early = (START - timedelta(50), START + timedelta(20))
    change = Change(START, {"p_notice": 0.9}, frozenset({"S5"}))
    other = SCENARIO.replace(campaign=early, changes=(change,))
    assert other.settling() == SCENARIO.settling()
    assert {phase.campaign for phase in other.phases()} == {True, False}
    assert [(EPOCH + timedelta(phase.day), phase.days, phase.order) for phase in other.settling()] == [
        (date(2024, 4, 8), 70, 1.0),
        (date(2024, 6, 17), 14, 1.2),
        (date(2024, 7, 1), 78, 1.0),
        (date(2024, 9, 17), 14, 1.2),
        (date(2024, 10, 1), 6, 1.0),
    ]
    assert sum(phase.days for phase in other.settling()) == 182
    assert other.settling()[0].day == day_number(START) - 182
    with pytest.raises(InputError, match=r"^the change of 2024-10-06 lies outside of 2024-10-07 to "):
        SCENARIO.replace(changes=(Change(START - timedelta(1), {"p_notice": 0.9}),))


def test_twins_that_share_their_weeks_are_those_that_live_through_them_alone():
    twin = SCENARIO.replace(changes=(Change(START, {"p_notice": 0.9}, frozenset({"S6"})),))
    together = totals_of(SCENARIO, [SCENARIO, twin], 1)
    for scenario, found in zip((SCENARIO, twin), together, strict=True):
        alone = world_totals(lived(scenario), scenario)
        for part, same in zip(found, alone, strict=True):
            np.testing.assert_array_equal(part, same)
    assert (together[0].cells != together[1].cells).any()
    np.testing.assert_array_equal(together[0].residents, together[1].residents)


def test_a_twin_that_settles_otherwise_is_grouped_by_the_lists_of_its_baseline():
    free = unwatched(SCENARIO)
    assert same_settling(SCENARIO, SCENARIO.without_campaign())
    assert not same_settling(SCENARIO, free)
    world = init_world(SCENARIO, SCENARIO.places[0], 1)
    twin = twin_world(world, SCENARIO, free, 1)
    listed = world.state.flags & L.LISTED_AT_START
    np.testing.assert_array_equal(twin.state.flags & L.LISTED_AT_START, listed)
    np.testing.assert_array_equal(twin.history.residents, world.history.residents)
    assert not (twin.state.flags & L.ON_A_LIST).any()
    assert twin.state.fear.max() == 0 < world.state.fear.max()
    simulate.run(twin, free.phases(), WORKERS)
    assert simulate.branch(world).state.fear.max() == world.state.fear.max()  # nothing of the twin reaches it


def test_a_step_cannot_run_into_the_days_that_are_counted():
    scenario = SCENARIO.replace(start=date(2024, 10, 9), settle_weeks=1)
    world = lived(scenario, scenario.settling())
    assert (world.day, world.counted) == (day_number(scenario.start),) * 2
    world = calm_world(scenario, scenario.places[0], 1)
    simulate.run(world, [replace(phase, days=5) for phase in scenario.settling()], WORKERS)
    with pytest.raises(ValueError, match="cross the first day that is counted"):
        simulate.step(world, scenario.settling()[0], 3, WORKERS)
    with pytest.raises(ValueError, match="the phases begin later"):
        simulate.run(calm_world(scenario, scenario.places[0], 1), scenario.phases(), WORKERS)


def test_a_file_without_the_key_settles_and_a_manifest_without_it_does_not():
    assert parse('place = "hoeryong"').settle_weeks == 26
    former = "\n".join(line for line in scenario_toml(SCENARIO).splitlines() if "settle_weeks" not in line)
    assert parse_written(former).settle_weeks == 0
    assert parse_written(scenario_toml(SCENARIO)).settle_weeks == 26
    assert scenario_for("hoeryong", settle_weeks=3).settling_days == 21


def ratio_of_the_first_weeks(settle_weeks, worlds, residents):
    """Expected published reports per incident in the first four weeks, as a multiple of the year's, over all worlds.

    Without a campaign. The sums are over worlds drawn from the prior, so a world counts by what it has. People tell of
    a month's episode: each four weeks are told of as one February, so that no stretch is cut by a month's end.
    """
    scenario = scenario_for("hoeryong", start=START, days=364, population=residents, settle_weeks=settle_weeks)
    reports, incidents = np.zeros(13), np.zeros(13)
    for one in prior_scenarios(scenario.replace(campaign=None), worlds):
        history = simulate.run(init_world(one, one.places[0], one.seed), one.phases(), WORKERS).history
        for weeks in range(13):
            inside = history.records["day"] // 28 == weeks
            records = history.records[inside]
            records["day"] %= 28
            told_of = episodes(records, history.who[inside], date(2023, 2, 1))
            reports[weeks] += expected_published(told_of, one.phases()[0].values, one.forms["S13"])
            incidents[weeks] += inside.sum()
    return reports[0] / incidents[0] / (reports.sum() / incidents.sum())


def test_reports_per_incident_start_as_they_go_on_in_settled_worlds():
    """The whole test is deep; few and small worlds tell settled from calm."""
    assert 0.7 < ratio_of_the_first_weeks(26, 60, 1000) < 1.4
    assert ratio_of_the_first_weeks(0, 60, 1000) > 1.6


@pytest.mark.deep
def test_reports_per_incident_of_the_first_weeks_are_within_a_fifth_of_the_years():
    assert 0.8 < ratio_of_the_first_weeks(26, 200, 2000) < 1.2
    assert not 0.8 < ratio_of_the_first_weeks(0, 200, 2000) < 1.2
