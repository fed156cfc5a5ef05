"""The compiled loops of a Sunday: what crosses units, and what officers decide (S3, S6, S10, S11, S14, S15).

Four passes with a barrier between them, so that no unit reads what another has
just changed: officers; then what households have to tell; then units (which read
what other households would tell); then the new snapshot of households.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.draws import Purpose, draw_rows, event, quarters, u8, u16, u32
from underwatch.world.kernels import slots as R
from underwatch.world.kernels.dense import high16, pick
from underwatch.world.kernels.rules import (
    capped,
    cell_of,
    frighten,
    house_of,
    incident,
    kin_witnesses,
    let_off,
    part,
    raised,
    tell_of,
    trace,
)
from underwatch.world.kernels.word import hear_from_kin

OFFENCE_FORGOTTEN = 64  # a quarter of a report: below it the file no longer speaks of an offence
ONE_REPORT = 256
DECIDED_ON = L.ON_A_LIST | L.NEW_GROUND | L.REAL_OFFENCE
WITH_A_GROUND = L.GROUNDS | L.WAS_DETAINED
# Rows of the buffers in which a review notes by how much each file fell; the day's draws stood there
BUFFER_FELL_MPS, BUFFER_FELL_MSS = L.BUFFER_DRAWS, L.BUFFER_DRAWS + 1
FORMER_DETAINEE = L.GROUND_NAMES.index("former_detainee")


@njit(cache=True, nogil=True, _nrt=False)
def review_officers(key, town, rates, units, organ, unit_reports, pressure, added, order, n_days, day):
    """S6: reports of the week against what was expected. A reprimand raises pressure; without one it eases.

    In the form `avoidance` the fear of one does, where the reports are not safely above what is expected.

    `units` int32[officers + 1] are the first units of the areas; `order` (65536 = 1) is the week's mean order.
    """
    n = len(units) - 1
    total = np.int64(0)
    for u in range(len(unit_reports)):
        total += np.int64(unit_reports[u])
    mean = total * 256 // max(1, n)
    for o in range(n):
        reports = np.int64(0)
        for u in range(units[o], units[o + 1]):
            reports += np.int64(unit_reports[u])
        reports *= 256
        expected = ((rates[R.quota_mps + organ] + added[o]) * order >> 16) * n_days // 7
        if mean > expected:
            expected += part(mean - expected, rates[R.comparison])
        safe = expected + part(expected, rates[R.cushion]) if rates[R.avoidance] else expected
        blamed = np.int64(0)  # how much of a reprimand is felt, 65536 = one
        if reports < safe and rates[R.avoidance]:
            blamed = rates[R.reprimand]
        elif reports < safe:
            who = town.first + town.units[L.UNIT_START, units[o]]
            q, _, _, _ = quarters(key, Purpose.REPRIMAND_MPS + organ, who, day)
            blamed = 65536 if q < rates[R.reprimand] else 0
        if reports >= expected:
            added[o] += part(rates[R.ratchet], reports - expected)
        now = np.int64(pressure[o])
        rise = np.int64(0)
        if blamed:
            short = min(((safe - reports) << 16) // safe, 65535)
            rise = part(part(part(rates[R.pressure_gain], short), blamed), L.ONE - now)
        pressure[o] = raised(now - part(part(rates[R.pressure_relax], 65536 - blamed), now), rise)


@njit(cache=True, nogil=True, _nrt=False)
def fade_files(rates, file_mps, file_mss, anger, fell_mps, fell_mss):
    """S5, S14: a week's fading of the files and of anger; and by how much each file fell (S10, form hazard)."""
    keep_file, keep_anger = u16(rates[R.keep_file]), u16(rates[R.keep_anger])
    for i in range(len(file_mps)):
        left_mps, left_mss = high16(file_mps[i], keep_file), high16(file_mss[i], keep_file)
        fell_mps[i] = u16(file_mps[i] - left_mps)
        fell_mss[i] = u16(file_mss[i] - left_mss)
        file_mps[i] = left_mps
        file_mss[i] = left_mss
        anger[i] = high16(anger[i], keep_anger)


@njit(cache=True, nogil=True, _nrt=False)
def enlist(span, u, x, lists, contact, fear):
    """S3: a resident comes onto these lists (bits of `flags`), and may learn of it."""
    key, town, state, rates, out = span.key, span.town, span.state, span.rates, span.out
    cell = cell_of(state.people[L.FLAGS, x])
    state.people[L.FLAGS, x] = (np.int64(state.people[L.FLAGS, x]) | lists) & ~L.ROLE
    out.cells[span.k, cell, L.COUNT.listings] += 1
    if state.people[L.LISTED_DAY, x] == 0:
        state.people[L.LISTED_DAY, x] = u16(span.t + 1)
    trace(span.out, span.t, L.EPISODE.listed, x, L.MPS if lists & L.ON_MPS else L.MSS, 0)
    _, learns, _, _ = quarters(key, Purpose.ACCUSED, town.first + x, span.day)
    if learns < rates[R.learns]:
        incident(span, u, x, house_of(town, u, x), L.KIND.listing, contact, fear)


