"""Underwatch: a model of life under surveillance, with synthetic residents, for those who document repression.

The front door is lazy: a name is imported from its module when it is first used, so `import underwatch` costs nothing.
"""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what a type checker reads of the same names; a test holds that the two lists agree
    from underwatch.api.commands.compare import compare as compare
    from underwatch.api.commands.compare import ledger as ledger
    from underwatch.api.commands.design import design as design
    from underwatch.api.commands.estimate import estimate as estimate
    from underwatch.api.commands.exposure import exposure as exposure
    from underwatch.api.commands.run import diary as diary
    from underwatch.api.commands.run import run as run
    from underwatch.api.commands.sensitivity import sensitivity as sensitivity
    from underwatch.api.commands.sweep import sweep as sweep
    from underwatch.api.in_memory import SimulatedWorld as SimulatedWorld
    from underwatch.api.in_memory import TwinWorlds as TwinWorlds
    from underwatch.api.own import Rules as Rules
    from underwatch.api.own import Week as Week
    from underwatch.api.silence import silence_curve as silence_curve
    from underwatch.api.simulate import simulate as simulate
    from underwatch.api.simulate import twins as twins
    from underwatch.api.told import bank as bank
    from underwatch.api.told import tell as tell
    from underwatch.errors import InputError as InputError
    from underwatch.evidence.check.checking import read_package as read_package
    from underwatch.evidence.samples.example import example_package as example_package
    from underwatch.experiments.interventions import Intervention as Intervention
    from underwatch.experiments.interventions import find_interventions as find_interventions
    from underwatch.facts import model_parameters as model_parameters
    from underwatch.facts import places as places
    from underwatch.facts import published_facts as published_facts
    from underwatch.world.parameters import Parameters as Parameters
    from underwatch.world.parameters import prior_draws as prior_draws
    from underwatch.world.scenario import Change as Change
    from underwatch.world.scenario import Scenario as Scenario
    from underwatch.world.scenario_file import scenario_for as scenario_for

__version__ = "0.1.0"

# Public name -> the module that has it, in the order of docs/api.md, which is made from their docstrings (a test).
_FRONT = {
    "places": "underwatch.facts",
    "model_parameters": "underwatch.facts",
    "published_facts": "underwatch.facts",
    "Parameters": "underwatch.world.parameters",
    "prior_draws": "underwatch.world.parameters",
    "Scenario": "underwatch.world.scenario",
    "Change": "underwatch.world.scenario",
    "Intervention": "underwatch.experiments.interventions",
    "scenario_for": "underwatch.world.scenario_file",
    "find_interventions": "underwatch.experiments.interventions",
    "simulate": "underwatch.api.simulate",
    "twins": "underwatch.api.simulate",
    "SimulatedWorld": "underwatch.api.in_memory",
    "TwinWorlds": "underwatch.api.in_memory",
    "Week": "underwatch.api.own",
    "Rules": "underwatch.api.own",
    "silence_curve": "underwatch.api.silence",
    "ledger": "underwatch.api.commands.compare",
    "run": "underwatch.api.commands.run",
    "diary": "underwatch.api.commands.run",
    "compare": "underwatch.api.commands.compare",
    "sweep": "underwatch.api.commands.sweep",
    "sensitivity": "underwatch.api.commands.sensitivity",
    "read_package": "underwatch.evidence.check.checking",
    "example_package": "underwatch.evidence.samples.example",
    "tell": "underwatch.api.told",
    "bank": "underwatch.api.told",
    "estimate": "underwatch.api.commands.estimate",
    "design": "underwatch.api.commands.design",
    "exposure": "underwatch.api.commands.exposure",
    "InputError": "underwatch.errors",
}

# Names of version 0.1, understood until 0.3: the module that has each, and what to call instead
_FORMER = {
    "begin": ("underwatch.experiments.engine.worlds", "init_world", "simulate(...)"),
    "init_world": ("underwatch.experiments.engine.worlds", "init_world", "simulate(...)"),
    "Hands": ("underwatch.world.workers", "Workers", "simulate(..., threads=2)"),
    "Workers": ("underwatch.world.workers", "Workers", "simulate(..., threads=2)"),
    "gather": ("underwatch.experiments.engine.worlds", "world_totals", "simulate(...).to_df()"),
    "world_totals": ("underwatch.experiments.engine.worlds", "world_totals", "simulate(...).to_df()"),
    "record_of": ("underwatch.experiments.engine.worlds", "record_of", "simulate(...).to_df()"),
    "totals": ("underwatch.record.measures", "totals", 'simulate(...).to_df(by="group", every="M")'),
    "indicator_table": ("underwatch.record.measures", "indicator_table", "simulate(...).to_df()"),
    "incident_table": ("underwatch.record.incidents", "incident_table", "simulate(...).incidents()"),
    "digest": ("underwatch.world.simulate", "digest", "simulate(...).digest"),
    "episodes": ("underwatch.channel.episodes", "episodes", "simulate(...).expected_reports"),
    "expected_published": ("underwatch.channel.reporting", "expected_published", "simulate(...).expected_reports"),
    "with_interventions": (
        "underwatch.experiments.interventions", "with_interventions", "simulate(..., interventions=...)",
    ),
}  # fmt: skip

__all__ = ["__version__", *_FRONT]


if not TYPE_CHECKING:  # else every name would be taken for known

    def __getattr__(name: str) -> object:
        """Import a public name on its first use; an unknown one raises AttributeError as usual."""
        if name in _FORMER:
            module, attribute, instead = _FORMER[name]
            warnings.warn(f"underwatch.{name} goes with version 0.3: {instead}", DeprecationWarning, stacklevel=2)
            former: object = getattr(import_module(module), attribute)
            return former
        if name not in _FRONT:
            from underwatch.errors import nearest

            known = "" if name.startswith("_") else nearest(name, _FRONT)
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}{known}")
        value: object = getattr(import_module(_FRONT[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, those not yet imported among them."""
    return sorted({*globals(), *_FRONT})
