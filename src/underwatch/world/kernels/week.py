"""The week ahead of a chunk: who is who, what its officers' pressure means, and which visits are planned."""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.draws import Purpose, choose16, draw_rows, event, quarters, split, u8, u16, u32
from underwatch.world.kernels import slots as R
from underwatch.world.kernels.cases import OFFICERS, holders, name_watchers, open_cases
from underwatch.world.kernels.dense import draw_households, pick, pick_both
from underwatch.world.kernels.rules import capped, cell_of, part, taken_up, threshold_of, under_pressure, vigilance

MARKED = L.GROUNDS | L.LISTED_AT_START
NOTABLE = MARKED | L.ON_A_LIST | L.ROLE
LOW = np.uint32(0xFFFF)
NO_LIMIT = 1 << 30


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def sort_residents(span):
    """Listed, callers and role holders by unit, and how many adults. Returns the number of marked residents."""
    town, state, scratch, lo, first_unit, n_units = (
        span.town,
        span.state,
        span.scratch,
        span.lo,
        span.first_unit,
        span.n_units,
    )
    buffers = scratch.buffers
    notable = buffers[L.BUFFER_NOTABLE]
    n_marked = 0
    n = scratch.spans[n_units]
    for kind in range(5):
        n[kind] = 0
    for j in range(n_units):
        for kind in range(5):
            scratch.spans[j, kind] = n[kind]
        begin = np.int64(town.units[L.UNIT_START, first_unit + j])
        flags = state.people[L.FLAGS, begin : town.units[L.UNIT_START, first_unit + j + 1]]
        adults = buffers[L.BUFFER_ADULTS, n[L.S_ADULTS] :]
        n_adults, n_notable = pick_both(flags, u16(L.ADULT), u16(NOTABLE), begin - lo, adults, notable)
        n[L.S_ADULTS] += n_adults
        for m in range(n_notable):
            i = np.int64(notable[m])
            flag = np.int64(state.people[L.FLAGS, lo + i])
            buffers[L.BUFFER_MARKED, n_marked] = i
            buffers[L.BUFFER_CELLS, n_marked] = cell_of(flag)
            n_marked += (flag & MARKED) != 0
            sort_in(buffers, n, i, flag)
        for m in range(n_notable):
            i = np.int64(notable[m])
            flag = np.int64(state.people[L.FLAGS, lo + i])
            buffers[L.BUFFER_LISTED, n[L.S_LISTED]] = i
            n[L.S_LISTED] += (flag & L.ON_A_LIST != 0) & (flag & L.FAMILY == 0)
    return n_marked


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def sort_in(buffers, n, i, flag):
    """Note a resident among listed families, callers and role holders; without a branch, as `pick`."""
    buffers[L.BUFFER_LISTED, n[L.S_LISTED]] = i
    buffers[L.BUFFER_CALLERS, n[L.S_CALLERS]] = i
    buffers[L.BUFFER_OPEN_ROLES, n[L.S_OPEN]] = i
    buffers[L.BUFFER_COVERT, n[L.S_COVERT]] = i
    n[L.S_LISTED] += (flag & L.ON_A_LIST != 0) & (flag & L.FAMILY != 0)
    n[L.S_CALLERS] += flag & L.PHONE != 0
    n[L.S_OPEN] += flag & L.OPEN_ROLE != 0
    n[L.S_COVERT] += flag & L.COVERT != 0


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def count_listed(span, n_days):
    """People on a list, by cell: the same on every day until the review."""
    state, scratch, out = span.state, span.scratch, span.out
    for m in range(scratch.spans[span.n_units, L.S_LISTED]):
        x = span.lo + np.int64(scratch.buffers[L.BUFFER_LISTED, m])
        cell = cell_of(state.people[L.FLAGS, x])
        for d in range(n_days):
            out.cells[d, cell, L.COUNT.listed] += 1


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def set_terms(span):
    """Thresholds of each unit for the week, from its officers' pressure."""
    town, state, rates, scratch = span.town, span.state, span.rates, span.scratch
    for j in range(span.n_units):
        u = span.first_unit + j
        term = scratch.unit_terms[j]
        top = np.int64(0)
        n_open, n_covert, _ = holders(span, j)
        most = NO_LIMIT if rates[R.pooled] else n_open + n_covert + OFFICERS  # a layer is somebody
        for organ in range(2):
            pressure = np.int64(
                state.officers[L.MPS, L.PRESSURE, town.units[L.MPS_OF, u]]
                if organ == L.MPS
                else state.officers[L.MSS, L.PRESSURE, town.units[L.MSS_OF, u]]
            )
            v = vigilance(rates, pressure)
            top = max(top, v)
            term[L.T_TAKE_PERSON_MPS + organ] = taken_up(v, min(rates[R.layers_person], most))
            term[L.T_TAKE_FAMILY_MPS + organ] = taken_up(v, min(rates[R.layers_family], most))
            term[L.T_REPORT_MPS + organ] = rates[R.written] * under_pressure(
                rates[R.report_base], rates[R.report_pressure], pressure
            )
            term[L.T_CLAIM_MPS + organ] = under_pressure(rates[R.claim_base], rates[R.claim_pressure], pressure)
            term[L.T_ROUTINE_MPS + organ] = under_pressure(rates[R.routine_base], rates[R.routine_pressure], pressure)
            term[L.T_SPARE_MPS + organ] = rates[R.spare] * part(rates[R.vigilance_pressure], pressure)
        adults = scratch.spans[j + 1, L.S_ADULTS] - scratch.spans[j, L.S_ADULTS]
        term[L.T_JOIN] = part(rates[R.join_per_km], top)
        term[L.T_OFFENCE] = capped((adults * rates[R.offence_per_adult]) >> 16)
        contact = np.int64(0)
        fear = np.int64(0)
        houses = max(1, town.units[L.UNIT_HOUSE, u + 1] - town.units[L.UNIT_HOUSE, u])
        for h in range(np.int64(town.units[L.UNIT_HOUSE, u]), np.int64(town.units[L.UNIT_HOUSE, u + 1])):
            contact += np.int64(state.homes[L.HOME_CONTACT, h] > 0)
            fear += np.int64(state.homes[L.HOME_FEAR, h])
        term[L.T_CONTACT] = contact
        term[L.T_FEAR] = fear // houses


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def note_word(span):
    """S11: the households that word from kin reaches on some day of the week. Returns how many."""
    town, homes, buffers = span.town, span.state.homes, span.scratch.buffers
    first = np.int64(town.units[L.UNIT_HOUSE, span.first_unit])
    last = np.int64(town.units[L.UNIT_HOUSE, span.first_unit + span.n_units])
    told = buffers[L.BUFFER_TOLD]
    n_told = pick(homes[L.HOME_WORD, first:last], u8(255), 0, told)
    for row in range(n_told):
        buffers[L.BUFFER_TOLD_DAYS, row] = homes[L.HOME_WORD, first + np.int64(told[row])]
    return n_told


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def assign_watchers(span):
    """S3, S4: who is watched by whom (assigned), or how likely an outing is taken up (pooled): the same all week."""
    open_cases(span)
    if not span.rates[R.pooled]:
        name_watchers(span)
        return
    state, scratch, lo = span.state, span.scratch, span.lo
    for j in range(span.n_units):
        for row in range(scratch.spans[j, L.S_LISTED], scratch.spans[j + 1, L.S_LISTED]):
            flag = np.int64(state.people[L.FLAGS, lo + np.int64(scratch.buffers[L.BUFFER_LISTED, row])])
            scratch.buffers[L.BUFFER_TAKE, row] = threshold_of(scratch.unit_terms[j], flag)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def plan_visits(span, n_days):
    """S7, S16: this week's visits to kin and journeys, sorted by day and unit.

    A permit asked for `permit_lag` days earlier is answered this week: nothing needs to be remembered.
    """
    key, town, state, rates, scratch = span.key, span.town, span.state, span.rates, span.scratch
    monday = span.day - (span.day + 3) % 7
    h0 = np.int64(town.units[L.UNIT_HOUSE, span.first_unit])
    h1 = np.int64(town.units[L.UNIT_HOUSE, span.first_unit + span.n_units])
    draws = scratch.house_draws
    houses = town.house_start[h0:h1]
    draw_households(key, town.first, houses, monday, Purpose.VISIT, draws[0, : h1 - h0], draws[1, : h1 - h0])
    asked = monday - rates[R.permit_lag] if rates[R.permits_needed] else monday
    draw_households(key, town.first, houses, asked, Purpose.PERMIT, draws[2, : h1 - h0], draws[3, : h1 - h0])
    scratch.visit_spans[: 7 * span.n_units + 1] = 0
    n = 0
    for j in range(span.n_units):
        begin = np.int64(town.units[L.UNIT_HOUSE, span.first_unit + j]) - h0
        end = np.int64(town.units[L.UNIT_HOUSE, span.first_unit + j + 1]) - h0
        for row in range(pick_planners(rates, draws, begin, end, scratch.buffers[L.BUFFER_NOTABLE])):
            h = h0 + np.int64(scratch.buffers[L.BUFFER_NOTABLE, row])
            a = draws[0, h - h0]
            if np.int64(a >> u32(16)) < rates[R.visit]:
                n = plan(span, monday + choose16(draws[1, h - h0] >> u32(16), 7) - span.day, n_days, j, h,
                         choose16(a & LOW, max(1, rates[R.kin_ties])), n)  # fmt: skip
            if np.int64(draws[2, h - h0] >> u32(16)) < rates[R.permit]:
                refused, when, _, _ = quarters(key, Purpose.PERMIT_ANSWER, town.first + town.house_start[h], monday)
                listed = False
                for x in range(np.int64(town.house_start[h]), np.int64(town.house_start[h + 1])):
                    listed = listed or (state.people[L.FLAGS, x] & L.ON_A_LIST) != 0
                kind = L.JOURNEY
                if rates[R.permits_needed] and listed and refused < rates[R.permit_refused]:
                    kind = L.REFUSED
                n = plan(span, monday + choose16(when, 7) - span.day, n_days, j, h, kind, n)
    for slot in range(7 * span.n_units):
        scratch.visit_spans[slot + 1] += scratch.visit_spans[slot]
    for row in range(n - 1, -1, -1):  # a counting sort; backwards keeps the order of households
        slot = scratch.planned[row, 0] * span.n_units + scratch.planned[row, 1]
        scratch.visit_spans[slot + 1] -= 1
        place = scratch.visit_spans[slot + 1]
        scratch.visits[place, L.V_HOUSE] = scratch.planned[row, 2]
        scratch.visits[place, L.V_TIE] = scratch.planned[row, 3]
        scratch.visits[place, L.V_UNIT] = scratch.planned[row, 1]
    for slot in range(7 * span.n_units):  # after the sort, entry s + 1 holds the start of slot s
        scratch.visit_spans[slot] = scratch.visit_spans[slot + 1]
    scratch.visit_spans[7 * span.n_units] = n
    draw_visits(span)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def pick_planners(rates, draws, begin, end, buffer):
    """Note the households of a unit that intend a visit or apply for a permit; without a branch, as `pick`."""
    n = np.int64(0)
    for h in range(begin, end):
        buffer[n] = u16(h)
        visits, applies = draws[0, h] >> u32(16) < rates[R.visit], draws[2, h] >> u32(16) < rates[R.permit]
        n += np.int64(visits | applies)
    return n


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def draw_visits(span):
    """The luck of all visits of the week, drawn together: how far, made, taken up, joined, noticed."""
    key, town, scratch = span.key, span.town, span.scratch
    draws = scratch.draws
    visits = scratch.visits
    n = 0
    for day in range(7):
        for row in range(scratch.visit_spans[day * span.n_units], scratch.visit_spans[(day + 1) * span.n_units]):
            tie = np.int64(visits[row, L.V_TIE])
            head = u32(town.first + town.house_start[visits[row, L.V_HOUSE]])
            draws[0, n] = head
            draws[1, n] = event(Purpose.KIN + tie, 0)
            draws[0, n + 1] = head
            draws[1, n + 1] = event(Purpose.JOURNEY_TAIL if tie == L.JOURNEY else Purpose.VISIT_TAIL, span.day + day)
            n += 2
    draw_rows(key, draws, n)
    for row in range(n >> 1):
        visits[row, L.V_DISTANCE] = choose16(u16(draws[3, 2 * row]), 32)
        made, taken, on_the_way, notice = split(draws[2, 2 * row + 1], draws[3, 2 * row + 1])
        visits[row, L.V_MADE] = made
        visits[row, L.V_TAKEN] = taken
        visits[row, L.V_JOINED] = on_the_way
        visits[row, L.V_NOTICE] = notice


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def plan(span, d, n_days, j, house, tie, n):
    """Note a visit on day d of the span, if it falls within."""
    if 0 <= d < n_days:
        span.scratch.planned[n, 0] = d
        span.scratch.planned[n, 1] = j
        span.scratch.planned[n, 2] = house
        span.scratch.planned[n, 3] = tie
        span.scratch.visit_spans[d * span.n_units + j + 1] += 1
        return n + 1
    return n
