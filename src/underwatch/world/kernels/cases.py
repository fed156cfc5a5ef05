"""S3, S4 in the form `assigned`: a listed household is a case, whose named watchers keep their attention for it.

A case has so many layers: role holders of the unit by a keyed start, those of the list's own organ first; where the
unit has fewer, its officers. A tail follows all members who are out in one part of the day; it is written of once and
talked of once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.draws import Purpose, choose, draw_rows, event, split, u16, u32
from underwatch.world.kernels import slots as R
from underwatch.world.kernels.rules import house_of, threshold_of, watcher

OFFICERS = 2  # layers that a unit can have beyond its role holders


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def open_cases(span):
    """S3: the households with listed members, in either form: the same all week."""
    town, spans = span.town, span.scratch.spans
    first = np.int64(town.units[L.UNIT_HOUSE, span.first_unit])
    last = np.int64(town.units[L.UNIT_HOUSE, span.first_unit + span.n_units])
    span.scratch.buffers[L.BUFFER_CASE, : last - first] = 0
    n = 0
    for j in range(span.n_units):
        spans[j, L.S_CASES] = n
        n = cases_of(span, j, n)
    spans[span.n_units, L.S_CASES] = n


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def case_of(span, house):
    """The case that a household of the chunk is, or -1."""
    first = np.int64(span.town.units[L.UNIT_HOUSE, span.first_unit])
    return np.int64(span.scratch.buffers[L.BUFFER_CASE, house - first]) - 1


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def name_watchers(span):
    """S3, S4: who of the unit is named in each case: the same all week."""
    key, scratch = span.key, span.scratch
    cases, draws, spans = scratch.cases, scratch.draws, scratch.spans
    n = spans[span.n_units, L.S_CASES]
    for m in range(n):
        draws[0, m] = u32(cases[m, L.C_NUMBER])
        draws[1, m] = event(Purpose.CASE, 0)
    draw_rows(key, draws, n)
    n_holders = spans[span.n_units, L.S_OPEN] + spans[span.n_units, L.S_COVERT]
    scratch.buffers[L.BUFFER_NAMED, :n_holders] = 0
    for j in range(span.n_units):
        n_open, n_covert, first = holders(span, j)
        for m in range(spans[j, L.S_CASES], spans[j + 1, L.S_CASES]):
            on_mps = (cases[m, L.C_LISTS] & L.ON_MPS) != 0
            cases[m, L.C_OWN] = choose(draws[2, m], n_open if on_mps else n_covert)
            cases[m, L.C_OTHER] = choose(draws[3, m], n_covert if on_mps else n_open)
            for k in range(min(cases[m, L.C_LAYERS], n_open + n_covert)):
                h = named(cases[m], n_open, n_covert, k)
                if k < L.NOTED:
                    cases[m, L.C_NAMED + k] = h
                scratch.buffers[L.BUFFER_NAMED, first + h] = 16
    begin_rounding(span)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def holders(span, j):
    """Open roles and covert informants of a unit, and the row of its first holder in the buffers of holders."""
    spans = span.scratch.spans
    n_open = spans[j + 1, L.S_OPEN] - spans[j, L.S_OPEN]
    n_covert = spans[j + 1, L.S_COVERT] - spans[j, L.S_COVERT]
    return n_open, n_covert, spans[j, L.S_OPEN] + spans[j, L.S_COVERT]


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def cases_of(span, j, n):
    """Note the cases of a unit from row `n` on, in the order of its listed; returns the row after the last."""
    town, state, rates, scratch = span.town, span.state, span.rates, span.scratch
    listed, spans = scratch.buffers[L.BUFFER_LISTED], scratch.spans
    n_open, n_covert, _ = holders(span, j)
    first_house = np.int64(town.units[L.UNIT_HOUSE, span.first_unit])
    row, last = spans[j, L.S_LISTED], spans[j + 1, L.S_LISTED]
    while row < last:
        case = scratch.cases[n]
        first = span.lo + np.int64(listed[row])
        house = house_of(town, span.first_unit + j, first)
        end = np.int64(town.house_start[house + 1])
        family = np.int64(state.people[L.FLAGS, first]) & L.FAMILY
        lists = np.int64(0)
        case[L.C_HOUSE] = house
        case[L.C_NUMBER] = town.first + town.house_start[house]
        case[L.C_SUBJECT] = first
        scratch.buffers[L.BUFFER_CASE, house - first_house] = n + 1
        case[L.C_FIRST] = row
        while row < last and first <= span.lo + np.int64(listed[row]) < end:
            lists |= np.int64(state.people[L.FLAGS, span.lo + np.int64(listed[row])]) & L.ON_A_LIST
            row += 1
        case[L.C_AFTER] = row
        case[L.C_LISTS] = lists
        case[L.C_TAKE] = threshold_of(scratch.unit_terms[j], lists | family)
        layers = rates[R.layers_family] if family else rates[R.layers_person]
        case[L.C_LAYERS] = min(layers, n_open + n_covert + OFFICERS)
        n += 1
    return n


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def named(case, n_open, n_covert, k):
    """The holder of the unit who is watcher `k` of a case: round those of its list's organ, then round the others."""
    on_mps = (case[L.C_LISTS] & L.ON_MPS) != 0
    n_own = n_open if on_mps else n_covert
    if k < n_own:
        at = np.int64(case[L.C_OWN]) + k
        at = at if at < n_own else at - n_own
        return at if on_mps else n_open + at
    n_other = n_covert if on_mps else n_open
    at = np.int64(case[L.C_OTHER]) + k - n_own
    at = at if at < n_other else at - n_other
    return n_open + at if on_mps else at


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def begin_rounding(span):
    """S4: where in the rounding of attention each role holder begins, drawn once for all."""
    key, town, scratch = span.key, span.town, span.scratch
    draws, buffers, spans = scratch.draws, scratch.buffers, scratch.spans
    n = 0
    for j in range(span.n_units):
        for row in range(spans[j, L.S_OPEN], spans[j + 1, L.S_OPEN]):
            draws[0, n] = u32(town.first + span.lo + np.int64(buffers[L.BUFFER_OPEN_ROLES, row]))
            draws[1, n] = event(Purpose.HOLDER, 0)
            n += 1
        for row in range(spans[j, L.S_COVERT], spans[j + 1, L.S_COVERT]):
            draws[0, n] = u32(town.first + span.lo + np.int64(buffers[L.BUFFER_COVERT, row]))
            draws[1, n] = event(Purpose.HOLDER, 0)
            n += 1
    draw_rows(key, draws, n)
    for row in range(n):
        buffers[L.BUFFER_PHASE, row] = u16(draws[2, row])


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def keep_attention(span):
    """S4: today's attention of the role holders of each unit: kept for the cases in which they are named, else free."""
    scratch = span.scratch
    buffers, spans, free = scratch.buffers, scratch.spans, scratch.free
    n = spans[span.n_units, L.S_OPEN] + spans[span.n_units, L.S_COVERT]
    today = span.day * span.rates[R.attention_role]
    round_attention(
        today, today + span.rates[R.attention_role], buffers[L.BUFFER_PHASE, :n], buffers[L.BUFFER_KEPT, :n]
    )
    for j in range(span.n_units):
        n_open, n_covert, first = holders(span, j)
        free[j, L.BY_OPEN_ROLE], free[j, L.F_KEPT_OPEN] = shared(buffers, first, n_open)
        free[j, L.BY_COVERT], free[j, L.F_KEPT_COVERT] = shared(buffers, first + n_open, n_covert)


