"""What a recorded history is: rows of incidents and of what came later, and nothing that runs a world.

What one resident met of one kind in one week by one kind of watcher is a row; its days are bits (Monday bit 0). So the
histories of a year of a whole place are a few megabytes. Residents are numbers within the place, and stay in memory or
in a cache of this account.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FORM = 1  # raised when rows come to mean something else, so that kept ones are not taken for them
ROW = np.dtype(
    [
        ("who", "<u4"),
        ("week", "<u2"),  # from the Monday of the first day's week
        ("days", "u1"),  # on which days of the week
        ("written", "u1"),  # and of which of them a report stands in the files
        ("marks", "u1"),  # as in an incident: grounds, listed that day, listed at the start
        ("by", "u1"),  # who acted; `BY_NOBODY` where the record does not say
        ("km", "u1"),  # of a visit or a way to signal
        ("size", "u1"),  # of the household
        ("kin", "<u2"),  # who may know: kin, neighbours, and those of the unit who heard
        ("neighbours", "<u2"),
        ("hearsay", "<u2"),
        ("unit", "<u2"),
    ]
)
# What came later, and may be said of somebody or narrow who remains
LATER = ("arrest", "release", "accusation", "listing", "delisting")
EVENT = np.dtype([("who", "<u4"), ("day", "<u2"), ("what", "<u2")])  # `day` from the first day; `what` in `LATER`


class Histories(NamedTuple):
    """What is recorded of one world of one place."""

    rows: dict[int, np.ndarray]  # kind -> ROW[n], by resident and week
    later: np.ndarray  # EVENT[n], by resident and day
