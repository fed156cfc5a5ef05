"""The silence curve: as watching grows, incidents grow with it, and the reports of them do not."""

from underwatch import Parameters, scenario_for, silence_curve

scenario = scenario_for("hoeryong", population=4_000, days=120)
curve = silence_curve(scenario, [Parameters.central()], watching=(0.25, 1.0, 4.0, 16.0), threads=2)

for at, strength in enumerate(curve.watching):
    incidents, published = curve.incidents[at, 0], curve.published[at, 0]
    print(f"watching x {strength:g}: {incidents:.0f} incidents, {1000 * published / incidents:.3f} reports per 1,000")
