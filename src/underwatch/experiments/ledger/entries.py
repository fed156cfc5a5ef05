"""The compiled loop of the ledger: acts of two worlds side by side, and the reason for each that only one has."""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.kernels import compiled  # noqa: F401  (must come before anything is compiled)

ACTS = ("outings", "visits", "journeys", "calls")
REASONS = ("barred", "direct", "stopped", "anticipatory", "spill_over", "gained")
BARRED, DIRECT, STOPPED, ANTICIPATORY, SPILL_OVER, GAINED = range(6)
JOURNEYS, CALLS = ACTS.index("journeys"), ACTS.index("calls")
_BITS = ((1, 2, 4), (L.ACT_VISIT,), (L.ACT_JOURNEY,), (L.ACT_CALL,))
BITS = np.array([bit for bits in _BITS for bit in bits], np.int64)
ANY = int(BITS.sum())
ACT_OF = np.array([act for act, bits in enumerate(_BITS) for _ in bits], np.int64)


@njit(cache=True, nogil=True)
def enter(acts, other, cell, entries):
    """Enter some days: acts, other uint16[days, R] of the two worlds; `entries` int64[acts, reasons, cells] grows."""
    for d in range(acts.shape[0]):
        for x in range(acts.shape[1]):
            a = np.int64(acts[d, x])
            differs = (a ^ np.int64(other[d, x])) & ANY
            if not differs:
                continue
            for n in range(len(BITS)):
                if not differs & BITS[n]:
                    continue
                kind = ACT_OF[n]
                if a & BITS[n]:
                    reason = GAINED
                elif a & L.ACT_HELD or (kind == JOURNEYS and not a & L.ACT_MAY_TRAVEL):
                    reason = BARRED
                elif kind == CALLS and a & L.ACT_TURNED_BACK:
                    reason = DIRECT
                elif kind == CALLS and a & L.ACT_STOPPED:
                    reason = STOPPED
                elif a & L.ACT_WATCHED_BEFORE:
                    reason = ANTICIPATORY
                else:
                    reason = SPILL_OVER
                entries[kind, reason, cell[x]] += 1
