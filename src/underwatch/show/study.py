"""Bringing a run down to figures: the place, the silence curve with its range, and the headlines as plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from underwatch.record.indicators import HEADLINES
from underwatch.show.summary import PlaceFacts, SilencePoint, Study
from underwatch.whatif.silence import STAND_IN, silence_curve
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
    """Return the silence curve at the scenario's own values, with the range over the first draws."""
    sets = [scenario.parameters, *(one.parameters for one in draws[:SILENCE_DRAWS])]
    curve = silence_curve(scenario, sets, threads, progress=tick)
    peaks = np.maximum(curve.published.max(axis=0), 1e-12)
    shapes = curve.published / peaks * peaks[0]  # levels differ by orders of magnitude between draws; shapes do not
    points = []
    for row, scale in enumerate(curve.watching):
        around = shapes[row, 1:] if shapes.shape[1] > 1 else shapes[row]
        edges = float(around.min()), float(around.max())
        points.append(SilencePoint(scale, float(curve.incidents[row, 0]), float(shapes[row, 0]), *edges))
    return tuple(points)


def silence_place(scenario: Scenario) -> str:
    """Say in what the silence curve is drawn."""
    where = "on the border" if any(place.border for place in scenario.places) else "inland"
    return f"a place of {min(STAND_IN, scenario.residents):,} residents {where}"


def silence_band(n_draws: int) -> str:
    """Say what the range of the silence curve is."""
    if not n_draws:
        return "no range"
    return (
        f"full range of {min(n_draws, SILENCE_DRAWS)} draws from the prior, each scaled to the peak of this history "
        "(their levels differ by orders of magnitude, their shapes do not)"
    )


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def headlines(study: Study) -> dict[str, dict[str, Any]]:
    """Return the headline figures of each world as plain JSON: value, and the range over the draws."""
    found: dict[str, dict[str, Any]] = {}
    for world in study.worlds:
        found[world] = {}
        for at, headline in enumerate(HEADLINES):
            draws = study.ensemble[world].year[:, at] if world in study.ensemble else np.full(1, np.nan)
            known = draws[~np.isnan(draws)]
            found[world][headline.name] = {
                "value": _plain(study.central[world].year[at]),
                "low": float(known.min()) if len(known) else None,
                "high": float(known.max()) if len(known) else None,
                "unit": headline.unit,
            }
    return found