@njit(cache=True, nogil=True, _nrt=False)
def round_attention(before, after, phase, today):
    """Whole outings of a day that keep the mean over many, from where each holder begins. A dense pass."""
    whole = u16((after >> 16) - (before >> 16))
    last, now = u32(before & 65535), u32(after & 65535)
    for h in range(len(phase)):
        more, gone = np.right_shift(now + u32(phase[h]), u32(16)), np.right_shift(last + u32(phase[h]), u32(16))
        today[h] = u16(whole + u16(u16(more) - u16(gone)))


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def shared(buffers, first, n):
    """Today's attention of n holders who are named in no case, and of those who are."""
    both = u32(0)  # the attention of those who are named is added up in the upper half
    for h in range(first, first + n):
        both = u32(both + np.left_shift(u32(buffers[L.BUFFER_KEPT, h]), u32(buffers[L.BUFFER_NAMED, h])))
    return np.int64(both & u32(65535)), np.int64(both >> u32(16))


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def named_watcher(scratch, j, case, n_open, n_covert, first):
    """S4: the first named watcher of a case with attention left follows, by class; -1 where none has."""
    kept, free = scratch.buffers[L.BUFFER_KEPT], scratch.free
    n_layers = np.int64(case[L.C_LAYERS])
    some_left = free[j, L.F_KEPT_OPEN] + free[j, L.F_KEPT_COVERT] > 0
    follower = np.int64(-1)
    for k in range(min(n_layers, n_open + n_covert) - 1 if some_left else -1, -1, -1):  # backwards: the first stays
        h = np.int64(case[L.C_NAMED + k]) if k < L.NOTED else named(case, n_open, n_covert, k)
        follower = h if kept[first + h] else follower
    if follower >= 0:
        kept[first + follower] -= u16(1)
        by = L.BY_OPEN_ROLE if follower < n_open else L.BY_COVERT
        free[j, L.F_KEPT_OPEN + by] -= 1
        return by
    own = L.BY_MPS_OFFICER if case[L.C_LISTS] & L.ON_MPS else L.BY_MSS_OFFICER
    for k in range(n_layers - n_open - n_covert):
        by = own if k == 0 else L.BY_MPS_OFFICER + L.BY_MSS_OFFICER - own
        if free[j, by] > 0:
            free[j, by] -= 1
            return by
    return -1


