"""Steps of the day in the unit: attention, following, home, tally (S4, S5, S10, S17).

Each step is a loop over the units of a chunk; what it does to one person is a rule.
The order of the day's steps is that of `kernel.run_days` and of the process overview in docs/odd.md.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.draws import Purpose, choose, choose16, draw_rows, event, quarters, split, u16, u32, words
from underwatch.world.kernels import slots as R
from underwatch.world.kernels.cases import keep_attention, take_tails, turn_to, want_tails
from underwatch.world.kernels.dense import pick
from underwatch.world.kernels.rules import (
    FULL_WEIGHT,
    adult_of,
    cell_of,
    first_followed,
    frighten,
    house_of,
    incident,
    report,
    sent_to,
    trace,
    watcher,
    word_spreads,
    write_down,
)
from underwatch.world.kernels.word import remember_day

SPARE_TRIES = 16
ROUTINE_BLOCKS = 16


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def share_attention(span):
    """S4: how many outings each unit's watchers can still follow today. An officer's round moves on every day."""
    key, town, rates, scratch = span.key, span.town, span.rates, span.scratch
    draws = scratch.draws
    for j in range(span.n_units):
        draws[0, j] = u32(town.first + town.units[L.UNIT_START, span.first_unit + j])
        draws[1, j] = event(Purpose.UNIT, span.day)
    draw_rows(key, draws, span.n_units)
    if not rates[R.pooled]:
        keep_attention(span)
    capacity = ((span.day + 1) * rates[R.attention_officer] >> 16) - (span.day * rates[R.attention_officer] >> 16)
    for j in range(span.n_units):
        spans = scratch.spans
        q0, q1, q2, q3 = split(draws[2, j], draws[3, j])
        n_open = spans[j + 1, L.S_OPEN] - spans[j, L.S_OPEN]
        n_covert = spans[j + 1, L.S_COVERT] - spans[j, L.S_COVERT]
        free = scratch.free
        if rates[R.pooled]:
            free[j, L.BY_OPEN_ROLE] = (n_open * rates[R.attention_role] + q0) >> 16
            free[j, L.BY_COVERT] = (n_covert * rates[R.attention_role] + q1) >> 16
        free[j, L.F_LODGING] = q2
        free[j, L.F_OFFENCE] = q3
        for kind in range(L.N_EVENTS):
            free[j, L.F_EVENTS + kind] = 0
    for organ in range(2):
        send_officers(span, organ, capacity)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def send_officers(span, organ, capacity):
    """S4: how many outings each unit's officer of an organ can follow there: the round moves on by so many daily."""
    town, free = span.town, span.scratch.free
    last, first, n, begin = np.int64(-1), np.int64(0), np.int64(1), np.int64(0)
    for j in range(span.n_units):
        u = span.first_unit + j
        officer = np.int64(town.units[L.MPS_OF + organ, u])
        if officer != last:  # a division: neighbouring units mostly have the same officer
            first = np.int64(town.areas[organ, officer])
            n = np.int64(town.areas[organ, officer + 1]) - first
            begin = span.day * capacity % n
            last = officer
        free[j, L.BY_MPS_OFFICER + organ] = sent_to(capacity, u - first, n, begin)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def follow_outings(span):
    """S4, S10: listed residents' outings are followed while attention lasts; under pressure others' too.

    First who is followed, then what comes of it: nothing that comes of it changes who is followed today.
    """
    key, town, scratch = span.key, span.town, span.scratch
    if span.rates[R.pooled]:
        want_to_follow(span)
    else:
        want_tails(span)
    take_turns(span)
    free, turns, draws = scratch.free, scratch.turns, scratch.draws
    begin = np.int64(0)
    for j in range(span.n_units):
        chosen = free[j, L.F_TURNS]
        end = chosen + free[j, L.F_CHOICES]
        likely = most_likely(scratch.unit_terms[j])
        talked_of = False
        for row in range(begin, end):
            a, b = draws[2, row], draws[3, row]
            if row < chosen:
                i, house = np.int64(turns[row, L.W_RESIDENT]), np.int64(turns[row, L.W_HOUSE])
                slot, by = np.int64(turns[row, L.W_SLOT]), np.int64(turns[row, L.W_BY])
                first = turns[row, L.W_FIRST] != 0
            elif np.int64(a >> u32(16)) < likely:
                by = watcher(free, j, True)
                i, slot = spend_spare(span, j, by, a, b)
                if i < 0:
                    continue
                house, first = np.int64(L.UNKNOWN), True
                free[j, by] -= 1
                a, b = words(key, Purpose.TAIL + slot, town.first + span.lo + i, span.day)
            else:
                continue
            talked_of = follow(span, j, i, house, slot, by, first, talked_of, a, b)
        begin = end


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def want_to_follow(span):
    """S4, pooled: which outings of the listed a free watcher would take up (bits 0-2), whether or not one is left."""
    key, town, scratch = span.key, span.town, span.scratch
    draws, buffers = scratch.draws, scratch.buffers
    n_listed = scratch.spans[span.n_units, L.S_LISTED]
    for row in range(n_listed):
        draws[0, row] = u32(town.first + span.lo + np.int64(buffers[L.BUFFER_LISTED, row]))
        draws[1, row] = event(Purpose.FOLLOW, span.day)
    draw_rows(key, draws, n_listed)
    for row in range(n_listed):
        chance = buffers[L.BUFFER_TAKE, row]
        q0, q1, q2, _ = split(draws[2, row], draws[3, row])
        taken = np.int64(q0 < chance) | np.int64(q1 < chance) << 1 | np.int64(q2 < chance) << 2
        buffers[L.BUFFER_WANT, row] = (
            np.int64(buffers[L.BUFFER_OUTINGS, np.int64(buffers[L.BUFFER_LISTED, row])]) & taken
        )


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def take_turns(span):
    """S4, S10: the turns of watchers and their luck: outings of the listed, then what is left, by unit."""
    key, town, scratch = span.key, span.town, span.scratch
    draws, free = scratch.draws, scratch.free
    n = 0
    for j in range(span.n_units):
        n = share_out(span, j, n) if span.rates[R.pooled] else take_tails(span, j, n)
        left = free[j, 0] + free[j, 1] + free[j, 2] + free[j, 3]
        choices = min(left, SPARE_TRIES) if most_likely(scratch.unit_terms[j]) > 0 else np.int64(0)
        free[j, L.F_TURNS], free[j, L.F_CHOICES] = n, choices
        unit_key = u32(town.first + town.units[L.UNIT_START, span.first_unit + j])
        for attempt in range(choices):
            draws[0, n + attempt] = unit_key
            draws[1, n + attempt] = event(Purpose.SPARE + attempt, span.day)
        n += choices
    draw_rows(key, draws, n)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def most_likely(term):
    """S10: how likely a free watcher of the unit turns to somebody at most, whichever organ they are of."""
    return max(term[L.T_SPARE_MPS], term[L.T_SPARE_MSS])


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def share_out(span, j, n):
    """S4, pooled: the watchers of a unit follow outings of its listed while attention lasts. Returns the row after."""
    town, state, scratch = span.town, span.state, span.scratch
    draws, spans, free, buffers = scratch.draws, scratch.spans, scratch.free, scratch.buffers
    left = free[j, 0] + free[j, 1] + free[j, 2] + free[j, 3]
    first = spans[j, L.S_LISTED]
    n_wanted = pick(buffers[L.BUFFER_WANT, first : spans[j + 1, L.S_LISTED]], u16(7), first, buffers[L.BUFFER_NOTABLE])
    for m in range(n_wanted):
        row = np.int64(buffers[L.BUFFER_NOTABLE, m])
        i = np.int64(buffers[L.BUFFER_LISTED, row])
        wanted = np.int64(buffers[L.BUFFER_WANT, row])
        for slot in range(3):
            if (wanted >> slot) & 1 and left > 0:
                left -= 1
                by = watcher(free, j, (state.people[L.FLAGS, span.lo + i] & L.ON_MPS) != 0)
                free[j, by] -= 1
                draws[0, n] = u32(town.first + span.lo + i)
                draws[1, n] = event(Purpose.TAIL + slot, span.day)
                n = turn_to(scratch, n, i, L.UNKNOWN, slot, by, True)
    return n


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def follow(span, j, i, house, slot, by, first, talked_of, a, b):
    """S4, S5: an outing is followed, written down if it is the first of a tail, and perhaps noticed.

    `a` and `b` are its luck. `talked_of` says whether somebody noticed the tail before (of another tail, where this is
    the first of its own); returned is whether somebody has now.
    """
    town, state, rates, scratch, out = span.town, span.state, span.rates, span.scratch, span.out
    scratch.buffers[L.BUFFER_OUTINGS, i] |= u16(64 << slot)
    u = span.first_unit + j
    x = span.lo + i
    term = scratch.unit_terms[j]
    cell = cell_of(state.people[L.FLAGS, x])
    out.cells[span.k, cell, L.COUNT.followed_outings] += 1
    first_followed(span.state, span.t, x)
    trace(span.out, span.t, L.EPISODE.followed, x, by, slot)
    q_notice, q_report, q_claim, _ = split(a, b)
    if first:
        talked_of = False
        write_down(span, u, x, by & 1, term, q_report, q_claim, False)
    if q_notice < rates[R.notice]:
        if house == L.UNKNOWN:
            house = house_of(town, u, x)
        out.cells[span.k, cell, L.COUNT.noticed] += 1
        frighten(state, rates, x, rates[R.rise_noticed])
        if not talked_of:
            word_spreads(state, scratch.free, j, house, L.EVENT.noticed)
        talked_of = True
        trace(span.out, span.t, L.EPISODE.noticed, x, by, slot)
        incident(span, u, x, house, L.KIND.followed_outing, term[L.T_CONTACT], term[L.T_FEAR])
    return talked_of


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def spend_spare(span, j, by, a, b):
    """S10: under pressure a free watcher picks an adult of the unit at random, and follows one unlisted and out.

    Returns the resident and the part of the day, or -1.
    """
    state, scratch = span.state, span.scratch
    n = scratch.spans[j + 1, L.S_ADULTS] - scratch.spans[j, L.S_ADULTS]
    if n == 0 or np.int64(a >> u32(16)) >= scratch.unit_terms[j, L.T_SPARE_MPS + (by & 1)]:
        return -1, 0
    x = adult_of(span, j, choose(b, n))
    outings = np.int64(scratch.buffers[L.BUFFER_OUTINGS, x - span.lo])
    made = outings & ~(outings >> 6) & 7  # made, and not followed yet
    if not made or state.people[L.FLAGS, x] & L.ON_A_LIST:
        return -1, 0
    return x - span.lo, 0 if made & 1 else (1 if made & 2 else 2)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def at_home(span):
    """S5, S10, S17: offences seen by a neighbour, routine acts made into reports, night checks of homes."""
    key, town, rates, scratch = span.key, span.town, span.rates, span.scratch
    draw_routine(span)
    row = np.int64(0)
    for j in range(span.n_units):
        u = span.first_unit + j
        spans = scratch.spans
        unit_key = town.first + town.units[L.UNIT_START, u]
        n = spans[j + 1, L.S_ADULTS] - spans[j, L.S_ADULTS]
        n_open = spans[j + 1, L.S_OPEN] - spans[j, L.S_OPEN]
        n_roles = n_open + spans[j + 1, L.S_COVERT] - spans[j, L.S_COVERT]
        if rates[R.written] and n_roles and n > 1:
            if scratch.free[j, L.F_OFFENCE] < scratch.unit_terms[j, L.T_OFFENCE]:
                q_who, q_told, q_role, _ = quarters(key, Purpose.OFFENCE, unit_key, span.day)
                if q_told < rates[R.report_offence]:
                    organ = L.MPS if choose16(q_role, n_roles) < n_open else L.MSS
                    x = adult_of(span, j, choose16(q_who, n))
                    report(span, u, x, organ, L.COUNT.reports_offence, FULL_WEIGHT)
                    trace(span.out, span.t, L.EPISODE.report, x, organ, L.COUNT.reports_offence)
            report_routine(span, j, row)
            if n_open and scratch.free[j, L.F_LODGING] < rates[R.lodging]:
                check_homes(span, j)
        row += routine_blocks(n_roles)
        remember_day(span, j)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def routine_blocks(n_roles):
    """Draws of four that a unit's role holders need."""
    return min((n_roles + 3) >> 2, ROUTINE_BLOCKS)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def draw_routine(span):
    """The luck of all role holders of the chunk, unit by unit."""
    key, town, scratch = span.key, span.town, span.scratch
    draws, spans = scratch.draws, scratch.spans
    n = 0
    for j in range(span.n_units):
        n_roles = spans[j + 1, L.S_OPEN] - spans[j, L.S_OPEN] + spans[j + 1, L.S_COVERT] - spans[j, L.S_COVERT]
        for block in range(routine_blocks(n_roles)):
            draws[0, n] = u32(town.first + town.units[L.UNIT_START, span.first_unit + j])
            draws[1, n] = event(Purpose.ROUTINE + block, span.day)
            n += 1
    draw_rows(key, draws, n)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def report_routine(span, j, first):
    """S10: each role holder may make a routine act of some adult of the unit into a report."""
    scratch = span.scratch
    term, spans = scratch.unit_terms[j], scratch.spans
    n_open = spans[j + 1, L.S_OPEN] - spans[j, L.S_OPEN]
    n_roles = n_open + spans[j + 1, L.S_COVERT] - spans[j, L.S_COVERT]
    likely = max(term[L.T_ROUTINE_MPS], term[L.T_ROUTINE_MSS])
    for block in range(routine_blocks(n_roles)):
        q0, q1, q2, q3 = split(scratch.draws[2, first + block], scratch.draws[3, first + block])
        if np.int64(min(min(q0, q1), min(q2, q3))) >= likely:
            continue  # none of the four: most blocks go by with one look
        for role in range(4 * block, min(4 * block + 4, n_roles)):
            organ = L.MPS if role < n_open else L.MSS
            word = scratch.draws[2 + ((role >> 1) & 1), first + block]
            if np.int64(u16(word >> u32(16 * (role & 1)))) < term[L.T_ROUTINE_MPS + organ]:
                report_on_somebody(span, j, organ, role if organ == L.MPS else role - n_open)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def report_on_somebody(span, j, organ, nth_holder):
    """S10: a role holder of the unit makes a routine act of some other adult into a report."""
    key, town, state, scratch = span.key, span.town, span.state, span.scratch
    u = span.first_unit + j
    spans = scratch.spans
    n = spans[j + 1, L.S_ADULTS] - spans[j, L.S_ADULTS]
    if organ == L.MPS:
        by = span.lo + np.int64(scratch.buffers[L.BUFFER_OPEN_ROLES, spans[j, L.S_OPEN] + nth_holder])
    else:
        by = span.lo + np.int64(scratch.buffers[L.BUFFER_COVERT, spans[j, L.S_COVERT] + nth_holder])
    a, _ = words(key, Purpose.ROUTINE_TARGET, town.first + by, span.day)
    nth = choose(a, n)
    x = adult_of(span, j, nth)
    if x == by:
        x = adult_of(span, j, (nth + 1) % n)
    if not state.people[L.FLAGS, x] & L.DETAINED:
        report(span, u, x, organ, L.COUNT.reports_routine, FULL_WEIGHT)
        trace(span.out, span.t, L.EPISODE.report, x, by, L.COUNT.reports_routine)


