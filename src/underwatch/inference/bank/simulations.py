"""Simulations: a world, a channel, the package it gives, and the hidden quantities behind it.

Each world of the bank gives `PER_WORLD` packages through other channels. Rows of one world belong together: a fold of a
cross-check holds all of them or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from underwatch.channel.expected_counts import RESPONSES, Values
from underwatch.errors import InputError
from underwatch.experiments.ensemble.strata import systematic
from underwatch.facts import Fact
from underwatch.inference.bank.bank import Bank
from underwatch.inference.bank.priors import channel_prior
from underwatch.inference.bank.quantities import hidden
from underwatch.inference.bank.summaries import n_reports, row_of, simulate_package
from underwatch.inference.inputs.observed import ObservationDesign
from underwatch.inference.inputs.published import answered, log_likelihood
from underwatch.shown import Displayed
from underwatch.world.draws import rng
from underwatch.world.parameters import latin_hypercube

PER_WORLD = 1


@dataclass(frozen=True, repr=False)
class Simulations(Displayed):
    """n simulated experiments: hidden quantities, summaries, and what lay behind them."""

    theta: np.ndarray  # float[n, quantities]
    x: np.ndarray  # float[n, summaries]
    rows: np.ndarray  # int[n], the world
    response: np.ndarray  # int[n], the response function
    reports: np.ndarray  # float[n], incidents told of
    values: Values

    def __len__(self) -> int:
        return len(self.theta)

    def of(self, kept: np.ndarray) -> Simulations:
        """Return some of them."""
        values = {name: value[kept] for name, value in self.values.items()}
        return Simulations(
            self.theta[kept], self.x[kept], self.rows[kept], self.response[kept], self.reports[kept], values
        )


def conditioned(runs: Simulations, bank: Bank, design: ObservationDesign, seed: int) -> Simulations:
    """Return as many runs, drawn by the likelihood of the design's published figures in their worlds; all without any.

    They are the prior as the figures leave it, by importance weights.
    """
    if not design.published:
        return runs
    logs = log_likelihood(bank.figures[runs.rows], design.published)
    return runs.of(systematic(np.exp(logs - logs.max()), len(runs), rng(seed, "published figures")))


def simulations(
    bank: Bank,
    design: ObservationDesign,
    seed: int,
    *,
    per_world: int = PER_WORLD,
    response: int | None = None,
    prior: Mapping[str, Fact] | None = None,
) -> Simulations:
    """Simulate `per_world` packages of each world, by channels of the prior; `response` fixes the one to fear.

    A world that has no answer to a published figure of the design has no likelihood, and gives none.
    """
    if design.window != bank.plan.window:
        raise InputError(
            f"the package is read for the window from {design.window.start}, the bank is of the one from "
            f"{bank.plan.window.start} with {bank.plan.window.n_weeks} weeks"
        )
    has_answers = np.isfinite(answered(bank.figures, design.published)).all(axis=1)
    rows = np.tile(np.flatnonzero(has_answers), per_world)
    n = len(rows)
    values = latin_hypercube(channel_prior() if prior is None else prior, n, seed, "channel")
    responses = rng(seed, "laws").integers(0, len(RESPONSES), n) if response is None else np.full(n, response)
    packages = simulate_package(bank, rows, values, responses, design, seed)
    theta = hidden(bank, rows, values, responses, packages.n_told)
    return Simulations(theta, row_of(packages, design), rows, responses, n_reports(packages), values)
