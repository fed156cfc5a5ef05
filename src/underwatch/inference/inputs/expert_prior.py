"""An expert prior: tighter ranges than the tables give, and who declares them.

Written in TOML: `declared_by`, `reason`, and `[parameters]` with a low and a high for each. It may narrow a range,
never widen it. It counts as an anchor only where it narrows how readily a witness tells,
without which no count is a scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from underwatch.errors import InputError, nearest
from underwatch.facts import Fact
from underwatch.files.intake.toml import read_toml
from underwatch.inference.bank.bank import Bank
from underwatch.inference.bank.priors import channel_prior, world_prior

SCALE = "p_tell_at_no_fear"
MOST_RATIO = 10.0  # of high to low, for a range of how readily a witness tells to be an anchor
FEWEST_WORLDS = 200
_KEYS = {"declared_by", "reason", "parameters"}


@dataclass(frozen=True)
class ExpertPrior:
    """An expert prior: who, why, and the ranges by name."""

    by: str = ""
    reason: str = ""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def is_anchor(self) -> bool:
        """Does it say how readily a witness tells."""
        low, high = self.ranges.get(SCALE, (0.0, np.inf))
        return low > 0 and high / low <= MOST_RATIO

    def record(self) -> dict[str, object]:
        """Return it as plain JSON: who declares it, and which ranges."""
        return {"by": self.by, "ranges": {name: list(ends) for name, ends in self.ranges.items()}}

    def channel(self) -> dict[str, Fact]:
        """Return the prior of the channel with the declared ranges in it."""
        prior = channel_prior()
        for name, (low, high) in self.ranges.items():
            if name in prior:
                prior[name] = replace(prior[name], low=low, high=high)
        return prior

    def worlds(self, bank: Bank) -> Bank:
        """Return the worlds of the bank within the declared ranges; InputError where too few are left."""
        kept = np.ones(len(bank), bool)
        for name, (low, high) in self.ranges.items():
            if name in bank.names:
                kept &= (bank.value(name) >= low) & (bank.value(name) <= high)
        if kept.all():
            return bank
        if kept.sum() < FEWEST_WORLDS:
            raise InputError(
                f"the declared prior leaves {int(kept.sum())} of {len(bank)} worlds of the bank, and {FEWEST_WORLDS} "
                "are needed; declare wider ranges, or make the bank larger with `underwatch calibrate --bank`"
            )
        return bank.rows(np.flatnonzero(kept))


def read_expert_prior(path: Path) -> ExpertPrior:
    """Read an expert prior; InputError in one line for all that can be wrong with it."""
    try:
        document = read_toml(path, "declared prior")
    except FileNotFoundError:
        raise InputError(f"--declared-prior {path}: no such file") from None
    except InputError as error:
        raise InputError(f"--declared-prior {error}") from None
    for key in document:
        if key not in _KEYS:
            raise InputError(f'--declared-prior {path}: "{key[:60]}" is not known{nearest(key[:80], _KEYS)}')
    by, reason = document.get("declared_by", ""), document.get("reason", "")
    if not isinstance(by, str) or not by.strip() or not isinstance(reason, str) or not reason.strip():
        raise InputError(f"--declared-prior {path}: declared_by and reason must say who declares it and on what ground")
    parameters = document.get("parameters", {})
    if not isinstance(parameters, dict) or not parameters:
        raise InputError(f"--declared-prior {path}: [parameters] is empty; write a line like {SCALE} = [1e-5, 5e-5]")
    ranges = {name: _range(path, name, value) for name, value in parameters.items()}
    return ExpertPrior(by.strip(), reason.strip(), ranges)


def _range(path: Path, name: str, value: object) -> tuple[float, float]:
    known = world_prior() | channel_prior()
    if name not in known:
        raise InputError(f'--declared-prior {path}: parameter "{name[:60]}" is not known{nearest(name[:80], known)}')
    fact = known[name]
    numbers = isinstance(value, list) and len(value) == 2 and all(type(item) in (int, float) for item in value)
    if not isinstance(value, list) or not numbers or not fact.low <= value[0] < value[1] <= fact.high:
        raise InputError(
            f"--declared-prior {path}: {name} = {value!r:.60} is no range; it is [low, high] within {fact.low:g} to "
            f"{fact.high:g} {fact.unit} (underwatch facts {name})"
        )
    return float(value[0]), float(value[1])
