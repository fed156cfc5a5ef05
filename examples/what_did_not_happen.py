"""What did not happen, and why: the chilling ledger of a small town, whose entries add up to the difference."""

from underwatch import ledger, scenario_for

found = ledger(scenario_for("hoeryong", population=3_000, days=60)).table().to_pylist()
of_calls = {row["entry"]: (row["sign"], row["count"]) for row in found
            if row["act"] == "calls" and row["group"] == "all" and row["ground"] == "all"}  # fmt: skip

for entry, (sign, count) in of_calls.items():
    print(f"{entry:>12} {'-+'[sign > 0] if sign else ' '}{count:.0f}")
change = sum(sign * count for sign, count in of_calls.values())
assert change == of_calls["watched"][1] - of_calls["unwatched"][1]
print(f"calls completed under watch, less those of a free life: {change:.0f}")
