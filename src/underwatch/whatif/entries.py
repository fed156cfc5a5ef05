"""The compiled loop of the ledger: acts of two worlds side by side, and the reason for each that only one has."""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L

ACTS = ("outings", "visits", "journeys", "calls")
REASONS = ("barred", "direct", "anticipatory", "spill_over", "gained")
BARRED, DIRECT, ANTICIPATORY, SPILL_OVER, GAINED = range(5)
JOURNEYS = ACTS.index("journeys")
_BITS = ((1, 2, 4), (L.ACT_VISIT,), (L.ACT_JOURNEY,), (L.ACT_CALL,))
BITS = np.array([bit for bits in _BITS for bit in bits], np.int64)
ACT_OF = np.array([act for act, bits in enumerate(_BITS) for _ in bits], np.int64)


@njit(cache=True, nogil=True)
def enter(acts, other, watched_before, followed_day, cell, days, entries, totals):
    """Enter a week: acts and other uint16[7, R] of the two worlds, `days` rows (row, day of the run) int64[n, 2].

    `entries` int64[acts, reasons, cells] and `totals` int64[2, acts, cells] are added to.
    """
    for k in range(len(days)):
        row, t = days[k, 0], days[k, 1]
        for x in range(acts.shape[1]):
            a = np.int64(acts[row, x])
            b = np.int64(other[row, x])
            for n in range(len(BITS)):
                mine = (a & BITS[n]) != 0
                theirs = (b & BITS[n]) != 0
                kind = ACT_OF[n]
                totals[0, kind, cell[x]] += mine
                totals[1, kind, cell[x]] += theirs
                if mine == theirs:
                    continue
                if mine:
                    reason = GAINED
                elif a & L.ACT_HELD or (kind == JOURNEYS and a & L.ACT_REFUSED):
                    reason = BARRED
                elif a & L.ACT_TURNED_BACK and BITS[n] == L.ACT_CALL:
                    reason = DIRECT
                elif watched_before[x] or (followed_day[x] and followed_day[x] <= t):
                    reason = ANTICIPATORY
                else:
                    reason = SPILL_OVER
                entries[kind, reason, cell[x]] += 1