@njit(cache=True, nogil=True, _nrt=False)
def accuse(span, u, x, organ, contact, fear):
    """S10: a resident is summoned; false if no real offence stands in the file. The unlisted may end on a list."""
    key, town, state, rates, out = span.key, span.town, span.state, span.rates, span.out
    flag = np.int64(state.people[L.FLAGS, x])
    cell = cell_of(flag)
    house = house_of(town, u, x)
    out.cells[span.k, cell, L.COUNT.accusations] += 1
    if not flag & L.REAL_OFFENCE:
        out.cells[span.k, cell, L.COUNT.false_accusations] += 1
    frighten(state, rates, x, rates[R.rise_accused])
    tell_of(state, house, L.EVENT.summons)
    sunday = L.UNIT_WORD + (span.day + 3) % 7
    state.units[sunday, u] = (np.int64(state.units[sunday, u]) * rates[R.unheard + L.EVENT.summons]) >> 30
    trace(span.out, span.t, L.EPISODE.accused, x, organ, (flag & L.REAL_OFFENCE) != 0)
    incident(span, u, x, house, L.KIND.accusation, contact, fear)
    state.people[L.FLAGS, x] = flag & ~L.REAL_OFFENCE
    state.people[L.FILE_MPS, x] = 0
    state.people[L.FILE_MSS, x] = 0
    listed, _, _, _ = quarters(key, Purpose.ACCUSED, town.first + x, span.day)
    if rates[R.list_kept] and listed < rates[R.listed_after] and not flag & L.ON_A_LIST:
        enlist(span, u, x, L.ON_MPS << organ, contact, fear)


