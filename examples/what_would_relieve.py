"""What would relieve people: the same town with and without the reprimand for a missed quota, pair by pair."""

from underwatch import (
    Hands,
    begin,
    find_interventions,
    gather,
    record_of,
    run,
    scenario_for,
    totals,
    with_interventions,
)

scenario = scenario_for("hoeryong", population=5_000, days=120)
relief = find_interventions(["end-reprimands"])
eased = with_interventions(scenario, [(one, scenario.start) for one in relief])
town, hands = scenario.places[0], Hands()

print(relief[0].words)
for seed in range(3):
    followed = []
    for lived in (scenario, eased):
        world = run(begin(scenario, town, seed), lived.phases(), hands)
        history = record_of(gather(world, scenario), scenario, town)
        followed.append(totals(history, group="listed")["followed_outings"])
    print(f"seed {seed}: followed outings of listed residents {followed[0]:.0f}, with it {followed[1]:.0f}")
