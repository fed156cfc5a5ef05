"""Steps of the day outside the unit: visits to kin, journeys on a permit, and calls abroad (S7, S8, S9, S16)."""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.draws import Purpose, choose16, draw_rows, event, quarters, split, u16, u32, words
from underwatch.world.kernels import slots as R
from underwatch.world.kernels.cases import case_of, take_watcher
from underwatch.world.kernels.rules import (
    act,
    cell_of,
    first_followed,
    frighten,
    house_of,
    incident,
    joined,
    threshold_of,
    trace,
    withdrawn,
    word_spreads,
    write_down,
)

LOW = np.uint32(0xFFFF)
UNNOTICED, NOTICED = 1, 2
PAUSES = 32  # lengths of a pause in calling


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def visit_kin(span):
    """S7, S16: visits to kin and journeys of the day; those of listed households and on a permit may be followed."""
    town, state, rates, scratch, out = span.town, span.state, span.rates, span.scratch, span.out
    for row in range(scratch.visit_spans[span.k * span.n_units], scratch.visit_spans[(span.k + 1) * span.n_units]):
        visit = scratch.visits[row]
        j = np.int64(visit[L.V_UNIT])
        house = np.int64(visit[L.V_HOUSE])
        tie = np.int64(visit[L.V_TIE])
        head = np.int64(town.house_start[house])
        cell = cell_of(state.people[L.FLAGS, head])
        if tie == L.REFUSED:
            out.cells[span.k, cell, L.COUNT.permits_refused] += 1
            trace(span.out, span.t, L.EPISODE.permit_refused, head, house, 0)
            continue
        km = 0
        if tie == L.JOURNEY:
            act(span.out, span.day, head, L.ACT_MAY_TRAVEL)
        else:
            if len(town.house_start) < 3:
                continue  # there is no other household
            km = np.int64(rates[R.visit_km + visit[L.V_DISTANCE]])
        out.cells[span.k, cell, L.COUNT.visits_intended] += 1
        held = state.people[L.FLAGS, head] & L.DETAINED
        made = withdrawn(
            65536,
            state.people[L.FEAR, head],
            state.people[L.DISTRESS, head],
            rates[R.avoid_fear],
            rates[R.avoid_distress],
        )
        if held or visit[L.V_MADE] >= made:
            trace(span.out, span.t, L.EPISODE.visit_avoided, head, house, km)
            continue
        out.cells[span.k, cell, L.COUNT.visits_made] += 1
        act(span.out, span.day, head, L.ACT_JOURNEY if tie == L.JOURNEY else L.ACT_VISIT)
        if tie == L.JOURNEY:
            out.cells[span.k, cell, L.COUNT.journeys] += 1
        trace(span.out, span.t, L.EPISODE.journey if tie == L.JOURNEY else L.EPISODE.visit, head, house, km)
        if rates[R.visits_followed]:
            follow_visit(span, j, visit, km)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def follow_visit(span, j, visit, km):
    """S7: a household on its way is taken up at home, or joined on the way; S16: a permit sets the tail on anybody."""
    key, town, state, rates, scratch, out = span.key, span.town, span.state, span.rates, span.scratch, span.out
    term = scratch.unit_terms[j]
    u = span.first_unit + j
    house = np.int64(visit[L.V_HOUSE])
    tie = np.int64(visit[L.V_TIE])
    head = np.int64(town.house_start[house])
    m = case_of(span, house)
    lists = np.int64(scratch.cases[m, L.C_LISTS]) if m >= 0 else np.int64(0)
    on_permit = tie == L.JOURNEY and rates[R.permits_needed]
    chance = threshold_of(term, lists | (np.int64(state.people[L.FLAGS, head]) & L.FAMILY))
    if on_permit:
        chance = max(term[L.T_TAKE_FAMILY_MPS], term[L.T_TAKE_FAMILY_MSS])
    by = -1
    if visit[L.V_TAKEN] < chance:
        by = take_watcher(span, j, house, (lists & L.ON_MPS) != 0)
    if by < 0 and lists and visit[L.V_JOINED] < joined(term[L.T_JOIN], km):
        by = L.BY_OPEN_ROLE  # somebody of the units passed
    if by < 0:
        return
    cell = cell_of(state.people[L.FLAGS, head])
    out.cells[span.k, cell, L.COUNT.followed_visits] += 1
    for x in range(np.int64(head), np.int64(town.house_start[house + 1])):
        first_followed(span.state, span.t, x)
    trace(span.out, span.t, L.EPISODE.visit_followed, head, by, km)
    purpose = Purpose.JOURNEY_CLAIM if tie == L.JOURNEY else Purpose.VISIT_CLAIM
    q_report, q_claim, _, _ = quarters(key, purpose, town.first + head, span.day)
    write_down(span, u, head, by & 1, term, q_report, q_claim, False)
    if visit[L.V_NOTICE] < rates[R.notice]:
        for x in range(np.int64(head), np.int64(town.house_start[house + 1])):
            if not state.people[L.FLAGS, x] & L.DETAINED:
                frighten(state, rates, x, rates[R.rise_noticed])
        word_spreads(state, scratch.free, j, house, L.EVENT.noticed)
        trace(span.out, span.t, L.EPISODE.visit_noticed, head, by, km)
        incident(
            span,
            u,
            head,
            house,
            L.KIND.followed_visit,
            term[L.T_CONTACT],
            term[L.T_FEAR],
        )


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def call_abroad(span):
    """S8, S9: callers set out to where there is signal, turn back when they notice a follower, or risk arrest."""
    key, town, state, rates, scratch, out = span.key, span.town, span.state, span.rates, span.scratch, span.out
    n_callers = scratch.spans[span.n_units, L.S_CALLERS]
    draws = scratch.draws
    for row in range(n_callers):
        draws[0, row] = u32(town.first + span.lo + np.int64(scratch.buffers[L.BUFFER_CALLERS, row]))
        draws[1, row] = event(Purpose.CALL, span.day)
    draw_rows(key, draws, n_callers)
    due = scratch.buffers[L.BUFFER_NOTABLE]
    n_due = np.int64(0)
    for row in range(n_callers):  # without a branch, as `pick`; of the rest there is nothing to say
        flag = state.people[L.FLAGS, span.lo + np.int64(scratch.buffers[L.BUFFER_CALLERS, row])]
        due[n_due] = u16(row)
        n_due += np.int64((u16(draws[2, row]) < rates[R.call]) | ((flag & u16(L.DETAINED)) != 0))
    j = np.int64(0)
    for m in range(n_due):
        row = np.int64(due[m])
        while row >= scratch.spans[j + 1, L.S_CALLERS]:
            j += 1
        i = np.int64(scratch.buffers[L.BUFFER_CALLERS, row])
        x = span.lo + i
        flag = np.int64(state.people[L.FLAGS, x])
        cell = cell_of(flag)
        q_call, q_taken, q_joined, q_notice = split(draws[2, row], draws[3, row])
        if q_call < rates[R.call]:
            out.cells[span.k, cell, L.COUNT.calls_intended] += 1
        if flag & L.DETAINED:
            q_release, _, _, _ = quarters(key, Purpose.RELEASE, town.first + x, span.day)
            if q_release < rates[R.release]:
                flag = (flag & ~L.DETAINED) | L.WAS_DETAINED | L.NEW_GROUND
                state.people[L.FLAGS, x] = flag
                scratch.buffers[L.BUFFER_RATE, i] = scratch.buffers[L.BUFFER_BASE, i]
                trace(span.out, span.t, L.EPISODE.release, x, 0, 0)
                stop_calling(span, x, rates[R.phone_lost])
            else:
                out.cells[span.k, cell, L.COUNT.detained] += 1
            continue
        if q_call >= rates[R.call]:
            continue
        if span.t + 1 < np.int64(state.people[L.CALLS_AGAIN, x]):
            out.cells[span.k, cell, L.COUNT.calling_stopped] += 1
            act(span.out, span.day, x, L.ACT_STOPPED)
            continue
        if q_call >= withdrawn(rates[R.call], state.people[L.FEAR, x], 0, rates[R.avoid_call], 0):
            out.cells[span.k, cell, L.COUNT.calls_avoided] += 1
            trace(span.out, span.t, L.EPISODE.call_avoided, x, 0, 0)
            continue
        go_and_call(span, j, i, q_taken, q_joined, q_notice)


