"""Rival forms of a rule: chosen by name, set or drawn, and every rule that has them known to the code."""

from collections import Counter

import pytest

from underwatch.errors import InputError
from underwatch.experiments.engine.worlds import prior_scenarios
from underwatch.experiments.sweep import Sweep
from underwatch.facts import rival_forms
from underwatch.world.forms import Forms, prior_forms
from underwatch.world.rates import FORMS, rates
from underwatch.world.scenario_file import parse, scenario_for

BY_RULE = {rule: [item.form for item in items] for rule, items in rival_forms().items()}


def test_the_first_form_of_each_rule_is_the_central_one():
    assert dict(Forms.central()) == {rule: names[0] for rule, names in BY_RULE.items()}
    assert Forms.central().fixed == ()
    assert Forms.central().with_forms({"S4": "pooled"}).fixed == ("S4",)


def test_every_form_that_is_not_the_central_one_reaches_the_rates_or_stands_elsewhere():
    elsewhere = {"S2", "S13"}  # the frame of the population, and the channel
    assert {rule for rule, _ in FORMS.values()} == BY_RULE.keys() - elsewhere
    for field, (rule, form) in FORMS.items():
        assert form in BY_RULE[rule][1:]
        values = scenario_for("hoeryong").parameters
        on, off = (rates(values, forms=Forms.central().with_forms({rule: name})) for name in (form, BY_RULE[rule][0]))
        assert (getattr(on, field), getattr(off, field)) == (1, 0)


@pytest.mark.parametrize("n", [6, 200])
def test_draws_hold_each_level_of_each_form_as_often_as_the_others(n):
    draws = prior_forms(n, seed=1)
    assert len(draws) == n
    for rule, names in BY_RULE.items():
        counts = Counter(forms[rule] for forms in draws)
        assert counts.keys() == set(names)
        assert max(counts.values()) - min(counts.values()) <= 1
    assert draws != prior_forms(n, seed=2)
    assert len(set(draws)) > n // 3  # rules are drawn apart from each other


def test_a_form_that_is_set_is_drawn_nowhere():
    scenario = parse('place = "Hoeryong"\npopulation = 500\n[forms]\nS4 = "pooled"\nS11 = "linear"\n')
    for drawn in (*prior_scenarios(scenario, 8), *(task.scenario for task in Sweep(scenario, 8).worlds())):
        assert (drawn.forms["S4"], drawn.forms["S11"]) == ("pooled", "linear")
    assert {drawn.forms["S6"] for drawn in prior_scenarios(scenario, 8)} == {"reprimand", "avoidance"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('S4 = "pool"', 'S4 has no form "pool" (did you mean "pooled"?)'),
        ('S3 = "pooled"', '"S3" has no rival forms'),
        ("S4 = 1", 'S4 has no form "int"'),
    ],
)
def test_an_unknown_form_is_refused_in_one_line_with_the_nearest(text, told):
    with pytest.raises(InputError) as refused:
        parse(f'place = "Hoeryong"\n[forms]\n{text}\n')
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
