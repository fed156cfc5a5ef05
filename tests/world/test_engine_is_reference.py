"""The compiled engine is the plain reference, bit for bit, over random small worlds (the ODD made executable)."""

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from support.depth import examples
from underwatch.facts import model_parameters, rival_forms
from underwatch.world import layout as L
from underwatch.world import population, simulate
from underwatch.world.draws import split_seed
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters
from underwatch.world.rates import KNOCK_OUT, LET_OFF
from underwatch.world.reference import world as plain_model
from underwatch.world.reference.world import ReferenceWorld
from underwatch.world.scenario import Phase
from underwatch.world.workers import Workers

FACTS = list(model_parameters().values())
CENTRAL = Parameters.central().to_dict()
MONDAY = 20092  # 6 January 2025
# So that in a small world something happens of everything.
EVENTFUL = {
    "share_defector_family": 0.15,
    "share_chinese_phone_user": 0.14,
    "share_former_detainee": 0.06,
    "share_returned_defector": 0.05,
    "share_covert_informants": 0.05,
    "p_listed_given_ground": 0.9,
    "attention_per_role_per_day": 2.0,
    "attention_per_officer_per_day": 10.0,
    "outings_per_adult_per_day": 2.0,
    "p_notice": 0.95,
    "call_attempts_per_caller_per_month": 8.0,
    "p_detected_per_call": 0.05,
    "detention_days": 3.0,
    "visits_per_household_per_month": 4.0,
    "permit_journeys_per_household_per_year": 2.0,
    "routine_reports_base": 0.3,
    "accusation_threshold": 1.5,
    "p_listed_after_accusation": 0.8,
    "p_learns_of_listing": 0.8,
    "suspicion_decay_per_day": 0.005,
    "offences_per_adult_per_year": 1.0,
    "quota_mps_per_week": 30.0,
    "pressure_gain": 1.0,
    "list_exit_per_year": 0.3,
    "reactance_share": 0.3,
    "protest_per_day_at_full_anger": 0.01,
    "fear_per_accusation": 1.0,
    "lodging_check_days": 15.0,
    "guests_found_per_check": 3.0,
    "quota_ratchet": 0.3,
    "quota_comparison": 0.5,
    "p_notice_caller": 0.9,
    "p_stop_after_turn_back": 0.5,
    "calling_pause_days": 15.0,
    "p_stop_for_good": 0.2,
    "home_visit_days": 1.0,
    "accusation_threshold_listed": 1.5,
}
# Where the engine keeps what the reference calls so.
ROWS = {
    "flags": ("people", L.FLAGS),
    "fear": ("people", L.FEAR),
    "distress": ("people", L.DISTRESS),
    "file_mps": ("people", L.FILE_MPS),
    "file_mss": ("people", L.FILE_MSS),
    "anger": ("people", L.ANGER),
    "listed_day": ("people", L.LISTED_DAY),
    "followed_day": ("people", L.FOLLOWED_DAY),
    **{f"house_{name}": ("homes", L.HOME_DETENTIONS + kind) for kind, name in enumerate(L.Events._fields)},
    "house_word": ("homes", L.HOME_WORD),
    "calls_again": ("people", L.CALLS_AGAIN),
    "house_called": ("homes", L.HOME_CALLED),
    "house_contact": ("homes", L.HOME_CONTACT),
    "house_fear": ("homes", L.HOME_FEAR),
    **{f"unheard_{day}": ("units", L.UNIT_WORD + day) for day in range(7)},
    "reports_mps": ("units", L.UNIT_REPORTS + L.MPS),
    "reports_mss": ("units", L.UNIT_REPORTS + L.MSS),
    "pressure_mps": ("officers", (L.MPS, L.PRESSURE)),
    "pressure_mss": ("officers", (L.MSS, L.PRESSURE)),
    "added_mps": ("officers", (L.MPS, L.ADDED)),
    "added_mss": ("officers", (L.MSS, L.ADDED)),
}
ONE_THREAD, TWO_THREADS = Workers(1), Workers(2)


