"""The steps of a day for the few to whom something happens: attention, visits, calls, following, home, tally.

Each step is a loop over the units of a chunk; what it does to one person is a rule.
The order is that of the process overview in docs/odd.md.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world import slots as R
from underwatch.world.draws import Purpose, choose, choose16, quarters, u16, words
from underwatch.world.rules import (
    cell_of,
    frighten,
    incident,
    joined,
    kin_house,
    report,
    sent_to,
    trace,
    watcher,
    withdrawn,
    word_spreads,
)

P_FOLLOW = int(Purpose.FOLLOW)
P_TAIL = int(Purpose.TAIL)
P_CALL = int(Purpose.CALL)
P_CALL_END = int(Purpose.CALL_END)
P_CALL_SPOT = int(Purpose.CALL_SPOT)
P_DETECTION = int(Purpose.DETECTION)
P_UNIT = int(Purpose.UNIT)
P_OFFENCE = int(Purpose.OFFENCE)
P_LODGING = int(Purpose.LODGING)
P_LODGING_HOME = int(Purpose.LODGING_HOME)
P_ROUTINE = int(Purpose.ROUTINE)
P_ROUTINE_TARGET = int(Purpose.ROUTINE_TARGET)
P_SPARE = int(Purpose.SPARE)
P_VISIT_TAIL = int(Purpose.VISIT_TAIL)
P_VISIT_CLAIM = int(Purpose.VISIT_CLAIM)
P_JOURNEY_TAIL = int(Purpose.JOURNEY_TAIL)
P_JOURNEY_CLAIM = int(Purpose.JOURNEY_CLAIM)
P_RELEASE = int(Purpose.RELEASE)

SPARE_TRIES = 16
ROUTINE_BLOCKS = 16
LOW = np.uint32(0xFFFF)
FULL_WEIGHT = 256
UNNOTICED, NOTICED = 1, 2


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
def first_followed(state, at, i):
    """The day on which a resident was first followed."""
    if state.people[L.FOLLOWED_DAY, i] == 0:
        state.people[L.FOLLOWED_DAY, i] = u16(at.t + 1)


@njit(cache=True, nogil=True, _nrt=False)
def threshold_of(term, flag):
    """S3, S4: chance that an outing of this listed resident is taken up: layers by ground, vigilance by list."""
    column = L.T_TAKE_FAMILY_MPS if flag & L.FAMILY else L.T_TAKE_PERSON_MPS
    chance = np.int64(0)
    if flag & L.ON_MPS:
        chance = term[column]
    if flag & L.ON_MSS:
        chance = max(chance, term[column + 1])
    return chance


@njit(cache=True, nogil=True, _nrt=False)
def write_down(town, state, rates, out, at, u, i, organ, term, q_report, q_claim, offence):
    """S5: the follower's report: an offence seen, a routine act made suspicious, or nothing seen."""
    if q_report < term[L.T_REPORT_MPS + organ]:
        if offence:
            report(town, state, rates, out, at, u, i, organ, L.N_REPORTS_OFFENCE, FULL_WEIGHT)
        elif q_claim < term[L.T_CLAIM_MPS + organ]:
            report(town, state, rates, out, at, u, i, organ, L.N_REPORTS_ROUTINE, FULL_WEIGHT)
        else:
            report(town, state, rates, out, at, u, i, organ, 0, rates[R.weight_nothing])


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
def visit_kin(key, town, state, rates, scratch, out, at):
    """S7, S16: visits to kin and journeys of the day; those of listed households and on a permit may be followed."""
    for j in range(at.n_units):
        slot = at.k_stretch * at.n_units + j
        for row in range(scratch.visit_spans[slot], scratch.visit_spans[slot + 1]):
            house = np.int64(scratch.visits[row, 0])
            tie = np.int64(scratch.visits[row, 1])
            head = np.int64(town.house_start[house])
            cell = cell_of(state.people[L.FLAGS, head])
            if tie == L.REFUSED:
                out.cells[at.k, cell, L.N_PERMITS_REFUSED] += 1
                trace(out, at, L.TR_PERMIT_REFUSED, head, house, 0)
                continue
            km = 0
            if tie != L.JOURNEY:
                other, distance = kin_house(key, town, house, tie)
                if other < 0:
                    continue
                km = np.int64(rates[R.visit_km + distance])
            out.cells[at.k, cell, L.N_VISITS_INTENDED] += 1
            purpose = P_JOURNEY_TAIL if tie == L.JOURNEY else P_VISIT_TAIL
            q_made, q_taken, q_joined, q_notice = quarters(key, purpose, town.first + head, at.day)
            held = state.people[L.FLAGS, head] & L.DETAINED
            made = withdrawn(
                65536,
                state.people[L.FEAR, head],
                state.people[L.DISTRESS, head],
                rates[R.avoid_fear],
                rates[R.avoid_distress],
            )
            if held or q_made >= made:
                trace(out, at, L.TR_VISIT_AVOIDED, head, house, km)
                continue
            out.cells[at.k, cell, L.N_VISITS] += 1
            if tie == L.JOURNEY:
                out.cells[at.k, cell, L.N_JOURNEYS] += 1
            trace(out, at, L.TR_JOURNEY if tie == L.JOURNEY else L.TR_VISIT, head, house, km)
            if rates[R.visits_followed]:
                follow_visit(key, town, state, rates, scratch, out, at, j, house, tie, km, q_taken, q_joined, q_notice)


