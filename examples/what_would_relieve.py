"""What would relieve people: the same town with and without the reprimand for a missed quota, pair by pair."""

from underwatch import (
    Workers,
    find_interventions,
    init_world,
    record_of,
    run,
    scenario_for,
    totals,
    with_interventions,
    world_totals,
)

scenario = scenario_for("hoeryong", population=5_000, days=120)
relief = find_interventions(["end-reprimands"])
eased = with_interventions(scenario, [(one, scenario.start) for one in relief])
town, workers = scenario.places[0], Workers()

print(relief[0].words)
for seed in range(3):
    followed = []
    for lived in (scenario, eased):
        world = run(init_world(scenario, town, seed), lived.phases(), workers)
        history = record_of(world_totals(world, scenario), scenario, town)
        followed.append(totals(history, group="listed")["followed_outings"])
    print(f"seed {seed}: followed outings of listed residents {followed[0]:.0f}, with it {followed[1]:.0f}")
