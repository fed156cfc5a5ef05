"""The dense passes: loops over all residents or households of a chunk, without a branch that matters.

They are kept apart and read few arrays each, so that the compiler turns them into vector code (it gives up when it must
check too many arrays for overlap); tests/world/test_vector_code.py looks at the machine code.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.draws import Purpose, event, threefry, u16, u32
from underwatch.world.kernels import slots as R


@njit(inline="always")
def high16(a, b):
    """The upper half of a product of two 16-bit numbers: a times b / 65536, rounded down.

    As NumPy's functions, which stay within 32 bits: the operators would go to 64, and vectors hold a quarter as many.
    """
    return u16(np.right_shift(np.multiply(u32(a), u32(b)), u32(16)))


@njit(cache=True, nogil=True, _nrt=False)
def draw_day(key, who, day, w0, w1, w2, w3):
    """Four uniforms of each resident for the day: three outings and hearsay. `who` is the first resident's number."""
    k0 = key[0]
    k1 = key[1]
    c1 = event(Purpose.DAY, day)
    first = u32(who)
    for i in range(len(w0)):
        a, b = threefry(k0, k1, u32(first + u32(i)), c1)
        w0[i] = u16(a)
        w1[i] = u16(a >> u32(16))
        w2[i] = u16(b)
        w3[i] = u16(b >> u32(16))


@njit(cache=True, nogil=True, _nrt=False)
def fill(buffer, value):
    """One value for all of a part of a buffer."""
    for i in range(len(buffer)):
        buffer[i] = value


@njit(cache=True, nogil=True, _nrt=False)
def fade_and_hear(rates, fear, distress, draw, hear):
    """S11, form `linear`: fear fades, hearsay raises it; distress integrates fear.

    A loop of its own, and not `fade_and_habituate` with nothing to get used to: its products are half of this one's.
    """
    keep_fear = u16(rates[R.keep_fear])
    keep_distress = u16(rates[R.keep_distress])
    gain = u16(rates[R.gain_distress])
    step = u16(rates[R.rise_hearsay])
    for i in range(len(fear)):
        f = high16(fear[i], keep_fear)
        rise = step if draw[i] < hear[i] else u16(0)
        f = u16(f + min(rise, u16(~f)))
        s = high16(distress[i], keep_distress)
        s = u16(s + min(high16(f, gain), u16(~s)))
        fear[i] = f
        distress[i] = s


@njit(cache=True, nogil=True, _nrt=False)
def fade_and_habituate(rates, fear, distress, draw, hear):
    """S11, form `habituating`: the same, but long distress has got used to a part of what hearsay raises."""
    keep_fear = u16(rates[R.keep_fear])
    keep_distress = u16(rates[R.keep_distress])
    gain = u16(rates[R.gain_distress])
    step = u16(rates[R.rise_hearsay])
    habituation = u16(rates[R.habituation])
    for i in range(len(fear)):
        f = high16(fear[i], keep_fear)
        felt = u16(step - high16(step, high16(distress[i], habituation)))
        rise = felt if draw[i] < hear[i] else u16(0)
        f = u16(f + min(rise, u16(~f)))
        s = high16(distress[i], keep_distress)
        s = u16(s + min(high16(f, gain), u16(~s)))
        fear[i] = f
        distress[i] = s


@njit(cache=True, nogil=True, _nrt=False)
def weigh_outings(rates, fear, distress, rate, chance):
    """S11: what fear and distress leave of the chance of an outing."""
    avoid_fear = u16(rates[R.avoid_fear])
    avoid_distress = u16(rates[R.avoid_distress])
    for i in range(len(fear)):
        p = rate[i]
        p = u16(p - high16(p, high16(fear[i], avoid_fear)))
        chance[i] = u16(p - high16(p, high16(distress[i], avoid_distress)))


@njit(cache=True, nogil=True, _nrt=False)
def set_out(w0, w1, w2, base, chance, outings):
    """Who goes out in each of three parts of the day (bits 0-2), and who would unwatched (bits 3-5)."""
    for i in range(len(w0)):
        made = u16(
            u16(w0[i] < chance[i]) | u16(u16(w1[i] < chance[i]) << u16(1)) | u16(u16(w2[i] < chance[i]) << u16(2))
        )
        free = u16(u16(w0[i] < base[i]) | u16(u16(w1[i] < base[i]) << u16(1)) | u16(u16(w2[i] < base[i]) << u16(2)))
        outings[i] = u16(made | u16(free << u16(3)))


