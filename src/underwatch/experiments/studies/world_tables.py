"""What comes out of a finished world of one place, as tables: indicators, incidents and what is published of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from underwatch.channel.episodes import episodes
from underwatch.channel.reporting import publish
from underwatch.experiments.engine.worlds import WorldKey, WorldTotals, first_values, record_of, seed_of
from underwatch.facts import Place
from underwatch.record import incidents
from underwatch.record.measures import indicator_table
from underwatch.world.scenario import Scenario

LARGE = 5_000_000  # residents; above, a run that does not say otherwise samples its incidents and has one world
_SAMPLE = 200_000  # incidents of a place and world
_LARGE_SAMPLE = 2_000_000  # of all places of a large scenario together, dealt out by their residents
_LEAST_SAMPLE = 1_000
_ROWS = 1 << 18  # incidents made into a table at once, so that memory stays flat


def is_large(scenario: Scenario) -> bool:
    """Say whether a run of a scenario samples its incidents and has one world unless it says otherwise."""
    return scenario.residents > LARGE


class FinishedWorld(NamedTuple):
    """A world of the place of that number at its end: what it lived through, its totals, its incidents uint16[n, 8]."""

    scenario: Scenario
    number: int
    key: WorldKey
    totals: WorldTotals
    records: np.ndarray
    who: np.ndarray

    @property
    def place(self) -> Place:
        """The place."""
        return self.scenario.places[self.number]

    @property
    def floor(self) -> float:
        """The share of private complaint that fear leaves."""
        return 0.0 if "S15" in self.scenario.without else first_values(self.scenario)["private_speech_floor"]

    def published(self) -> dict[str, np.ndarray]:
        """Return what the lists publish, as columns; nothing without S13."""
        scenario, key = self.scenario, self.key
        n = 0 if "S13" in scenario.without else len(self.records)
        told_of = episodes(self.records[:n], self.who[:n], scenario.start)
        seed = (seed_of(scenario, key.replicate) << 8) + self.number
        values, response = first_values(scenario), scenario.forms["S13"]
        return publish(told_of, scenario.start, self.place.name, values, seed, response, key.world)


def table_parts(name: str, world: FinishedWorld, every_days: int = 1, is_sample: bool = False) -> Iterator[pa.Table]:
    """Yield the table of that name, part by part; of incidents all, or a sample with weights."""
    replicate = world.key.replicate
    if name == "indicators":
        history = record_of(world.totals, world.scenario, world.place)
        yield indicator_table(history, world.key.world, floor=world.floor, every_days=every_days, replicate=replicate)
    elif name == "incidents":
        records, weights = world.records, np.ones(len(world.records))
        if is_sample:
            shares = incidents.shares_for(incidents.kind_counts(records), _sample_size(world.scenario, world.place))
            records, weights = incidents.sample(records, shares, world.scenario.seed)
        for lo in range(0, len(records), _ROWS):
            yield incidents.incident_table(
                records[lo : lo + _ROWS], world.scenario.start, world.place.name, world.key.world,
                weights=weights[lo : lo + _ROWS], replicate=replicate,
            )  # fmt: skip
    elif "S13" not in world.scenario.without:
        columns = world.published()
        yield incidents.published_table(columns | {"replicate": np.full(len(columns["date"]), replicate, np.int16)})


def _sample_size(scenario: Scenario, place: Place) -> int:
    """Return how many incidents of a place and world are written when they are sampled."""
    share = _LARGE_SAMPLE * place.population // scenario.residents
    return max(_LEAST_SAMPLE, share) if is_large(scenario) else _SAMPLE
