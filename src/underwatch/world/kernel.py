"""The compiled loops of a day: a dense pass over all, then sparse passes over the few to whom something happens.

Nothing but loops over arrays. A kernel takes a chunk of neighbouring units through
several days while it is in cache; `simulate` validates, and reviews at the week's end.
The dense loops are kept apart and read few arrays each, so that the compiler
vectorises them (it gives up when it must check too many arrays for overlap).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world import slots as R
from underwatch.world.draws import Purpose, choose16, draw_rows, event, quarters, split, threefry, u16, u32
from underwatch.world.journeys import call_abroad, visit_kin
from underwatch.world.rules import (
    capped,
    cell_of,
    kin_witnesses,
    part,
    taken_up,
    threshold_of,
    under_pressure,
    vigilance,
)
from underwatch.world.steps import at_home, follow_outings, pick, share_attention, tally

P_DAY = int(Purpose.DAY)
P_KIN = int(Purpose.KIN)
P_VISIT = int(Purpose.VISIT)
P_VISIT_TAIL = int(Purpose.VISIT_TAIL)
P_JOURNEY_TAIL = int(Purpose.JOURNEY_TAIL)
P_PERMIT = int(Purpose.PERMIT)
P_PERMIT_ANSWER = int(Purpose.PERMIT_ANSWER)

RECORDS_PER_RESIDENT = 36  # at most: 3 outings, a call and an arrest on each of 7 days, and a visit
TRACE_PER_RESIDENT = 120
MARKED = L.GROUNDS | L.LISTED_AT_START
NOTABLE = MARKED | L.ON_A_LIST | L.ROLE
LOW = np.uint32(0xFFFF)
# The indicators of which all are counted at once, in the order of the columns of `totals`
DENSE = (L.N_OUTINGS, L.N_FORGONE, L.N_FEAR, L.N_DISTRESS, L.N_DISTRESSED)


@njit(inline="always")
def high16(a, b):
    """The upper half of a product of two 16-bit numbers: a times b / 65536, rounded down.

    As NumPy's functions, which stay within 32 bits: the operators would go to 64, and vectors hold a quarter as many.
    """
    return u16(np.right_shift(np.multiply(u32(a), u32(b)), u32(16)))


# --- the dense pass ---------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True, _nrt=False)
def draw_day(key, who, day, w0, w1, w2, w3):
    """Four uniforms of each resident for the day: three outings and hearsay. `who` is the first resident's number."""
    k0 = key[0]
    k1 = key[1]
    c1 = event(P_DAY, day)
    first = u32(who)
    for i in range(len(w0)):
        a, b = threefry(k0, k1, u32(first + u32(i)), c1)
        w0[i] = u16(a)
        w1[i] = u16(a >> u32(16))
        w2[i] = u16(b)
        w3[i] = u16(b >> u32(16))


@njit(cache=True, nogil=True, _nrt=False)
def fill(lane, value):
    """One value for all of a lane's stretch."""
    for i in range(len(lane)):
        lane[i] = value


@njit(cache=True, nogil=True, _nrt=False)
def fade_and_hear(rates, fear, distress, draw, hear):
    """S11: fear fades, hearsay raises it; distress integrates fear."""
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


