"""Worlds that are in no bank, told incident by incident through a channel drawn from the prior, and their truth.

A world is simulated resident by resident and its incidents are told one by one: no tally is involved on the way to what
they observe. The truth is counted on a tally of the same world. All luck hangs on the seed of the plan and the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from underwatch.channel import reporting
from underwatch.channel.episodes import EpisodeRecords, episodes
from underwatch.channel.expected_counts import RESPONSES
from underwatch.experiments.engine.tallies import records_of_window
from underwatch.files.folders import temporary_folder
from underwatch.inference.bank.bank import Bank, BankPlan, build, read_bank
from underwatch.inference.bank.priors import channel_prior, world_of
from underwatch.inference.bank.quantities import hidden, with_derived
from underwatch.record.tally import period_ranges
from underwatch.world.layout import INCIDENT_NAMES
from underwatch.world.parameters import latin_hypercube

# What groups call the kinds of incident, in their order, and a resident without a ground.
_ACT_OF = {
    "followed_outing": "tailing",
    "followed_visit": "followed_visit",
    "call_given_up": "call_given_up",
    "arrest": "arrest",
    "listing": "listing",
    "accusation": "summons",
    "home_visit": "home_visit",
}
ACTS = tuple(_ACT_OF[name] for name in INCIDENT_NAMES)
ORDINARY = "ordinary"


@dataclass(frozen=True)
class HiddenWorld:
    """One world of a plan: its incidents INCIDENT[n] in days of the window, the episodes that they are, its parameters,
    its response to fear.
    """

    plan: BankPlan
    row: int
    records: np.ndarray
    told_of: EpisodeRecords
    values: Mapping[str, float]
    response: str
    border: bool

    def observe(self, seed: int, effort: np.ndarray | None = None) -> reporting.Observation:
        """Draw what two lists observe by the last day of the window; `effort` float[lists, weeks] as there."""
        observation = reporting.observe(
            self.told_of, self.values, seed, self.response, border=self.border, effort=effort
        )
        in_time = self.records["day"][observation.incident] + observation.delay_days < 7 * self.plan.window.n_weeks
        return reporting.Observation(*(column[in_time] for column in observation))

    def expected_told(self, effort: np.ndarray | None = None) -> float:
        """Return how many episodes are expected to be told to one list or to both, however late."""
        return reporting.expected_told(self.told_of, self.values, self.response, border=self.border, effort=effort)


def hidden_world(plan: BankPlan, row: int = 0) -> HiddenWorld:
    """Return a world of a plan; the response functions take turns, by its seed."""
    columns = plan.rows(0)
    scenario = world_of(
        plan.scenario(), plan.window, {name: float(column[row]) for name, column in columns.items()}, plan.forms(0)[row]
    )
    channel = {name: float(column[row]) for name, column in channels(plan).items()}
    records, who = records_of_window(scenario, plan.seed + row)
    response = RESPONSES[(plan.seed + row) % len(RESPONSES)]
    return HiddenWorld(
        plan, row, records, episodes(records, who, plan.window.start), {**scenario.phases()[0].values, **channel},
        response, scenario.places[0].border,
    )  # fmt: skip


def channels(plan: BankPlan) -> dict[str, np.ndarray]:
    """Return the channel of each world of a plan, float[per_shard] by name."""
    return latin_hypercube(channel_prior(), plan.per_shard, plan.seed, "known truth")


def bank_of(plan: BankPlan) -> Bank:
    """Return the worlds of a plan as a bank of their own."""
    with temporary_folder() as folder, ThreadPoolExecutor(2) as executor:
        build(plan, folder, plan.per_shard, executor, 2, lambda worlds: None)
        return read_bank(folder)


def truth_of(worlds: Bank, n_told: np.ndarray) -> np.ndarray:
    """Return what is true of each world, float[worlds, columns of an answer]; `n_told` is how many each tells of."""
    n = np.arange(len(worlds))
    response = (worlds.plan.seed + n) % len(RESPONSES)
    return with_derived(hidden(worlds, n, channels(worlds.plan), response, n_told))


def leavers_who_met(worlds: Bank, column: int) -> np.ndarray:
    """Return float[worlds]: the share of people who left the place and in the window met what a column of `reached`
    counts.
    """
    every_quarter = period_ranges(worlds.plan.window.n_periods).index((0, worlds.plan.window.n_periods - 1))
    met = worlds.reached[:, every_quarter, column] / worlds.residents[:, :, 1].sum(axis=1)
    return np.clip(met * channels(worlds.plan)["leavers_ratio"], 0.0, 0.999)
