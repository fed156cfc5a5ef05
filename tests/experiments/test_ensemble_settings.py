"""Ensembles of settings: rows come as often as their weights say, and what a scenario sets stays as set."""

import tracemalloc
from collections import Counter

import numpy as np
import pytest

from underwatch.errors import InputError
from underwatch.experiments.engine.worlds import prior_scenarios
from underwatch.experiments.ensemble import settings
from underwatch.experiments.ensemble.settings import Ensemble, ensemble_scenarios
from underwatch.experiments.ensemble.strata import levels_of, raked, systematic
from underwatch.facts import rival_forms
from underwatch.world.forms import prior_forms
from underwatch.world.parameters import prior_draws
from underwatch.world.scenario_file import scenario_for


def ensemble(weights):
    n = len(weights)
    return Ensemble("known", tuple(prior_draws(n, 3)), tuple(prior_forms(n, 3)), np.array(weights) / sum(weights))


def test_rows_are_drawn_as_often_as_their_weights_say_give_or_take_one():
    weights = np.array([1, 2, 3, 4, 10, 0.5])
    for seed in range(20):
        counts = Counter(systematic(weights, 200, np.random.default_rng(seed)).tolist())
        for row, expected in enumerate(200 * weights / weights.sum()):
            assert abs(counts[row] - expected) < 1


def test_raking_gives_each_level_the_same_weight_and_keeps_ratios_where_all_levels_are_alike():
    levels = [np.array([[1, 1, 0, 0], [0, 0, 1, 1]], bool), np.array([[1, 0, 1, 0], [0, 1, 0, 1]], bool)]
    found = raked(np.array([4, 2, 2, 1]) / 9, levels)  # independent: the margins alone are skewed
    assert found == pytest.approx(np.full(4, 0.25))
    found = raked(np.array([0.4, 0.1, 0.1, 0.4]), levels)  # already even
    assert found == pytest.approx([0.4, 0.1, 0.1, 0.4])


@pytest.mark.parametrize("n", [6, 50, 200])
def test_each_form_of_each_rule_is_met_as_often_as_its_rivals(n):
    made = ensemble(np.random.default_rng(8).pareto(1.5, 300) + 0.01)
    for seed in (1, 2):
        rows = made.pick(n, seed)
        assert len(rows) == n
        for rule, rivals in rival_forms().items():
            counts = Counter(made.forms[row][rule] for row in rows)
            assert min(counts[rival.form] for rival in rivals) >= n // len(rivals)
    assert made.pick(200, 1) == made.pick(200, 1) != made.pick(200, 2)
    chosen = np.bincount([row for seed in range(40) for row in made.pick(100, seed)], minlength=300) / 4000
    assert np.corrcoef(chosen, raked(made.weights, levels_of(made.forms)))[0, 1] > 0.95


def test_many_worlds_cost_the_memory_of_the_settings():
    made = ensemble(np.random.default_rng(8).pareto(1.5, 300) + 0.01)
    tracemalloc.start()
    rows = made.pick(50_000, 1)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(rows) == 50_000
    assert most < 100 << 20  # it was gigabytes, where each world was a row of its own


def test_worlds_take_the_settings_of_the_ensemble_and_keep_what_is_set(monkeypatch):
    made = ensemble([1.0] * 8)
    monkeypatch.setattr(settings, "read_ensemble", lambda name: made)
    scenario = scenario_for("hoeryong", population=500, values={"p_notice": 0.5}, forms={"S4": "pooled"})
    worlds = ensemble_scenarios(scenario, 8, "known")
    assert len({world.seed for world in worlds}) == 8
    assert {world.parameters["p_notice"] for world in worlds} == {0.5}
    assert {world.forms["S4"] for world in worlds} == {"pooled"}
    assert {world.parameters["p_reprimand"] for world in worlds} == {one["p_reprimand"] for one in made.parameters}
    assert ensemble_scenarios(scenario, 3) == prior_scenarios(scenario, 3)


def test_an_unknown_ensemble_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r'ensemble "descrbed" is not known .did you mean "described"'):
        ensemble_scenarios(scenario_for("hoeryong"), 3, "descrbed")
