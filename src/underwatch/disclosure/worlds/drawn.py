"""The settings of the worlds: so many of each ensemble, which hang on their number and a seed alone.

To draw them the prior and the ensembles must be read and compiled code be there; so who has kept them may give them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import underwatch
from underwatch.experiments.ensemble.names import ENSEMBLES
from underwatch.files.intake.regular import read_bytes
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters

# What they come from, below the package
_SOURCES = (
    "facts/model_parameters.csv", "facts/forms.csv", "world/draws.py", "world/forms.py", "world/parameters.py",
    "experiments/engine/worlds.py", "experiments/ensemble/settings.py", "experiments/ensemble/strata.py",
    "experiments/ensemble/shipped/known.parquet", "experiments/ensemble/shipped/described.parquet",
)  # fmt: skip
_MOST_BYTES = 16 << 20
_known: dict[tuple[int, int], tuple[Drawn, ...]] = {}


class Drawn(NamedTuple):
    """The settings of a world: its ensemble, and what its scenario is given."""

    ensemble: str
    parameters: Parameters
    forms: Forms
    seed: int


def drawn(each: int, seed: int) -> tuple[Drawn, ...]:
    """Return the settings of `each` worlds of each ensemble; no two of them share their luck."""
    if (each, seed) not in _known:
        _known[each, seed] = _draw(each, seed)
    return _known[each, seed]


def give(each: int, seed: int, found: Sequence[Drawn]) -> None:
    """Take what was kept for what would be drawn."""
    _known.setdefault((each, seed), tuple(found))


def _draw(each: int, seed: int) -> tuple[Drawn, ...]:
    from underwatch.experiments.ensemble.settings import ensemble_scenarios
    from underwatch.world.scenario import place_scenario

    return tuple(
        Drawn(name, one.parameters, one.forms, one.seed)
        for number, name in enumerate(ENSEMBLES)
        for one in ensemble_scenarios(place_scenario("hoeryong", seed=seed + 1000 * number), each, name)
    )


@cache
def sources() -> str:
    """Return the hash of what the settings come from."""
    top, digest = Path(underwatch.__file__).parent, hashlib.blake2b(digest_size=16)
    for name in _SOURCES:
        digest.update(read_bytes(top / name, _MOST_BYTES))
    return digest.hexdigest()
