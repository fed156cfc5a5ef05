"""A tally keeps what the channel needs: counts are exact, and what is told comes out as from the full records."""

from datetime import date

import numpy as np
import pytest

from underwatch.channel.effort import EffortWeek, effort_factors
from underwatch.channel.episodes import episodes
from underwatch.channel.expected_counts import (
    RESPONSES,
    Reception,
    SufficientStatistics,
    expected_reports,
    in_time,
    miscoded,
)
from underwatch.channel.reporting import (
    FEAR_RESPONSES,
    GRAVER,
    expected_told,
    p_reported,
    response_table,
    selection,
    shares_of_lists,
)
from underwatch.experiments.engine.tallies import tally_world
from underwatch.experiments.engine.worlds import init_world
from underwatch.record.tally import N_KINDS, Tallier, Window, period_ranges
from underwatch.world import simulate
from underwatch.world.layout import MARK_LISTED
from underwatch.world.parameters import Parameters
from underwatch.world.scenario import place_scenario
from underwatch.world.workers import Workers

WINDOW = Window(date(2024, 7, 1), 30)
SCENARIO = place_scenario("hoeryong", start=WINDOW.start, end=WINDOW.end, population=4_000)
CENTRAL = Parameters.central()
QUARTER = WINDOW.of_weeks("quarter")[0]


@pytest.fixture(scope="module")
def world():
    """The records of a small town in the window, their subjects, and its tally."""
    made = init_world(SCENARIO, SCENARIO.places[0], 5)
    simulate.run(made, SCENARIO.phases(), Workers(1))
    return made.history.records, made.history.who, tally_world(SCENARIO, 5, lambda days: None)