@njit(cache=True, nogil=True, _nrt=False)
def check_homes(span, j):
    """S17: the night check finds guests who are not registered; the host is reported and knows it."""
    key, town, state, rates, scratch = span.key, span.town, span.state, span.rates, span.scratch
    u = span.first_unit + j
    unit_key = town.first + town.units[L.UNIT_START, u]
    first_house = town.units[L.UNIT_HOUSE, u]
    result = quarters(key, Purpose.LODGING, unit_key, span.day)
    for s in range(4):
        if np.int64(result[s]) < rates[R.guest]:
            a, _ = words(key, Purpose.LODGING_HOME + s, unit_key, span.day)
            house = first_house + choose(a, town.units[L.UNIT_HOUSE, u + 1] - first_house)
            head = np.int64(town.house_start[house])
            report(span, u, head, L.MPS, L.COUNT.reports_routine, FULL_WEIGHT)
            frighten(state, rates, head, rates[R.rise_noticed])
            word_spreads(state, scratch.free, j, house, L.EVENT.home_visit)
            trace(span.out, span.t, L.EPISODE.lodging, head, house, 0)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def tally(span, n_marked):
    """Daily outings and levels by cell of the residents with a cell other than 0."""
    state, rates, scratch, out = span.state, span.rates, span.scratch, span.out
    limit = rates[R.threshold_distress]
    buffers = scratch.buffers
    for m in range(n_marked):
        i = np.int64(buffers[L.BUFFER_MARKED, m])
        row = out.cells[span.k, np.int64(buffers[L.BUFFER_CELLS, m])]
        went = np.int64(buffers[L.BUFFER_OUTINGS, i])
        made = (went & 1) + ((went >> 1) & 1) + ((went >> 2) & 1)
        free = ((went >> 3) & 1) + ((went >> 4) & 1) + ((went >> 5) & 1)
        distress = np.int64(state.people[L.DISTRESS, span.lo + i])
        row[L.COUNT.outings] += made
        row[L.COUNT.outings_forgone] += free - made
        row[L.COUNT.fear] += np.int64(state.people[L.FEAR, span.lo + i])
        row[L.COUNT.distress] += distress
        row[L.COUNT.distressed] += distress >= limit
