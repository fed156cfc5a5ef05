"""The chilling ledger: it adds up exactly, agrees with a slow count on the reference; its reasons are the rules'."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from support.depth import at_length, examples
from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.experiments.engine.worlds import init_world, twin_world
from underwatch.experiments.interventions import find_interventions, with_interventions
from underwatch.experiments.ledger.entries import (
    ACTS,
    ANTICIPATORY,
    BARRED,
    CALLS,
    DIRECT,
    GAINED,
    JOURNEYS,
    REASONS,
    SPILL_OVER,
    STOPPED,
)
from underwatch.experiments.ledger.ledger import LEDGER_SCHEMA, LEDGER_WEEKS_SCHEMA, ledger, unwatched
from underwatch.facts import model_parameters
from underwatch.pages.charts.ledger import ledger_chart, ledger_lines
from underwatch.record.measures import group_cells
from underwatch.record.schema import GROUPS
from underwatch.world import layout as L
from underwatch.world import population, simulate
from underwatch.world.population import cells
from underwatch.world.reference.world import ReferenceWorld
from underwatch.world.scenario_file import scenario_for
from underwatch.world.workers import Workers

EVENTFUL = {
    "share_defector_family": 0.12,
    "share_chinese_phone_user": 0.1,
    "p_listed_given_ground": 0.7,
    "p_notice": 0.95,
    "call_attempts_per_caller_per_month": 6.0,
    "p_detected_per_call": 0.03,
    "detention_days": 10.0,
    "visits_per_household_per_month": 4.0,
    "permit_journeys_per_household_per_year": 2.0,
    "p_permit_refused_listed": 0.8,
    "quota_mps_per_week": 30.0,
}
FACTS = model_parameters()


def a_scenario(residents=900, days=45, **values):
    within = {n: min(max(v, FACTS[n].low), FACTS[n].high) for n, v in (EVENTFUL | values).items()}
    return scenario_for("hoeryong", population=residents, days=days, values=within)


def did(scenario, lived):
    """Outings, visits, journeys and calls of a world by cell of the scenario, as its own indicators count them."""
    world = init_world(scenario, scenario.places[0], scenario.seed)
    world = twin_world(world, scenario, lived, scenario.seed)
    cell = simulate.run(world, lived.phases(), Workers(1)).history.cells
    total = cell.sum(axis=0)
    visits = total[:, L.COUNT.visits_made] - total[:, L.COUNT.journeys]
    return np.stack([total[:, L.COUNT.outings], visits, total[:, L.COUNT.journeys], total[:, L.COUNT.calls_completed]])


def adds_up(kept, scenario, other):
    entries, totals = kept.entries.sum(axis=(0, 1)), kept.totals.sum(axis=(0, 1))
    assert np.array_equal(totals[0], did(scenario, scenario))
    assert np.array_equal(totals[1], did(scenario, other))
    assert np.array_equal(entries[:, GAINED] - entries[:, :GAINED].sum(axis=1), totals[0] - totals[1])
    by_week = kept.entries[0]
    difference = kept.totals[0, :, 0] - kept.totals[0, :, 1]
    assert np.array_equal(by_week[:, :, GAINED] - by_week[:, :, :GAINED].sum(axis=2), difference)


@st.composite
def worlds(draw):
    values = {}
    for fact in draw(st.lists(st.sampled_from(list(FACTS.values())), max_size=8, unique_by=lambda fact: fact.name)):
        values[fact.name] = draw(st.sampled_from([fact.low, fact.high]) | st.floats(fact.low, fact.high))
    scenario = a_scenario(draw(st.integers(40, 600)), draw(st.integers(1, 30)), **values)
    scenario = scenario.replace(seed=draw(st.integers(0, 2**32)))
    return scenario.replace(without=draw(st.sets(st.sampled_from(["S3", "S5", "S9", "S11", "S16"]), max_size=2)))


@examples(40)
@given(worlds())
def test_entries_add_up_to_the_difference_of_the_worlds_and_a_free_life_lacks_nothing(scenario):
    kept = ledger(scenario)
    adds_up(kept, scenario, unwatched(scenario))
    assert not kept.entries[:, :, :, GAINED].any()


@examples(25)
@given(worlds())
def test_without_journeys_to_signal_ending_detection_costs_nobody_a_call(scenario):
    """With them (S8) a call more takes up a watcher or brings fear, and somebody else may lose one: no law there."""
    scenario = scenario.replace(without=scenario.without | {"S8"})
    (one,) = find_interventions(["free-calling"])
    kept = ledger(scenario, with_interventions(scenario, [(one, scenario.start)]))
    assert not kept.entries[:, :, CALLS, GAINED].any()
    assert not kept.entries[:, :, CALLS, [DIRECT, ANTICIPATORY, SPILL_OVER]].any()  # held, or the phone was lost


@pytest.mark.parametrize("name", ["amnesty", "end-reprimands", "free-calling", "free-movement"])
def test_any_two_worlds_can_be_held_against_each_other(name):
    scenario = a_scenario()
    other = with_interventions(scenario, [(one, scenario.start) for one in find_interventions([name])])
    kept = ledger(scenario, other, names=("baseline", name))
    adds_up(kept, scenario, other)
    back = ledger(scenario, scenario, lived=other)
    assert np.array_equal(kept.totals[0, :, 0], back.totals[0, :, 1])
    assert np.array_equal(kept.entries[:, :, :, GAINED], back.entries[:, :, :, :GAINED].sum(axis=3))


class Noted(ReferenceWorld):
    """The plain reference, with a note of who did what on which day, and who was listed, held or followed before."""

    def __init__(self, given):
        super().__init__(given)
        self.did = defaultdict(Counter)

    def feel_and_set_out(self, unit):
        for r in unit.residents:
            mine = self.did[self.day, r.number]
            mine["held"] += r.detained
            mine["watched before"] += any((r.lists, r.listed_day, r.followed_day, r.detained, r.was_detained))
        super().feel_and_set_out(unit)

    def go(self, house, km, journey):
        self.did[self.day, house.head.number]["may travel"] += journey
        super().go(house, km, journey)

    def tally(self, unit):
        for r in unit.residents:
            for slot, out in enumerate(r.outings):
                self.did[self.day, r.number][f"outing {slot}"] += out
        super().tally(unit)

    def count(self, name, r, *rest):
        known = {"visits_made": "visit or journey", "journeys": "journey", "calls_completed": "call",
                 "calls_abandoned": "turned back", "calling_stopped": "has stopped"}  # fmt: skip
        if name in known:
            self.did[self.day, r.number][known[name]] += 1
        super().count(name, r, *rest)


def slow_count(scenario, other):
    """Entries[acts, reasons, cells] counted one resident and one day at a time."""
    place, phase = scenario.places[0], scenario.all_phases()[0]
    where = (place.border, scenario.seed, place.first_resident, scenario.residents, scenario.days)
    made = []
    for one in (scenario, other):
        given = population.InitialConditions.of(replace(phase, without=one.without), *where, scenario.settling_days)
        made.append(Noted(given).run(one.all_phases()))
    flags = init_world(scenario, scenario.places[0], scenario.seed).state.flags
    cell = cells(flags)
    entries = np.zeros((len(ACTS), len(REASONS), L.N_CELLS), int)
    for (day, number), mine in made[0].did.items():
        if day < made[0].counted:
            continue
        theirs = made[1].did[day, number]
        for kind, act in [(0, f"outing {slot}") for slot in range(3)] + [(1, "visit"), (2, "journey"), (3, "call")]:
            a, b = (one["visit or journey"] - one["journey"] if act == "visit" else one[act] for one in (mine, theirs))
            if a == b:
                continue
            if a > b:
                reason = GAINED
            elif mine["held"] or (act == "journey" and not mine["may travel"]):
                reason = BARRED
            elif act == "call" and mine["turned back"]:
                reason = DIRECT
            elif act == "call" and mine["has stopped"]:
                reason = STOPPED
            else:
                reason = ANTICIPATORY if mine["watched before"] else SPILL_OVER
            entries[kind, reason, cell[number - place.first_resident]] += 1
    return entries


@pytest.mark.parametrize("name", ["unwatched", at_length("amnesty"), "free-movement"])
def test_the_ledger_is_the_slow_count_on_the_reference(name):
    scenario = a_scenario(700, 40).replace(settle_weeks=3)  # the reference is slow
    if name == "unwatched":
        other = unwatched(scenario)
    else:
        other = with_interventions(scenario, [(one, scenario.start) for one in find_interventions([name])])
    expected = slow_count(scenario, other)
    assert np.array_equal(ledger(scenario, other).entries.sum(axis=(0, 1)), expected)
    if name == "unwatched":
        for reason in (BARRED, DIRECT, STOPPED, ANTICIPATORY, SPILL_OVER):
            assert expected[:, reason].sum() > 0


def test_without_a_rule_its_reason_is_gone():
    whole = ledger(a_scenario()).entries.sum(axis=(0, 1, 4))
    assert whole[:, BARRED].sum() > 0
    assert whole[CALLS, DIRECT] > 0
    assert whole[CALLS, STOPPED] > 0
    assert np.delete(whole, CALLS, axis=0)[:, STOPPED].sum() == 0
    no_arrest = ledger(a_scenario().replace(without=frozenset({"S9"}))).entries.sum(axis=(0, 1, 4))
    assert no_arrest[JOURNEYS, BARRED] > 0  # a permit that was refused to the listed
    assert np.delete(no_arrest, JOURNEYS, axis=0)[:, BARRED].sum() == 0
    no_permit = ledger(a_scenario().replace(without=frozenset({"S9", "S16"}))).entries.sum(axis=(0, 1, 4))
    assert no_permit[:, BARRED].sum() == 0
    no_turning = ledger(a_scenario().replace(without=frozenset({"S8"}))).entries.sum(axis=(0, 1, 4))
    assert no_turning[:, DIRECT].sum() == 0
    nobody_stops = ledger(a_scenario().replace(without=frozenset({"S8", "S9"}))).entries.sum(axis=(0, 1, 4))
    assert nobody_stops[:, STOPPED].sum() == 0
    no_fear = ledger(a_scenario().replace(without=frozenset({"S11"}))).entries.sum(axis=(0, 1, 4))
    assert no_fear[:, ANTICIPATORY : SPILL_OVER + 1].sum() == 0  # whoever is free to go stays in out of fear alone
    nobody_watches = ledger(a_scenario().replace(without=frozenset({"S3", "S4", "S9", "S16"})))
    assert nobody_watches.entries[:, :, :, :SPILL_OVER].sum() == 0  # nobody listed, followed or held: hearsay is left
    assert nobody_watches.entries[:, :, :, SPILL_OVER].sum() > 0


def test_a_journey_whose_permit_has_not_come_is_barred_that_week_and_gained_when_it_comes():
    scenario = a_scenario(2000, 60, permit_days=21.0).replace(without=frozenset({"S9", "S11"}))
    (one,) = find_interventions(["free-movement"])
    other = with_interventions(scenario, [(one, scenario.start)])
    by_reason = ledger(scenario, other).entries.sum(axis=(0, 1, 4))[JOURNEYS]
    assert by_reason[BARRED] > by_reason[GAINED] > 0
    assert by_reason[DIRECT : SPILL_OVER + 1].sum() == 0


def test_who_was_let_off_the_list_is_not_put_down_to_hearsay():
    scenario = a_scenario(2000, 60).replace(without=frozenset({"S4", "S9"}))
    freed = with_interventions(scenario, [(one, scenario.start) for one in find_interventions(["amnesty"])])
    kept = ledger(scenario, lived=freed).entries.sum(axis=(0, 1))
    listed_at_start = group_cells("listed")
    assert kept[:, ANTICIPATORY][:, listed_at_start].sum() > 0
    assert kept[:, SPILL_OVER][:, listed_at_start].sum() == 0


def test_twins_whose_people_would_do_other_things_anyway_are_refused():
    scenario = a_scenario(300, 20)
    busy = scenario.replace(parameters=scenario.parameters.with_values(outings_per_adult_per_day=2.0))
    with pytest.raises(InputError, match="outings_per_adult_per_day differs between the twins"):
        ledger(scenario, busy)
    with pytest.raises(InputError, match="a twin lives through"):
        ledger(scenario, a_scenario(300, 21))


def test_threads_and_the_ledger_itself_do_not_change_the_world():
    scenario = a_scenario(3000, 21)
    one, two = ledger(scenario, threads=1), ledger(scenario, threads=2)
    assert np.array_equal(one.entries, two.entries)
    acts = np.zeros((7, 3000), np.uint16)
    plain, asked = (
        simulate.run(init_world(scenario, scenario.places[0], 1), scenario.phases(), workers)
        for workers in (Workers(1), Workers(1, acts=acts))
    )
    assert simulate.digest(plain) == simulate.digest(asked)


def test_a_range_is_of_the_replicates_that_have_somebody_of_the_group():
    found = ledger(a_scenario(8, 7).replace(settle_weeks=0), replicates=12)
    people = found.by_group()[2][:, GROUPS.index("listed")]
    assert 1 < (people > 0).sum() < 12
    rows = [row for row in found.table().to_pylist() if (row["group"], row["act"]) == ("listed", "outings")]
    week = {row["entry"]: row for row in rows}["unwatched"]
    counts = found.by_group()[1][:, GROUPS.index("listed"), 1, 0]
    rates = [1000 * 365 / 7 * count / n for count, n in zip(counts, people, strict=True) if n]
    assert (week["n"], week["low"], week["high"]) == (len(rates), pytest.approx(min(rates)), pytest.approx(max(rates)))
    assert week["rate"] == pytest.approx(np.mean(rates))
    alone = ledger(a_scenario(300, 7)).table().to_pylist()
    assert {(row["n"], row["low"], row["high"]) for row in alone if row["group"] == "all" and row["rate"]} == {
        (1, None, None)
    }


@pytest.mark.parametrize("schema", [LEDGER_SCHEMA, LEDGER_WEEKS_SCHEMA], ids=["mean", "weeks"])
def test_no_table_has_a_resident_and_each_column_has_a_unit(schema):
    named = {"week", "replicate", "group", "ground", "act", "entry", "sign"}
    assert set(schema.names) <= named | {"count", "rate", "low", "high", "n"}
    assert all(field.metadata[b"unit"] and field.metadata[b"meaning"] for field in schema)


def test_the_weekly_table_adds_up_row_by_row():
    scenario = a_scenario(days=45).replace(start=date(2024, 7, 3))
    kept = ledger(scenario, replicates=2)
    table = kept.weekly()
    assert table.schema == LEDGER_WEEKS_SCHEMA
    sums = defaultdict(int)
    for row in table.to_pylist():
        key = tuple(row[name] for name in ("week", "replicate", "group", "ground", "act"))
        sign = row["sign"] or {"watched": -1, "unwatched": 1}[row["entry"]]
        sums[key] += sign * row["count"]
    assert set(sums.values()) == {0}
    weeks = sorted({key[0] for key in sums})
    assert weeks[:3] == [date(2024, 7, 3), date(2024, 7, 8), date(2024, 7, 15)]
    assert len(sums) == len(weeks) * 2 * len(GROUPS) * len(ACTS)


def test_the_rows_of_the_table_add_up():
    kept = ledger(a_scenario(), replicates=2)
    table = kept.table()
    assert table.schema == LEDGER_SCHEMA
    rows = table.to_pylist()
    assert len(rows) == len(GROUPS) * len(ACTS) * (len(REASONS) + 2)
    for act in ACTS:
        mine = [row for row in rows if row["act"] == act and row["group"] == "all" and row["ground"] == "all"]
        worlds_ = {row["entry"]: row["count"] for row in mine if row["sign"] == 0}
        change = sum(row["sign"] * row["count"] for row in mine)
        assert change == pytest.approx(worlds_["watched"] - worlds_["unwatched"])


def test_the_ledger_is_told_in_words_and_as_a_picture(tmp_path):
    kept = ledger(a_scenario())
    lines = ledger_lines(kept)
    assert len(lines) == len(ACTS)
    assert "turned back" not in lines[0]
    chart = ledger_chart(kept, "calls")
    assert chart.svg.startswith("<svg")
    assert "n = 1" in chart.caption
    words = f"compare hoeryong --ledger --population 600 --days 21 --replicates 1 --out {tmp_path}/l"
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == 0, result.output
    assert "are missing" in result.stdout
    assert pq.read_table(tmp_path / "l" / "ledger.parquet").num_rows == len(GROUPS) * len(ACTS) * (len(REASONS) + 2)
    assert pq.read_table(tmp_path / "l" / "ledger_weeks.parquet").num_rows == 3 * len(GROUPS) * len(ACTS) * (
        len(REASONS) + 2
    )
    assert "did not happen" in (tmp_path / "l" / "report.html").read_text()
    words = "compare hoeryong --ledger amnesty --with end-reprimands --population 600 --days 21"
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == 2
    assert "known: unwatched, end-reprimands" in result.stderr
    result = CliRunner().invoke(main, ["compare", "--ledger", "hoeryong"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "PLACE comes first" in result.stderr
