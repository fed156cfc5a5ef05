"""Simulated experiments: a world, a channel, the package it gives, and the hidden quantities behind it.

Each world of the bank is heard `PER_WORLD` times through other channels. Rows of one world belong together: a fold of a
cross-check holds all of them or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from underwatch.channel.expected_counts import LAWS, Values
from underwatch.errors import InputError
from underwatch.facts import Fact
from underwatch.inference.bank.bank import Bank
from underwatch.inference.bank.priors import channel_prior
from underwatch.inference.bank.quantities import hidden
from underwatch.inference.bank.summaries import Heard, hear, n_reports, row_of
from underwatch.inference.inputs.observed import Setting
from underwatch.world.draws import rng
from underwatch.world.parameters import latin_hypercube

PER_WORLD = 1


@dataclass(frozen=True)
class Experiments:
    """n simulated experiments: hidden quantities, summaries, and what lay behind them."""

    theta: np.ndarray  # float[n, quantities]
    x: np.ndarray  # float[n, summaries]
    rows: np.ndarray  # int[n], the world
    law: np.ndarray  # int[n], the law of fear
    reports: np.ndarray  # float[n], incidents told of
    values: Values

    def __len__(self) -> int:
        return len(self.theta)

    def of(self, kept: np.ndarray) -> Experiments:
        """Return some of them."""
        values = {name: value[kept] for name, value in self.values.items()}
        return Experiments(self.theta[kept], self.x[kept], self.rows[kept], self.law[kept], self.reports[kept], values)


def experiments(
    bank: Bank,
    setting: Setting,
    seed: int,
    *,
    per_world: int = PER_WORLD,
    law: int | None = None,
    prior: Mapping[str, Fact] | None = None,
) -> Experiments:
    """Hear every world of the bank `per_world` times with channels from the prior; `law` fixes the law of fear."""
    if setting.window != bank.plan.window:
        raise InputError(
            f"the package is read for the window from {setting.window.start}, the bank is of the one from "
            f"{bank.plan.window.start} with {bank.plan.window.n_weeks} weeks"
        )
    rows = np.tile(np.arange(len(bank)), per_world)
    n = len(rows)
    values = latin_hypercube(channel_prior() if prior is None else prior, n, seed, "channel")
    laws = rng(seed, "laws").integers(0, len(LAWS), n) if law is None else np.full(n, law)
    heard = hear(bank, rows, values, laws, setting, seed)
    theta = hidden(bank, rows, values, laws, heard.n_told)
    return Experiments(theta, summaries_of(heard, setting), rows, laws, n_reports(heard), values)


def summaries_of(heard: Heard, setting: Setting) -> np.ndarray:
    """Return the summaries of simulated packages."""
    return row_of(heard, setting)