def test_counts_and_distinct_subjects_are_those_of_the_records(world):
    records, who, tally = world
    by_week = np.zeros((WINDOW.n_weeks, N_KINDS), int)
    np.add.at(by_week, (records["day"] // 7, records["kind"]), 1)
    assert (tally.counts.sum(axis=(2, 3)) == by_week).all()
    assert tally.counts[:, :, 1].sum() == (records["marks"] & MARK_LISTED != 0).sum()
    quarter = QUARTER[records["day"] // 7]
    for row, (first, last) in zip(tally.reached, period_ranges(WINDOW.n_periods), strict=True):
        now = (quarter >= first) & (quarter <= last)
        for kind in range(N_KINDS):
            assert row[kind] == len(set(who[now & (records["kind"] == kind)]))
        assert row[N_KINDS] == len(set(who[now & (records["kind"] <= 2)]))


def values_of(**changes):
    values = {**CENTRAL, "share_of_first_list": 0.7, "selection_by_ground": 2.0, "selection_kin_abroad": 3.0, **changes}
    return values, {name: np.array([value]) for name, value in values.items()}


def witnessed(tally):
    return SufficientStatistics(
        *(getattr(tally, name)[None].astype(float) for name in ("subject", "others", "pairs", "weekly"))
    )


def test_episodes_and_first_times_are_those_of_the_records(world):
    records, who, tally = world
    told_of = episodes(records, who, WINDOW.start)
    by_week = np.zeros((WINDOW.n_weeks, N_KINDS), int)
    np.add.at(by_week, (told_of.records["day"] // 7, told_of.records["kind"]), 1)
    assert (tally.episodes.sum(axis=(2, 3)) == by_week).all()
    assert tally.episodes[:, :, 1].sum() == (told_of.records["marks"] & MARK_LISTED != 0).sum()
    assert by_week.sum() < 0.8 * tally.counts.sum()
    whole = period_ranges(WINDOW.n_periods).index((0, WINDOW.n_periods - 1))
    assert (tally.firsts.sum(axis=(0, 2)) == tally.reached[whole, :N_KINDS]).all()
    listed = told_of.records["marks"] & MARK_LISTED != 0
    for kind in range(N_KINDS):
        mine = np.flatnonzero(told_of.records["kind"] == kind)
        _, first = np.unique(told_of.who[mine], return_index=True)
        week, on_list = told_of.records["day"][mine[first]] // 7, listed[mine[first]].astype(int)
        expected = np.zeros((WINDOW.n_weeks, 2), int)
        np.add.at(expected, (week, on_list), 1)
        assert (tally.firsts[:, kind] == expected).all()


def exactly(told_of, values, law, effort):
    """Expected counts float[3, weeks, kinds] episode by episode: the first list alone, the second alone, both."""
    records, week = told_of.records, told_of.records["day"] // 7
    pull = selection(records, values)
    calm = {**values, "telling_spread": 0.0}  # then -log(1 - chance) is how loud the witnesses are
    a, b = (
        -np.log1p(-np.minimum(p_reported(records, calm, law, share * pull * effort[at, week]), 1 - 1e-15))
        for at, share in enumerate(shares_of_lists(values))
    )
    square = values["telling_spread"] ** 2
    first, second, either = (1.0 - (1.0 + square * loud) ** (-1.0 / square) for loud in (a, b, a + b))
    both = first + second - either
    result = np.zeros((3, WINDOW.n_weeks, N_KINDS))
    for row, chance in zip(result, (first - both, second - both, both), strict=True):
        np.add.at(row, (week, records["kind"]), chance)
    return result


@pytest.mark.parametrize("law", FEAR_RESPONSES)
@pytest.mark.parametrize("k", [0.5, 2.0, 6.0])
@pytest.mark.parametrize(("p", "n_witnesses"), [(1e-4, 4.0), (1e-2, 20.0)])
def test_what_is_told_comes_out_as_from_the_full_records(world, law, k, p, n_witnesses):
    records, who, tally = world
    told_of = episodes(records, who, WINDOW.start)
    alike = {name: 1.0 for name in CENTRAL if name.startswith("telling_") and name != "telling_spread"}
    effort = np.ones((1, 2, WINDOW.n_weeks))
    effort[0, 1, :9] = 0.0
    values, drawn = values_of(fear_silence=k, p_tell_at_no_fear=p, witnesses_per_incident=n_witnesses, **alike)
    found = expected_reports(witnessed(tally), drawn, np.array([RESPONSES.index(law)]), Reception(effort, True), WINDOW)
    exact = exactly(told_of, values, law, effort[0])
    ours = found.by_list[0].sum(axis=3)
    assert ours[1:, :9].sum() == 0
    blurred = law == "threshold" and k == 6.0
    # The weeks of a quarter are told apart by the exponential response: for the second list, which opens within one, a
    # step at the strongest silence is off by up to 18 % (docs/limits.md)
    near = 0.2 if blurred else 0.03
    for at in (0, 1):
        assert ours[at].sum() == pytest.approx(exact[at].sum(), rel=near)
    by_quarter = [np.bincount(QUARTER, row.sum(axis=1)) for row in (ours[0], exact[0])]
    assert np.abs(by_quarter[0] - by_quarter[1]).sum() < near * by_quarter[1].sum()
    # how told pairs are shared out over grounds is a guess, and over weeks too, so that they are counted in full effort
    full = np.ones_like(effort)
    both = expected_reports(witnessed(tally), drawn, np.array([RESPONSES.index(law)]), Reception(full, True), WINDOW)
    exact_both = exactly(told_of, values, law, full[0])[2].sum()
    assert both.by_list[0, 2].sum() == pytest.approx(exact_both, rel=0.4 if blurred else 0.35)
    told = expected_told(told_of, values, law, effort=effort[0])
    assert found.in_all[0].sum() == pytest.approx(told, rel=near)


@pytest.mark.parametrize("law", FEAR_RESPONSES)
def test_each_kind_is_told_as_its_own_readiness_has_it(world, law):
    records, who, tally = world
    told_of = episodes(records, who, WINDOW.start)
    values, drawn = values_of(telling_call_given_up=200.0, telling_followed_visit=7.0)
    full = Reception(np.ones((1, 2, WINDOW.n_weeks)), True)
    found = expected_reports(witnessed(tally), drawn, np.array([RESPONSES.index(law)]), full, WINDOW)
    exact = exactly(told_of, values, law, full.effort[0]).sum(axis=1)
    often = tally.episodes.sum(axis=(0, 2, 3)) > 50
    assert often.sum() >= 3
    for at in (0, 1):
        ours = found.by_list[0, at].sum(axis=(0, 2))
        assert ours[often] == pytest.approx(exact[at][often], rel=0.2 if law == "threshold" else 0.05)


@pytest.mark.parametrize("law", FEAR_RESPONSES)
def test_what_everybody_tells_is_never_told_more_often_than_it_happens(world, law):
    """With an arrest as sure to be told as can be, no more are told than there are; and nearly those with contact."""
    records, who, tally = world
    told_of = episodes(records, who, WINDOW.start)
    everything = {"p_tell_at_no_fear": 1e-2, "witnesses_per_incident": 20.0, "fear_silence": 0.5}
    everything |= {name: 1e4 for name in CENTRAL if name.startswith("telling_") and name != "telling_spread"}
    values, drawn = values_of(**everything)
    full = Reception(np.ones((1, 2, WINDOW.n_weeks)), True)
    found = expected_reports(witnessed(tally), drawn, np.array([RESPONSES.index(law)]), full, WINDOW)
    counts = tally.episodes.sum(axis=(0, 2, 3))
    assert (found.in_all[0] <= counts * (1 + 1e-6)).all()
    exact = exactly(told_of, values, law, full.effort[0]).sum(axis=(0, 1))
    assert found.in_all[0].sum() == pytest.approx(exact.sum(), rel=0.1)
    often = counts > 50
    assert found.in_all[0][often] == pytest.approx(exact[often], rel=0.15)


def test_a_wave_moves_its_month_and_kind_alone(world):
    tally = world[2]
    _, drawn = values_of()
    months, names = WINDOW.of_weeks("month")
    waves = np.ones((1, len(names), N_KINDS))
    waves[0, 2, 0] = 3.0
    effort = np.ones((1, 2, WINDOW.n_weeks))
    calm = Reception(effort, True, np.ones_like(waves))
    plain, moved = (
        expected_reports(witnessed(tally), drawn, np.zeros(1, int), reception, WINDOW)
        for reception in (calm, calm._replace(waves=waves))
    )
    before, after = (one.by_list[0].sum(axis=(0, 3)) for one in (plain, moved))
    here = (months == 2)[:, None] & (np.arange(N_KINDS) == 0)
    assert after[~here] == pytest.approx(before[~here])
    assert after[here] == pytest.approx(3 * before[here], rel=0.01)
    assert moved.in_all == pytest.approx(plain.in_all)


def test_errors_and_exaggeration_move_reports_and_keep_their_number():
    _, drawn = values_of(report_reliability=0.7, exaggeration=0.2)
    told = np.zeros((1, 3, 5, N_KINDS, 6))
    told[..., 0, 1] = 100.0
    coded = miscoded(told, drawn)
    assert coded.sum() == pytest.approx(told.sum())
    wrong = 0.3 / 3
    milder = 100 * wrong / (N_KINDS - 1)  # of those coded as the kind before, some are told as this one
    assert coded[0, 0, 0, 0].sum() == pytest.approx(100 * (1 - wrong) * 0.8 + GRAVER.count(0) * milder * 0.2)
    assert coded[0, 0, 0, :, 1].sum() == pytest.approx(100 * (1 - wrong))


def test_the_share_published_in_time_is_the_lognormal_law():
    _, drawn = values_of()
    luck = np.random.default_rng(1)
    days = np.rint(np.exp(luck.normal(CENTRAL["delay_log_mean"], CENTRAL["delay_log_sd"], 200_000)) - 1.0)
    left = np.array([0, 3, 10, 40, -1])
    ours = in_time(drawn, left)[0]
    assert ours[:4] == pytest.approx([(days <= limit).mean() for limit in left[:4]], abs=0.005)
    assert ours[4] == 1.0


def test_effort_is_what_is_recorded_and_drawn_where_it_is_not():
    n = 4_000
    _, drawn = values_of()
    drawn = {name: np.repeat(value, n) for name, value in drawn.items()}
    weeks = [EffortWeek("open", "usual", "none"), EffortWeek("cut", "usual", "none")]
    weeks += [EffortWeek("limited", "high", "none"), EffortWeek("open", "unknown", "new_office"), EffortWeek()]
    weeks += [EffortWeek()]
    found = effort_factors(
        weeks, np.array([0, 0, 0, 0, 1, 1]), drawn, np.random.default_rng(2), np.random.default_rng(3)
    )
    assert (found[:, 0] == 1).all()
    assert (found[:, 1] == 0).all()
    assert found[:, 2] == pytest.approx(CENTRAL["effort_limited"] * CENTRAL["effort_capacity"])
    assert found[:, 3] == pytest.approx(CENTRAL["effort_new_office"])
    assert (found[:, 4] == found[:, 5]).all()
    assert (found[:, 4] == 0).mean() == pytest.approx(CENTRAL["effort_unknown_cut"], abs=0.02)
    heard = found[found[:, 4] > 0, 4] / CENTRAL["effort_new_office"]
    assert np.log(heard).std() == pytest.approx(CENTRAL["effort_unknown_log_sd"], rel=0.05)


def test_a_window_begins_on_a_monday_and_weeks_belong_to_the_quarter_of_their_thursday():
    with pytest.raises(ValueError, match="no Monday"):
        Window(date(2024, 7, 2), 4)
    quarter, names = Window(date(2024, 12, 23), 3).of_weeks("quarter")
    assert names == ("2024-Q4", "2025-Q1")
    assert quarter.tolist() == [0, 1, 1]  # the week of 30 December has its Thursday in January
    with pytest.raises(ValueError, match="at most"):
        Tallier(Window(date(2018, 1, 1), 260), response_table(), 4.0, (0, 10))