@njit(inline="always")
def ones3(x):
    """How many of the three lowest bits are set."""
    return u16(u16(x & u16(1)) + u16(u16(x >> u16(1)) & u16(1)) + u16(u16(x >> u16(2)) & u16(1)))


@njit(cache=True, nogil=True, _nrt=False)
def count_outings(outings):
    """Outings made, and outings that would be made unwatched (sums fit 16 bits: a chunk is small)."""
    made = u16(0)
    free = u16(0)
    for i in range(len(outings)):
        made = u16(made + ones3(outings[i]))
        free = u16(free + ones3(u16(outings[i] >> u16(3))))
    return np.int64(made), np.int64(free)


@njit(cache=True, nogil=True, _nrt=False)
def sum_levels(fear, distress, threshold):
    """Sums of fear and distress, and how many are above the threshold of distress."""
    sum_fear = u32(0)
    sum_distress = u32(0)
    above = u16(0)
    limit = u16(threshold)
    for i in range(len(fear)):
        sum_fear = u32(sum_fear + fear[i])
        sum_distress = u32(sum_distress + distress[i])
        above = u16(above + u16(distress[i] >= limit))
    return np.int64(sum_fear), np.int64(sum_distress), np.int64(above)


@njit(cache=True, nogil=True, _nrt=False)
def set_rates(rates, flags, base, rate):
    """S4, S9: chance of an outing at no fear, and now: nobody goes out from detention. A dense pass."""
    adult = u16(rates[R.outing_adult])
    child = u16(rates[R.outing_child])
    for i in range(len(flags)):
        chance = adult if flags[i] & u16(L.ADULT) else child
        base[i] = chance
        rate[i] = u16(0) if flags[i] & u16(L.DETAINED) else chance


@njit(cache=True, nogil=True, _nrt=False)
def note_morning(people, acts):
    """Begin a day of the acts: who is held, and who was listed, followed or held before; `people` as in the state."""
    flags, listed, followed = people[L.FLAGS], people[L.LISTED_DAY], people[L.FOLLOWED_DAY]
    for i in range(len(acts)):
        held = u16(L.ACT_HELD) if flags[i] & u16(L.DETAINED) else u16(0)
        before = u16(flags[i] & u16(L.ON_A_LIST | L.DETAINED | L.WAS_DETAINED)) | listed[i] | followed[i]
        acts[i] = u16(held | (u16(L.ACT_WATCHED_BEFORE) if before else u16(0)))


@njit(cache=True, nogil=True, _nrt=False)
def note_outings(outings, acts):
    """Close a day of the acts: the outings made."""
    for i in range(len(outings)):
        acts[i] |= u16(outings[i] & u16(L.ACT_OUTINGS))


@njit(cache=True, nogil=True, _nrt=False)
def draw_households(key, first, house_start, day, purpose, a, b):
    """Two words of each household for a week. A dense pass."""
    k0 = key[0]
    k1 = key[1]
    c1 = u32(u32(purpose) << u32(16) | u32(day))
    for h in range(len(a)):
        a[h], b[h] = threefry(k0, k1, u32(first + house_start[h]), c1)


@njit(cache=True, nogil=True, _nrt=False)
def pick_both(flags, bits, others, first, buffer, buffer_others):
    """As `pick` for `bits` and for `others`, of one look at each: who goes into which buffer. Returns how many."""
    n, n_others = 0, 0
    for i in range(len(flags)):
        buffer[n] = u16(first + i)
        buffer_others[n_others] = u16(first + i)
        n += (flags[i] & bits) != 0
        n_others += (flags[i] & others) != 0
    return n, n_others


@njit(cache=True, nogil=True, _nrt=False)
def pick(flags, bits, first, buffer):
    """Note who has any of the bits: their places, from `first` on, into `buffer`. Returns how many.

    Without a branch (one that is not wanted is overwritten by the next): the processor cannot guess who is.
    """
    n = 0
    for i in range(len(flags)):
        buffer[n] = u16(first + i)
        n += (flags[i] & bits) != 0
    return n
