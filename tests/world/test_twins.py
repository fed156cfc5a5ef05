"""Twins: world and counter-world share all luck, so a change is seen only where it has come to."""

from dataclasses import replace

import numpy as np
from trials.patterns import Town, count

from underwatch.world import layout as L
from underwatch.world import population, simulate
from underwatch.world.parameters import Parameters
from underwatch.world.scenario_file import scenario_for
from underwatch.world.workers import Workers

VALUES = Parameters.central().to_dict()
PHASES = scenario_for("hoeryong", days=35).without_campaign().phases()


def place(first: int, residents: int = 3000) -> simulate.World:
    frame = population.frame(VALUES, border=True)
    return simulate.init(population.InitialConditions(3, first, residents, frame, 1, PHASES[0].day, 35))


def take_one_off_the_list(world: simulate.World) -> int:
    """Let one listed resident of the first unit that has one off the list; return the resident's unit."""
    x = int(np.flatnonzero(world.state.flags & L.ON_A_LIST)[0])
    world.state.people[L.FLAGS, x] &= 65535 - L.ON_A_LIST
    return int(np.searchsorted(world.town.unit_start, x, side="right")) - 1


def test_a_change_in_one_place_leaves_every_life_in_another_identical() -> None:
    here, there = place(0), place(50_000)
    before = simulate.digest(simulate.run(place(50_000), PHASES, Workers(1)))
    changed = place(0)
    take_one_off_the_list(changed)
    workers = Workers(1)  # the same memory goes through both places, one after the other
    simulate.run(changed, PHASES, workers)
    assert simulate.digest(simulate.run(there, PHASES, workers)) == before
    assert simulate.digest(simulate.run(here, PHASES, workers)) != simulate.digest(changed)


def test_in_a_single_place_lives_are_identical_up_to_the_first_event_that_the_change_touches() -> None:
    """Within the week nothing leaves the unit; afterwards it goes by kin and officers, and no further."""
    baseline, changed = place(0), place(0)
    unit = take_one_off_the_list(changed)
    one_week = [replace(PHASES[0], days=6)]
    for world in (baseline, changed):
        simulate.run(world, one_week, Workers(1))
    town = baseline.town
    mine = slice(town.unit_start[unit], town.unit_start[unit + 1])
    same = (baseline.state.people == changed.state.people).all(axis=0)
    assert not same[mine].all()
    same[mine] = True
    assert same.all()
    a, b = baseline.history, changed.history
    elsewhere = [~np.isin(h.who, np.arange(mine.start, mine.stop)) for h in (a, b)]
    assert np.array_equal(a.records[elsewhere[0]], b.records[elsewhere[1]])
    assert np.array_equal(a.who[elsewhere[0]], b.who[elsewhere[1]])


def test_a_dated_change_leaves_every_day_before_it_identical() -> None:
    town = Town(Parameters.central(), residents=4000, days=70)
    with_it, without = town.world(campaign=True), town.world()
    first = 39
    assert np.array_equal(with_it.history.cells[:first], without.history.cells[:first])
    early = [h.records[h.records["day"] < first] for h in (with_it.history, without.history)]
    assert np.array_equal(*early)
    assert len(early[0])


def test_twins_shrink_the_error_of_a_difference() -> None:
    """The published factors (docs/validation.md) are 4 and more for what people live through; here a coarse bound.

    A campaign of quotas alone: with more attention the difference itself is another in every town.
    """
    quotas = {"order_attention": 1.0, "order_layers": 0.0, "order_listings": 0.0}
    followed = np.array(
        [
            [count(t.world(quotas, campaign=c), L.COUNT.followed_outings, since=39) for c in (True, False)]
            for t in (Town(Parameters.central(), seed=s, residents=3000, days=98) for s in range(10))
        ],
        float,
    )
    twins = np.std(followed[:, 0] - followed[:, 1], ddof=1)
    apart = np.sqrt(followed.var(axis=0, ddof=1).sum())
    assert apart > 3 * twins