# --- the week ahead: who is who in the chunk --------------------------------------------------------------------


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
def count_adults(flags):
    """Adults among a unit's residents. A dense pass."""
    n = u16(0)
    for i in range(len(flags)):
        n = u16(n + u16(flags[i] & u16(L.ADULT)))
    return np.int64(n)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def call_the_roll(town, state, scratch, first_unit, n_units):
    """Listed, callers and role holders by unit, and how many adults. Returns the number of marked residents."""
    lo = np.int64(town.units[L.UNIT_START, first_unit])
    lanes = scratch.lanes
    notable = lanes[L.LANE_NOTABLE]
    n_marked = 0
    n = scratch.spans[n_units]
    for kind in range(5):
        n[kind] = 0
    for j in range(n_units):
        for kind in range(5):
            scratch.spans[j, kind] = n[kind]
        begin = np.int64(town.units[L.UNIT_START, first_unit + j])
        flags = state.people[L.FLAGS, begin : town.units[L.UNIT_START, first_unit + j + 1]]
        n[L.S_ADULTS] += count_adults(flags)
        n_notable = pick(flags, u16(NOTABLE), begin - lo, notable)
        for m in range(n_notable):
            i = np.int64(notable[m])
            flag = np.int64(state.people[L.FLAGS, lo + i])
            lanes[L.LANE_MARKED, n_marked] = i
            lanes[L.LANE_CELLS, n_marked] = cell_of(flag)
            n_marked += (flag & MARKED) != 0
            sort_in(lanes, n, i, flag)
        for m in range(n_notable):
            i = np.int64(notable[m])
            flag = np.int64(state.people[L.FLAGS, lo + i])
            if flag & L.ON_A_LIST and not flag & L.FAMILY:
                lanes[L.LANE_LISTED, n[L.S_LISTED]] = i
                n[L.S_LISTED] += 1
    return n_marked


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def sort_in(lanes, n, i, flag):
    """Note a resident among listed families, callers and role holders."""
    if flag & L.ON_A_LIST and flag & L.FAMILY:
        lanes[L.LANE_LISTED, n[L.S_LISTED]] = i
        n[L.S_LISTED] += 1
    if flag & L.PHONE:
        lanes[L.LANE_CALLERS, n[L.S_CALLERS]] = i
        n[L.S_CALLERS] += 1
    if flag & L.OPEN_ROLE:
        lanes[L.LANE_OPEN_ROLES, n[L.S_OPEN]] = i
        n[L.S_OPEN] += 1
    if flag & L.COVERT:
        lanes[L.LANE_COVERT, n[L.S_COVERT]] = i
        n[L.S_COVERT] += 1


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def count_listed(state, scratch, out, lo, n_listed, k, n_days):
    """People on a list, by cell: the same on every day until the review."""
    for m in range(n_listed):
        x = lo + np.int64(scratch.lanes[L.LANE_LISTED, m])
        cell = cell_of(state.people[L.FLAGS, x])
        for d in range(n_days):
            out.cells[k + d, cell, L.N_LISTED] += 1


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def set_terms(town, state, rates, scratch, first_unit, n_units):
    """Thresholds of each unit for the week, from its officers' pressure."""
    for j in range(n_units):
        u = first_unit + j
        term = scratch.unit_terms[j]
        top = np.int64(0)
        for organ in range(2):
            pressure = np.int64(
                state.officers[L.MPS, L.PRESSURE, town.units[L.MPS_OF, u]]
                if organ == L.MPS
                else state.officers[L.MSS, L.PRESSURE, town.units[L.MSS_OF, u]]
            )
            v = vigilance(rates, pressure)
            top = max(top, v)
            term[L.T_TAKE_PERSON_MPS + organ] = taken_up(v, rates[R.layers_person])
            term[L.T_TAKE_FAMILY_MPS + organ] = taken_up(v, rates[R.layers_family])
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
def assign_watchers(state, scratch, lo, n_units):
    """S3, S4: the chance that an outing of each listed resident is taken up, the same all week."""
    for j in range(n_units):
        for row in range(scratch.spans[j, L.S_LISTED], scratch.spans[j + 1, L.S_LISTED]):
            flag = np.int64(state.people[L.FLAGS, lo + np.int64(scratch.lanes[L.LANE_LISTED, row])])
            scratch.lanes[L.LANE_TAKE, row] = threshold_of(scratch.unit_terms[j], flag)


