"""Every rule does something, and taking it out takes just that away."""

import numpy as np
import pytest
from trials.patterns import LISTED, Town, count

from underwatch.world import layout as L
from underwatch.world.draws import split_seed
from underwatch.world.kernels.review import review_officers
from underwatch.world.kernels.slots import pack
from underwatch.world.parameters import Parameters
from underwatch.world.rates import rates
from underwatch.world.simulate import World

CENTRAL = Parameters.central()
HARSH = {  # a town in which everything happens often enough to be seen
    "quota_mps_per_week": 30.0,
    "quota_mss_per_week": 15.0,
    "p_detected_per_call": 0.05,
    "accusation_threshold": 1.5,
    "list_exit_per_year": 0.3,
    "suspicion_decay_per_day": 0.005,
    "lodging_check_days": 15.0,
    "guests_found_per_check": 3.0,
    "reactance_share": 0.3,
    "protest_per_day_at_full_anger": 0.01,
    "permit_days": 7.0,
    "permit_journeys_per_household_per_year": 2.0,
    "p_listed_given_ground": 0.9,
    "detention_days": 3.0,
}
TOWN = Town(CENTRAL.with_values(**HARSH), residents=4000, days=98)
_WORLDS: dict[tuple, World] = {}


def world(*without: str, **changes: float) -> World:
    key = (without, tuple(sorted(changes.items())))
    if key not in _WORLDS:
        _WORLDS[key] = TOWN.world(changes, frozenset(without))
    return _WORLDS[key]


def total(world: World, column: int, cells: np.ndarray | slice = slice(None)) -> int:
    return count(world, column, cells, since=0)


def fear(world: World, cells: np.ndarray | slice = slice(None)) -> float:
    return float(world.history.cells[:, cells, L.COUNT.fear].sum())


def test_s1_larger_units_are_fewer_and_every_unit_has_its_roles() -> None:
    small, large = world(), world(households_per_unit=50.0)
    assert len(large.town.unit_start) < len(small.town.unit_start)
    roles = np.add.reduceat(small.state.flags & L.OPEN_ROLE != 0, small.town.unit_start[:-1])
    assert np.median(roles) >= 3


def test_s2_family_ground_is_held_by_whole_households() -> None:
    town, flags = world().town, world().state.flags
    family = np.add.reduceat((flags & L.FAMILY != 0).astype(int), town.house_start[:-1])
    assert set(np.unique(family / np.diff(town.house_start))) == {0.0, 1.0}
    assert 0.03 < (family > 0).mean() < 0.10  # central share 0.06


def test_s3_without_the_list_nobody_is_on_it() -> None:
    assert total(world(), L.COUNT.listed) > 0
    assert total(world("S3"), L.COUNT.listed) == total(world("S3"), L.COUNT.listings) == 0


def test_s3_more_layers_follow_families_more() -> None:
    family = LISTED & (np.arange(L.N_CELLS) & 1 == 1)
    followed = [
        total(world(watch_layers_family=n, p_reprimand=0.2), L.COUNT.followed_outings, family) for n in (3.0, 5.0)
    ]
    assert followed[1] > followed[0]


def test_s4_without_attention_no_outing_is_followed() -> None:
    assert total(world(), L.COUNT.followed_outings) > 0
    assert total(world("S4"), L.COUNT.followed_outings) == total(world("S4"), L.COUNT.followed_visits) == 0


def test_s5_without_writing_there_is_no_report() -> None:
    assert total(world(), L.COUNT.reports) > 0
    assert total(world("S5"), L.COUNT.reports) == 0


def test_s6_without_orders_and_quotas_there_is_no_pressure() -> None:
    assert world().state.officers[:, L.PRESSURE].max() > 0
    assert world("S6").state.officers[:, L.PRESSURE].max() == 0
    assert total(world("S6"), L.COUNT.reports_routine) < total(world(), L.COUNT.reports_routine)


def test_s7_long_visits_are_joined_on_the_way() -> None:
    assert total(world("S7"), L.COUNT.followed_visits) == 0
    short = total(world(visit_distance_km=1.0, p_taken_over_per_km=0.3), L.COUNT.followed_visits)
    assert total(world(visit_distance_km=6.0, p_taken_over_per_km=0.3), L.COUNT.followed_visits) > short


def test_s8_followed_callers_turn_back_and_the_afraid_do_not_set_out() -> None:
    assert total(world(), L.COUNT.calls_abandoned) > 0
    assert total(world(), L.COUNT.calls_avoided) > 0
    assert total(world("S8"), L.COUNT.calls_abandoned) == total(world("S8"), L.COUNT.calls_avoided) == 0


