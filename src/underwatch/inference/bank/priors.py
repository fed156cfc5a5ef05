"""What is drawn before anything is known: world parameters once per world, channel parameters once per package.

The ranges are those of the tables of facts. A world is one row of the bank; its parameters are all of the model's but
those of the channel (S13), and the change of orders that an estimate allows for. Each block of rows is a Latin
hypercube of its own, so that a bank can grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from underwatch.facts import Fact, estimate_parameters, model_parameters
from underwatch.record.tally import Window
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


def world_of(scenario: Scenario, window: Window, values: Mapping[str, float]) -> Scenario:
    """Return the scenario with a drawn world's parameters and its change of orders."""
    own = {name: value for name, value in values.items() if name in model_parameters()}
    week = round(values["ramp_week"] * window.n_weeks)
    orders = {}
    for name in _ORDERS:
        highest = possible_range(model_parameters()[name])[1]
        orders[name] = min(highest, own[name] * values["ramp_factor"])
    change = Change(window.start + timedelta(weeks=week), orders)
    return scenario.replace(parameters=Parameters.central().with_values(**own), changes=(change,))
