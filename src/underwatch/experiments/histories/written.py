"""Which incidents stand in the files: a follower's report (S5) is written or not by the luck that the engine drew.

An arrest, a summons and a listing are acts of the organs themselves and always stand there.
"""

from __future__ import annotations

import numpy as np

from underwatch.world import layout as L
from underwatch.world.draws import Purpose, draw_rows
from underwatch.world.kernels import slots as R
from underwatch.world.layout import EPISODE, KIND

# The incident, and the episode of a trace that is the same event
EPISODE_OF = {
    KIND.followed_outing: EPISODE.noticed,
    KIND.followed_visit: EPISODE.visit_noticed,
    KIND.call_given_up: EPISODE.call_given_up,
    KIND.arrest: EPISODE.arrest,
    KIND.accusation: EPISODE.accused,
    KIND.listing: EPISODE.listed,
    KIND.home_visit: EPISODE.home_visit,
}
# Whose second quarter decides whether a report is written
_DRAWN = {KIND.call_given_up: Purpose.CALL_END, KIND.home_visit: Purpose.HOME_VISIT}
BY_NOBODY = 4  # an arrest, which the record says of no organ
_OWN_ACTS = (KIND.arrest, KIND.accusation, KIND.listing)


def follower_of(kind: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return uint8[n]: who acted, as in `layout.BY_OPEN_ROLE` and on, or `BY_NOBODY`.

    `other` int[n] is what the trace says: the follower, the organ of a summons or a list.
    """
    by = np.select(
        [kind == KIND.arrest, kind == KIND.home_visit, np.isin(kind, (KIND.accusation, KIND.listing))],
        [BY_NOBODY, L.BY_OPEN_ROLE, L.BY_MPS_OFFICER + other],
        other,
    )
    return by.astype(np.uint8)


def report_chances(rates: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """Return int64[n]: the threshold below which a report is written, of officers of this pressure (65535 = 1)."""
    added = rates[R.report_pressure] * pressure >> 16
    result: np.ndarray = rates[R.written] * np.minimum(rates[R.report_base] + added, L.ONE)
    return result


def is_written(key: tuple, kind: np.ndarray, about: np.ndarray, rows: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Return bool[n]: does a report of each event stand in the files?

    `about` is the number by which the luck is keyed (of a home visit the household's), `rows` TRACE[n] with the day in
    days since 1970, `chances` as of `report_chances`. Who is followed together with others of the household is taken
    as written of by own luck: the chance is the same.
    """
    purpose = np.full(len(kind), Purpose.TAIL, np.int64) + np.where(kind == KIND.followed_outing, rows["value"], 0)
    visit = np.where(rows["value"] > 0, Purpose.VISIT_CLAIM, Purpose.JOURNEY_CLAIM)
    purpose = np.where(kind == KIND.followed_visit, visit, purpose)
    for one, drawn in _DRAWN.items():
        purpose = np.where(kind == one, drawn, purpose)
    draws = np.zeros((4, len(kind)), np.uint32)
    draws[0], draws[1] = about, purpose << 16 | rows["day"]
    draw_rows(key, draws, len(kind))
    first = np.isin(purpose, (Purpose.VISIT_CLAIM, Purpose.JOURNEY_CLAIM))
    report = np.where(first, draws[2] & 0xFFFF, draws[2] >> 16).astype(np.int64)
    result: np.ndarray = (report < chances) | np.isin(kind, _OWN_ACTS)
    return result
