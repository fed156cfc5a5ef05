"""Many small runs: nothing is compiled, read or allocated anew for each, but the people themselves."""

import sys

import numpy as np
import pytest

from underwatch.experiments.engine.worlds import begin, drawn
from underwatch.world import simulate
from underwatch.world.kernels import days as kernel
from underwatch.world.kernels import review
from underwatch.world.scenario_file import scenario_for

ENTRIES = (kernel.run_days, kernel.add_up, review.review_units, review.review_officers, review.close_week)


@pytest.fixture(scope="module")
def warm():
    """Hands that have run a small place once."""
    scenario = scenario_for("hoeryong", population=3000, days=14)
    hands = simulate.Hands(1)
    simulate.run(begin(scenario, scenario.places[0], 1), scenario.phases(), hands)
    return scenario, hands


def test_nothing_is_compiled_anew(warm):
    scenario, hands = warm
    before = [len(entry.signatures) for entry in ENTRIES]
    for one in drawn(scenario, 6):
        simulate.run(begin(one, one.places[0], one.seed), one.phases(), hands)
    assert [len(entry.signatures) for entry in ENTRIES] == before == [1] * len(ENTRIES)


def test_the_bench_is_made_once(warm):
    scenario, hands = warm
    benches = [id(array) for bench in hands.benches for array in (*bench.scratch, bench.out.cells, bench.out.records)]
    for seed in range(2, 8):
        smaller = scenario.replace(population=3000 - 100 * seed)
        simulate.run(begin(smaller, smaller.places[0], seed), smaller.phases(), hands)
    assert benches == [
        id(array) for bench in hands.benches for array in (*bench.scratch, bench.out.cells, bench.out.records)
    ]


def test_nothing_is_read_anew(warm, monkeypatch):
    scenario, hands = warm
    opened = []
    sys.addaudithook(lambda event, args: opened.append(args[0]) if event == "open" and watching else None)
    watching = True
    try:
        simulate.run(begin(scenario, scenario.places[0], 9), scenario.phases(), hands)
    finally:
        watching = False
    assert opened == []


def test_a_used_bench_leaves_no_trace(warm):
    """What another world left on the bench is not seen: the digest is that of fresh hands."""
    scenario, hands = warm
    crowded = scenario.replace(parameters=scenario.parameters.with_values(share_former_detainee=0.06))
    simulate.run(begin(crowded, crowded.places[0], 3), crowded.phases(), hands)
    hands.benches[0].scratch.luck[...] = np.uint32(0xDEADBEEF)
    hands.benches[0].scratch.lanes[...] = np.uint16(0xBEEF)
    used = simulate.run(begin(scenario, scenario.places[0], 4), scenario.phases(), hands)
    fresh = simulate.run(begin(scenario, scenario.places[0], 4), scenario.phases(), simulate.Hands(1))
    assert simulate.digest(used) == simulate.digest(fresh)
