"""Underwatch: a model of life under surveillance, with synthetic residents, for those who document repression.

The front door is lazy: a name is imported from its module when it is first used, so `import underwatch` costs nothing.
"""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what a type checker reads of the same names; a test holds that the two lists agree
    from underwatch.channel.episodes import episodes as episodes
    from underwatch.channel.reporting import expected_published as expected_published
    from underwatch.errors import InputError as InputError
    from underwatch.evidence.check.checking import read_package as read_package
    from underwatch.evidence.samples.example import example_package as example_package
    from underwatch.experiments.engine.worlds import init_world as init_world
    from underwatch.experiments.engine.worlds import record_of as record_of
    from underwatch.experiments.engine.worlds import world_totals as world_totals
    from underwatch.experiments.interventions import find_interventions as find_interventions
    from underwatch.experiments.interventions import with_interventions as with_interventions
    from underwatch.experiments.ledger.ledger import ledger as ledger
    from underwatch.experiments.silence import silence_curve as silence_curve
    from underwatch.facts import model_parameters as model_parameters
    from underwatch.facts import places as places
    from underwatch.facts import published_facts as published_facts
    from underwatch.record.incidents import incident_table as incident_table
    from underwatch.record.measures import indicator_table as indicator_table
    from underwatch.record.measures import totals as totals
    from underwatch.world.parameters import Parameters as Parameters
    from underwatch.world.parameters import prior_draws as prior_draws
    from underwatch.world.scenario import Change as Change
    from underwatch.world.scenario import Scenario as Scenario
    from underwatch.world.scenario_file import scenario_for as scenario_for
    from underwatch.world.simulate import digest as digest
    from underwatch.world.simulate import run as run
    from underwatch.world.workers import Workers as Workers

__version__ = "0.1.0"

# Public name -> the module that has it, in the order of the way through the house; docs/api.md tells of each (a test).
_FRONT = {
    "places": "underwatch.facts",
    "model_parameters": "underwatch.facts",
    "published_facts": "underwatch.facts",
    "Parameters": "underwatch.world.parameters",
    "prior_draws": "underwatch.world.parameters",
    "Scenario": "underwatch.world.scenario",
    "Change": "underwatch.world.scenario",
    "scenario_for": "underwatch.world.scenario_file",
    "init_world": "underwatch.experiments.engine.worlds",
    "run": "underwatch.world.simulate",
    "Workers": "underwatch.world.workers",
    "digest": "underwatch.world.simulate",
    "world_totals": "underwatch.experiments.engine.worlds",
    "record_of": "underwatch.experiments.engine.worlds",
    "totals": "underwatch.record.measures",
    "indicator_table": "underwatch.record.measures",
    "incident_table": "underwatch.record.incidents",
    "episodes": "underwatch.channel.episodes",
    "expected_published": "underwatch.channel.reporting",
    "silence_curve": "underwatch.experiments.silence",
    "find_interventions": "underwatch.experiments.interventions",
    "with_interventions": "underwatch.experiments.interventions",
    "ledger": "underwatch.experiments.ledger.ledger",
    "read_package": "underwatch.evidence.check.checking",
    "example_package": "underwatch.evidence.samples.example",
    "InputError": "underwatch.errors",
}

_FORMER = {"begin": "init_world", "Hands": "Workers", "gather": "world_totals"}  # understood until version 0.3

__all__ = ["__version__", *_FRONT]


if not TYPE_CHECKING:  # else every name would be taken for known

    def __getattr__(name: str) -> object:
        """Import a public name on its first use; an unknown one raises AttributeError as usual."""
        if name in _FORMER:
            warnings.warn(f"underwatch.{name} is now underwatch.{_FORMER[name]}", DeprecationWarning, stacklevel=2)
            return __getattr__(_FORMER[name])
        if name not in _FRONT:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(_FRONT[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, those not yet imported among them."""
    return sorted({*globals(), *_FRONT})
