"""What an outsider would have seen: the reports that a run's synthetic lists publish, beside what they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

from underwatch.experiments.studies.world_tables import FinishedWorld
from underwatch.record.measures import week_starts
from underwatch.web.session.studio_run import StudioRun
from underwatch.world.layout import INCIDENT_NAMES

_MOST_REPORTS = 2_000  # drawn on the page; the table that can be taken away has all


def seen_from_outside(run: StudioRun) -> dict[str, Any]:
    """Return, for each world, incidents by week and kind, and the reports with the day each stands for."""
    if run.stored:
        return run.stored.seen
    return {name: _world(lived.world) for name, lived in run.lived.items()}


def _world(world: FinishedWorld) -> dict[str, Any]:
    scenario, records = world.scenario, world.records
    starts = week_starts(scenario.days)
    week = records["day"].astype(np.int64) // 7
    kind = records["kind"]
    table = np.bincount(week * len(INCIDENT_NAMES) + kind, minlength=len(starts) * len(INCIDENT_NAMES))
    by_week = table.reshape(len(starts), len(INCIDENT_NAMES))
    published = world.published()
    out = (published["date"] - np.datetime64(scenario.start, "D")).astype(int)
    columns = (out, published["delay_days"], published["kind"], published["relay"], published["list"])
    reports = [
        {"day": int(day), "incident_day": int(day - delay), "kind": str(what), "relay": bool(relay), "list": str(which)}
        for day, delay, what, relay, which in zip(*columns, strict=True)
    ]
    first = sum(not item["relay"] for item in reports)
    incidents = len(records)
    return {
        "week_starts": starts.tolist(),
        "incidents": {name: by_week[:, index].tolist() for index, name in enumerate(INCIDENT_NAMES)},
        "total": incidents,
        "published": first,
        "relays": len(reports) - first,
        "expected": float(f"{world.totals.numbers[1]:.6g}"),
        "share_silent": (incidents - first) / incidents if incidents else None,
        "reports": sorted(reports, key=lambda item: (item["incident_day"], item["day"]))[:_MOST_REPORTS],
    }