@njit(cache=True, nogil=True, _nrt=False)
def follow_visit(key, town, state, rates, scratch, out, at, j, house, tie, km, q_taken, q_joined, q_notice):
    """S7: a household on its way is taken up at home, or joined on the way; S16: a permit sets the tail on anybody."""
    term = scratch.unit_terms[j]
    u = at.first_unit + j
    head = np.int64(town.house_start[house])
    lists = np.int64(0)
    for x in range(np.int64(head), np.int64(town.house_start[house + 1])):
        lists |= np.int64(state.people[L.FLAGS, x]) & L.ON_A_LIST
    on_permit = tie == L.JOURNEY and rates[R.permits_needed]
    chance = threshold_of(term, lists | (np.int64(state.people[L.FLAGS, head]) & L.FAMILY))
    if on_permit:
        chance = max(term[L.T_TAKE_FAMILY_MPS], term[L.T_TAKE_FAMILY_MSS])
    by = -1
    if q_taken < chance:
        by = watcher(scratch.free, j, (lists & L.ON_MPS) != 0)
        if by >= 0:
            scratch.free[j, by] -= 1
    if by < 0 and lists and q_joined < joined(term[L.T_JOIN], km):
        by = L.BY_OPEN_ROLE  # somebody of the units passed
    if by < 0:
        return
    cell = cell_of(state.people[L.FLAGS, head])
    out.cells[at.k, cell, L.N_FOLLOWED_VISITS] += 1
    for x in range(np.int64(head), np.int64(town.house_start[house + 1])):
        first_followed(state, at, x)
    trace(out, at, L.TR_VISIT_FOLLOWED, head, by, km)
    purpose = P_JOURNEY_CLAIM if tie == L.JOURNEY else P_VISIT_CLAIM
    q_report, q_claim, _, _ = quarters(key, purpose, town.first + head, at.day)
    write_down(town, state, rates, out, at, u, head, by & 1, term, q_report, q_claim, False)
    if q_notice < rates[R.notice]:
        for x in range(np.int64(head), np.int64(town.house_start[house + 1])):
            if not state.people[L.FLAGS, x] & L.DETAINED:
                frighten(state, rates, x, rates[R.rise_noticed])
        word_spreads(state, scratch.free, j, house)
        trace(out, at, L.TR_VISIT_NOTICED, head, by, km)
        incident(
            key, town, state, rates, out, at, u, head, house, L.I_FOLLOWED_VISIT, term[L.T_CONTACT], term[L.T_FEAR]
        )


@njit(cache=True, nogil=True, _nrt=False)
def call_abroad(key, town, state, rates, scratch, out, at):
    """S8, S9: callers set out to where there is signal, turn back when they notice a follower, or risk arrest."""
    for j in range(at.n_units):
        for row in range(scratch.spans[j, L.S_CALLERS], scratch.spans[j + 1, L.S_CALLERS]):
            i = np.int64(scratch.lanes[L.LANE_CALLERS, row])
            x = at.lo + i
            flag = np.int64(state.people[L.FLAGS, x])
            cell = cell_of(flag)
            q_call, q_taken, q_joined, q_notice = quarters(key, P_CALL, town.first + x, at.day)
            if q_call < rates[R.call]:
                out.cells[at.k, cell, L.N_CALLS_INTENDED] += 1
            if flag & L.DETAINED:
                q_release, _, _, _ = quarters(key, P_RELEASE, town.first + x, at.day)
                if q_release < rates[R.release]:
                    flag = (flag & ~L.DETAINED) | L.WAS_DETAINED | L.NEW_GROUND
                    state.people[L.FLAGS, x] = flag
                    scratch.lanes[L.LANE_RATE, i] = scratch.lanes[L.LANE_BASE, i]
                    trace(out, at, L.TR_RELEASE, x, 0, 0)
                continue
            if q_call >= rates[R.call]:
                continue
            if q_call >= withdrawn(rates[R.call], state.people[L.FEAR, x], 0, rates[R.avoid_call], 0):
                out.cells[at.k, cell, L.N_CALLS_AVOIDED] += 1
                trace(out, at, L.TR_CALL_AVOIDED, x, 0, 0)
                continue
            go_and_call(key, town, state, rates, scratch, out, at, j, i, q_taken, q_joined, q_notice)


