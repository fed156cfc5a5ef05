"""A world run for its tally, its incidents added up week by week and let go; or for its incidents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from underwatch.channel.reporting import response_table
from underwatch.experiments.engine.worlds import init_world, workers_here
from underwatch.experiments.silence import watched_phases, watched_world
from underwatch.record.tally import N_KINDS, N_NODES, Tallier, Tally, Window
from underwatch.world import simulate
from underwatch.world.layout import LISTED_CELL
from underwatch.world.scenario import Scenario

# Weeks before the window in which a world settles.
SETTLING = 26
# The silence curve of each world: strengths of watching as multiples of its own, in a stand-in of so many residents.
STRENGTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
CURVE_RESIDENTS = 8_000
Tick = Callable[[int], None]


def tally_world(scenario: Scenario, seed: int, tick: Tick, strength: float = 1.0) -> Tally:
    """Run a world of one place and return its tally; `tick` hears of resident-days done, and may raise to stop.

    The scenario starts on a Monday and ends on a Sunday. `strength` is that of its watching, a multiple of its own; it
    settles under it.
    """
    place = scenario.places[0]
    window = Window(scenario.start, scenario.days // 7)
    world = watched_world(scenario, place, seed, strength)
    history = world.history
    n = int(history.residents.sum())
    household = scenario.parameters["persons_per_household"]
    tallier = Tallier(window, response_table(), household, (place.first_resident, n))
    done = 0
    for days in simulate.weeks(world, watched_phases(scenario.phases(), strength), workers_here()):
        for records, who in zip(history.record_blocks, history.who_blocks, strict=True):
            tallier.add(records, who)
        history.forget_incidents()
        tick(n * (days - done))
        done = days
    by_list = np.stack([history.cells[:, LISTED_CELL:].sum(axis=1), history.cells[:, :LISTED_CELL].sum(axis=1)], axis=1)
    people = np.stack([history.residents, history.adults])
    counted = np.stack([people[:, LISTED_CELL:].sum(axis=1), people[:, :LISTED_CELL].sum(axis=1)])
    return tallier.tally(by_list, counted)


def records_of_window(scenario: Scenario, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the incidents of a world of one place after it has settled, INCIDENT[n], and their subjects, uint32[n]."""
    history = simulate.run(init_world(scenario, scenario.places[0], seed), scenario.phases(), workers_here()).history
    return history.records, history.who


def curve_of(scenario: Scenario, seed: int, tick: Tick) -> np.ndarray:
    """Return float32[strengths, kinds, 1 + 2 nodes] of a stand-in of the same kind: episodes, and of these subjects and
    others by fear.
    """
    stand_in = replace(scenario, population=min(CURVE_RESIDENTS, scenario.residents))
    result = np.zeros((len(STRENGTHS), N_KINDS, 1 + 2 * N_NODES), np.float32)
    for row, strength in zip(result, STRENGTHS, strict=True):
        tally = tally_world(stand_in, seed, tick, strength)
        row[:, 0] = tally.episodes.sum(axis=(0, 2, 3))
        row[:, 1 : 1 + N_NODES] = tally.subject.sum(axis=(0, 2))
        row[:, 1 + N_NODES :] = tally.others.sum(axis=(0, 2))
    return result