@njit(cache=True, nogil=True, _nrt=False)
def take_watcher(span, j, house, on_mps):
    """S4, S7: who follows a household or its caller, by class, and their attention is used; -1 when nobody is free."""
    scratch = span.scratch
    if not span.rates[R.pooled]:
        m = case_of(span, house)
        if m >= 0:
            n_open, n_covert, first = holders(span, j)
            by = named_watcher(scratch, j, scratch.cases[m], n_open, n_covert, first)
            if by >= 0:
                return by
    by = watcher(scratch.free, j, on_mps)
    if by >= 0:
        scratch.free[j, by] -= 1
    return by


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def want_tails(span):
    """S4: in which parts of the day (bits 0-2) a tail of each case is wanted, whether or not anybody is free."""
    key, scratch = span.key, span.scratch
    cases, draws, buffers = scratch.cases, scratch.draws, scratch.buffers
    n = scratch.spans[span.n_units, L.S_CASES]
    for m in range(n):
        draws[0, m] = u32(cases[m, L.C_NUMBER])
        draws[1, m] = event(Purpose.FOLLOW, span.day)
    draw_rows(key, draws, n)
    for m in range(n):
        chance = cases[m, L.C_TAKE]
        begin, end = np.int64(cases[m, L.C_FIRST]), np.int64(cases[m, L.C_AFTER])
        out = outings_of(buffers, begin) | outings_of(buffers, end - 1)  # most have one member or two: no loop to guess
        for row in range(begin + 1, end - 1):
            out |= outings_of(buffers, row)
        q0, q1, q2, _ = split(draws[2, m], draws[3, m])
        buffers[L.BUFFER_WANT, m] = out & (
            np.int64(q0 < chance) | np.int64(q1 < chance) << 1 | np.int64(q2 < chance) << 2
        )


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def outings_of(buffers, row):
    """The outings of the listed resident of a row."""
    return np.int64(buffers[L.BUFFER_OUTINGS, np.int64(buffers[L.BUFFER_LISTED, row])])


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def take_tails(span, j, n):
    """S4: the tails of a unit: first by named watchers, then by whoever has attention left. Returns the row after."""
    scratch = span.scratch
    spans, buffers, free, cases = scratch.spans, scratch.buffers, scratch.free, scratch.cases
    wanted = buffers[L.BUFFER_NOTABLE]
    n_wanted = np.int64(0)
    for m in range(spans[j, L.S_CASES], spans[j + 1, L.S_CASES]):  # without a branch, as `pick`
        want = np.int64(buffers[L.BUFFER_WANT, m])
        for slot in range(3):
            wanted[n_wanted] = u16(m << 2 | slot)
            n_wanted += (want >> slot) & 1
    n_open, n_covert, first = holders(span, j)
    unserved = 0
    for row in range(n_wanted):
        case, slot = cases[np.int64(wanted[row]) >> 2], np.int64(wanted[row]) & 3
        by = named_watcher(scratch, j, case, n_open, n_covert, first)
        if by >= 0:
            n = tail(span, n, case, slot, by)
        else:
            wanted[unserved] = wanted[row]
            unserved += 1
    free[j, L.BY_OPEN_ROLE] += free[j, L.F_KEPT_OPEN]
    free[j, L.BY_COVERT] += free[j, L.F_KEPT_COVERT]
    for row in range(unserved):
        case, slot = cases[np.int64(wanted[row]) >> 2], np.int64(wanted[row]) & 3
        by = watcher(free, j, (case[L.C_LISTS] & L.ON_MPS) != 0)
        if by < 0:
            break
        free[j, by] -= 1
        n = tail(span, n, case, slot, by)
    return n


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def tail(span, n, case, slot, by):
    """S4: one tail is on all members of a case who are out in a part of the day."""
    scratch = span.scratch
    buffers = scratch.buffers
    begin = n
    for row in range(case[L.C_FIRST], case[L.C_AFTER]):  # without a branch, as `pick`
        i = np.int64(buffers[L.BUFFER_LISTED, row])
        scratch.draws[0, n] = u32(span.town.first + span.lo + i)
        scratch.draws[1, n] = event(Purpose.TAIL + slot, span.day)
        turn_to(scratch, n, i, case[L.C_HOUSE], slot, by, n == begin)
        n += (np.int64(buffers[L.BUFFER_OUTINGS, i]) >> slot) & 1
    return n


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def turn_to(scratch, n, i, house, slot, by, first):
    """Note a turn; returns how many there are."""
    turn = scratch.turns[n]
    turn[L.W_RESIDENT] = i
    turn[L.W_HOUSE] = house
    turn[L.W_SLOT] = slot
    turn[L.W_BY] = by
    turn[L.W_FIRST] = first
    return n + 1
