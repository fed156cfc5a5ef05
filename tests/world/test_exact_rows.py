"""Rows that must hold exactly: closed forms, capacities, sums, the unwatched world."""

import numpy as np
from trials.patterns import LISTED, Town

from underwatch.world import layout as L
from underwatch.world import population, simulate
from underwatch.world.parameters import Parameters
from underwatch.world.rates import UNWATCHED, keep
from underwatch.world.scenario import Phase
from underwatch.world.workers import Workers

CENTRAL = Parameters.central()
VALUES = CENTRAL.to_dict()


def test_saturation_of_covert_informants_is_one_minus_nobody() -> None:
    """P(at least one informant in a unit) = 1 - (1 - s)^n, n the unit's adults without a ground."""
    values = {**VALUES, "share_covert_informants": 0.02}
    frame = population.frame(values, border=True)
    _, town, state = population.people_of(population.InitialConditions(5, 0, 400_000, frame, 1, 0, 0))
    eligible = (state.flags & L.ADULT != 0) & (state.flags & L.GROUNDS == 0)
    n = np.add.reduceat(eligible.astype(int), town.unit_start[:-1])
    found = np.add.reduceat((state.flags & L.COVERT != 0).astype(int), town.unit_start[:-1]) > 0
    p = 1 - (1 - frame.covert / 65536) ** n
    deviation = (found.sum() - p.sum()) / np.sqrt((p * (1 - p)).sum())
    assert abs(deviation) < 4
    assert not np.any(state.flags[~eligible] & L.COVERT)


def test_unwatched_nobody_is_followed_or_arrested_and_fear_decays_at_its_rate() -> None:
    town = Town(CENTRAL, residents=3000, days=28)
    world = town.world(without=UNWATCHED)
    sums = world.history.cells.sum(axis=(0, 1))
    for column in (
        L.COUNT.followed_outings,
        L.COUNT.followed_visits,
        L.COUNT.followed_calls,
        L.COUNT.arrests,
        L.COUNT.reports,
        L.COUNT.fear,
        L.COUNT.outings_forgone,
    ):
        assert sums[column] == 0, L.INDICATORS[column]
    world.state.people[L.FEAR] = 40_000
    fear = 40_000
    day = world.day
    later = simulate.World(world.key, world.town, world.state, world.history, day, day, day)
    later.history.cells = np.zeros((7, L.N_CELLS, L.N_INDICATORS), np.int64)
    phase = Phase(day, 7, VALUES, UNWATCHED, 1.0, False)
    for _ in range(7):
        simulate.step(later, phase, 1)
        fear = fear * keep(VALUES["fear_decay_per_day"]) >> 16
        assert set(np.unique(later.state.fear)) == {fear}


def test_capacity_is_never_exceeded() -> None:
    """Roles: the day's rounding up of attention; officers: their daily outings, over all units of their area.

    In the form of S4 in which attention is pooled; test_assigned_watchers.py has the other.
    """
    town = Town(CENTRAL.with_values(attention_per_officer_per_day=1.5), residents=4000, days=42)
    world = town.world(workers=Workers(trace_who=-1), forms={"S4": "pooled"})
    trace = world.history.trace
    rows = trace[trace["kind"] == L.EPISODE.followed]
    unit = np.searchsorted(world.town.unit_start, rows["who"], side="right") - 1
    roles = {
        L.BY_OPEN_ROLE: np.add.reduceat((world.state.flags & L.OPEN_ROLE != 0).astype(int), world.town.unit_start[:-1]),
        L.BY_COVERT: np.add.reduceat((world.state.flags & L.COVERT != 0).astype(int), world.town.unit_start[:-1]),
    }
    for by, n in roles.items():
        mine = rows["other"] == by
        followed = np.zeros((42, len(n)), int)
        np.add.at(followed, (rows["day"][mine], unit[mine]), 1)
        assert followed.sum() > 0
        assert np.all(followed <= np.ceil(n * 0.5)[None, :])
    for by, area in ((L.BY_MPS_OFFICER, world.town.mps_of), (L.BY_MSS_OFFICER, world.town.mss_of)):
        mine = rows["other"] == by
        followed = np.zeros((42, area.max() + 1), int)
        np.add.at(followed, (rows["day"][mine], area[unit[mine]]), 1)
        assert 0 < followed.max() <= 2
        assert np.all(np.add.reduceat(followed, np.arange(0, 42, 2)) <= 3)


def traced(town: Town) -> simulate.World:
    """The town's world once more, with its trace."""
    return town.world(workers=Workers(trace_who=-1))


def test_every_routine_report_names_an_informant_of_the_unit_who_was_present() -> None:
    world = traced(Town(CENTRAL.with_values(quota_mps_per_week=30.0), residents=4000, days=42))
    trace = world.history.trace
    reports = trace[(trace["kind"] == L.EPISODE.report) & (trace["value"] == L.COUNT.reports_routine)]
    assert len(reports) > 20
    flags, unit_start = world.state.flags, world.town.unit_start
    who, by = reports["who"], reports["other"]
    assert np.all(who != by)
    assert np.all(flags[who] & L.ADULT)
    assert np.all(flags[by] & L.ADULT)
    assert not np.any(flags[by] & L.DETAINED)
    unit = [np.searchsorted(unit_start, x, side="right") for x in (who, by)]
    assert np.array_equal(*unit)
    assert (flags[by] & L.ROLE != 0).mean() > 0.9  # the rest held the role until they were listed


def test_counts_add_up_over_days_and_listed_and_ordinary() -> None:
    world = Town(CENTRAL, residents=3000, days=35).world()
    h = world.history
    assert h.residents.sum() == 3000
    assert h.residents[LISTED].sum() + h.residents[~LISTED].sum() == 3000
    last = h.cells[-1].sum(axis=0)
    assert last[L.COUNT.listed] == np.count_nonzero(world.state.flags & L.ON_A_LIST)
    assert last[L.COUNT.detained] == np.count_nonzero(world.state.flags & L.DETAINED)
    kinds = np.bincount(h.records["kind"], minlength=len(L.INCIDENT_NAMES))
    sums = h.cells.sum(axis=(0, 1))
    assert kinds[L.KIND.followed_outing] == sums[L.COUNT.noticed]
    assert kinds[L.KIND.arrest] == sums[L.COUNT.arrests]
    assert kinds[L.KIND.call_given_up] == sums[L.COUNT.calls_abandoned]
    assert kinds[L.KIND.accusation] == sums[L.COUNT.accusations]
    assert 0 < kinds[L.KIND.home_visit] < sums[L.COUNT.home_visits]  # a week of visits is one incident (test_homes)
    ends = ("calls_completed", "calls_abandoned", "calls_avoided", "calling_stopped")
    assert (
        sum(sums[L.INDICATORS.index(name)] for name in ends) <= sums[L.COUNT.calls_intended]
    )  # the rest were in detention
