"""Random numbers: every draw is a pure function of (seed, purpose, who, day).

Why: the same seed must give the same history on any number of threads, in any
chunking, whole or resumed, in the compiled engine and in the plain reference;
and two worlds that differ in one rule must meet the same luck. So there is no
generator object. Threefry-2x32 with 13 rounds (Salmon, Moraes, Dror and Shaw
2011, "Parallel random numbers: as easy as 1, 2, 3") turns the key (seed) and
the counter (who, purpose and day) into two 32-bit words.

`who` is a resident's number in census order; households, units and officers'
areas are known by the number of their first resident. `day` is counted from
1 January 1970, so that a calendar day has the same luck whatever the start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from underwatch.world.kernels import compiled  # noqa: F401  (must come before anything is compiled)

u8 = np.uint8
u16 = np.uint16
u32 = np.uint32
u64 = np.uint64

ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
PARITY = 0x1BD11BDA
MASK32 = 0xFFFFFFFF


class Purposes(NamedTuple):
    """What a draw is for. A range of numbers is left free where a purpose has slots."""

    # made once, when the population is built
    HOUSEHOLD: int = 1  # 1: size of the household, number of households of the unit
    MEMBER: int = 2  # is the member an adult; is the member of the reactive kind
    GROUND: int = 3  # personal grounds (2 blocks: 3, 4)
    FAMILY: int = 5  # family ground of the household; is a household or a person listed
    LISTED: int = 6  # is a person with a personal ground listed; is an adult a covert informant
    OPEN_ROLE: int = 7  # who of the unit holds an open role (slots: up to 16 tries)
    KIN: int = 24  # the kin tie k of a household, its distance (slots: 8 ties)
    CALL_SPOT: int = 32  # a caller's distance to signal
    # every day
    DAY: int = 40  # three outings, hearsay
    FOLLOW: int = 41  # is outing 0, 1, 2 of a resident (pooled) or a household (assigned) taken up
    TAIL: int = 42  # notice, report, claim of the outing in slot s (slots: 3)
    CALL: int = 45  # intends a call; taken up; joined on the way; notice
    CALL_END: int = 46  # turns back, report, claim
    DETECTION: int = 47  # is a completed call detected
    UNIT: int = 48  # rounding of attention; lodging check; offence seen
    OFFENCE: int = 49  # who is seen, is it reported, to whom
    LODGING: int = 50  # guests found (4 slots)
    LODGING_HOME: int = 51  # whose home (slots: 4)
    ROUTINE: int = 56  # does role holder 4 j + s report a routine act (slots: 16 blocks)
    ROUTINE_TARGET: int = 72  # about whom
    SPARE: int = 80  # spare attention (slots: 16)
    VISIT_TAIL: int = 96  # taken up; joined; notice; report
    VISIT_CLAIM: int = 97
    JOURNEY_TAIL: int = 98
    JOURNEY_CLAIM: int = 99
    RELEASE: int = 100
    # every week, keyed by its Monday or by the day of the review
    VISIT: int = 110  # intends a visit; to which kin; on which day
    PERMIT: int = 111  # applies for a permit
    PERMIT_ANSWER: int = 112  # refused; day of the journey
    REPRIMAND_MPS: int = 113
    REPRIMAND_MSS: int = 114
    EXIT: int = 115
    ENTRY: int = 116
    ACCUSED: int = 117
    PROTEST: int = 118
    KIN_WORD: int = 119  # does tie k tell (slots: 2 blocks of 4)
    ATTENTION: int = 121  # where an officer's round begins
    # once for all: with which role holder of each organ the watchers of a listed household begin; where in the rounding
    # of attention a role holder begins
    CASE: int = 122
    HOLDER: int = 123
    WORD_DAY: int = 130  # the day on which what tie k tells reaches the household (slots: 2 blocks of 4)
    # every day, once more
    STOP_CALLING: int = 140  # after a turn-back or a release: does calling stop; for good; for how long
    HOME_VISIT: int = 141  # is a listed household visited; report, claim
    # every week, once more
    HAZARD: int = 142  # do the reports in the MPS file, and those in the MSS file, lead to an accusation (form hazard)
    # made once, once more
    KIN_GROUND: int = 150  # does a household take the luck of its kin for the grounds of households


Purpose = Purposes()  # for Numba a number each, which the members of an `IntEnum` are not


@njit(inline="always")
def _rotate(x, r):
    return u32(u32(x << u32(r)) | u32(x >> u32(32 - r)))


@njit(inline="always")
def _mix(x0, x1, r):
    x0 = u32(x0 + x1)
    return x0, u32(_rotate(x1, r) ^ x0)


@njit(inline="always")
def threefry(k0, k1, c0, c1):
    """Two uint32 words from key (k0, k1) and counter (c0, c1): Threefry-2x32-13."""
    k2 = u32(u32(PARITY) ^ k0 ^ k1)
    x0 = u32(c0 + k0)
    x1 = u32(c1 + k1)
    x0, x1 = _mix(x0, x1, 13)
    x0, x1 = _mix(x0, x1, 15)
    x0, x1 = _mix(x0, x1, 26)
    x0, x1 = _mix(x0, x1, 6)
    x0 = u32(x0 + k1)
    x1 = u32(x1 + k2 + u32(1))
    x0, x1 = _mix(x0, x1, 17)
    x0, x1 = _mix(x0, x1, 29)
    x0, x1 = _mix(x0, x1, 16)
    x0, x1 = _mix(x0, x1, 24)
    x0 = u32(x0 + k2)
    x1 = u32(x1 + k0 + u32(2))
    x0, x1 = _mix(x0, x1, 13)
    x0, x1 = _mix(x0, x1, 15)
    x0, x1 = _mix(x0, x1, 26)
    x0, x1 = _mix(x0, x1, 6)
    x0 = u32(x0 + k0)
    x1 = u32(x1 + k1 + u32(3))
    return _mix(x0, x1, 17)


@njit(inline="always")
def event(purpose, day):
    """Purpose and day in one word."""
    return u32(u32(purpose) << u32(16) | u32(day))


@njit("UniTuple(uint16,4)(uint32,uint32)", cache=True, nogil=True, _nrt=False, forceinline=True)
def split(a, b):
    """Four uniforms in 0..65535 of two words."""
    return u16(a), u16(a >> u32(16)), u16(b), u16(b >> u32(16))


@njit("UniTuple(uint32,2)(UniTuple(uint32,2),int64,int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def words(key, purpose, who, day):
    """Two uint32 words for (purpose, who, day); `key` is the pair from `split_seed`."""
    return threefry(key[0], key[1], u32(who), event(purpose, day))


@njit("UniTuple(uint16,4)(UniTuple(uint32,2),int64,int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def quarters(key, purpose, who, day):
    """Four uniforms in 0..65535 for (purpose, who, day)."""
    a, b = words(key, purpose, who, day)
    return split(a, b)


@njit(cache=True, nogil=True, _nrt=False)
def draw_rows(key, draws, n):
    """Two words for each of n columns of uint32[4, m]: of who (row 0) and what (purpose and day, row 1) to rows 2, 3.

    Drawn together they fill whole registers; a few more rows than asked for are drawn, so that none is drawn alone.
    """
    k0 = key[0]
    k1 = key[1]
    full = min((n + 15) & ~15, draws.shape[1])
    who, what, a, b = draws[0, :full], draws[1, :full], draws[2, :full], draws[3, :full]
    for i in range(full):
        a[i], b[i] = threefry(k0, k1, who[i], what[i])


@njit("int64(uint32,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def choose(word, n):
    """An index in 0..n-1 from a uint32 word (multiply and shift; n below 2**31)."""
    return np.int64((u64(word) * u64(n)) >> u64(32))


@njit("int64(uint16,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def choose16(quarter, n):
    """An index in 0..n-1 from a 16-bit uniform (n below 2**15)."""
    return np.int64((u32(quarter) * u32(n)) >> u32(16))


def split_seed(seed: int) -> tuple[np.uint32, np.uint32]:
    """The Threefry key of a 64-bit seed, as two uint32."""
    return u32(seed & MASK32), u32((seed >> 32) & MASK32)


def threefry_plain(key: tuple[int, int], counter: tuple[int, int], rounds: int = 13) -> tuple[int, int]:
    """Threefry-2x32 in plain Python integers, any number of rounds; the reference's luck."""
    ks = (key[0], key[1], PARITY ^ key[0] ^ key[1])
    x0 = (counter[0] + ks[0]) & MASK32
    x1 = (counter[1] + ks[1]) & MASK32
    for r in range(rounds):
        turn = ROTATIONS[r % 8]
        x0 = (x0 + x1) & MASK32
        x1 = ((x1 << turn | x1 >> (32 - turn)) & MASK32) ^ x0
        if r % 4 == 3:
            s = r // 4 + 1
            x0 = (x0 + ks[s % 3]) & MASK32
            x1 = (x1 + ks[(s + 1) % 3] + s) & MASK32
    return x0, x1


def rng(seed: int, purpose: str, *parts: str) -> np.random.Generator:
    """One keyed Philox stream for estimators and samplers (never for the world).

    `purpose` is a short name, `parts` say of what: the same (seed, purpose, parts) gives the same stream.
    """
    import hashlib

    digest = hashlib.blake2b(f"{seed}/{' '.join((purpose, *parts))}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
