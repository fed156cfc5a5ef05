"""Where each of the rates stands in the one array that the kernels are handed.

A kernel pays for every argument; seventy numbers in a tuple are seventy arguments,
in an array one. `rates[slots.notice]` is the rate named `notice` in `rates.Rates`.
"""

from __future__ import annotations

import numpy as np

from underwatch.world.rates import LET_OFF, Rates

(
    keep_fear,
    keep_distress,
    gain_distress,
    avoid_fear,
    avoid_distress,
    threshold_distress,
    rise_noticed,
    rise_accused,
    rise_hearsay,
    outing_adult,
    outing_child,
    hearsay_reach,
    attention_role,
    attention_officer,
    vigilance_base,
    vigilance_pressure,
    layers_family,
    layers_person,
    notice,
    report_base,
    report_pressure,
    claim_base,
    claim_pressure,
    written,
    offence_per_adult,
    report_offence,
    weight_nothing,
    keep_file,
    keep_anger,
    quota_mps,
    quota_mss,
    reprimand,
    pressure_gain,
    pressure_relax,
    ratchet,
    comparison,
    visit,
    visits_followed,
    kin_ties,
    join_per_km,
    call,
    avoid_call,
    calls_followed,
    abandon,
    detection,
    release,
    routine_base,
    routine_pressure,
    spare,
    accusations,
    accuse,
    accuse_pressure,
    listed_after,
    learns,
    list_kept,
    exit,
    entry,
    anger,
    protest,
    speech_floor,
    permit,
    permits_needed,
    permit_lag,
    permit_refused,
    lodging,
    guest,
    contact_weeks,
) = range(67)
hear = 67  # 16 chances
visit_km = 83  # 32 distances
call_km = 115  # 32 distances
let_off = 147  # by ground, then all
N_SLOTS = let_off + len(LET_OFF) + 1
_ROWS = ("hear", "visit_km", "call_km", "let_off")
_NUMBERS = tuple(name for name in Rates._fields if name not in _ROWS)
_SLOTS = np.array([globals()[name] for name in _NUMBERS])


def pack(rates: Rates) -> np.ndarray:
    """The rates as int64[N_SLOTS]."""
    packed = np.zeros(N_SLOTS, np.int64)
    packed[_SLOTS] = [getattr(rates, name) for name in _NUMBERS]
    for name in _ROWS:
        slot, values = globals()[name], getattr(rates, name)
        packed[slot : slot + len(values)] = values
    return packed
