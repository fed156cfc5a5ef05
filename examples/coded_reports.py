"""Coded reports: the package that ships, what stands on a report of its own, and what an estimate would have of it."""

from collections import Counter

from underwatch import example_package, places
from underwatch.evidence.reading import reports
from underwatch.inference.bank.bank import read_bank, shipped_folder
from underwatch.inference.inputs.observed import read_for

package = example_package()
kept = reports(package)
copies = Counter({True: "passed on", False: "original", None: "not known"}[one.is_relay] for one in kept)
print(f"{len(kept)} reports: {', '.join(f'{n} {what}' for what, n in sorted(copies.items()))}")
print(f"on {len({one.incident for one in kept})} incidents")

bank = read_bank(shipped_folder())
reading = read_for(package, places()["Hoeryong"], bank.plan.window)
print(f"on Hoeryong, {bank.plan.window.start} on: {reading.n_reports} reports of {reading.n_incidents} incidents")
print(f"anchors that speak of the scale: {', '.join(reading.anchors) or 'none'}")