@njit(cache=True, nogil=True, _nrt=False)
def draw_households(key, first, house_start, day, purpose, a, b):
    """Two words of each household for a week. A dense pass."""
    k0 = key[0]
    k1 = key[1]
    c1 = u32(u32(purpose) << u32(16) | u32(day))
    for h in range(len(a)):
        a[h], b[h] = threefry(k0, k1, u32(first + house_start[h]), c1)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def plan_visits(key, town, state, rates, scratch, at, n_days):
    """S7, S16: this week's visits to kin and journeys, sorted by day and unit.

    A permit asked for `permit_lag` days earlier is answered this week: nothing needs to be remembered.
    """
    monday = at.day - (at.day + 3) % 7
    h0 = town.units[L.UNIT_HOUSE, at.first_unit]
    h1 = town.units[L.UNIT_HOUSE, at.first_unit + at.n_units]
    draws = scratch.house_draws
    houses = town.house_start[h0:h1]
    draw_households(key, town.first, houses, monday, P_VISIT, draws[0, : h1 - h0], draws[1, : h1 - h0])
    asked = monday - rates[R.permit_lag] if rates[R.permits_needed] else monday
    draw_households(key, town.first, houses, asked, P_PERMIT, draws[2, : h1 - h0], draws[3, : h1 - h0])
    scratch.visit_spans[: 7 * at.n_units + 1] = 0
    n = 0
    for j in range(at.n_units):
        for h in range(
            np.int64(town.units[L.UNIT_HOUSE, at.first_unit + j]),
            np.int64(town.units[L.UNIT_HOUSE, at.first_unit + j + 1]),
        ):
            a = draws[0, h - h0]
            if np.int64(a >> u32(16)) < rates[R.visit]:
                n = plan(scratch, monday + choose16(draws[1, h - h0] >> u32(16), 7) - at.day, n_days, at, j, h,
                         choose16(a & LOW, max(1, rates[R.kin_ties])), n)  # fmt: skip
            if np.int64(draws[2, h - h0] >> u32(16)) < rates[R.permit]:
                refused, when, _, _ = quarters(key, P_PERMIT_ANSWER, town.first + town.house_start[h], monday)
                listed = False
                for x in range(np.int64(town.house_start[h]), np.int64(town.house_start[h + 1])):
                    listed = listed or (state.people[L.FLAGS, x] & L.ON_A_LIST) != 0
                kind = L.JOURNEY
                if rates[R.permits_needed] and listed and refused < rates[R.permit_refused]:
                    kind = L.REFUSED
                n = plan(scratch, monday + choose16(when, 7) - at.day, n_days, at, j, h, kind, n)
    for slot in range(7 * at.n_units):
        scratch.visit_spans[slot + 1] += scratch.visit_spans[slot]
    for row in range(n - 1, -1, -1):  # a counting sort; backwards keeps the order of households
        slot = scratch.planned[row, 0] * at.n_units + scratch.planned[row, 1]
        scratch.visit_spans[slot + 1] -= 1
        place = scratch.visit_spans[slot + 1]
        scratch.visits[place, L.V_HOUSE] = scratch.planned[row, 2]
        scratch.visits[place, L.V_TIE] = scratch.planned[row, 3]
    for slot in range(7 * at.n_units):  # after the sort, entry s + 1 holds the start of slot s
        scratch.visit_spans[slot] = scratch.visit_spans[slot + 1]
    scratch.visit_spans[7 * at.n_units] = n
    draw_visits(key, town, scratch, at)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def draw_visits(key, town, scratch, at):
    """The luck of all visits of the week, drawn together: how far, made, taken up, joined, noticed."""
    luck = scratch.luck
    visits = scratch.visits
    n = 0
    for day in range(7):
        for row in range(scratch.visit_spans[day * at.n_units], scratch.visit_spans[(day + 1) * at.n_units]):
            tie = np.int64(visits[row, L.V_TIE])
            head = u32(town.first + town.house_start[visits[row, L.V_HOUSE]])
            luck[0, n] = head
            luck[1, n] = event(P_KIN + tie, 0)
            luck[0, n + 1] = head
            luck[1, n + 1] = event(P_JOURNEY_TAIL if tie == L.JOURNEY else P_VISIT_TAIL, at.day + day)
            n += 2
    draw_rows(key, luck, n)
    for row in range(n >> 1):
        visits[row, L.V_DISTANCE] = choose16(u16(luck[3, 2 * row]), 32)
        made, taken, on_the_way, notice = split(luck[2, 2 * row + 1], luck[3, 2 * row + 1])
        visits[row, L.V_MADE] = made
        visits[row, L.V_TAKEN] = taken
        visits[row, L.V_JOINED] = on_the_way
        visits[row, L.V_NOTICE] = notice


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def plan(scratch, d, n_days, at, j, house, tie, n):
    """Note a visit on day d of the stretch, if it falls within."""
    if 0 <= d < n_days:
        scratch.planned[n, 0] = d
        scratch.planned[n, 1] = j
        scratch.planned[n, 2] = house
        scratch.planned[n, 3] = tie
        scratch.visit_spans[d * at.n_units + j + 1] += 1
        return n + 1
    return n


# --- days -------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True, _nrt=False)
def note_morning(flags, acts):
    """Begin a day of the acts: who is held."""
    for i in range(len(flags)):
        acts[i] = u16(L.ACT_HELD) if flags[i] & u16(L.DETAINED) else u16(0)


@njit(cache=True, nogil=True, _nrt=False)
def note_outings(outings, acts):
    """Close a day of the acts: the outings made."""
    for i in range(len(outings)):
        acts[i] |= u16(outings[i] & u16(L.ACT_OUTINGS))


