"""What is told of: the weekly reach is the parameter, in the unit and among kin, by kind of event (S11, S15)."""

import numpy as np
import pytest
from trials.patterns import Town

from underwatch.errors import InputError
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters
from underwatch.world.population import InitialConditions
from underwatch.world.rates import HEARD_AS, UNWATCHED, q16, rates, unheard_after_a_day
from underwatch.world.scenario import Phase
from underwatch.world.scenario_file import scenario_for
from underwatch.world.workers import Workers

REACHES = {
    "hearsay_reach_detention": 0.7,
    "hearsay_reach_summons": 0.4,
    "hearsay_reach_noticed": 0.1,
    "hearsay_reach_home_visit": 0.2,
}
VALUES = {**Parameters.central().to_dict(), **REACHES, "fear_decay_per_day": 0.0, "kin_ties_per_household": 1.0}
MONDAY = 20094  # 6 January 2025
QUIET = UNWATCHED | {"S17"}  # nothing happens of itself
KINDS = L.Events._fields


def quiet_town(residents=30_000, days=15, **values):
    """A town in which nothing happens, on a Monday, and the phase of its days."""
    phase = Phase(MONDAY, days, {**VALUES, **values}, frozenset(QUIET), 1.0, False)
    return simulate.init(InitialConditions.of(phase, True, 3, 0, residents, days)), phase


def heard(world):
    return world.state.fear > 0


def is_near(found, n, p):
    """Whether so many of n lie within four standard deviations of p."""
    return abs(found - n * p) < 4 * np.sqrt(n * p * (1 - p))


@pytest.mark.parametrize("reach", [0.0, 0.02, 0.1, 0.3, 0.7, 0.95, 1.0])
def test_seven_days_of_talk_make_the_weekly_reach(reach):
    left = unheard_after_a_day(reach) / L.UNHEARD
    assert 1 - left**7 == pytest.approx(reach, abs=7 / L.UNHEARD)


@pytest.mark.parametrize("kind", range(L.N_EVENTS), ids=KINDS)
def test_so_many_of_a_unit_hear_of_one_event_within_seven_days_and_nobody_after(kind):
    world, phase = quiet_town()
    odd = np.arange(world.state.units.shape[1]) % 2 == 1  # in every other unit one event, on the Sunday before
    now = rates(phase.values, phase.without)
    world.state.units[L.UNIT_WORD + 6, odd] = now.unheard[kind]
    there = np.repeat(odd, np.diff(world.town.unit_start))
    by_day = []
    for _ in range(14):
        simulate.step(world, phase, 1)
        by_day.append(int(heard(world)[there].sum()))
    reach, n = REACHES[f"hearsay_reach_{KINDS[kind]}"], there.sum()
    assert is_near(by_day[6], n, reach)
    assert is_near(by_day[0], n, 1 - (1 - reach) ** (1 / 7))  # evenly over the days: no day hears of all
    assert by_day[7:] == [by_day[6]] * 7
    assert not heard(world)[~there].any()


@pytest.mark.parametrize("kind", range(L.N_EVENTS), ids=KINDS)
def test_kin_hear_within_the_week_after_the_weeks_end_and_on_any_of_its_days(kind):
    world, phase = quiet_town(days=21)
    world.state.homes[L.HOME_DETENTIONS + kind] = 1  # in every household one event of the week
    simulate.step(world, phase, 7)
    assert not heard(world).any()  # nothing crosses units within a week
    word = world.state.homes[L.HOME_WORD].copy()
    n, reach = len(word), REACHES[f"hearsay_reach_{KINDS[kind]}"]
    assert is_near(np.count_nonzero(word), n, reach)
    members = np.diff(world.town.house_start)
    for day in range(7):
        assert is_near(np.count_nonzero(word == 1 << day), n, reach / 7)
        simulate.step(world, phase, 1)
        reached = word & ((2 << day) - 1) != 0
        np.testing.assert_array_equal(heard(world), np.repeat(reached, members))
    before = world.state.fear.copy()
    simulate.step(world, phase, 7)
    assert (world.state.fear <= before).all()  # told once
    assert not world.state.homes[[*range(L.N_EVENTS), L.HOME_WORD]].any()


def test_of_several_events_kin_hear_of_at_least_one_and_only_from_who_dares():
    world, phase = quiet_town(residents=60_000, days=7, private_speech_floor=0.8)
    world.state.homes[L.HOME_DETENTIONS] = 1
    world.state.homes[L.HOME_NOTICED] = 2
    world.state.homes[L.HOME_FEAR] = 255
    simulate.step(world, phase, 7)
    word = world.state.homes[L.HOME_WORD]
    assert is_near(np.count_nonzero(word), len(word), 0.8 * (1 - 0.3 * 0.9**2))


APART = Forms.central().with_forms({"S4": "pooled"})


