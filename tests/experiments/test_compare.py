"""Interventions and their comparison: they only relieve, they begin on their day, and the table is of groups alone."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.experiments.compare import (
    CHANGES_SCHEMA,
    FIGURES,
    PAIRS_SCHEMA,
    TOGETHER,
    ComparePlan,
    Comparison,
    Task,
    compare,
    figures,
    summary,
)
from underwatch.experiments.engine.worlds import init_world, totals_of
from underwatch.experiments.ensemble.stand_ins import STAND_IN
from underwatch.experiments.interventions import (
    LEVERS,
    Intervention,
    as_toml,
    catalogue,
    find_interventions,
    parse_interventions,
    with_interventions,
)
from underwatch.facts import grounds, model_parameters
from underwatch.record.headlines import HIGHER
from underwatch.record.schema import GROUPS
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.scenario import Change
from underwatch.world.scenario_file import scenario_for
from underwatch.world.workers import Workers

SMALL = scenario_for("hoeryong", days=98, population=3000)
# Where a small town has calls and arrests enough
CALLERS = {"p_detected_per_call": 0.05, "share_chinese_phone_user": 0.1, "call_attempts_per_caller_per_month": 4}
CALLING = scenario_for("hoeryong", days=98, population=3000, values=CALLERS)


def twins(name, scenario, seed, day=None):
    """The sums of a baseline and of its twin under an intervention."""
    (one,) = find_interventions([name])
    lived = with_interventions(scenario, [(one, day or scenario.start)])
    return totals_of(scenario, [scenario, lived], seed)


@pytest.mark.parametrize("seed", range(1, 7))
def test_ending_detection_never_lowers_completed_calls(seed):
    """A town's calls, not a resident's: a caller who is not held also takes up watchers, and others gain or lose."""
    baseline, free = twins("free-calling", CALLING, seed)
    assert baseline.cells[..., L.COUNT.arrests].sum() > 0
    assert free.cells[..., L.COUNT.arrests].sum() == 0
    assert free.cells[..., L.COUNT.calls_completed].sum() >= baseline.cells[..., L.COUNT.calls_completed].sum()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ending_reprimands_lowers_routine_reports(seed):
    baseline, changed = twins("end-reprimands", SMALL, seed)
    assert changed.cells[..., L.COUNT.reports_routine].sum() < baseline.cells[..., L.COUNT.reports_routine].sum()


@pytest.mark.parametrize("name", catalogue())
def test_a_change_from_a_date_leaves_the_days_before_identical_and_not_those_after(name):
    day = date(2024, 8, 5)
    baseline, changed = twins(name, CALLING, 1, day)
    first = (day - SMALL.start).days
    assert np.array_equal(baseline.cells[:first], changed.cells[:first])
    assert not np.array_equal(baseline.cells[first:], changed.cells[first:])


@pytest.mark.parametrize("name", catalogue())
def test_groups_are_those_of_the_baseline_even_from_the_first_day(name):
    baseline, changed = twins(name, SMALL.replace(end=date(2024, 7, 7)), 1)
    for part in ("residents", "adults", "watched"):
        assert np.array_equal(getattr(baseline, part), getattr(changed, part))


def test_nobody_is_listed_once_the_list_is_closed():
    campaign = (SMALL.start + timedelta(14), SMALL.start + timedelta(70))
    baseline, changed = twins("close-the-list", SMALL.replace(campaign=campaign), 1)
    assert baseline.cells[..., L.COUNT.listings].sum() > 0
    assert changed.cells[..., L.COUNT.listings].sum() == 0


GROUNDS_OF = {
    name: 1 << L.GROUND_SHIFT + number
    for number, ground in enumerate(grounds().values())
    for name, one in catalogue().items()
    if set(one.put) == {ground.let_off}
}
SUNDAY = date(2024, 7, 14)


def lived(names, until, scenario=None):
    """The flags of a town and of its twin under interventions from the week of SUNDAY on, at the end of a day."""
    scenario = scenario or SMALL.replace(end=until)
    dated = tuple((one, date(2024, 7, 8)) for one in find_interventions(names))
    flags = []
    for one in (scenario, with_interventions(scenario, dated)):
        world = init_world(scenario, scenario.places[0], 1)
        flags.append(simulate.run(world, one.phases(), Workers(1)).state.flags.astype(int))
    return flags


def test_after_an_amnesty_nobody_is_listed_and_a_release_lists_again():
    baseline, freed = lived(["amnesty"], SUNDAY)
    at_start = (baseline & L.LISTED_AT_START) != 0
    assert (baseline[at_start] & L.ON_A_LIST).any()
    assert not (freed[at_start] & L.ON_A_LIST).any()  # somebody accused on that very Sunday may be listed
    pressed = SMALL.replace(
        end=date(2024, 12, 31),
        changes=(Change(date(2024, 7, 20), {"p_detected_per_call": 0.5, "detention_days": 3.0}),),
        population=3000,
    )
    _, again = lived(["amnesty"], None, pressed)
    _, never = lived(["abolish-the-list"], None, pressed)
    assert (again & L.ON_A_LIST).any()
    assert not (never & L.ON_A_LIST).any()


def test_every_ground_can_be_taken_from_the_list():
    assert sum(GROUNDS_OF.values()) == L.GROUNDS


@pytest.mark.parametrize("name", sorted(GROUNDS_OF))
def test_a_ground_taken_from_the_list_frees_those_who_have_no_other(name):
    baseline, freed = lived([name], SUNDAY, SMALL.replace(end=SUNDAY, population=4000))
    ground = GROUNDS_OF[name]
    grounds = (baseline & L.GROUNDS) | np.where(baseline & L.WAS_DETAINED, L.DETAINEE, 0)
    listed, still = (baseline & L.ON_A_LIST) != 0, (freed & L.ON_A_LIST) != 0
    alone = listed & (grounds == ground)
    assert alone.any()
    assert not still[alone].any()
    assert np.array_equal(still[~alone], listed[~alone])


def test_an_intervention_for_some_days_ends_and_leaves_the_scenarios_own_changes():
    later = SMALL.replace(changes=(Change(date(2024, 7, 10), {"p_reprimand": 0.9}),))
    mine = Intervention("mine", "w", put={"p_reprimand": 0.0}, days=5)
    phases = with_interventions(later, ((mine, date(2024, 7, 8)),)).phases()
    by_day = {phase.day + n: phase.values["p_reprimand"] for phase in phases for n in range(phase.days)}
    first = (date(2024, 7, 1) - date(1970, 1, 1)).days
    own = SMALL.parameters["p_reprimand"]
    assert [by_day[first + n] for n in range(15)] == [own] * 7 + [0.0] * 5 + [0.9] * 3


def test_a_rule_taken_out_for_some_days_returns_and_a_change_of_the_scenario_that_ends_is_met():
    ends = Change(date(2024, 7, 4), {"p_permit_refused_listed": 0.9, "p_reprimand": 0.9}, until=date(2024, 7, 9))
    mine = Intervention("mine", "w", times={"p_reprimand": 0.5}, without=frozenset({"S16"}), days=5)
    phases = with_interventions(SMALL.replace(changes=(ends,)), ((mine, date(2024, 7, 8)),)).phases()
    by_day = [phase for phase in phases for _ in range(phase.days)]
    own = SMALL.parameters["p_reprimand"]
    assert [phase.values["p_reprimand"] for phase in by_day[:15]] == (
        [own] * 3 + [0.9] * 4 + [0.45] * 2 + [own / 2] * 3 + [own] * 3
    )
    assert ["S16" in phase.without for phase in by_day[:15]] == [False] * 7 + [True] * 5 + [False] * 3


def test_an_intervention_stays_in_force_over_a_later_change_of_the_scenario():
    pressed = SMALL.replace(changes=(Change(date(2024, 9, 1), {"quota_mps_per_week": 25.0, "p_reprimand": 0.9}),))
    both = find_interventions(["halve-quotas", "end-reprimands"])
    last = with_interventions(pressed, [(one, pressed.start) for one in both]).phases()[-1].values
    assert (last["quota_mps_per_week"], last["p_reprimand"]) == (12.5, 0.0)


def own(text):
    return parse_interventions(f'[mine]\nwords = "Mine."\n{text}\n', "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("times = {quota_mps_per_week = 2.0}", "only adds to watching, quotas or detection"),
        ("times = {accusation_threshold = 0.5}", "only adds"),
        ("set = {share_covert_informants = 0.05}", "nothing that an intervention may change"),
        ("set = {fear_per_noticed = 0.0}", "nothing that an intervention may change"),
        ("set = {p_reprimnd = 0.0}", 'did you mean "p_reprimand"'),
        ("set = {p_reprimand = 7}", "out of range"),
        ("set = {p_reprimand = 0.0}\ntimes = {p_reprimand = 0.5}", "both set and multiplied"),
        ('set = {p_reprimand = 0.0}\nwithout = ["S6"]', "changed twice"),
        ('without = ["S3"]', "nobody can leave"),
        ('without = ["S13"]', "no relief"),
        ('without = ["S99"]', "not known"),
        ('date = "2024-08-01"\nwithout = ["S6"]', "is no date"),
        ("", "nothing changes"),
        ("phone = 1", "identity"),
        ('days = 0\nwithout = ["S16"]', "days = 0 must be 1 to"),
        ("tmes = {p_reprimand = 0.5}", 'did you mean "times"'),
    ],
)
def test_what_does_not_relieve_or_cannot_be_read_is_refused_with_the_reason(text, words):
    with pytest.raises(InputError, match=words):
        own(text)


def test_setting_to_the_worse_of_the_scenario_is_refused():
    with pytest.raises(InputError, match="from 10 to 20 is more of it and only adds"):
        ComparePlan.ask(SMALL, own("set = {quota_mps_per_week = 20.0}"))


def test_a_draw_that_is_already_better_is_left_as_it_is():
    (one,) = own("set = {quota_mps_per_week = 8.0}")
    assert one.values({"quota_mps_per_week": 3.5}) == {"quota_mps_per_week": 3.5}
    assert one.values({"quota_mps_per_week": 30.0}) == {"quota_mps_per_week": 8.0}


def test_unknown_repeated_contradictory_and_misdated_interventions_are_refused(tmp_path):
    with pytest.raises(InputError, match='did you mean "end-reprimands"'):
        find_interventions(["end-reprimand"])
    with pytest.raises(InputError, match="named twice"):
        find_interventions(["free-calling", "free-calling"])
    (tmp_path / "other.toml").write_text('[other]\nwords = "Other."\nset = {p_reprimand = 0.1}\n')
    with pytest.raises(InputError, match="contradict each other: both change p_reprimand"):
        find_interventions(["end-reprimands", str(tmp_path / "other.toml")])
    with pytest.raises(InputError, match="lies outside of the days simulated"):
        ComparePlan.ask(SMALL, find_interventions(["free-calling"]), date(2026, 1, 1))
    with pytest.raises(InputError, match="both change let_off_all"):
        find_interventions(["amnesty", "abolish-the-list"])


def test_each_lever_is_a_parameter_and_each_intervention_reads_back():
    assert set(LEVERS) <= set(model_parameters())
    dated = [(one, date(2024, 9, 1)) for one in catalogue().values()]
    assert parse_interventions(as_toml(dated), "") == tuple(replace(one, date=day) for one, day in dated)


def test_the_figures_are_those_of_the_counts():
    (found, _) = twins("free-calling", SMALL, 1)
    at = [figure.indicator for figure in FIGURES].index("reports")
    years = found.residents.sum() * 98 / 365 / 1000
    assert figures(found, 0)[0, at] == pytest.approx(found.cells[..., L.COUNT.reports].sum() / years)


def test_intervals_and_probabilities_of_pairs():
    before, after = np.arange(4.0), np.array([1.0, 0.0, 2.0, np.nan])
    row = summary(before, after, HIGHER)
    assert (row["n"], row["interval"], row["low"], row["high"]) == (3, "range", -1.0, 1.0)
    assert (row["p_positive"], row["p_relief"]) == (1 / 3, 1 / 3)
    assert summary(before[:1], after[:1], HIGHER)["low"] is None
    assert summary(np.full(2, np.nan), after[:2], HIGHER)["n"] == 0


def test_a_world_can_go_to_an_executor_of_processes():
    relieved = with_interventions(SMALL, [(one, SMALL.start) for one in catalogue().values()])
    task = Task(SMALL, (SMALL, relieved), 1, ((0, 7), (0,)))
    assert pickle.loads(pickle.dumps(task)) == task


def test_the_table_has_every_group_no_resident_and_does_not_depend_on_threads():
    question = ComparePlan.ask(
        SMALL.replace(population=1500), find_interventions(["end-reprimands", "free-calling"]), replicates=2, draws=2
    )
    with ThreadPoolExecutor(1) as single, ThreadPoolExecutor(2) as pair:
        one, two = compare(question, single), compare(question, pair)
    table = one.changes()
    assert table.equals(two.changes())
    assert one.pairs().equals(two.pairs())
    assert table.schema.equals(CHANGES_SCHEMA)
    assert one.names == ("end-reprimands", "free-calling", TOGETHER)
    assert len(table) == 3 * 2 * 8 * len(FIGURES)
    assert len(one.pairs()) == 3 * 4 * 8 * len(FIGURES)


@pytest.mark.parametrize("schema", [CHANGES_SCHEMA, PAIRS_SCHEMA], ids=["changes", "pairs"])
def test_no_table_has_a_resident_key(schema):
    named = {"intervention", "group", "ground", "indicator", "unit", "better", "spread", "interval"}
    counted = {"first_day", "n", "number", "seed"}
    measures = {"baseline", "with_intervention", "change", "low", "high", "p_positive", "p_relief", "finding"}
    assert set(schema.names) <= named | counted | measures


def test_the_command_writes_a_folder_and_refuses_one_that_exists(tmp_path):
    out = tmp_path / "mine"
    line = ["compare", "hoeryong", "--with", "end-reprimands", "--population", "800", "--days", "35", "--draws", "2"]
    line += ["--replicates", "1", "--threads", "1", "--out", str(out)]
    done = CliRunner().invoke(main, line)
    assert done.exit_code == 0, done.output
    assert "Pairs of twins over worlds of the described ensemble, adapted" in " ".join(done.stdout.split())
    assert {path.name for path in out.iterdir()} == {
        "manifest.json", "scenario.toml", "interventions.toml", "changes.parquet", "changes.csv", "pairs.parquet",
        "report.html",
    }  # fmt: skip
    assert pq.read_table(out / "changes.parquet").num_rows == 2 * 8 * len(FIGURES)
    again = CliRunner().invoke(main, line)
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)
    assert "exists already" in again.stderr


def test_worlds_of_the_ensemble_live_in_stand_ins_and_luck_in_the_place_itself():
    plan = ComparePlan.ask(scenario_for("hoeryong", days=7), find_interventions(["amnesty"]), replicates=1, draws=2)
    assert plan.resident_days == (153_532 + 2 * STAND_IN) * (plan.scenario.settling_days + 2 * 7)


def test_a_change_that_holds_in_all_worlds_is_robust_from_a_hundred_with_each_form_on():
    """Invented pairs: in every world fewer accusations; fewer completed calls with one form of S4 alone."""
    plan = ComparePlan.ask(SMALL, find_interventions(["amnesty"]), replicates=1, draws=200)
    shape = (1, 201, len(GROUPS), len(FIGURES))
    before, after = np.ones(shape), np.ones(shape)
    accused, calls = (
        [figure.indicator for figure in FIGURES].index(name) for name in ("accusations", "calls_completed")
    )
    after[..., accused] = 0.5
    pooled = np.array([case[3].forms["S4"] == "pooled" for case in plan.cases()])
    after[:, ~pooled, :, calls] = 2.0
    rows = Comparison(plan, ("amnesty",), before, after).changes().to_pylist()
    found = {(row["indicator"], row["spread"]): row["finding"] for row in rows if row["group"] == "all"}
    assert found["accusations", "ensemble"] == "robust"
    assert found["accusations", "luck"] is None
    assert found["calls_completed", "ensemble"].startswith("hangs on the form of S4 (holds with assigned, not with")
