"""The settings of an ensemble, and the worlds that a scenario makes of them.

The prior is drawn anew for each scenario and seed. The known and the described ensemble ship with the program, found
by `make study` (benchmarks/ensemble_study.py); each belongs to one model and one prior, which its key tells.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from underwatch.errors import InputError, nearest
from underwatch.experiments.engine.worlds import prior_scenarios, seed_of_draw
from underwatch.experiments.ensemble.names import DEFAULT_ENSEMBLE, DESCRIBED, ENSEMBLES, KNOWN, PRIOR
from underwatch.experiments.ensemble.strata import balanced, levels_of, raked, systematic
from underwatch.facts import model_parameters, rival_forms
from underwatch.world.draws import rng
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters
from underwatch.world.scenario import place_scenario

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from underwatch.world.scenario import Scenario

_IN_WORDS = {PRIOR: "the prior", KNOWN: "the known ensemble", DESCRIBED: "the described ensemble"}


def checked_ensemble(name: str) -> str:
    """Return the name if there is an ensemble of it; InputError with the nearest otherwise."""
    if name not in ENSEMBLES:
        raise InputError(
            f'ensemble "{name[:40]}" is not known{nearest(name[:40], ENSEMBLES)}; known: {", ".join(ENSEMBLES)}'
        )
    return name


def usable_ensemble(name: str | None, draws: int = 1) -> str:
    """Return the name of an ensemble of which worlds can be taken, the default one for None; InputError otherwise."""
    name = checked_ensemble(name or DEFAULT_ENSEMBLE)
    if draws and name != PRIOR:
        read_ensemble(name)
    return name


def ensemble_words(name: str) -> str:
    """Return an ensemble as it stands in a sentence."""
    return _IN_WORDS[name]


def is_adapted(scenario: Scenario) -> bool:
    """Say whether the scenario is another than the default one, for which the ensembles that ship were found.

    Then its worlds have the same settings, and what the scenario sets stands in their place. Luck and how many
    residents stand in for the place make no other scenario.
    """
    default = place_scenario("hoeryong")
    same = scenario.replace(seed=default.seed, population=None) if len(scenario.places) == 1 else scenario
    return same != default or bool(scenario.fixed()) or bool(scenario.forms.fixed)


@dataclass(frozen=True)
class Ensemble:
    """Distinct settings with weights: n sets of parameters, n sets of forms, float64[n] that add up to 1."""

    name: str
    parameters: tuple[Parameters, ...]
    forms: tuple[Forms, ...]
    weights: np.ndarray

    def pick(self, n: int, seed: int) -> list[int]:
        """Return the rows of n worlds: by weight, and each form of each rule as often as its rivals (`strata`)."""
        generator, levels = rng(seed, "ensemble", self.name), levels_of(self.forms)
        weights = raked(self.weights, levels)
        rows = balanced(systematic(weights, n, generator), weights, levels)
        return [int(row) for row in generator.permutation(rows)]


def _shipped(name: str) -> Traversable:
    return files("underwatch.experiments.ensemble").joinpath("shipped", f"{name}.parquet")


def shipped_key(name: str) -> str:
    """Return a checksum of the settings of an ensemble that ships; nothing for one that does not."""
    if not _shipped(name).is_file():
        return ""
    with _shipped(name).open("rb") as stream:
        return hashlib.blake2b(stream.read(), digest_size=16).hexdigest()


@cache
def read_ensemble(name: str) -> Ensemble:
    """Return an ensemble that ships, `known` or `described`."""
    import pyarrow.parquet as pq

    path = _shipped(name)
    if not path.is_file():
        raise InputError(f"the {name} ensemble is not built; `make study` builds it, --ensemble prior runs without")
    with path.open("rb") as stream:
        columns = pq.ParquetFile(stream).read().to_pydict()  # read_table would import pandas
    values = zip(*(columns[f"parameter:{name}"] for name in model_parameters()), strict=True)
    forms = zip(*(columns[f"form:{rule}"] for rule in rival_forms()), strict=True)
    return Ensemble(name, tuple(map(Parameters, values)), tuple(map(Forms, forms)), np.array(columns["weight"]))


def ensemble_scenarios(scenario: Scenario, n: int, name: str = PRIOR) -> list[Scenario]:
    """Return the scenario in n worlds of an ensemble, each with luck of its own; what it sets itself stays as set."""
    if checked_ensemble(name) == PRIOR or not n:
        return prior_scenarios(scenario, n)
    ensemble = read_ensemble(name)
    values, forms = scenario.fixed(), {rule: scenario.forms[rule] for rule in scenario.forms.fixed}
    return [
        scenario.replace(
            parameters=ensemble.parameters[row].with_values(**values),
            forms=ensemble.forms[row].with_forms(forms),
            seed=seed_of_draw(scenario, draw),
        )
        for draw, row in enumerate(ensemble.pick(n, scenario.seed), 1)
    ]
