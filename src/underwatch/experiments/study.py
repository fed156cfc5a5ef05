"""Bringing a run down to figures: the place, the silence curve with its range, and the headlines as plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from underwatch.experiments.silence import STAND_IN, silence_curve
from underwatch.pages.summary import DRAWS, PlaceFacts, SilencePoint, Study
from underwatch.record.indicators import HEADLINES
from underwatch.record.ranges import range_name, range_of, ranges_of
from underwatch.world.scenario import Scenario

SILENCE_DRAWS = 8


def place_facts(scenario: Scenario) -> PlaceFacts:
    """Return what is known of the place or places."""
    members = scenario.places
    one = members[0] if len(members) == 1 else None
    return PlaceFacts(
        name=scenario.name,
        name_ko=one.name_ko if one else "",
        province=one.province if one else "",
        residents=scenario.residents,
        census=sum(place.population for place in members),
        urban=sum(place.urban for place in members),
        border=any(place.border for place in members),
        n_places=len(members),
    )


def silence_points(
    scenario: Scenario, draws: Sequence[Scenario], threads: int, tick: Callable[[], None]
) -> tuple[SilencePoint, ...]:
    """Return the silence curve at the scenario's own values, with the range over the first draws.

    Levels differ by orders of magnitude between draws, shapes do not: each draw is brought to the peak of this history.
    One in which nothing is published has no shape, and is not among them.
    """
    sets = [scenario.parameters, *(one.parameters for one in draws[:SILENCE_DRAWS])]
    curve = silence_curve(scenario, sets, threads, progress=tick)
    peak, *peaks = curve.published.max(axis=0)
    scales = np.array([peak / one if one > 0 else np.nan for one in peaks])
    low, _, high, n = ranges_of((curve.published[:, 1:] * scales).T)
    found = []
    for at, watching in enumerate(curve.watching):
        own = float(curve.incidents[at, 0]), float(curve.published[at, 0])
        found.append(SilencePoint(watching, *own, float(low[at]), float(high[at]), int(n[at])))
    return tuple(found)


def silence_place(scenario: Scenario) -> str:
    """Say in what the silence curve is drawn."""
    where = "on the border" if any(place.border for place in scenario.places) else "inland"
    return f"a place of {min(STAND_IN, scenario.residents):,} residents {where}"


def silence_band(points: Sequence[SilencePoint]) -> str:
    """Say what the range of the silence curve is."""
    n = points[0].n if points else 0
    if n < 2:
        return range_name(n, *DRAWS)
    return (
        f"{range_name(n, *DRAWS)}, each scaled to the peak of this history "
        "(their levels differ by orders of magnitude, their shapes do not)"
    )


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def headlines(study: Study) -> dict[str, dict[str, Any]]:
    """Return the headline figures of each world as plain JSON: value, and the range over the draws that have one."""
    found: dict[str, dict[str, Any]] = {}
    for world in study.worlds:
        found[world] = {}
        for at, headline in enumerate(HEADLINES):
            around = range_of(study.ensemble[world].year[:, at] if world in study.ensemble else ())
            found[world][headline.name] = {
                "value": _plain(study.central[world].year[at]),
                "low": _plain(around.low),
                "high": _plain(around.high),
                "range": around.name(*DRAWS),
                "unit": headline.unit,
            }
    return found
