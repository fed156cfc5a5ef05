"""Sensitivity: known indices are met through the very path of the model, and nothing but residents' lot is a target."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from click.testing import CliRunner

from underwatch.cli import main
from underwatch.errors import InputError
from underwatch.experiments.engine.tasks import Results
from underwatch.experiments.sensitivity import (
    INDICES_SCHEMA,
    TARGETS,
    SensitivityPlan,
    ask_first,
    chosen,
    evaluator,
    indices,
    indices_table,
    worlds_at,
)
from underwatch.record.schema import DICTIONARY
from underwatch.world.scenario_file import scenario_for

A, B = 7.0, 0.1  # Ishigami and Homma 1990, with the constants of Saltelli et al.
NAMES = ("x1", "x2", "x3", "idle")


def ishigami(point):
    x = np.pi * (2 * np.asarray(point) - 1)
    return np.array([np.sin(x[0]) + A * np.sin(x[1]) ** 2 + B * x[2] ** 4 * np.sin(x[0]), 5.0])


def failing(point):
    if point[0] > 0.9:
        raise ValueError("too far")
    return ishigami(point)


def known():
    """First and total indices of the Ishigami function in closed form."""
    whole = A**2 / 8 + B * np.pi**4 / 5 + B**2 * np.pi**8 / 18 + 0.5
    v1 = 0.5 * (1 + B * np.pi**4 / 5) ** 2
    v2 = A**2 / 8
    v13 = B**2 * np.pi**8 * (1 / 18 - 1 / 50)
    return np.array([v1, v2, 0, 0]) / whole, np.array([v1 + v13, v2, v13, 0]) / whole


def through_the_path(analyse, work=ishigami, size=1024, seed=3):
    with ThreadPoolExecutor(2) as pool:
        evaluate = evaluator(list, work, pool, Results({"what": "test"}))
        return indices(analyse, NAMES, ("ishigami", "constant"), size, seed, evaluate)


def test_sobol_meets_the_indices_of_a_known_function():
    found = through_the_path("sobol")
    first, total = known()
    assert np.all(np.abs(found.main[0] - first) <= found.main_half[0] + 0.01)
    assert np.all(np.abs(found.total[0] - total) <= found.total_half[0] + 0.01)
    assert np.abs(found.main[0] - first).max() < 0.05
    assert np.abs(found.total[0] - total).max() < 0.05
    assert np.isnan(found.total[1]).all()  # what does not vary has no index
    assert found.n_runs == 1024 * 6


def test_morris_finds_what_does_nothing_and_orders_the_rest():
    found = through_the_path("morris", size=40)
    assert found.main[0, 3] == 0
    assert found.main[0, :3].min() > 1
    assert found.total[0, 2] > found.main[0, 2] * 0.5  # x3 acts only together with x1: sigma is large
    assert chosen(found, 3) == tuple(sorted(chosen(found, 3), key=lambda n: -found.main[0, NAMES.index(n)]))
    assert "idle" not in chosen(found, 3)


def test_the_same_seed_gives_the_same_indices_and_another_seed_does_not():
    one, same, other = (through_the_path("sobol", size=64, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(one.total, same.total, equal_nan=True)
    assert np.array_equal(one.total_half, same.total_half, equal_nan=True)
    assert not np.array_equal(one.total, other.total, equal_nan=True)


def test_runs_that_fail_leave_out_their_base_samples_and_no_more():
    found = through_the_path("sobol", failing, 256)
    assert 0 < found.n_failed < found.n_runs
    assert found.n_failed % 6 == 0
    assert not np.isnan(found.total[0]).any()

    def never(point):
        raise ValueError("no")

    with pytest.raises(InputError, match="too many runs failed"):
        through_the_path("sobol", never, 8)


def test_ask_first_names_those_with_the_largest_part():
    assert [name for name, _ in ask_first(through_the_path("sobol"), 2)] == ["x1", "x2"]


def test_every_uncertain_parameter_is_varied_over_its_range_and_no_other():
    scenario = scenario_for("hoeryong", population=500, days=7, values={"p_notice": 0.4})
    names = SensitivityPlan(scenario).names()
    assert "p_notice" not in names
    assert len(names) > 60
    low, high = worlds_at(scenario, names, np.array([[0.0] * len(names), [1.0] * len(names)]))
    from underwatch.facts import model_parameters

    for name in names:
        fact = model_parameters()[name]
        assert low.scenario.parameters[name] == fact.low
        assert high.scenario.parameters[name] == pytest.approx(fact.high)
    assert low.scenario.parameters["p_notice"] == 0.4


def test_targets_are_human_rights_figures_alone():
    """No sensitivity or ranking is of anything but what is done to residents: each target bears on an article."""
    from underwatch.record.headlines import HEADLINES

    assert tuple(headline.name for headline in HEADLINES) == TARGETS
    for headline in HEADLINES:
        assert set(DICTIONARY[headline.indicator].articles) & {9, 12, 17, 19}, headline.name
    found = through_the_path("sobol", size=8)
    table = indices_table((found,))
    assert table.schema == INDICES_SCHEMA
    assert not {"who", "resident", "person", "unit", "household", "officer"} & set(table.column_names)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"n": 100}, "no power of 2"),
        ({"trajectories": 1}, "trajectories = 1"),
        ({"factors": 11}, "factors = 11"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(parts, words):
    with pytest.raises(InputError, match=words):
        SensitivityPlan(scenario_for("hoeryong"), **parts)
    with pytest.raises(InputError, match="one city or county"):
        SensitivityPlan(scenario_for("Ryanggang"))


def test_without_its_package_the_command_says_what_to_install_before_anything_is_written(tmp_path, monkeypatch):
    """SALib is an extra: it brings pandas and multiprocess, which nothing else here needs."""
    monkeypatch.setitem(sys.modules, "SALib", None)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["sensitivity", "hoeryong"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "pip install SALib" in result.stderr
    assert list(tmp_path.iterdir()) == []
