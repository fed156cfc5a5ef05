"""The schematic map: where each synthetic resident is drawn, and from which day on listed and followed, in each world.

Units are put on a sunflower's spiral in an order drawn at random, residents round the middle of their unit on a
smaller one. No place in it stands for a real one: the model knows of distances, and of no street.
"""

from __future__ import annotations

import numpy as np

from underwatch.web.session.studio_run import StudioRun
from underwatch.world.draws import rng

GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))
BYTES_A_RESIDENT = 16


def places_of(unit_start: np.ndarray, seed: int) -> np.ndarray:
    """Return float32[2, R]: x and y of each resident in a square from 0 to 1."""
    sizes = np.diff(unit_start)
    n_units, n = len(sizes), int(unit_start[-1])
    order = rng(seed, "schematic map").permutation(n_units)
    # The spiral runs over residents, not units, so that a large unit gets the room it needs.
    before = np.empty(n_units)
    before[order] = np.cumsum(sizes[order]) - sizes[order] / 2.0
    angle = np.empty(n_units)
    angle[order] = np.arange(n_units) * GOLDEN_ANGLE
    far = np.sqrt(before / max(n, 1))
    unit = np.repeat(np.arange(n_units), sizes)
    inside = np.arange(n) - unit_start[:-1][unit]
    room = 0.86 * np.sqrt((inside + 0.5) / max(n, 1))
    turn = inside * GOLDEN_ANGLE + angle[unit]
    x = far[unit] * np.cos(angle[unit]) + room * np.cos(turn)
    y = far[unit] * np.sin(angle[unit]) + room * np.sin(turn)
    reach = max(float(np.abs(x).max(initial=1e-9)), float(np.abs(y).max(initial=1e-9)))
    return (np.stack([x, y]) / (2.0 * reach) + 0.5).astype("<f4")


def days_of(run: StudioRun) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each world the days listed and first followed, uint16[R] each."""
    return [*run.stored.days.values()] if run.stored else [(one.listed, one.followed) for one in run.lived.values()]


def map_bytes(run: StudioRun) -> bytes:
    """Return the map of a run: float32 x[R], y[R], then for each of two worlds uint16 listed[R], followed[R].

    Days count from 1, and 0 is never; a run without a twin has its one world twice. Little-endian, 16 bytes a resident.
    """
    days = days_of(run)
    parts = [places_of(run.unit_start, run.question.scenario.seed).tobytes()]
    for both in (days[0], days[-1]):
        parts += [each.astype("<u2").tobytes() for each in both]
    return b"".join(parts)
