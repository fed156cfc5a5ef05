"""Many small runs: nothing is compiled, read or allocated anew for each, but the people themselves."""

import sys

import numpy as np
import pytest

from underwatch.experiments.engine.worlds import init_world, prior_scenarios
from underwatch.world import simulate
from underwatch.world.kernels import days as kernel
from underwatch.world.kernels import review
from underwatch.world.scenario_file import scenario_for
from underwatch.world.workers import Workers

ENTRIES = (kernel.run_days, kernel.add_up, review.review_units, review.review_officers, review.close_week)


@pytest.fixture(scope="module")
def warm():
    """Hands that have run a small place once."""
    scenario = scenario_for("hoeryong", population=3000, days=14)
    workers = Workers(1)
    simulate.run(init_world(scenario, scenario.places[0], 1), scenario.phases(), workers)
    return scenario, workers


def test_nothing_is_compiled_anew(warm):
    scenario, workers = warm
    before = [len(entry.signatures) for entry in ENTRIES]
    for one in prior_scenarios(scenario, 6):
        simulate.run(init_world(one, one.places[0], one.seed), one.phases(), workers)
    assert [len(entry.signatures) for entry in ENTRIES] == before == [1] * len(ENTRIES)


def test_the_bench_is_made_once(warm):
    scenario, workers = warm
    workspaces = [
        id(array)
        for workspace in workers.workspaces
        for array in (*workspace.scratch, workspace.out.cells, workspace.out.records)
    ]
    for seed in range(2, 8):
        smaller = scenario.replace(population=3000 - 100 * seed)
        simulate.run(init_world(smaller, smaller.places[0], seed), smaller.phases(), workers)
    assert workspaces == [
        id(array)
        for workspace in workers.workspaces
        for array in (*workspace.scratch, workspace.out.cells, workspace.out.records)
    ]


def test_nothing_is_read_anew(warm, monkeypatch):
    scenario, workers = warm
    opened = []
    sys.addaudithook(lambda event, args: opened.append(args[0]) if event == "open" and watching else None)
    watching = True
    try:
        simulate.run(init_world(scenario, scenario.places[0], 9), scenario.phases(), workers)
    finally:
        watching = False
    assert opened == []


def test_a_used_bench_leaves_no_trace(warm):
    """What another world left on the bench is not seen: the digest is that of fresh hands."""
    scenario, workers = warm
    crowded = scenario.replace(parameters=scenario.parameters.with_values(share_former_detainee=0.06))
    simulate.run(init_world(crowded, crowded.places[0], 3), crowded.phases(), workers)
    workers.workspaces[0].scratch.draws[...] = np.uint32(0xDEADBEEF)
    workers.workspaces[0].scratch.buffers[...] = np.uint16(0xBEEF)
    used = simulate.run(init_world(scenario, scenario.places[0], 4), scenario.phases(), workers)
    fresh = simulate.run(init_world(scenario, scenario.places[0], 4), scenario.phases(), Workers(1))
    assert simulate.digest(used) == simulate.digest(fresh)
