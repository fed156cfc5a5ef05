"""What an outsider would have seen: the reports that a run's synthetic lists publish, beside what they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

from underwatch.channel.reporting import publish
from underwatch.experiments.engine.worlds import first_values
from underwatch.record.indicators import week_starts
from underwatch.web.session.studio_run import Lived, StudioRun
from underwatch.world.layout import INCIDENT_NAMES
from underwatch.world.scenario import Scenario

_MOST_REPORTS = 2_000  # drawn on the page; the table that can be taken away has all


def published_of(scenario: Scenario, records: np.ndarray, world: str) -> dict[str, np.ndarray]:
    """Return what the lists publish of a world, with the luck of `underwatch run`; nothing without S13."""
    values = first_values(scenario)
    seen = records[:0] if "S13" in scenario.without else records
    return publish(seen, scenario.start, scenario.places[0].name, values, scenario.seed << 8, world=world)


def seen_from_outside(run: StudioRun) -> dict[str, Any]:
    """Return, for each world, incidents by week and kind, and the reports with the day each stands for."""
    return {name: _world(run, name, lived) for name, lived in run.lived.items()}


def _world(run: StudioRun, name: str, lived: Lived) -> dict[str, Any]:
    scenario = run.worlds[name]
    starts = week_starts(scenario.days)
    week = lived.records[:, 0].astype(np.int64) // 7
    kind = lived.records[:, 1].astype(np.int64) >> 8
    table = np.bincount(week * len(INCIDENT_NAMES) + kind, minlength=len(starts) * len(INCIDENT_NAMES))
    by_week = table.reshape(len(starts), len(INCIDENT_NAMES))
    told = published_of(scenario, lived.records, name)
    out = (told["date"] - np.datetime64(scenario.start, "D")).astype(int)
    reports = [
        {
            "day": int(day),
            "incident_day": int(day - delay),
            "kind": str(what),
            "relay": bool(relay),
            "list": str(which),
        }
        for day, delay, what, relay, which in zip(
            out, told["delay_days"], told["kind"], told["relay"], told["list"], strict=True
        )
    ]
    first = sum(not one["relay"] for one in reports)
    incidents = len(lived.records)
    return {
        "week_starts": starts.tolist(),
        "incidents": {name: by_week[:, at].tolist() for at, name in enumerate(INCIDENT_NAMES)},
        "total": incidents,
        "published": first,
        "relays": len(reports) - first,
        "expected": float(f"{lived.found.numbers[1]:.6g}"),
        "share_silent": (incidents - first) / incidents if incidents else None,
        "reports": sorted(reports, key=lambda one: (one["incident_day"], one["day"]))[:_MOST_REPORTS],
    }
