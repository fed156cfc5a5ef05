"""What is drawn before anything is known: world parameters once per world, channel parameters once per package.

The ranges are those of the tables of facts. A world is one row of the bank; its parameters are all of the model's but
those of the channel (S13), and the change of orders that an estimate allows for. Each block of rows is a Latin
hypercube of its own, so that a bank can grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from underwatch.facts import Fact, estimate_parameters, model_parameters, rival_forms
from underwatch.record.tally import Window
from underwatch.world.draws import rng
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters, possible_range
from underwatch.world.scenario import Change, Scenario

_CHANNEL = "S13"
# Of the rule S13 this one is the world's: for how long a call keeps contact open stands in every record.
_OF_THE_WORLD = ("contact_weeks",)
_ORDERS = ("quota_mps_per_week", "quota_mss_per_week", "vigilance_base", "vigilance_pressure")
_RAMP = ("ramp_factor", "ramp_week")


def world_prior() -> dict[str, Fact]:
    """Return what is drawn for each world: by name, in the order of the tables; what has no range is a policy."""
    world = {n: f for n, f in model_parameters().items() if f.rule != _CHANNEL or n in _OF_THE_WORLD}
    world = {name: fact for name, fact in world.items() if fact.low < fact.high}
    return world | {name: estimate_parameters()[name] for name in _RAMP}


def channel_prior() -> dict[str, Fact]:
    """Return what is drawn for each package: the channel and the effort of those who listen."""
    channel = {n: f for n, f in model_parameters().items() if f.rule == _CHANNEL and n not in _OF_THE_WORLD}
    return channel | {n: f for n, f in estimate_parameters().items() if n not in _RAMP}


def world_rules() -> tuple[str, ...]:
    """Return the rules of which a world's form is drawn; that of the channel (S13) is drawn for each package."""
    return tuple(rule for rule in rival_forms() if rule != _CHANNEL)


def world_forms(n: int, seed: int, purpose: str) -> list[Forms]:
    """Return the forms of `n` worlds: of each rule every form as often as the others, give or take one."""
    columns = []
    for rule in world_rules():
        names = [item.form for item in rival_forms()[rule]]
        order = rng(seed, purpose, f"form of {rule}").permutation(n)
        columns.append([names[place % len(names)] for place in order.tolist()])
    return [
        Forms.central().with_forms(dict(zip(world_rules(), row, strict=True))) for row in zip(*columns, strict=True)
    ]


def levels_of(forms: Forms) -> list[int]:
    """Return the number of the form of each of the world's rules, in the order of the table."""
    return [[item.form for item in rival_forms()[rule]].index(forms[rule]) for rule in world_rules()]


def world_of(scenario: Scenario, window: Window, values: Mapping[str, float], forms: Forms) -> Scenario:
    """Return the scenario with a drawn world's parameters and forms and its change of orders."""
    own = {name: value for name, value in values.items() if name in model_parameters()}
    week = round(values["ramp_week"] * window.n_weeks)
    orders = {}
    for name in _ORDERS:
        highest = possible_range(model_parameters()[name])[1]
        orders[name] = min(highest, own[name] * values["ramp_factor"])
    change = Change(window.start + timedelta(weeks=week), orders)
    return scenario.replace(parameters=Parameters.central().with_values(**own), forms=forms, changes=(change,))
