"""What a scenario sets stays as set in every draw, the central value too; and no two draws share their luck."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from support.depth import examples
from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.experiments.compare import ComparePlan
from underwatch.experiments.engine.worlds import prior_scenarios
from underwatch.experiments.interventions import find_interventions
from underwatch.experiments.sensitivity import SensitivityPlan
from underwatch.experiments.silence import silence_curve
from underwatch.experiments.studies.kept_run import new_run, old_run, run_of_manifest
from underwatch.experiments.studies.study_plan import StudyPlan
from underwatch.experiments.sweep import Sweep
from underwatch.facts import model_parameters
from underwatch.web.session.request import question_of
from underwatch.world.parameters import Parameters, prior_draws
from underwatch.world.scenario import Change, RunOptions
from underwatch.world.scenario_file import parse, parse_written, scenario_for, scenario_toml

CENTRAL = model_parameters()["p_notice"].central
OPEN = {name for name, fact in model_parameters().items() if fact.low < fact.high}
TOWN = 'place = "hyesan"\npopulation = 300\ndays = 14\nseed = 3\n'
FILE = f"{TOWN}[parameters]\np_notice = {CENTRAL}\n"


def do(words, code=0):
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == code, result.output
    return result


def varied(scenarios, name="p_notice"):
    """The values that a parameter has over some scenarios, on any day of them."""
    return {phase.values[name] for one in scenarios for phase in one.phases()}


def ensembles(scenario):
    """The scenarios that each command would run for its draws, but for sensitivity, which has names."""
    compared = ComparePlan.ask(scenario, find_interventions(["end-reprimands"]), replicates=1, draws=4).cases()
    sweeps = [Sweep(scenario, 4, 2, sampler, "prior") for sampler in ("lhs", "sobol")]
    return {
        "run": [world for draw in range(1, 5) for world in StudyPlan(scenario, (), 4).stand_ins_at(draw)],
        "sweep": [world.scenario for sweep in sweeps for world in sweep.worlds()],
        "compare": [case[-1] for case in compared],
        "drawn": prior_scenarios(scenario, 4),
    }


SETTINGS = {
    "a file": lambda: parse(FILE),
    "an option": lambda: scenario_for("hyesan", population=300, days=14, values={"p_notice": CENTRAL}),
    "values in Python": lambda: parse(TOWN).replace(parameters=Parameters.central().with_values(p_notice=CENTRAL)),
    "another value": lambda: parse(FILE.replace(str(CENTRAL), "0.61")),
    "a file and what it was written as": lambda: parse(scenario_toml(parse(FILE))),
    "a slider": lambda: (
        question_of({"place": "hyesan", "population": 300, "parameters": {"p_notice": CENTRAL}}).scenario
    ),
    "a change on the first day": lambda: parse(f"{TOWN}[[change]]\ndate = 2024-07-01\nparameters = {{p_notice = 0.6}}"),
}


@pytest.mark.parametrize("how", SETTINGS)
def test_what_is_set_is_in_no_draw_of_any_command(how, tmp_path):
    scenario = SETTINGS[how]()
    value = scenario.phases()[0].values["p_notice"]
    for command, found in ensembles(scenario).items():
        assert varied(found) == {value}, command
        assert {one.parameters["p_notice"] for one in found} == {value}, command
        assert len(varied(found, "quota_mps_per_week")) >= 4, command
    assert set(SensitivityPlan(scenario).names()) == OPEN - {"p_notice"}


def test_a_dated_change_is_from_what_the_scenario_has_in_every_draw(tmp_path):
    scenario = parse(TOWN).replace(changes=(Change(date(2024, 7, 8), {"p_notice": 0.9}),))
    for command, found in ensembles(scenario).items():
        assert varied(found) == {CENTRAL, 0.9}, command
    assert "p_notice" not in SensitivityPlan(scenario).names()


def test_all_of_them_set_leaves_nothing_to_draw():
    every = "".join(f"{name} = {fact.central!r}\n" for name, fact in model_parameters().items())
    scenario = parse(f"{TOWN}[parameters]\n{every}")
    assert [one.parameters for one in prior_scenarios(scenario, 3)] == [Parameters.central()] * 3
    with pytest.raises(InputError, match="sets every parameter"):
        SensitivityPlan(scenario)


@given(st.sets(st.sampled_from(sorted(OPEN)), max_size=5), st.booleans(), st.integers(0, 9))
@examples(40)
def test_toml_reads_back_what_is_set(names, moved, seed):
    values = prior_draws(1, seed)[0] if moved else Parameters.central()
    given_ = Parameters.central().with_values(**{name: values[name] for name in names})
    scenario = scenario_for("hyesan").replace(parameters=given_)
    again = parse(scenario_toml(scenario))
    assert set(again.fixed()) == set(scenario.fixed()) == names
    assert again.parameters.to_dict() == given_.to_dict()
    assert set(parse_written(scenario_toml(scenario)).fixed()) == names


def test_a_file_that_lists_every_value_sets_those_it_says(tmp_path):
    """What the program writes lists all; what was written before it said so sets what is not central, and no more."""
    text = scenario_toml(parse(FILE.replace("[param", "without = []\n[param")))
    assert len(re.findall(r"\bp_notice\b", text)) == 2
    before = "\n".join(line for line in text.splitlines() if not line.startswith("set = "))
    assert set(parse_written(before).fixed()) == set()
    assert set(parse_written(before.replace(f"p_notice = {CENTRAL}", "p_notice = 0.7")).fixed()) == {"p_notice"}
    edited = text.replace("quota_mps_per_week = 10.0", "quota_mps_per_week = 12.0")
    assert set(parse(edited).fixed()) == {"p_notice", "quota_mps_per_week"}
    for listed, words in {
        "3": "is no list",
        "[3]": "is no list",
        '["p_notise"]': "did you mean",
        '["order_campaign"]': "",
    }.items():
        with pytest.raises(InputError, match=words or "is not in"):
            parse(FILE.replace("[param", f"set = {listed}\n[param"))


def test_a_run_says_how_many_are_set_and_its_folder_keeps_which(tmp_path):
    (tmp_path / "a.toml").write_text(FILE)
    told = json.loads(do(f"run {tmp_path}/a.toml --draws 2 --out {tmp_path}/a --json").stdout)
    assert "changed as asked" in told["summary"][1]
    assert "The scenario sets 1 of them, which no world changes." in (tmp_path / "a" / "report.html").read_text()
    asked = prior_scenarios(parse(FILE), 2)
    assert (
        prior_scenarios(run_of_manifest(tmp_path / "a")[0], 2)
        == prior_scenarios(scenario_for(tmp_path / "a" / "parameters.toml"), 2)
        == asked
    )
    assert prior_scenarios(parse(TOWN), 2) != asked
    assert parse(TOWN) == parse(FILE)  # the same world, and another question


def test_the_commands_say_how_many_are_set(tmp_path):
    (tmp_path / "a.toml").write_text(FILE)
    said = "1 parameter is set and drawn nowhere"
    swept = " ".join(do(f"sweep {tmp_path}/a.toml --draws 3 --out {tmp_path}/s").stdout.split())
    assert said in swept
    assert "3 of worlds of the described ensemble, adapted" in swept
    assert " prior " not in swept, "draws of another ensemble are not called the prior"
    assert {row["parameter:p_notice"] for row in pq.read_table(tmp_path / "s" / "draws.parquet").to_pylist()} == {
        CENTRAL
    }
    words = f"compare {tmp_path}/a.toml --with end-reprimands --replicates 0 --draws 2 --out {tmp_path}/c"
    assert said in " ".join(do(words).stdout.split())
    assert said in (tmp_path / "c" / "report.html").read_text()


def test_what_a_slider_sets_is_what_the_page_gets_back():
    question = question_of({"place": "hyesan", "parameters": {"p_notice": CENTRAL}})
    assert question.record()["parameters"] == {"p_notice": CENTRAL}
    assert set(question_of(question.record()).scenario.fixed()) == {"p_notice"}
    assert set(parse(question.to_toml()).fixed()) == {"p_notice"}
    assert question_of({"place": "hyesan"}).record()["parameters"] == {}


def test_no_two_draws_share_their_luck_nor_do_those_of_neighbouring_seeds(tmp_path):
    scenario = parse(TOWN)
    seeds = [world.seed for n in range(6) for world in Sweep(scenario.replace(seed=n), 32, 3).worlds()]
    assert len(set(seeds)) == len(seeds) == 6 * 32 * 3
    for command, found in ensembles(scenario).items():
        if command != "sweep":  # it has its seeds beside its scenarios
            own = [one.seed for one in found if one.parameters != scenario.parameters]
            assert len({*own, scenario.seed}) == len(own) + 1, command
    cases = ComparePlan.ask(scenario, find_interventions(["end-reprimands"]), replicates=2, draws=5).cases()
    assert len({case[2] for case in cases}) == 7


def test_more_replicates_leave_the_first_ones_as_they_are():
    scenario = parse(TOWN)
    few, many = (Sweep(scenario, 4, n).worlds() for n in (2, 5))
    assert [many[5 * d + r] for d in range(4) for r in range(2)] == few


def test_each_silence_curve_has_luck_of_its_own_and_one_luck_in_itself():
    scenario = parse(TOWN.replace("14", "28"))
    same = [scenario.parameters] * 3
    curve = silence_curve(scenario, same, watching=(1.0, 1.0, 4.0))
    assert (curve.incidents[0] == curve.incidents[1]).all()
    assert len(set(curve.incidents[0])) == 3
    assert silence_curve(scenario, same[:1], watching=(1.0,)).incidents[0, 0] == curve.incidents[0, 0]


def test_a_run_begun_with_one_luck_for_all_is_not_gone_on_with(tmp_path):
    scenario, options = parse(TOWN), RunOptions(draws=2, twin=False, incidents="all", out=tmp_path / "a")
    run = new_run(scenario, options)
    assert old_run(run.path)[1] == scenario
    path = run.folder / "job.json"
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "luck"}))
    assert (
        "earlier underwatch, which kept something else of its draws; run it again"
        in do(f"run --resume {run.path}", 2).stderr
    )


def test_a_sweep_begun_with_one_luck_for_all_is_not_gone_on_with(tmp_path):
    from underwatch.experiments.engine.answer_folder import new_answer
    from underwatch.experiments.engine.tasks import Results

    question = Sweep(parse(TOWN), 2).question()
    before = {key: value for key, value in question.items() if key != "luck"}
    folder = new_answer(tmp_path / "s", "", before).path
    with Results(before, folder / "results.jsonl"), ThreadPoolExecutor(1):
        pass
    assert "another question or version" in do(f"sweep --resume {folder}", 2).stderr