def test_s9_calls_lead_to_arrest_and_detention() -> None:
    assert total(world(), L.COUNT.arrests) > 0
    assert total(world(), L.COUNT.detained) > 0
    assert np.any(world().state.flags & L.WAS_DETAINED)
    assert total(world("S9"), L.COUNT.arrests) == total(world("S9"), L.COUNT.detained) == 0


def test_s10_ordinary_residents_are_accused_over_routine_acts() -> None:
    assert total(world(), L.COUNT.accusations, ~LISTED) > 0
    assert total(world(), L.COUNT.followed_outings, ~LISTED) > 0
    out = world("S10")
    assert total(out, L.COUNT.accusations) == 0
    by_ground = total(
        out, L.COUNT.listings, ~LISTED
    )  # released detainees, listed for their new ground and then followed
    assert (
        total(out, L.COUNT.followed_outings, ~LISTED)
        <= 100 * by_ground
        < total(world(), L.COUNT.followed_outings, ~LISTED)
    )


def test_s11_fear_rises_distress_follows_and_both_keep_people_in() -> None:
    assert fear(world(), ~LISTED) > 0
    assert total(world(), L.COUNT.distress) > 0
    assert fear(world("S11")) == total(world("S11"), L.COUNT.distress) == 0
    assert total(world(), L.COUNT.outings_forgone) > total(world("S11"), L.COUNT.outings_forgone)


def test_s12_a_dated_order_shows_from_its_date_on() -> None:
    from underwatch.world.scenario_file import scenario_for

    assert [phase.order for phase in scenario_for("hoeryong").phases()] == [1.0, 1.2, 1.0, 2.1, 1.0, 1.2, 1.0, 1.2]
    calm, campaign = TOWN.world(), TOWN.world(campaign=True)
    first = 39  # 15 November
    assert np.array_equal(calm.history.cells[:first], campaign.history.cells[:first])
    assert (
        campaign.history.cells[first:, :, L.COUNT.followed_outings].sum()
        > calm.history.cells[first:, :, L.COUNT.followed_outings].sum()
    )


def pressure_after(forms: dict[str, str], reports: int | list[int], pressure: int, **values: float) -> list[int]:
    """Pressure of three officers who brought so many reports (each, or all alike) of 10 expected, after one Sunday."""
    town = world().town
    areas = np.array([0, 1, 2, 3], np.int32)
    brought, before, added = (
        np.array([reports] * 3 if isinstance(reports, int) else reports, np.int32),
        np.full(3, pressure, np.int64),
        np.zeros(3, np.int64),
    )
    now = pack(rates({**CENTRAL.to_dict(), "quota_mps_per_week": 10.0, **values}, forms=forms))
    review_officers(split_seed(1), town, now, areas, L.MPS, brought, before, added, 65536, 7, 20_100)
    assert not added.any()
    return before.tolist()


def test_s6_in_the_form_avoidance_the_chance_of_a_reprimand_presses_on_all_who_are_not_safely_above() -> None:
    """Against the closed form: P + p gain short (1 - P) - (1 - p) relax P, short = (S - R) / S, S = 1.2 E.

    Reports are kept in 1/256: a shortfall of 2 of 12 is 0.2 % off by that.
    """
    avoidance = {"S6": "avoidance"}
    gain, relax, p = (CENTRAL[name] for name in ("pressure_gain", "pressure_relax", "p_reprimand"))
    for reports, level in ((0, 0.0), (4, 0.3), (10, 0.0), (11, 0.5), (12, 0.5)):
        short = max(0.0, (12 - reports) / 12)
        expected = level + p * gain * short * (1 - level) - (1 - p if short else 1) * relax * level
        found = pressure_after(avoidance, reports, int(level * 65535))
        assert found == pytest.approx([expected * 65535] * 3, abs=12), (reports, level)
    assert pressure_after(avoidance, 0, 40_000, p_reprimand=0.0) == pressure_after(avoidance, 12, 40_000)
    # In the form of the reprimand one who meets what is expected is never pressed, and luck tells the others apart.
    assert pressure_after({}, 11, 0) == [0, 0, 0]
    several = {tuple(pressure_after({}, 0, 0, p_reprimand=p)) for p in (0.1, 0.3, 0.5, 0.7, 0.95)}
    assert any(len(set(found)) > 1 for found in several)


