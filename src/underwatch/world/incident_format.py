"""What comes out of a world, by name: incidents, the words in which the kernels write them, episodes, indicators."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from underwatch.facts.indicators import Indicators

# A name is a column or a kind, and stands here alone. Numba takes `COUNT.outings` as the number that it is (of an
# `IntEnum` it would not, as an index).


class IncidentKinds(NamedTuple):
    """What an incident can be: `kind` of a record."""

    followed_outing: int
    followed_visit: int
    call_given_up: int
    arrest: int
    accusation: int
    listing: int
    home_visit: int


class IncidentWords(NamedTuple):
    """An incident as the kernels write it: eight 16-bit words, each named by its lower byte.

    Whoever reads takes the fields of INCIDENT; a kernel that stored single bytes was 7 % slower.
    """

    day: int
    marks: int
    subject_contact: int
    kin: int
    kin_fear: int
    neighbours: int
    neighbours_fear: int
    hearsay: int


class Episodes(NamedTuple):
    """What a trace row can tell of: its `kind`, and a diary's raw material."""

    followed: int
    noticed: int
    report: int
    visit: int
    visit_followed: int
    visit_noticed: int
    call_set_out: int
    call_followed: int
    call_given_up: int
    call_completed: int
    arrest: int
    release: int
    accused: int
    listed: int
    delisted: int
    heard_kin: int
    protest: int
    permit_refused: int
    journey: int
    lodging: int
    call_avoided: int
    visit_avoided: int
    calling_stopped: int
    home_visit: int


INDICATORS, INCIDENT_NAMES, EPISODES = Indicators._fields, IncidentKinds._fields, Episodes._fields
N_INDICATORS = len(INDICATORS)
COUNT = Indicators(*range(N_INDICATORS))
KIND = IncidentKinds(*range(len(INCIDENT_NAMES)))
EPISODE = Episodes(*range(len(EPISODES)))
WORD = IncidentWords(*range(8))

# An incident, 16 bytes: the day of the run; bits below; what it was; then, class by class of those who may know of it,
# how many they are, their fear (255 = 1) and whether, or in how many households, contact abroad is open
INCIDENT = np.dtype(
    [
        ("day", "<u2"),
        ("marks", "u1"),
        ("kind", "u1"),
        ("subject_contact", "u1"),
        ("subject_fear", "u1"),
        ("kin", "<u2"),
        ("kin_fear", "u1"),
        ("kin_contact", "u1"),
        ("neighbours", "<u2"),
        ("neighbours_fear", "u1"),
        ("neighbours_contact", "u1"),
        ("hearsay", "<u2"),
    ]
)
TRACE = np.dtype([(name, "<i4") for name in ("day", "kind", "who", "other", "value")])