@njit(cache=True, nogil=True, _nrt=False)
def take_in_the_wave(span, u, x, contact, fear):
    """S3, S6: in a campaign an unlisted adult with a ground may be put on its lists; a defector's family as one."""
    key, town, state, rates = span.key, span.town, span.state, span.rates
    flag = np.int64(state.people[L.FLAGS, x])
    grounds = flag & L.GROUNDS | (L.DETAINEE if flag & L.WAS_DETAINED else 0)
    if flag & L.ON_A_LIST or not grounds:
        return
    who = np.int64(town.house_start[house_of(town, u, x)]) if flag & L.FAMILY else x
    _, q, _, _ = quarters(key, Purpose.ENTRY, town.first + who, span.day)
    if q < part(rates[R.ordered], 65536 - let_off(rates, flag)):
        lists = (L.ON_MPS if grounds & L.TO_MPS else 0) | (L.ON_MSS if grounds & L.TO_MSS else 0)
        enlist(span, u, x, lists, contact, fear)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def accuser(span, x, bar_mps, bar_mss):
    """S10: the organ that summons a resident this week, the MPS first; -1 if neither.

    Form `threshold`: whose file reaches the bar. Form `hazard`: what fades from a file this week, over the bar, is the
    chance, so that a report carries, until it has faded, its weight over the bar in all.
    """
    state, rates, fell = span.state, span.rates, span.scratch.buffers
    if not rates[R.accusations]:
        return -1
    if not rates[R.hazard]:
        if state.people[L.FILE_MPS, x] >= bar_mps:
            return L.MPS
        return L.MSS if state.people[L.FILE_MSS, x] >= bar_mss else -1
    i = x - span.lo
    q_mps, q_mss, _, _ = quarters(span.key, Purpose.HAZARD, span.town.first + x, span.day)
    if q_mps < capped((np.int64(fell[BUFFER_FELL_MPS, i]) << 16) // bar_mps):
        return L.MPS
    return L.MSS if q_mss < capped((np.int64(fell[BUFFER_FELL_MSS, i]) << 16) // bar_mss) else -1


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def consider(span, u, x, bars, q_exit, q_let_off, q_protest):
    """S3, S10, S14: the week's decisions on one resident. `bars` holds the unit's bars, contact and fear."""
    key, town, state, rates, out = span.key, span.town, span.state, span.rates, span.out
    flag = np.int64(state.people[L.FLAGS, x])
    mps = np.int64(state.people[L.FILE_MPS, x])
    mss = np.int64(state.people[L.FILE_MSS, x])
    if flag & L.REAL_OFFENCE and mps < OFFENCE_FORGOTTEN and mss < OFFENCE_FORGOTTEN:
        flag &= ~L.REAL_OFFENCE
        state.people[L.FLAGS, x] = flag
    bar_mps, bar_mss, listed_mps, listed_mss, contact, fear = bars
    if flag & L.ON_A_LIST:
        quiet = mps < ONE_REPORT and mss < ONE_REPORT and not flag & L.DETAINED
        if (quiet and np.int64(q_exit) < rates[R.exit]) or np.int64(u16(q_let_off)) < let_off(rates, flag):
            state.people[L.FLAGS, x] = flag & ~L.ON_A_LIST
            out.cells[span.k, cell_of(flag), L.COUNT.delistings] += 1
            trace(span.out, span.t, L.EPISODE.delisted, x, 0, 0)
        elif not flag & L.DETAINED:
            organ = accuser(span, x, listed_mps, listed_mss)
            if organ >= 0:
                accuse(span, u, x, organ, contact, fear)
    elif flag & L.ADULT and not flag & L.DETAINED:
        organ = accuser(span, x, bar_mps, bar_mss)
        if organ >= 0:
            accuse(span, u, x, organ, contact, fear)
        elif flag & L.NEW_GROUND and rates[R.list_kept]:
            q, _, _, _ = quarters(key, Purpose.ENTRY, town.first + x, span.day)
            if q < part(rates[R.entry], 65536 - rates[R.let_off + FORMER_DETAINEE]):
                enlist(span, u, x, L.ON_MPS, contact, fear)
        if rates[R.ordered] and rates[R.list_kept]:
            take_in_the_wave(span, u, x, contact, fear)
    if flag & L.NEW_GROUND:
        state.people[L.FLAGS, x] &= u16(65535 - L.NEW_GROUND)
    if flag & L.ADULT and np.int64(q_protest) < (rates[R.protest] * np.int64(state.people[L.ANGER, x])) >> 16:
        out.cells[span.k, cell_of(flag), L.COUNT.protests] += 1
        trace(span.out, span.t, L.EPISODE.protest, x, 0, 0)


@njit(cache=True, nogil=True, _nrt=False)
def look_at(flags, some, anger, file_mps, file_mss, bar_mps, bar_mss, look):
    """On whom anything can be decided this week (on most, nothing): a dense pass, generous, for `consider` to check."""
    high_mps = u16(min(bar_mps, 65535))
    high_mss = u16(min(bar_mss, 65535))
    for i in range(len(flags)):
        due = u16(u16(file_mps[i] >= high_mps) | u16(file_mss[i] >= high_mss))
        look[i] = u16(u16(flags[i] & some) | anger[i] | due)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def bar_of(rates, weight, pressure):
    """S10: the weight of a file at which its subject is accused; pressure lowers it."""
    return max(1, weight - part(weight, part(rates[R.accuse_pressure], pressure)))


@njit(cache=True, nogil=True, _nrt=False)
def review_units(scratch, out, first_chunk, last_chunk, key, town, state, rates, telling, day, t):
    """Accusations, lists, protest and word among kin. `telling` uint16[H] is from `tell_kin`.

    Stops before a chunk whose incidents might not fit; returns the next chunk.
    """
    for c in range(first_chunk, last_chunk):
        first_unit = np.int64(town.chunk_start[c])
        n_units = np.int64(town.chunk_start[c + 1]) - first_unit
        lo = np.int64(town.units[L.UNIT_START, first_unit])
        n = np.int64(town.units[L.UNIT_START, first_unit + n_units]) - lo
        if len(out.records) - out.used[0] < 2 * (n + 1):
            return c
        if len(out.trace) and len(out.trace) - out.used[1] < 16 * (n + 1):
            return c
        span = L.Span(key, town, state, rates, scratch, out, first_unit, n_units, lo, n, day, t, 0)
        incidents = out.used[0]
        file_mps = state.people[L.FILE_MPS, lo : lo + n]
        file_mss = state.people[L.FILE_MSS, lo : lo + n]
        anger = state.people[L.ANGER, lo : lo + n]
        look = scratch.buffers[L.BUFFER_CHANCE, :n]
        fell_mps, fell_mss = scratch.buffers[BUFFER_FELL_MPS, :n], scratch.buffers[BUFFER_FELL_MSS, :n]
        fade_files(rates, file_mps, file_mss, anger, fell_mps, fell_mss)
        lowest = bar_of(rates, rates[R.accuse], L.ONE)
        some = u16(DECIDED_ON | (WITH_A_GROUND if rates[R.ordered] else 0))
        flags = state.people[L.FLAGS, lo : lo + n]
        if rates[R.hazard]:
            look_at(flags, some, anger, fell_mps, fell_mss, 1, 1, look)
        else:
            look_at(flags, some, anger, file_mps, file_mss, lowest, lowest, look)
        review_people(span, pick(look, u16(65535), 0, scratch.buffers[L.BUFFER_NOTABLE]))
        kin_witnesses(span, incidents)
        first_house = np.int64(town.units[L.UNIT_HOUSE, first_unit])
        n_houses = np.int64(town.units[L.UNIT_HOUSE, first_unit + n_units]) - first_house
        hear_from_kin(span, telling, first_house, n_houses)
    return last_chunk


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def review_people(span, n):
    """The decisions on the `n` residents noted in the chunk, in census order."""
    key, town, state, rates, scratch = span.key, span.town, span.state, span.rates, span.scratch
    draws = scratch.draws
    for row in range(n):
        who = u32(town.first + span.lo + np.int64(scratch.buffers[L.BUFFER_NOTABLE, row]))
        draws[0, 2 * row] = who
        draws[1, 2 * row] = event(Purpose.EXIT, span.day)
        draws[0, 2 * row + 1] = who
        draws[1, 2 * row + 1] = event(Purpose.PROTEST, span.day)
    draw_rows(key, draws, 2 * n)
    u = span.first_unit - 1
    end = np.int64(0)
    bars = (np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0))
    for row in range(n):
        x = span.lo + np.int64(scratch.buffers[L.BUFFER_NOTABLE, row])
        if x >= end:
            while x >= end:
                u += 1
                end = np.int64(town.units[L.UNIT_START, u + 1])
            mps = state.officers[L.MPS, L.PRESSURE, town.units[L.MPS_OF, u]]
            mss = state.officers[L.MSS, L.PRESSURE, town.units[L.MSS_OF, u]]
            ordinary, listed = rates[R.accuse], rates[R.accuse_listed]
            contact, fear = unit_snapshot(town, state, u)
            bars = (bar_of(rates, ordinary, mps), bar_of(rates, ordinary, mss),
                    bar_of(rates, listed, mps), bar_of(rates, listed, mss), contact, fear)  # fmt: skip
        consider(span, u, x, bars, draws[2, 2 * row], draws[3, 2 * row], draws[2, 2 * row + 1])


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def unit_snapshot(town, state, u):
    """Households of the unit with open contact, and mean household fear, as of the last review."""
    contact = np.int64(0)
    fear = np.int64(0)
    for h in range(np.int64(town.units[L.UNIT_HOUSE, u]), np.int64(town.units[L.UNIT_HOUSE, u + 1])):
        contact += np.int64(state.homes[L.HOME_CONTACT, h] > 0)
        fear += np.int64(state.homes[L.HOME_FEAR, h])
    return contact, fear // max(1, town.units[L.UNIT_HOUSE, u + 1] - town.units[L.UNIT_HOUSE, u])


@njit(cache=True, nogil=True, _nrt=False)
def close_week(scratch, out, first_chunk, last_chunk, town, state, rates):
    """The new snapshot of households: fear and contact; the week's calls are forgotten."""
    homes = state.homes
    for c in range(first_chunk, last_chunk):
        first = np.int64(town.units[L.UNIT_HOUSE, town.chunk_start[c]])
        last = np.int64(town.units[L.UNIT_HOUSE, town.chunk_start[c + 1]])
        lo, hi = np.int64(town.house_start[first]), np.int64(town.house_start[last])
        so_far = scratch.draws[0, : hi - lo + 1]
        add_along(state.people[L.FEAR, lo:hi], so_far)
        begin = u32(0)
        for h in range(first, last):
            end = u32(town.house_start[h + 1] - lo)
            members = max(u32(1), u32(end - begin))
            homes[L.HOME_FEAR, h] = u32(u32(so_far[end] - so_far[begin]) // members) >> u32(8)
            begin = end
        renew_contact(u8(rates[R.contact_weeks]), homes[L.HOME_CALLED, first:last], homes[L.HOME_CONTACT, first:last])
    return last_chunk


@njit(cache=True, nogil=True, _nrt=False)
def add_along(values, so_far):
    """Sums of the first 0, 1, 2 ... values: a household's sum is then a difference, whatever its size."""
    total = u32(0)
    for i in range(len(values)):
        so_far[i] = total
        total = u32(total + values[i])
    so_far[len(values)] = total


@njit(cache=True, nogil=True, _nrt=False)
def renew_contact(weeks, called, contact):
    """S8: contact abroad is open for so many weeks after a call. A dense pass."""
    for h in range(len(called)):
        left = u8(contact[h] - u8(contact[h] > 0))
        contact[h] = weeks if called[h] else left
        called[h] = u8(0)
