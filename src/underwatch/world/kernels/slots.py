"""Where each of the rates stands in the one array that the kernels are handed.

A kernel pays for every argument; seventy numbers in a tuple are seventy arguments, in an array one. The rate named
`notice` in `rates.Rates` is `rates[slots.notice]`; those of several numbers (`visit_km`: 32 distances) begin at
theirs.
"""

from __future__ import annotations

import numpy as np

from underwatch.world.layout import INCIDENT_NAMES, N_EVENTS
from underwatch.world.rates import LET_OFF, Rates

_ROWS = {
    "unheard": N_EVENTS,
    "reach": N_EVENTS,
    "heard_of": len(INCIDENT_NAMES),
    "visit_km": 32,
    "call_km": 32,
    "pause_days": 32,
    "let_off": len(LET_OFF) + 1,
}
_NUMBERS = [name for name in Rates._fields if name not in _ROWS]
_SLOTS = {name: slot for slot, name in enumerate(_NUMBERS)}
N_SLOTS = len(_NUMBERS)
for _name, _length in _ROWS.items():
    _SLOTS[_name], N_SLOTS = N_SLOTS, N_SLOTS + _length


def __getattr__(name: str) -> int:
    if name not in _SLOTS:
        raise AttributeError(name)
    return _SLOTS[name]


def pack(rates: Rates) -> np.ndarray:
    """The rates as int64[N_SLOTS]."""
    return np.concatenate([[getattr(rates, name) for name in _NUMBERS], *(getattr(rates, name) for name in _ROWS)])
