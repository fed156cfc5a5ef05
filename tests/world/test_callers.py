"""Callers as reported: who they are, that they look out, and how long those who turned back keep from calling."""

import numpy as np
import pytest
from trials.patterns import Town

from underwatch.world import layout as L
from underwatch.world import population
from underwatch.world.parameters import Parameters
from underwatch.world.rates import exponential_days
from underwatch.world.workers import Workers

CENTRAL = Parameters.central().with_values(
    share_chinese_phone_user=0.14, call_attempts_per_caller_per_month=8.0, p_taken_over_per_km=0.3, detention_days=3.0
)
RESIDENTS, DAYS = 4000, 98


def lived(without=(), **changes):
    town = Town(CENTRAL.with_values(**changes), residents=RESIDENTS, days=DAYS)
    return town.world(without=frozenset(without), workers=Workers(trace_who=-1))


def episodes(world, kind):
    rows = world.history.trace
    return rows[rows["kind"] == kind]


def total(world, column):
    return int(world.history.cells[:, :, column].sum())


def within(found, n, p):
    assert n > 200
    assert abs(found - n * p) < 4 * np.sqrt(n * p * (1 - p)) + 1


@pytest.mark.parametrize("ratio", [1.5, 4.0, 12.0])
@pytest.mark.parametrize("families", [0.02, 0.15])
def test_callers_are_found_in_families_so_much_more_often_and_the_overall_share_is_kept(ratio, families):
    values = {
        **CENTRAL,
        "callers_in_families_ratio": ratio,
        "share_defector_family": families,
        "share_chinese_phone_user": 0.04,
    }
    share = values["share_chinese_phone_user"]
    others, of_families = population.callers(share, families, ratio)
    assert of_families == pytest.approx(ratio * others)
    assert families * of_families + (1 - families) * others == pytest.approx(share)
    frame = population.frame(values, border=True)
    _, _, state = population.people_of(population.InitialConditions(3, 0, 200_000, frame, 1, 0, 0))
    adults = state.flags & L.ADULT != 0
    family, caller = (state.flags & bit != 0 for bit in (L.FAMILY, L.PHONE))
    within(np.count_nonzero(family & caller), np.count_nonzero(family & adults), of_families)
    within(np.count_nonzero(~family & caller), np.count_nonzero(~family & adults), others)
    assert not np.any(caller & ~adults)


def test_where_most_of_a_family_would_call_the_share_stops_at_all_and_the_overall_share_is_kept_still():
    others, of_families = population.callers(0.9, 0.5, 100.0)
    assert of_families == 1.0
    assert 0.5 * others + 0.5 * of_families == pytest.approx(0.9)


def test_inland_nobody_calls():
    frame = population.frame({**CENTRAL}, border=False)
    _, _, state = population.people_of(population.InitialConditions(3, 0, 20_000, frame, 1, 0, 0))
    assert not np.any(state.flags & L.PHONE)


@pytest.mark.parametrize("mean", [15.0, 60.0, 240.0])
def test_pauses_are_exponential(mean):
    days = np.array(exponential_days(mean))
    expected = np.maximum(1, -mean * np.log(1 - (np.arange(32) + 0.5) / 32))
    assert np.all(np.abs(days - expected) <= 0.5 + 1e-9)
    assert days.mean() == pytest.approx(mean, rel=0.02)


@pytest.mark.parametrize("notices", [0.25, 0.9])
def test_a_followed_caller_notices_with_a_chance_of_the_callers_own(notices):
    world = lived(p_notice_caller=notices, p_notice=0.6, p_abandon_noticed=1.0)
    within(total(world, L.COUNT.calls_abandoned), total(world, L.COUNT.followed_calls), notices)


@pytest.mark.parametrize("stops", [0.05, 0.8])
def test_who_turned_back_stops_with_the_chance_of_the_table_and_some_for_good(stops):
    world = lived({"S9"}, p_stop_after_turn_back=stops, p_stop_for_good=0.2)
    stopped = episodes(world, L.EPISODE.calling_stopped)
    within(len(stopped), len(episodes(world, L.EPISODE.call_given_up)), stops)
    if stops > 0.5:
        within(np.count_nonzero(stopped["value"] == 0), len(stopped), 0.2)


def test_an_arrest_ends_calling_with_the_chance_of_the_table():
    world = lived({"S8"}, p_detected_per_call=0.05, p_phone_lost=0.8)
    released = episodes(world, L.EPISODE.release)
    stopped = episodes(world, L.EPISODE.calling_stopped)
    within(len(stopped), len(released), 0.8)
    assert set(zip(stopped["day"], stopped["who"], strict=True)) <= set(
        zip(released["day"], released["who"], strict=True)
    )


def test_who_has_stopped_sets_out_again_only_when_the_pause_is_over():
    world = lived(p_stop_after_turn_back=0.8, p_stop_for_good=0.2, calling_pause_days=15.0)
    sets_out = episodes(world, L.EPISODE.call_set_out)
    stopped = episodes(world, L.EPISODE.calling_stopped)
    again = 0
    for day, _, who, _, pause in stopped.tolist():
        later = sets_out["day"][(sets_out["who"] == who) & (sets_out["day"] > day)]
        assert not len(later) or (pause and later.min() >= day + pause)
        again += len(later) > 0
    assert 0 < again < len(stopped)
    never = world.state.people[L.CALLS_AGAIN] == L.NEVER
    assert np.count_nonzero(never) == np.count_nonzero(stopped["value"] == 0)


def test_every_call_that_was_meant_has_one_end():
    """Made, turned back from, not dared, or left by who has stopped calling: nobody is held where nobody is found."""
    world = lived({"S9"})
    ends = ("calls_completed", "calls_abandoned", "calls_avoided", "calling_stopped")
    by_end = np.array([world.history.cells[:, :, L.INDICATORS.index(name)] for name in ends])
    assert np.all(by_end.sum(axis=(1, 2)) > 0)
    assert np.array_equal(by_end.sum(axis=0), world.history.cells[:, :, L.COUNT.calls_intended])


def test_without_turning_back_and_arrest_nobody_stops():
    assert total(lived(), L.COUNT.calling_stopped) > 0
    assert total(lived({"S8", "S9"}), L.COUNT.calling_stopped) == 0
