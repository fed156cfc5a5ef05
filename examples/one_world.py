"""One world: a town of 5,000 synthetic residents through a summer, and what of it would have got out."""

from underwatch import simulate

world = simulate("hoeryong", population=5_000, days=90, seed=7, threads=2)
summer = world.to_df("arrow", by="group", every="M").group_by("group")

for row in summer.aggregate([("outings", "sum"), ("followed_outings", "sum")]).to_pylist():
    print(f"{row['group']}: {row['outings_sum']:.0f} outings, {row['followed_outings_sum']:.0f} of them followed")
print(f"{world.n_incidents} incidents, {world.expected_reports:.4f} reports expected")
print(f"the same on every machine: {world.digest}")
