"""The small model of `bench_peers` through Underwatch's own machinery: keyed luck, chunks in cache, two passes.

One block of two words serves two residents. The dense pass draws and counts who goes out; the sparse pass takes the
listed alone, for nobody else is ever afraid in this model: their fear stays 0, and 0 * 0.97 is 0.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numba import njit

sys.path.insert(0, str(Path(__file__).resolve().parent / "peers"))

from law import KEEP, OUTING, UNIT, WEIGHT, listed

from underwatch.world.draws import split_seed, threefry

u16, u32, f32 = np.uint16, np.uint32, np.float32
CHUNK = 128 * UNIT  # residents who stay in the first-level cache
WEEK = 7
CALM = int(OUTING * 65536 + 0.5)
HALF = 32768


@njit(nogil=True, _nrt=False)
def draw(k0, k1, first, day, low, high):
    """One word for each resident, in two halves; a block of two words is for residents i and i + n / 2."""
    half = len(low) // 2
    left_low, right_low = low[:half], low[half:]
    left_high, right_high = high[:half], high[half:]
    for i in range(half):
        a, b = threefry(k0, k1, u32(first + i), u32(day))
        left_low[i] = u16(a)
        left_high[i] = u16(a >> u32(16))
        right_low[i] = u16(b)
        right_high[i] = u16(b >> u32(16))


@njit(nogil=True, _nrt=False)
def count_out(low, chance):
    """How many go out (fits 16 bits: a chunk is small)."""
    n = u16(0)
    for i in range(len(low)):
        n = u16(n + u16(low[i] < chance[i]))
    return np.int64(n)


@njit(nogil=True, _nrt=False)
def fade(fear, now):
    """Fear of the listed fades, and leaves them less of a chance to go out."""
    for i in range(len(fear)):
        fear[i] = fear[i] * f32(KEEP)
        now[i] = u16(f32(CALM) / (f32(1) + f32(WEIGHT) * fear[i]))


@njit(nogil=True, _nrt=False)
def follow(who, fear, low, high, chance):
    """The listed in order: the first of a unit who is out and taken up is followed. Returns followed and fear."""
    n = 0
    total = 0.0
    last = -1
    for k in range(len(who)):
        i = np.int64(who[k])
        if low[i] < chance[i] and high[i] < HALF:
            unit = i // UNIT
            if unit != last:
                last = unit
                fear[k] = fear[k] + f32(1)
                n += 1
        total += fear[k]
    return n, total


@njit(nogil=True, _nrt=False)
def run_days(key, who, start, fear, now, chance, low, high, first_day, days, totals):
    """Take all chunks through the days, each chunk through all of them while it is in cache."""
    n = len(chance)
    for c in range(len(start) - 1):
        lo = c * CHUNK
        m = min(CHUNK, n - lo)
        mine = who[start[c] : start[c + 1]]
        fears = fear[start[c] : start[c + 1]]
        nows = now[start[c] : start[c + 1]]
        chances = chance[lo : lo + m]
        even = m + (m & 1)
        for d in range(days):
            draw(key[0], key[1], lo, first_day + d, low[:even], high[:even])
            fade(fears, nows)
            for k in range(len(mine)):
                chances[mine[k]] = nows[k]
            followed, total = follow(mine, fears, low, high, chances)
            totals[d, 0] += count_out(low[:m], chances)
            totals[d, 1] += followed
            totals[d, 2] += total


class Town:
    """The listed by chunk with their fear, and everybody's chance of an outing."""

    def __init__(self, n: int) -> None:
        on_list = np.flatnonzero(listed(n))
        edges = np.arange(0, n + CHUNK, CHUNK)[: (n + CHUNK - 1) // CHUNK + 1]
        self.who = (on_list % CHUNK).astype(np.uint16)
        self.start = np.searchsorted(on_list, edges).astype(np.int32)
        self.fear = np.zeros(len(on_list), np.float32)
        self.now = np.zeros(len(on_list), np.uint16)
        self.chance = np.full(n, CALM, np.uint16)
        self.low, self.high = np.zeros(CHUNK, np.uint16), np.zeros(CHUNK, np.uint16)
        self.key = split_seed(1)
        self.day = 0


def build(n: int, days: int) -> Town:
    return Town(n)


def bytes_of(town: Town) -> int:
    return sum(part.nbytes for part in vars(town).values() if isinstance(part, np.ndarray))


def run(town: Town, days: int) -> np.ndarray:
    totals = np.zeros((days, 3))
    for day in range(0, days, WEEK):
        run_days(
            town.key, town.who, town.start, town.fear, town.now, town.chance, town.low, town.high,
            town.day + day, min(WEEK, days - day), totals[day:],
        )  # fmt: skip
    town.day += days
    return totals
