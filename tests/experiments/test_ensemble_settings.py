"""Ensembles of settings: rows come as often as their weights say, and what a scenario sets stays as set."""

from collections import Counter

import numpy as np
import pytest

from underwatch.errors import InputError
from underwatch.experiments.engine.worlds import prior_scenarios
from underwatch.experiments.ensemble import settings
from underwatch.experiments.ensemble.settings import Ensemble, ensemble_scenarios
from underwatch.world.forms import prior_forms
from underwatch.world.parameters import prior_draws
from underwatch.world.scenario_file import scenario_for


def ensemble(weights):
    n = len(weights)
    return Ensemble("known", tuple(prior_draws(n, 3)), tuple(prior_forms(n, 3)), np.array(weights) / sum(weights))


def test_each_row_is_picked_as_often_as_its_weight_says_give_or_take_one():
    weights = np.array([1, 2, 3, 4, 10, 0.5])
    made = ensemble(weights)
    for seed in range(20):
        counts = Counter(made.pick(200, seed))
        for row, expected in enumerate(200 * weights / weights.sum()):
            assert abs(counts[row] - expected) < 1
    assert made.pick(200, 1) == made.pick(200, 1) != made.pick(200, 2)


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
