"""Steps of the day in the unit: attention, following, home, tally (S4, S5, S10, S17).

Each step is a loop over the units of a chunk; what it does to one person is a rule.
The order of the day's steps is that of `kernel.run_days` and of the process overview in docs/odd.md.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world import slots as R
from underwatch.world.draws import Purpose, choose, choose16, quarters, u16, words
from underwatch.world.rules import (
    FULL_WEIGHT,
    cell_of,
    first_followed,
    frighten,
    incident,
    report,
    sent_to,
    threshold_of,
    trace,
    watcher,
    word_spreads,
    write_down,
)

P_FOLLOW = int(Purpose.FOLLOW)
P_TAIL = int(Purpose.TAIL)
P_UNIT = int(Purpose.UNIT)
P_OFFENCE = int(Purpose.OFFENCE)
P_LODGING = int(Purpose.LODGING)
P_LODGING_HOME = int(Purpose.LODGING_HOME)
P_ROUTINE = int(Purpose.ROUTINE)
P_ROUTINE_TARGET = int(Purpose.ROUTINE_TARGET)
P_SPARE = int(Purpose.SPARE)
SPARE_TRIES = 16
ROUTINE_BLOCKS = 16


@njit(cache=True, nogil=True, _nrt=False)
def share_attention(key, town, state, rates, scratch, at):
    """S4: how many outings each unit's watchers can still follow today. An officer's round moves on every day."""
    for j in range(at.n_units):
        u = at.first_unit + j
        spans = scratch.spans
        q0, q1, q2, q3 = quarters(key, P_UNIT, town.first + town.units[L.UNIT_START, u], at.day)
        n_open = spans[j + 1, L.S_OPEN] - spans[j, L.S_OPEN]
        n_covert = spans[j + 1, L.S_COVERT] - spans[j, L.S_COVERT]
        free = scratch.free
        free[j, L.BY_OPEN_ROLE] = (n_open * rates[R.attention_role] + q0) >> 16
        free[j, L.BY_COVERT] = (n_covert * rates[R.attention_role] + q1) >> 16
        mps, mss = town.units[L.MPS_OF, u], town.units[L.MSS_OF, u]
        capacity = ((at.day + 1) * rates[R.attention_officer] >> 16) - (at.day * rates[R.attention_officer] >> 16)
        n = np.int64(town.areas[L.MPS, mps + 1] - town.areas[L.MPS, mps])
        free[j, L.BY_MPS_OFFICER] = sent_to(capacity, u - town.areas[L.MPS, mps], n, at.day * capacity % n)
        n = np.int64(town.areas[L.MSS, mss + 1] - town.areas[L.MSS, mss])
        free[j, L.BY_MSS_OFFICER] = sent_to(capacity, u - town.areas[L.MSS, mss], n, at.day * capacity % n)
        free[j, L.F_EVENTS] = 0
        free[j, L.F_LODGING] = q2
        free[j, L.F_OFFENCE] = q3


@njit(cache=True, nogil=True, _nrt=False)
def follow(key, town, state, rates, scratch, out, at, j, i, slot, by):
    """S4: one outing (part of the day `slot`) of resident `i` of the chunk is followed by watcher class `by`."""
    scratch.lanes[L.LANE_OUTINGS, i] |= u16(64 << slot)
    u = at.first_unit + j
    x = at.lo + i
    term = scratch.unit_terms[j]
    cell = cell_of(state.people[L.FLAGS, x])
    scratch.free[j, by] -= 1
    out.cells[at.k, cell, L.N_FOLLOWED] += 1
    first_followed(state, at, x)
    trace(out, at, L.TR_FOLLOWED, x, by, slot)
    q_notice, q_report, q_claim, _ = quarters(key, P_TAIL + slot, town.first + x, at.day)
    write_down(town, state, rates, out, at, u, x, by & 1, term, q_report, q_claim, False)
    if q_notice < rates[R.notice]:
        house = np.int64(scratch.house[i])
        out.cells[at.k, cell, L.N_NOTICED] += 1
        frighten(state, rates, x, rates[R.rise_noticed])
        word_spreads(state, scratch.free, j, house)
        trace(out, at, L.TR_NOTICED, x, by, slot)
        incident(key, town, state, rates, out, at, u, x, house, L.I_FOLLOWED_OUTING, term[L.T_CONTACT], term[L.T_FEAR])


@njit(cache=True, nogil=True, _nrt=False)
def follow_outings(key, town, state, rates, scratch, out, at):
    """S4, S10: listed residents' outings are followed while attention lasts; under pressure others' too."""
    for j in range(at.n_units):
        term = scratch.unit_terms[j]
        free = scratch.free
        left = free[j, 0] + free[j, 1] + free[j, 2] + free[j, 3]
        for row in range(scratch.spans[j, L.S_LISTED], scratch.spans[j + 1, L.S_LISTED]):
            if left == 0:
                break
            i = np.int64(scratch.lanes[L.LANE_LISTED, row])
            made = np.int64(scratch.lanes[L.LANE_OUTINGS, i]) & 7
            if made == 0:
                continue
            flag = np.int64(state.people[L.FLAGS, at.lo + i])
            chance = threshold_of(term, flag)
            q0, q1, q2, _ = quarters(key, P_FOLLOW, town.first + at.lo + i, at.day)
            for slot in range(3):
                q = q0 if slot == 0 else (q1 if slot == 1 else q2)
                if (made >> slot) & 1 and q < chance and left > 0:
                    left -= 1
                    by = watcher(free, j, (flag & L.ON_MPS) != 0)
                    follow(key, town, state, rates, scratch, out, at, j, i, slot, by)
        if left and term[L.T_SPARE_MPS] + term[L.T_SPARE_MSS] > 0:
            spend_spare(key, town, state, rates, scratch, out, at, j, left)


@njit(cache=True, nogil=True, _nrt=False)
def spend_spare(key, town, state, rates, scratch, out, at, j, left):
    """S10: under pressure a free watcher picks an adult of the unit at random; one unlisted and out is followed."""
    u = at.first_unit + j
    lo = scratch.spans[j, L.S_ADULTS]
    n = scratch.spans[j + 1, L.S_ADULTS] - lo
    for attempt in range(min(left, SPARE_TRIES)):
        by = watcher(scratch.free, j, True)
        a, b = words(key, P_SPARE + attempt, town.first + town.units[L.UNIT_START, u], at.day)
        if n == 0 or np.int64(a >> np.uint32(16)) >= scratch.unit_terms[j, L.T_SPARE_MPS + (by & 1)]:
            continue
        i = np.int64(scratch.lanes[L.LANE_ADULTS, lo + choose(b, n)])
        outings = np.int64(scratch.lanes[L.LANE_OUTINGS, i])
        made = outings & ~(outings >> 6) & 7  # made, and not followed yet
        if made and not state.people[L.FLAGS, at.lo + i] & L.ON_A_LIST:
            slot = 0 if made & 1 else (1 if made & 2 else 2)
            follow(key, town, state, rates, scratch, out, at, j, i, slot, by)


@njit(cache=True, nogil=True, _nrt=False)
def at_home(key, town, state, rates, scratch, out, at):
    """S5, S10, S17: offences seen by a neighbour, routine acts made into reports, night checks of homes."""
    for j in range(at.n_units):
        u = at.first_unit + j
        spans = scratch.spans
        unit_key = town.first + town.units[L.UNIT_START, u]
        lo = spans[j, L.S_ADULTS]
        n = spans[j + 1, L.S_ADULTS] - lo
        n_open = spans[j + 1, L.S_OPEN] - spans[j, L.S_OPEN]
        n_roles = n_open + spans[j + 1, L.S_COVERT] - spans[j, L.S_COVERT]
        if rates[R.written] and n_roles and n > 1:
            if scratch.free[j, L.F_OFFENCE] < scratch.unit_terms[j, L.T_OFFENCE]:
                q_who, q_told, q_role, _ = quarters(key, P_OFFENCE, unit_key, at.day)
                if q_told < rates[R.report_offence]:
                    organ = L.MPS if choose16(q_role, n_roles) < n_open else L.MSS
                    x = at.lo + np.int64(scratch.lanes[L.LANE_ADULTS, lo + choose16(q_who, n)])
                    report(town, state, rates, out, at, u, x, organ, L.N_REPORTS_OFFENCE, FULL_WEIGHT)
                    trace(out, at, L.TR_REPORT, x, organ, L.N_REPORTS_OFFENCE)
            report_routine(key, town, state, rates, scratch, out, at, j, n_open, n_roles, lo, n)
            if n_open and scratch.free[j, L.F_LODGING] < rates[R.lodging]:
                check_homes(key, town, state, rates, scratch, out, at, j)
        state.units[L.UNIT_EVENTS, u] = min(scratch.free[j, L.F_EVENTS], 65535)


@njit(cache=True, nogil=True, _nrt=False)
def report_routine(key, town, state, rates, scratch, out, at, j, n_open, n_roles, lo, n):
    """S10: each role holder may make a routine act of some adult of the unit into a report."""
    u = at.first_unit + j
    unit_key = town.first + town.units[L.UNIT_START, u]
    term = scratch.unit_terms[j]
    if term[L.T_ROUTINE_MPS] + term[L.T_ROUTINE_MSS] == 0:
        return
    for block in range(min((n_roles + 3) // 4, ROUTINE_BLOCKS)):
        q = quarters(key, P_ROUTINE + block, unit_key, at.day)
        for s in range(4):
            role = 4 * block + s
            if role >= n_roles:
                break
            organ = L.MPS if role < n_open else L.MSS
            if np.int64(q[s]) >= term[L.T_ROUTINE_MPS + organ]:
                continue
            if organ == L.MPS:
                by = np.int64(scratch.lanes[L.LANE_OPEN_ROLES, scratch.spans[j, L.S_OPEN] + role])
            else:
                by = np.int64(scratch.lanes[L.LANE_COVERT, scratch.spans[j, L.S_COVERT] + role - n_open])
            a, _ = words(key, P_ROUTINE_TARGET, town.first + at.lo + by, at.day)
            pick = choose(a, n)
            if np.int64(scratch.lanes[L.LANE_ADULTS, lo + pick]) == by:
                pick = (pick + 1) % n
            x = at.lo + np.int64(scratch.lanes[L.LANE_ADULTS, lo + pick])
            if not state.people[L.FLAGS, x] & L.DETAINED:
                report(town, state, rates, out, at, u, x, organ, L.N_REPORTS_ROUTINE, FULL_WEIGHT)
                trace(out, at, L.TR_REPORT, x, at.lo + by, L.N_REPORTS_ROUTINE)


@njit(cache=True, nogil=True, _nrt=False)
def check_homes(key, town, state, rates, scratch, out, at, j):
    """S17: the night check finds guests who are not registered; the host is reported and knows it."""
    u = at.first_unit + j
    unit_key = town.first + town.units[L.UNIT_START, u]
    first_house = town.units[L.UNIT_HOUSE, u]
    found = quarters(key, P_LODGING, unit_key, at.day)
    for s in range(4):
        if np.int64(found[s]) < rates[R.guest]:
            a, _ = words(key, P_LODGING_HOME + s, unit_key, at.day)
            house = first_house + choose(a, town.units[L.UNIT_HOUSE, u + 1] - first_house)
            head = np.int64(town.house_start[house])
            report(town, state, rates, out, at, u, head, L.MPS, L.N_REPORTS_ROUTINE, FULL_WEIGHT)
            frighten(state, rates, head, rates[R.rise_noticed])
            word_spreads(state, scratch.free, j, house)
            trace(out, at, L.TR_LODGING, head, house, 0)


@njit(cache=True, nogil=True, _nrt=False)
def tally(state, rates, scratch, out, at, n_marked):
    """Daily outings and levels by cell of the residents with a cell other than 0."""
    limit = rates[R.threshold_distress]
    lanes = scratch.lanes
    for m in range(n_marked):
        i = np.int64(lanes[L.LANE_MARKED, m])
        row = out.cells[at.k, np.int64(lanes[L.LANE_CELLS, m])]
        went = np.int64(lanes[L.LANE_OUTINGS, i])
        made = (went & 1) + ((went >> 1) & 1) + ((went >> 2) & 1)
        free = ((went >> 3) & 1) + ((went >> 4) & 1) + ((went >> 5) & 1)
        distress = np.int64(state.people[L.DISTRESS, at.lo + i])
        row[L.N_OUTINGS] += made
        row[L.N_FORGONE] += free - made
        row[L.N_FEAR] += np.int64(state.people[L.FEAR, at.lo + i])
        row[L.N_DISTRESS] += distress
        row[L.N_DISTRESSED] += distress >= limit