@njit(cache=True, nogil=True, _nrt=False)
def add_up(history, cells, totals):
    """Add the days' counts to the history, int64[days, cells, indicators], and set them to nothing.

    Of outings, fear and distress only the marked were counted by cell: ordinary residents are all less the marked.
    """
    for d in range(len(history)):
        for cell in range(L.N_CELLS):
            for n in range(L.N_INDICATORS):
                history[d, cell, n] += cells[d, cell, n]
        for m in range(len(DENSE)):
            marked = np.int64(0)
            for cell in range(1, L.N_CELLS):
                marked += cells[d, cell, DENSE[m]]
            history[d, 0, DENSE[m]] += totals[d, m] - marked
        cells[d] = 0
        totals[d] = 0


@njit(cache=True, nogil=True, _nrt=False)
def run_days(key, town, state, rates, scratch, out, first_chunk, last_chunk, day, n_days, t, k):
    """Take chunks first_chunk..last_chunk - 1 through n_days days (within one week, at one set of rates).

    Stops early, before a chunk whose incidents might not fit into `out`; returns the next chunk to run.
    """
    for c in range(first_chunk, last_chunk):
        first_unit = np.int64(town.chunk_start[c])
        n_units = np.int64(town.chunk_start[c + 1]) - first_unit
        lo = np.int64(town.units[L.UNIT_START, first_unit])
        n = np.int64(town.units[L.UNIT_START, first_unit + n_units]) - lo
        if len(out.records) - out.used[0] < RECORDS_PER_RESIDENT * (n + 1):
            return c
        if len(out.trace) and len(out.trace) - out.used[1] < TRACE_PER_RESIDENT * (n + 1):
            return c
        n_marked = call_the_roll(town, state, scratch, first_unit, n_units)
        flags, base, rate = (
            state.people[L.FLAGS, lo : lo + n],
            scratch.lanes[L.LANE_BASE, :n],
            scratch.lanes[L.LANE_RATE, :n],
        )
        set_rates(rates, flags, base, rate)
        count_listed(state, scratch, out, lo, scratch.spans[n_units, L.S_LISTED], k, n_days)
        set_terms(town, state, rates, scratch, first_unit, n_units)
        assign_watchers(state, scratch, lo, n_units)
        incidents = out.used[0]
        plan_visits(key, town, state, rates, scratch, L.Stretch(first_unit, n_units, lo, n, day, 0, 0, 0), n_days)
        w = scratch.lanes
        fear = state.people[L.FEAR, lo : lo + n]
        distress = state.people[L.DISTRESS, lo : lo + n]
        for d in range(n_days):
            at = L.Stretch(first_unit, n_units, lo, n, day + d, k + d, t + d, d)
            weekday = (at.day + 3) % 7
            if len(out.acts):
                note_morning(flags, out.acts[weekday, lo : lo + n])
            for j in range(n_units):
                u = first_unit + j
                chance = u16(rates[R.hear + min(15, np.int64(state.units[L.UNIT_EVENTS, u]))])
                fill(w[L.LANE_HEAR, town.units[L.UNIT_START, u] - lo : town.units[L.UNIT_START, u + 1] - lo], chance)
            draw_day(key, town.first + lo, at.day, w[0, :n], w[1, :n], w[2, :n], w[3, :n])
            fade_and_hear(rates, fear, distress, w[3, :n], scratch.lanes[L.LANE_HEAR, :n])
            weigh_outings(rates, fear, distress, scratch.lanes[L.LANE_RATE, :n], scratch.lanes[L.LANE_CHANCE, :n])
            set_out(
                w[0, :n],
                w[1, :n],
                w[2, :n],
                scratch.lanes[L.LANE_BASE, :n],
                scratch.lanes[L.LANE_CHANCE, :n],
                scratch.lanes[L.LANE_OUTINGS, :n],
            )
            share_attention(key, town, state, rates, scratch, at)
            visit_kin(key, town, state, rates, scratch, out, at)
            call_abroad(key, town, state, rates, scratch, out, at)
            follow_outings(key, town, state, rates, scratch, out, at)
            at_home(key, town, state, rates, scratch, out, at)
            tally(state, rates, scratch, out, at, n_marked)
            if len(out.acts):
                note_outings(w[L.LANE_OUTINGS, :n], out.acts[weekday, lo : lo + n])
            made, free = count_outings(scratch.lanes[L.LANE_OUTINGS, :n])
            sum_fear, sum_distress, above = sum_levels(fear, distress, rates[R.threshold_distress])
            total = out.totals[at.k]
            total[L.D_OUTINGS] += made
            total[L.D_FORGONE] += free - made
            total[L.D_FEAR] += sum_fear
            total[L.D_DISTRESS] += sum_distress
            total[L.D_DISTRESSED] += above
        kin_witnesses(key, town, state, rates, scratch.luck, out, incidents)
    return last_chunk
