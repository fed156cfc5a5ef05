"""One world: a town of 5,000 synthetic residents through a summer, and what of it would have got out."""

from underwatch import (
    Workers,
    digest,
    episodes,
    expected_published,
    init_world,
    record_of,
    run,
    scenario_for,
    totals,
    world_totals,
)

scenario = scenario_for("hoeryong", population=5_000, days=90, seed=7)
town = scenario.places[0]
world = run(init_world(scenario, town, scenario.seed), scenario.phases(), Workers(threads=2))
summer = record_of(world_totals(world, scenario), scenario, town)

for group in ("listed", "ordinary"):
    found = totals(summer, group=group)
    print(f"{group}: {found['outings']:.0f} outings, {found['followed_outings']:.0f} of them followed")
history = world.history
told_of = episodes(history.records, history.who, scenario.start)
print(f"{len(history.records)} incidents, {expected_published(told_of, scenario.parameters):.4f} reports expected")
print(f"the same on every machine: {digest(world)}")