def eventful(days):
    """A town in which people are followed (each apart), arrested, accused and visited at night; as of a Monday."""
    harsh = {"p_detected_per_call": 0.05, "accusation_threshold": 1.5, "quota_mps_per_week": 30.0, "p_notice": 0.95}
    often = {"lodging_check_days": 15.0, "guests_found_per_check": 3.0, "call_attempts_per_caller_per_month": 8.0}
    phase = Phase(
        MONDAY, days, {**VALUES, **harsh, **often, "kin_ties_per_household": 4.0}, frozenset(), 1.5, True, APART
    )
    return simulate.init(InitialConditions.of(phase, True, 3, 0, 6000, days)), phase


def first_of_the_week(world, visits):
    """Which visits to a home have no other before them that is talked of, a visit or a night check, in their week."""
    trace = world.history.trace
    known = trace[np.isin(trace["kind"], (L.EPISODE.home_visit, L.EPISODE.lodging))]
    weeks = (world.start + known["day"] + 3) // 7
    houses = np.searchsorted(world.town.house_start, known["who"], side="right") - 1
    first = {}
    for house, week, day in zip(houses, weeks, known["day"], strict=True):
        first[house, week] = min(day, first.get((house, week), day))
    of_visits = np.searchsorted(world.town.house_start, visits["who"], side="right") - 1
    keys = zip(of_visits, (world.start + visits["day"] + 3) // 7, strict=True)
    return np.array([first[key] for key in keys]) == visits["day"]


def test_a_day_leaves_the_product_over_its_events_and_a_week_later_it_is_overwritten():
    world, phase = eventful(42)
    simulate.run(world, [phase], Workers(trace_who=-1))
    now, n_units = rates(phase.values, campaign=True), len(world.town.unit_start) - 1
    expected = np.ones((7, n_units))
    events = {
        L.EPISODE.noticed: L.EVENT.noticed,
        L.EPISODE.visit_noticed: L.EVENT.noticed,
        L.EPISODE.arrest: L.EVENT.detention,
        L.EPISODE.accused: L.EVENT.summons,
        L.EPISODE.lodging: L.EVENT.home_visit,
        L.EPISODE.home_visit: L.EVENT.home_visit,
    }
    trace = world.history.trace
    for episode, kind in events.items():
        rows = trace[(trace["kind"] == episode) & (trace["day"] >= 35)]
        if episode == L.EPISODE.home_visit:
            rows = rows[first_of_the_week(world, rows)]
        assert len(rows) > 0, episode
        unit = np.searchsorted(world.town.unit_start, rows["who"], side="right") - 1
        np.multiply.at(expected, (rows["day"] - 35, unit), now.unheard[kind] / L.UNHEARD)
    found = world.state.units[L.UNIT_WORD :] / L.UNHEARD
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_record_says_how_many_heard_by_the_reach_of_its_kind():
    world, phase = eventful(28)
    records = simulate.run(world, [phase]).history.records
    for kind, name in enumerate(L.INCIDENT_NAMES):
        rows = records[records["kind"] == kind]
        assert len(rows) > 0, name
        reach = q16(REACHES[f"hearsay_reach_{HEARD_AS[name]}"]) if name in HEARD_AS else 0
        np.testing.assert_array_equal(rows["hearsay"], rows["neighbours"].astype(int) * reach >> 16)


def test_a_stop_in_mid_week_keeps_what_is_still_to_be_heard():
    (whole, phase), (world, _) = eventful(21), eventful(21)
    simulate.run(whole, [phase])
    for days in (7, 3):
        simulate.step(world, phase, days)
    assert world.state.homes[L.HOME_WORD].any()
    assert (world.state.units[L.UNIT_WORD :] < L.UNHEARD).any()
    world.state = L.State(*(array.copy() for array in world.state))
    for days in (4, 7):
        simulate.step(world, phase, days)
    for found, expected in zip(world.state, whole.state, strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(world.history.cells, whole.history.cells)


def test_without_reach_only_those_to_whom_it_happens_are_afraid():
    town = Town(Parameters.central(), residents=3000, days=28)
    silent = dict.fromkeys(REACHES, 0.0)
    told, kept = (town.world(changes, frozenset({"S17"})) for changes in ({}, silent))  # nobody comes to a home
    fear = [world.history.cells[:, 0, L.COUNT.fear].sum() for world in (told, kept)]
    assert fear[1] < fear[0]
    untouched = kept.state.fear[(kept.state.followed_day == 0) & (kept.state.flags & L.ON_A_LIST == 0)]
    assert (untouched == 0).mean() > 0.98  # the rest: summons
    assert not kept.state.homes[L.HOME_WORD].any()


def test_the_former_daily_share_is_refused_in_one_line_that_says_what_to_set(tmp_path):
    path = tmp_path / "former.toml"
    for text in (
        'place = "hoeryong"\n[parameters]\nhearsay_reach_per_day = 0.1\n',
        'place = "hoeryong"\n[[change]]\ndate = 2024-12-01\n[change.parameters]\nhearsay_reach_per_day = 0.1\n',
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=r"hearsay_reach_per_day .*week.*hearsay_reach_detention"):
            scenario_for(path)
    with pytest.raises(InputError, match=r"hearsay_reach_per_day .*week.*hearsay_reach_detention"):
        scenario_for("hoeryong", values={"hearsay_reach_per_day": 0.1})
