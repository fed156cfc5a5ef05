"""The chilling ledger: it adds up exactly, agrees with a slow count on the reference; its reasons are the rules'."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from underwatch.cli import main
from underwatch.facts import model_parameters
from underwatch.record.schema import GROUPS
from underwatch.show.ledger import ledger_chart, ledger_lines
from underwatch.whatif.entries import ACTS, ANTICIPATORY, BARRED, DIRECT, GAINED, SPILL_OVER
from underwatch.whatif.interventions import find_interventions, with_interventions
from underwatch.whatif.ledger import LEDGER_SCHEMA, ledger, unwatched
from underwatch.whatif.worlds import begin
from underwatch.world import layout as L
from underwatch.world import population, simulate
from underwatch.world.population import cells
from underwatch.world.reference import ReferenceWorld
from underwatch.world.scenario import scenario_for

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


def did(scenario, phases):
    """Outings, visits, journeys and calls of a world by cell, as its own indicators count them."""
    cell = simulate.run(begin(scenario, scenario.places[0], scenario.seed), phases, simulate.Hands(1)).history.cells
    total = cell.sum(axis=0)
    visits = total[:, L.N_VISITS] - total[:, L.N_JOURNEYS]
    return np.stack([total[:, L.N_OUTINGS], visits, total[:, L.N_JOURNEYS], total[:, L.N_CALLS]])


def adds_up(kept, scenario, other):
    entries, totals = kept.entries.sum(axis=(0, 1)), kept.totals.sum(axis=(0, 1))
    assert np.array_equal(totals[0], did(scenario, scenario.phases()))
    assert np.array_equal(totals[1], did(scenario, other.phases()))
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


@settings(max_examples=40)
@given(worlds())
def test_entries_add_up_to_the_difference_of_the_worlds(scenario):
    adds_up(ledger(scenario), scenario, unwatched(scenario))


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

    def __init__(self, *args, **named):
        super().__init__(*args, **named)
        self.did = defaultdict(Counter)
        self.was = {}

    def feel_and_set_out(self, unit):
        for r in unit.residents:
            before = bool(r.lists) or r.detained or r.was_detained
            if (self.day + 3) % 7 == 0 or self.day == self.start:
                self.was[r.number] = before
            self.did[self.day, r.number]["held"] += r.detained
        super().feel_and_set_out(unit)

    def tally(self, unit):
        for r in unit.residents:
            for slot, out in enumerate(r.outings):
                self.did[self.day, r.number][f"outing {slot}"] += out
            followed = r.followed_day and r.followed_day <= self.day - self.start
            self.did[self.day, r.number]["watched before"] += bool(self.was[r.number] or followed)
        super().tally(unit)

    def count(self, name, r, *rest):
        known = {"visits_made": "visit or journey", "journeys": "journey", "calls_completed": "call",
                 "calls_abandoned": "turned back", "permits_refused": "refused"}  # fmt: skip
        if name in known:
            self.did[self.day, r.number][known[name]] += 1
        super().count(name, r, *rest)


def slow_count(scenario, other):
    """Entries[acts, reasons, cells] counted one resident and one day at a time."""
    values = scenario.phases()[0].values
    frame = population.frame(values, scenario.places[0].border, scenario.without)
    first, weeks = scenario.places[0].first_resident, int(values["contact_weeks"] + 0.5)
    start = scenario.phases()[0].day
    made = [Noted(scenario.seed, first, scenario.residents, frame, weeks, start).run(one.phases())
            for one in (scenario, other)]  # fmt: skip
    flags = begin(scenario, scenario.places[0], scenario.seed).state.flags
    cell = cells(flags)
    entries = np.zeros((len(ACTS), 5, L.N_CELLS), int)
    for (day, number), mine in made[0].did.items():
        theirs = made[1].did[day, number]
        for kind, act in [(0, f"outing {slot}") for slot in range(3)] + [(1, "visit"), (2, "journey"), (3, "call")]:
            a, b = (one["visit or journey"] - one["journey"] if act == "visit" else one[act] for one in (mine, theirs))
            if a == b:
                continue
            if a > b:
                reason = GAINED
            elif mine["held"] or (act == "journey" and mine["refused"]):
                reason = BARRED
            elif act == "call" and mine["turned back"]:
                reason = DIRECT
            else:
                reason = ANTICIPATORY if mine["watched before"] else SPILL_OVER
            entries[kind, reason, cell[number - first]] += 1
    return entries


@pytest.mark.parametrize("name", ["unwatched", "amnesty"])
def test_the_ledger_is_the_slow_count_on_the_reference(name):
    scenario = a_scenario(700, 40)
    if name == "unwatched":
        other = unwatched(scenario)
    else:
        other = with_interventions(scenario, [(one, scenario.start) for one in find_interventions([name])])
    expected = slow_count(scenario, other)
    assert np.array_equal(ledger(scenario, other).entries.sum(axis=(0, 1)), expected)
    if name == "unwatched":
        for reason in (BARRED, DIRECT, ANTICIPATORY, SPILL_OVER):
            assert expected[:, reason].sum() > 0


def test_without_a_rule_its_reason_is_gone():
    whole = ledger(a_scenario()).entries.sum(axis=(0, 1, 4))
    assert whole[:, BARRED].sum() > 0
    assert whole[3, DIRECT] > 0
    no_arrest = ledger(a_scenario().replace(without=frozenset({"S9", "S16"}))).entries.sum(axis=(0, 1, 4))
    assert no_arrest[:, BARRED].sum() == 0
    no_turning = ledger(a_scenario().replace(without=frozenset({"S8"}))).entries.sum(axis=(0, 1, 4))
    assert no_turning[:, DIRECT].sum() == 0
    no_fear = ledger(a_scenario().replace(without=frozenset({"S11"}))).entries.sum(axis=(0, 1, 4))
    assert no_fear[:2, ANTICIPATORY : SPILL_OVER + 1].sum() == 0  # outings and visits are missing out of fear alone


def test_threads_and_the_ledger_itself_do_not_change_the_world():
    scenario = a_scenario(3000, 21)
    one, two = ledger(scenario, threads=1), ledger(scenario, threads=2)
    assert np.array_equal(one.entries, two.entries)
    acts = np.zeros((7, 3000), np.uint16)
    plain, asked = (
        simulate.run(begin(scenario, scenario.places[0], 1), scenario.phases(), hands)
        for hands in (simulate.Hands(1), simulate.Hands(1, acts=acts))
    )
    assert simulate.digest(plain) == simulate.digest(asked)


def test_the_table_has_no_resident_and_its_rows_add_up():
    kept = ledger(a_scenario(), replicates=2)
    table = kept.table()
    assert table.schema == LEDGER_SCHEMA
    assert not {"who", "resident", "person", "unit", "household", "day"} & set(table.column_names)
    rows = table.to_pylist()
    assert len(rows) == len(GROUPS) * len(ACTS) * 7
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
    assert (tmp_path / "l" / "ledger.parquet").exists()
    assert "did not happen" in (tmp_path / "l" / "report.html").read_text()
    words = "compare hoeryong --ledger amnesty --with end-reprimands --population 600 --days 21"
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == 2
    assert "known: unwatched, end-reprimands" in result.stderr