@njit(cache=True, nogil=True, _nrt=False)
def stop_calling(span, x, chance):
    """S8, S9: after a turn-back or a release a caller may stop calling, for a time or for good."""
    key, town, state, rates = span.key, span.town, span.state, span.rates
    q_stop, q_good, q_pause, _ = quarters(key, Purpose.STOP_CALLING, town.first + x, span.day)
    if np.int64(q_stop) >= chance:
        return
    pause = np.int64(rates[R.pause_days + choose16(q_pause, PAUSES)])
    again = min(span.t + 1 + pause, L.NEVER - 1)
    if np.int64(q_good) < rates[R.stop_for_good]:
        again, pause = np.int64(L.NEVER), np.int64(0)
    state.people[L.CALLS_AGAIN, x] = u16(again)
    trace(span.out, span.t, L.EPISODE.calling_stopped, x, 0, pause)


@njit(cache=True, nogil=True, _nrt=False)
def go_and_call(span, j, i, q_taken, q_joined, q_notice):
    """S8: the way to signal of one caller, perhaps followed, and how it ends."""
    key, town, state, rates, scratch, out = span.key, span.town, span.state, span.rates, span.scratch, span.out
    x = span.lo + i
    u = span.first_unit + j
    term = scratch.unit_terms[j]
    flag = np.int64(state.people[L.FLAGS, x])
    cell = cell_of(flag)
    house = house_of(town, u, x)
    _, spot = words(key, Purpose.CALL_SPOT, town.first + x, 0)
    km = np.int64(rates[R.call_km + choose16(spot & LOW, 32)])
    trace(span.out, span.t, L.EPISODE.call_set_out, x, 0, km)
    seen = 0
    by = -1
    if rates[R.calls_followed]:
        if flag & L.ON_A_LIST and q_taken < threshold_of(term, flag):
            by = take_watcher(span, j, house, (flag & L.ON_MPS) != 0)
        if by < 0 and q_joined < joined(term[L.T_JOIN], km):
            by = L.BY_OPEN_ROLE  # watchers along the way to signal know no list
        if by >= 0:
            seen = NOTICED if q_notice < rates[R.notice_caller] else UNNOTICED
            out.cells[span.k, cell, L.COUNT.followed_calls] += 1
            first_followed(span.state, span.t, x)
            trace(span.out, span.t, L.EPISODE.call_followed, x, by, km)
    q_back, q_report, q_claim, _ = quarters(key, Purpose.CALL_END, town.first + x, span.day)
    if seen == NOTICED:
        frighten(state, rates, x, rates[R.rise_noticed])
    if seen == NOTICED and q_back < rates[R.abandon]:
        out.cells[span.k, cell, L.COUNT.calls_abandoned] += 1
        act(span.out, span.day, x, L.ACT_TURNED_BACK)
        trace(span.out, span.t, L.EPISODE.call_given_up, x, by, km)
        write_down(span, u, x, by & 1, term, q_report, q_claim, False)
        incident(span, u, x, house, L.KIND.call_given_up, term[L.T_CONTACT], term[L.T_FEAR])
        stop_calling(span, x, rates[R.stop_turned_back])
        return
    out.cells[span.k, cell, L.COUNT.calls_completed] += 1
    act(span.out, span.day, x, L.ACT_CALL)
    state.homes[L.HOME_CALLED, house] = 1
    trace(span.out, span.t, L.EPISODE.call_completed, x, by, km)
    if seen:
        write_down(span, u, x, by & 1, term, q_report, q_claim, True)
    detection, _ = words(key, Purpose.DETECTION, town.first + x, span.day)
    if np.int64(detection) < rates[R.detection]:
        arrest(span, j, i, house, km)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def arrest(span, j, i, house, km):
    """S9: a caller is found out and held."""
    state, rates, scratch, out = span.state, span.rates, span.scratch, span.out
    x = span.lo + i
    term = scratch.unit_terms[j]
    cell = cell_of(state.people[L.FLAGS, x])
    out.cells[span.k, cell, L.COUNT.arrests] += 1
    out.cells[span.k, cell, L.COUNT.detained] += 1
    state.people[L.FLAGS, x] |= u16(L.DETAINED)
    scratch.buffers[L.BUFFER_RATE, i] = 0
    frighten(state, rates, x, rates[R.rise_accused])
    word_spreads(state, scratch.free, j, house, L.EVENT.detention)
    trace(span.out, span.t, L.EPISODE.arrest, x, 0, km)
    incident(span, span.first_unit + j, x, house, L.KIND.arrest, term[L.T_CONTACT], term[L.T_FEAR])
