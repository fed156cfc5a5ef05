"""One synthetic life in both worlds: the days side by side, what differed, and what made it differ."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from underwatch.errors import InputError
from underwatch.experiments.engine.tasks import run_all
from underwatch.experiments.histories.diary import COUNTED, FOLLOWERS, rows_about, sentences_of, traced_weeks
from underwatch.web.session.studio_run import StudioRun
from underwatch.world import layout as L
from underwatch.world.layout import GROUND_NAMES
from underwatch.world.scenario import Scenario

_MOST_KEPT = 12
_EXAMPLES = 5  # of each kind of incident, for those who choose by keyboard
_with_follower = (L.EPISODE.followed, L.EPISODE.visit_followed, L.EPISODE.call_followed)
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Life:
    """A resident's trace rows in one world, and by week: day, fear, distress, the pressure on the beat officer."""

    rows: np.ndarray
    weeks: list[tuple[int, float, float, float]]
    flags: int
    household: int
    unit: int


def life(run: StudioRun, who: int) -> dict[str, Any]:
    """Return one resident's days in both worlds; both are simulated again with a trace, some seconds for a city."""
    n = int(run.unit_start[-1])
    if not 0 <= who < n:
        raise InputError(f"resident {who} is not in this place; it has {n:,}, from 0")
    if who in run.lives:
        return run.lives[who]
    with _one_at_a_time:
        if who not in run.lives:
            lived = run_all(run.worlds, lambda name: _live(run.worlds[name], who), len(run.worlds))
            while len(run.lives) >= _MOST_KEPT:
                run.lives.pop(next(iter(run.lives)))
            run.lives[who] = _record(run, who, lived)
    return run.lives[who]


def _live(scenario: Scenario, who: int) -> Life:
    kept: list[np.ndarray] = []
    weeks: list[tuple[int, float, float, float]] = []
    about = {"flags": 0, "household": 0, "unit": 0}
    for world, rows in traced_weeks(scenario):
        town, state = world.town, world.state
        unit = int(np.searchsorted(town.unit_start, who, side="right")) - 1
        if not weeks:
            house = int(np.searchsorted(town.house_start, who, side="right")) - 1
            about["flags"] = int(state.flags[who])
            about["household"] = int(town.house_start[house + 1] - town.house_start[house])
            about["unit"] = int(town.unit_start[unit + 1] - town.unit_start[unit])
        pressure = int(state.officers[L.MPS, L.PRESSURE, town.mps_of[unit]]) / L.ONE
        levels = int(state.fear[who]) / L.ONE, int(state.distress[who]) / L.ONE, pressure
        fear, distress, pressed = (round(level, 4) for level in levels)
        weeks.append((world.day - world.counted - 1, fear, distress, pressed))
        kept.append(rows_about(town, rows, who))
    return Life(np.concatenate(kept), weeks, **about)


def _record(run: StudioRun, who: int, lived: dict[str, Life]) -> dict[str, Any]:
    """Return both lives as plain JSON: days on which anything happened, counts, levels by week, what differed."""
    first = next(iter(lived.values()))
    days = sorted({int(day) for item in lived.values() for day in np.unique(item.rows["day"])})
    rows = []
    for day in days:
        worlds = {name: _day(item.rows[item.rows["day"] == day]) for name, item in lived.items()}
        sides = list(worlds.values())
        date = run.question.scenario.start + timedelta(day)
        rows.append(
            {"day": day, "date": date.isoformat(), "differs": any(s != sides[0] for s in sides), "worlds": worlds}
        )
    return {
        "synthetic": True,
        "resident": who,
        "grounds": [name for bit, name in enumerate(GROUND_NAMES) if first.flags >> (bit + L.GROUND_SHIFT) & 1],
        "adult": bool(first.flags & L.ADULT),
        "listed_at_start": bool(first.flags & L.LISTED_AT_START),
        "household": first.household,
        "unit": first.unit,
        "days": rows,
        "counts": _counts(lived),
        "weeks": {name: item.weeks for name, item in lived.items()},
        "why": _why(run, lived, rows),
    }


def _day(rows: np.ndarray) -> dict[str, Any]:
    """Return one day: its sentences in English, and its events by kind for another language."""
    events = []
    for _, kind, _, other, value in rows.tolist():
        by = FOLLOWERS[other] if kind in _with_follower and 0 <= other < len(FOLLOWERS) else None
        events.append([L.EPISODES[kind], by, value])
    return {"said": list(sentences_of(rows)), "events": events}


def _counts(lived: dict[str, Life]) -> list[dict[str, Any]]:
    """Return how often what happened in each world."""
    counted = {name: Counter(item.rows["kind"].tolist()) for name, item in lived.items()}
    return [
        {"kind": L.EPISODES[kind], "words": words, "times": {name: counts[kind] for name, counts in counted.items()}}
        for kind, words in COUNTED
        if any(counts[kind] for counts in counted.values())
    ]


def _why(run: StudioRun, lived: dict[str, Life], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is known of the cause: the change, the first day that differs, and what stood behind it that week.

    The worlds share every resident and all luck, so that nothing but the change, and what followed from it, is a cause.
    """
    differing = [row["day"] for row in rows if row["differs"]]
    window = run.question.window
    result: dict[str, Any] = {
        "change": run.question.change if len(lived) > 1 else None,
        "interventions": [item.name for item, _ in run.question.dated],
        "from_day": window[0] if window else None,
        "first_day": differing[0] if differing else None,
        "n_days": len(differing),
        "same_days": len(rows) - len(differing),
    }
    if differing:
        week = {
            name: next((w for w in item.weeks if w[0] >= differing[0]), item.weeks[-1]) for name, item in lived.items()
        }
        result["fear"] = {name: levels[1] for name, levels in week.items()}
        result["pressure"] = {name: levels[3] for name, levels in week.items()}
    result["fear_at_end"] = {name: item.weeks[-1][1] for name, item in lived.items()}
    return result


def examples(run: StudioRun) -> dict[str, list[int]]:
    """Return a few residents by what happened to them in the baseline, for choosing a dot without a mouse."""
    if run.stored:
        return run.stored.examples
    lived = next(iter(run.lived.values()))
    kinds = lived.world.records["kind"]
    result = {}
    for index, name in enumerate(L.INCIDENT_NAMES):
        subjects = lived.subjects[kinds == index]
        _, first = np.unique(subjects, return_index=True)
        result[name] = [int(subjects[i]) for i in sorted(first.tolist())[:_EXAMPLES]]
    return result
