"""What would relieve people: the same town with and without the reprimand for a missed quota, pair by pair."""

from underwatch import find_interventions, twins

print(find_interventions("end-reprimands")[0].words)
for seed in range(3):
    pair = twins("hoeryong", "end-reprimands", population=5_000, days=120, seed=seed)
    followed = [
        sum(row["followed_outings"] for row in world.to_df("arrow", by="group", every="M").to_pylist()
            if row["group"] == "listed")
        for world in pair.values()
    ]  # fmt: skip
    print(f"seed {seed}: followed outings of listed residents {followed[0]:.0f}, with it {followed[1]:.0f}")
