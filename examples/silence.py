"""The silence curve: as watching grows, incidents grow with it, and the reports of them do not."""

from underwatch import silence_curve

curve = silence_curve("hoeryong", population=4_000, days=120, watching=(0.25, 1.0, 4.0, 16.0), threads=2)

for row in curve.to_df("arrow").to_pylist():
    told = 1000 * row["published"] / row["incidents"]
    print(f"watching x {row['watching']:g}: {row['incidents']:.0f} incidents, {told:.3f} reports per 1,000")