@njit(cache=True, nogil=True, _nrt=False)
def go_and_call(key, town, state, rates, scratch, out, at, j, i, q_taken, q_joined, q_notice):
    """S8: the way to signal of one caller, perhaps followed, and how it ends."""
    x = at.lo + i
    u = at.first_unit + j
    term = scratch.unit_terms[j]
    flag = np.int64(state.people[L.FLAGS, x])
    cell = cell_of(flag)
    house = np.int64(scratch.house[i])
    _, spot = words(key, P_CALL_SPOT, town.first + x, 0)
    km = np.int64(rates[R.call_km + choose16(spot & LOW, 32)])
    trace(out, at, L.TR_CALL_SET_OUT, x, 0, km)
    seen = 0
    by = -1
    if rates[R.calls_followed] and flag & L.ON_A_LIST:
        if q_taken < threshold_of(term, flag):
            by = watcher(scratch.free, j, (flag & L.ON_MPS) != 0)
            if by >= 0:
                scratch.free[j, by] -= 1
        if by < 0 and q_joined < joined(term[L.T_JOIN], km):
            by = L.BY_OPEN_ROLE
        if by >= 0:
            seen = NOTICED if q_notice < rates[R.notice] else UNNOTICED
            out.cells[at.k, cell, L.N_FOLLOWED_CALLS] += 1
            first_followed(state, at, x)
            trace(out, at, L.TR_CALL_FOLLOWED, x, by, km)
    q_back, q_report, q_claim, _ = quarters(key, P_CALL_END, town.first + x, at.day)
    if seen == NOTICED:
        frighten(state, rates, x, rates[R.rise_noticed])
    if seen == NOTICED and q_back < rates[R.abandon]:
        out.cells[at.k, cell, L.N_CALLS_ABANDONED] += 1
        trace(out, at, L.TR_CALL_GIVEN_UP, x, by, km)
        write_down(town, state, rates, out, at, u, x, by & 1, term, q_report, q_claim, False)
        incident(key, town, state, rates, out, at, u, x, house, L.I_CALL_GIVEN_UP, term[L.T_CONTACT], term[L.T_FEAR])
        return
    out.cells[at.k, cell, L.N_CALLS] += 1
    state.homes[L.HOME_CALLED, house] = 1
    trace(out, at, L.TR_CALL_COMPLETED, x, by, km)
    if seen:
        write_down(town, state, rates, out, at, u, x, by & 1, term, q_report, q_claim, True)
    detection, _ = words(key, P_DETECTION, town.first + x, at.day)
    if np.int64(detection) < rates[R.detection]:
        out.cells[at.k, cell, L.N_ARRESTS] += 1
        state.people[L.FLAGS, x] |= u16(L.DETAINED)
        scratch.lanes[L.LANE_RATE, i] = 0
        frighten(state, rates, x, rates[R.rise_accused])
        word_spreads(state, scratch.free, j, house)
        trace(out, at, L.TR_ARREST, x, 0, km)
        incident(key, town, state, rates, out, at, u, x, house, L.I_ARREST, term[L.T_CONTACT], term[L.T_FEAR])


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
    """Daily counts and levels of the residents with a ground or a place on a list, by cell."""
    cells = out.cells[at.k]
    limit = rates[R.threshold_distress]
    for m in range(n_marked):
        i = np.int64(scratch.lanes[L.LANE_MARKED, m])
        x = at.lo + i
        flag = np.int64(state.people[L.FLAGS, x])
        row = cells[cell_of(flag)]
        went = np.int64(scratch.lanes[L.LANE_OUTINGS, i])
        made = (went & 1) + ((went >> 1) & 1) + ((went >> 2) & 1)
        free = ((went >> 3) & 1) + ((went >> 4) & 1) + ((went >> 5) & 1)
        distress = np.int64(state.people[L.DISTRESS, x])
        row[L.N_OUTINGS] += made
        row[L.N_FORGONE] += free - made
        row[L.N_FEAR] += np.int64(state.people[L.FEAR, x])
        row[L.N_DISTRESS] += distress
        row[L.N_DISTRESSED] += distress >= limit
        row[L.N_DETAINED] += (flag >> 13) & 1
        row[L.N_LISTED] += (flag & L.ON_A_LIST) != 0