def test_s6_an_order_adds_attention_layers_and_listings() -> None:
    """Each of the three alone, against a campaign without any of them; before the campaign nothing differs."""
    none = {"order_attention": 1.0, "order_layers": 0.0, "order_listings": 0.0, "let_off_all": 0.0}
    plain = TOWN.world(none, campaign=True)
    for name, value, column in (
        ("order_attention", 4.0, L.COUNT.followed_outings),
        ("order_layers", 5.0, L.COUNT.followed_outings),
        ("order_listings", 0.1, L.COUNT.listings),
    ):
        more = TOWN.world({**none, name: value}, campaign=True)
        assert np.array_equal(more.history.cells[:39], plain.history.cells[:39]), name
        assert total(more, column) > 1.01 * total(plain, column), name
        calm = TOWN.world({**none, name: value})
        assert np.array_equal(calm.history.cells, TOWN.world(none).history.cells), name


def test_s6_the_wave_lists_whole_families_and_nobody_without_a_ground_or_let_off() -> None:
    wave = {"p_listed_given_ground": 0.0, "order_listings": 1.0, "accusation_threshold": 80.0}
    listed = TOWN.world(wave, campaign=True)
    flags, town = listed.state.flags, listed.town
    adults = flags & L.ADULT != 0
    on_list = flags & L.ON_A_LIST != 0
    assert np.all(on_list[adults & (flags & L.FAMILY != 0)])
    assert not on_list[flags & (L.GROUNDS | L.WAS_DETAINED) == 0].any()
    assert np.all(flags[adults & (flags & L.FAMILY != 0)] & L.ON_A_LIST == L.ON_A_LIST)
    assert not TOWN.world({**wave, "let_off_all": 1.0}, campaign=True).history.cells[..., L.COUNT.listings].any()
    some = TOWN.world({**wave, "order_listings": 0.1}, campaign=True)
    alone = (some.state.flags & L.ADULT != 0) & (some.state.flags & L.GROUNDS == L.FAMILY)
    on = np.add.reduceat((alone & (some.state.listed_day > 0)).astype(int), town.house_start[:-1])
    all_of = np.add.reduceat(alone.astype(int), town.house_start[:-1])
    assert 0 < np.count_nonzero(on) < np.count_nonzero(all_of)
    assert set(on[on > 0] - all_of[on > 0]) == {0}
    assert TOWN.world(wave, frozenset({"S6"}), campaign=True).history.cells[..., L.COUNT.listings].sum() == 0


def test_s14_being_followed_raises_protest_in_some() -> None:
    """Hager and Krakowski 2021: more secret police, more protest. A model that can only chill is rejected here."""
    assert total(world(), L.COUNT.protests) > total(world(attention_per_role_per_day=0.1), L.COUNT.protests)
    assert total(world("S14"), L.COUNT.protests) == 0
    assert not world("S14").state.people[L.ANGER].any()


def test_s15_private_speech_carries_word_among_kin() -> None:
    assert fear(world()) > fear(world("S15")) > 0


def test_s16_permits_refuse_and_set_the_tail() -> None:
    assert total(world(), L.COUNT.permits_refused) > 0
    assert total(world("S16"), L.COUNT.permits_refused) == 0
    assert total(world("S16"), L.COUNT.followed_visits, ~LISTED) < total(world(), L.COUNT.followed_visits, ~LISTED)


def test_s17_night_checks_bring_reports() -> None:
    assert total(world(), L.COUNT.reports_routine) > total(world("S17"), L.COUNT.reports_routine)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_ratchet_and_comparison_are_off_and_can_be_put_on(factor: float) -> None:
    """Weitzman 1980: what was met becomes the next floor. Off by default; on, expectations grow."""
    base = world(quota_mps_per_week=3.0, quota_mss_per_week=1.0)
    assert base.state.officers[:, L.ADDED].sum() == 0
    ratchet = world(quota_mps_per_week=3.0, quota_mss_per_week=1.0, quota_ratchet=0.15 * factor)
    assert ratchet.state.officers[:, L.ADDED].sum() > 0
    # An officer who met the quota and stays behind the colleagues' mean of 20 is pressed, by the closed form.
    weight = 0.25 * factor
    behind, _, ahead = pressure_after({}, [10, 20, 30], 0, p_reprimand=1.0, quota_comparison=weight)
    short = weight * 10 / (10 + weight * 10)
    assert (behind, ahead) == (pytest.approx(CENTRAL["pressure_gain"] * short * 65535, abs=12), 0)
    assert pressure_after({}, [10, 20, 30], 0, p_reprimand=1.0) == [0, 0, 0]