def odd_town(residents):
    """Units of 1 household, none, and the rest: households of 3 (the last takes what is left)."""
    house_start = [*range(0, residents, 3), residents]
    n = len(house_start) - 1
    return house_start, [0, 1, 1, n // 2, n] if n > 2 else [0, 0, n]


@st.composite
def values(draw):
    """Parameters within the prior's ranges: eventful, central or anywhere."""
    some = dict(CENTRAL) if draw(st.booleans()) else {**CENTRAL, **EVENTFUL}
    for fact in draw(st.lists(st.sampled_from(FACTS), max_size=12, unique_by=lambda fact: fact.name)):
        some[fact.name] = draw(st.sampled_from([fact.low, fact.high]) | st.floats(fact.low, fact.high))
    for name in draw(st.lists(st.sampled_from(["let_off_all", *LET_OFF]), max_size=3, unique=True)):
        some[name] = draw(st.sampled_from([0.05, 0.5, 1.0]))
    return some


def chosen_forms():
    """A form of each rule that has rival ones."""
    rows = [st.sampled_from([item.form for item in items]) for items in rival_forms().values()]
    return st.tuples(*rows).map(Forms)


@st.composite
def cases(draw, most=400):
    """A small world and its phases."""
    some = draw(values())
    without = st.sets(st.sampled_from(sorted(KNOCK_OUT)), max_size=3).map(frozenset)
    frame_without = draw(st.just(frozenset()) | without)
    start = draw(st.integers(MONDAY, MONDAY + 400))
    forms = draw(chosen_forms())
    phases, day = [], start
    for days in draw(st.lists(st.integers(1, 15), min_size=1, max_size=2)):
        now = some if draw(st.booleans()) else draw(values())
        order = draw(st.sampled_from([1.0, 1.2, 1.5, 6.0]))
        kept = frozenset() if phases and draw(st.booleans()) else frame_without  # a rule may return
        phases.append(Phase(day, days, now, kept | draw(without), order, order > 1.2, forms))
        day += days
    settling = phases[0].days if len(phases) > 1 and draw(st.booleans()) else 0
    frame = population.frame(some, draw(st.booleans()), frame_without, forms)
    if draw(st.booleans()):  # small units and areas, so that there are several
        frame = frame._replace(unit_low=1, unit_high=12, units_per_mps_officer=2, residents_per_mss_officer=90)
    odd = draw(st.sampled_from(["", "", "odd", "all listed", "no informant"]))
    if odd == "all listed":
        shares = frame.shares.copy()
        shares[L.GROUND_NAMES.index("former_detainee")] = 65535
        frame = frame._replace(listed=65535, shares=shares)
    if odd == "no informant":
        frame = frame._replace(covert=0, open_roles=0)
    return SimpleNamespace(
        given=population.InitialConditions(
            seed=draw(st.integers(0, 2**64 - 1)),
            first=draw(st.sampled_from([0, 1, 23_349_000]) | st.integers(0, 23_000_000)),
            residents=draw(st.integers(1, 60) | st.integers(20, most)),
            frame=frame,
            contact_weeks=int(some["contact_weeks"] + 0.5),
            start=start,
            days=day - start - settling,
            settling_days=settling,
        ),
        phases=phases,
        odd=odd == "odd",
        chunk=draw(st.sampled_from([L.CHUNK_RESIDENTS, 40, 150])),
    )


def case(seed=1, residents=300, days=17, chunk=60, **changed):
    some = {**CENTRAL, **EVENTFUL, **changed}
    frame = population.frame(some, True)._replace(unit_low=3, unit_high=9, units_per_mps_officer=2)
    phase = Phase(MONDAY + 2, days, some, frozenset(), 1.5, True)
    given = population.InitialConditions(seed, 5000, residents, frame, 4, phase.day, days)
    return SimpleNamespace(given=given, phases=[phase], odd=False, chunk=chunk)


def engine(c):
    """The engine's world of a case, on its first morning."""
    before = L.CHUNK_RESIDENTS
    L.CHUNK_RESIDENTS = c.chunk
    try:
        if not c.odd:
            return simulate.init(c.given)
        house_start, unit_house = (np.array(x, np.int32) for x in odd_town(c.given.residents))
        key = split_seed(c.given.seed)
        town = population.settle(c.given.first, house_start, unit_house, c.given.frame)
        state = population.people(key, town, c.given.frame)
        population.open_contact(town, state, c.given.contact_weeks)
        return simulate.world_of(key, town, state, c.given.start, c.given.days, c.given.settling_days)
    finally:
        L.CHUNK_RESIDENTS = before


def reference(c):
    """The reference's world of a case, on its first morning."""
    return ReferenceWorld(c.given, odd_town(c.given.residents) if c.odd else None, c.chunk)


def assert_same(world, plain):
    """Final state, daily indicators, incidents and subjects are equal."""
    state = plain.state()
    assert set(state) == set(ROWS)
    for name, (array, row) in ROWS.items():
        found = getattr(world.state, array)[row]
        np.testing.assert_array_equal(found[: len(state[name])], state[name], err_msg=name)
    for name, column in zip(L.INDICATORS, range(L.N_INDICATORS), strict=True):
        np.testing.assert_array_equal(world.history.cells[:, :, column], plain.cells[:, :, column], err_msg=name)
    fields = L.INCIDENT.names
    assert [dict(zip(fields, row, strict=True)) for row in world.history.records.tolist()] == plain.records
    assert world.history.who.tolist() == plain.who


def step_by_step(model, phases, world):
    """Take a world through its days one by one, by nothing but what the contract of the model says."""
    for phase in phases:
        for _ in range(phase.days):
            model.step(world, phase, 1)
    assert world.day - world.start == sum(phase.days for phase in phases)
    return world


def test_both_models_keep_the_contract_and_days_one_by_one_are_the_same():
    c = case(residents=120, days=16)
    first, second = (step_by_step(model, c.phases, model.init(c.given)) for model in (simulate, plain_model))
    assert_same(first, second)
    assert_same(simulate.run(engine(c), c.phases, ONE_THREAD), reference(c).run(c.phases))
    for model, world in ((simulate, simulate.init(c.given)), (plain_model, plain_model.init(c.given))):
        with pytest.raises(ValueError, match="cross a Sunday"):
            model.step(world, c.phases[0], 8)


LARGE = {"suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


@examples(200, **LARGE)
@given(cases())
def test_engine_is_reference(c):
    assert_same(simulate.run(engine(c), c.phases, ONE_THREAD), reference(c).run(c.phases))


@examples(100, **LARGE)
@given(cases(most=200), st.integers(0, 30))
def test_threads_and_resuming_cannot_be_seen(c, stop):
    whole = simulate.run(engine(c), c.phases, ONE_THREAD)
    assert simulate.digest(simulate.run(engine(c), c.phases, TWO_THREADS)) == simulate.digest(whole)
    edges = {c.given.start, *(phase.day + phase.days for phase in c.phases)}
    stops = [
        day
        for day in range(c.given.start, c.given.start + c.given.settling_days + c.given.days)
        if day in edges or (day + 3) % 7 == 0
    ]
    until = stops[stop % len(stops)]
    early = [replace(p, days=min(p.days, until - p.day)) for p in c.phases if p.day < until]
    resumed = simulate.run(engine(c), early, ONE_THREAD)
    resumed.state = L.State(*(array.copy() for array in resumed.state))
    simulate.run(resumed, c.phases, Workers(1))
    assert simulate.digest(resumed) == simulate.digest(whole)


def test_everything_happens_somewhere():
    """The comparison would mean little if an indicator or a kind of incident never occurred."""
    c = case(residents=700, days=40, chunk=300, p_permit_refused_listed=0.9, permit_days=14.0, list_exit_per_year=5.0)
    plain = reference(c).run(c.phases)
    assert_same(simulate.run(engine(c), c.phases, TWO_THREADS), plain)
    counts = plain.cells.sum(axis=(0, 1))
    assert [name for name, n in zip(L.INDICATORS, counts, strict=True) if n == 0] == []
    assert {record["kind"] for record in plain.records} == set(range(len(L.INCIDENT_NAMES)))


def test_a_rule_that_returns_acts_again():
    c = case(residents=1000, days=40, chunk=400)
    (whole,) = c.phases
    spans = ((0, 12, set()), (12, 14, {"S9", "S16"}), (26, 14, set()))
    c.phases = [replace(whole, day=whole.day + at, days=n, without=frozenset(out)) for at, n, out in spans]
    world = simulate.run(engine(c), c.phases, TWO_THREADS)
    assert_same(world, reference(c).run(c.phases))
    for name in ("arrests", "permits_refused"):
        daily = world.history.cells[:, :, L.INDICATORS.index(name)].sum(axis=1)
        assert [bool(daily[at : at + n].any()) for at, n, _ in spans] == [True, False, True]


SUBPROCESS = """
import sys
sys.path.insert(0, {tests!r})
from world import test_engine_is_reference as t
c = t.case(residents=60, days=9)
world = t.simulate.run(t.engine(c), c.phases, t.ONE_THREAD)
t.assert_same(world, t.reference(c).run(c.phases))
print(t.simulate.digest(world))
"""


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param({"NUMBA_DISABLE_JIT": "1"}, id="uncompiled"),
        # All is compiled anew; tests/world/test_vector_code.py does it for the loops where it could matter.
        pytest.param(
            {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, id="another processor", marks=pytest.mark.deep
        ),
    ],
)
def test_the_same_world_on_another_machine(setting, tmp_path):
    c = case(residents=60, days=9)
    here = simulate.digest(simulate.run(engine(c), c.phases, ONE_THREAD))
    code = SUBPROCESS.format(tests=os.path.dirname(os.path.dirname(__file__)))
    env = {**os.environ, **setting}
    there = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert there.returncode == 0, there.stderr
    assert there.stdout.strip() == here
