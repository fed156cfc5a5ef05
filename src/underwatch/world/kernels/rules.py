"""The rules, one small function each: what a resident, an informant or an officer does.

All are inlined into the kernels. Chances are 16-bit thresholds (65536 = 1) and
shares multiples of 1/65535, so that engine and reference agree to the last bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.draws import Purpose, choose, draw_rows, event, u16, u32
from underwatch.world.kernels import slots as R

ONE = L.ONE
NONE = np.uint32(0xFFFFFFFF)
FULL_WEIGHT = 256  # of a report that claims something, in a file


@njit("int64(int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def part(a, b):
    """a times b / 65536, rounded down."""
    return (np.int64(a) * np.int64(b)) >> 16


@njit("int64(int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def capped(x):
    """At most 65535."""
    return min(x, ONE)


@njit("int64(int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def cell_of(flag):
    """Cell of a resident: the grounds, then listed at the start."""
    grounds = (np.int64(flag) >> L.GROUND_SHIFT) & L.GROUND_MASK
    return grounds | ((np.int64(flag) & L.LISTED_AT_START) >> L.CELL_SHIFT)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def vigilance(rates, pressure):
    """S4, S6: chance that a free watcher takes up an outing of a listed resident."""
    return capped(rates[R.vigilance_base] + part(rates[R.vigilance_pressure], pressure))


@njit("int64(int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def taken_up(v, layers):
    """S3, S4: chance that at least one of `layers` assigned watchers takes an outing up."""
    none = np.int64(65536)
    for _ in range(layers):
        none = (none * (65536 - v)) >> 16
    return capped(65536 - none)


@njit("int64(int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def joined(per_km, km):
    """S7: chance that a watcher along the way joins or takes over on a way of `km`."""
    none = np.int64(65536)
    for _ in range(km):
        none = (none * (65536 - per_km)) >> 16
    return capped(65536 - none)


@njit("int64(int64,int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def under_pressure(base, added, pressure):
    """S5, S6, S10: a chance that pressure raises."""
    return capped(base + part(added, pressure))


@njit("int64(int64,int64,int64,int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def withdrawn(chance, fear, distress, avoid_fear, avoid_distress):
    """S11: chance of an optional outing that fear and distress leave."""
    left = chance - part(chance, part(fear, avoid_fear))
    return left - part(left, part(distress, avoid_distress))


@njit("uint16(int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def raised(level, step):
    """A level of fear or anger after a rise, at most 1."""
    return np.uint16(capped(np.int64(level) + step))


@njit("uint16(int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def written_up(file, weight):
    """S5: the weight of a file after one more report, at most 255 reports."""
    return np.uint16(capped(np.int64(file) + weight))


@njit("int64(int64,int64,int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def sent_to(capacity, position, n_units, begin):
    """S4: how many of an officer's `capacity` outings of the day fall to unit `position`, if the round begins there."""
    turn = position - begin
    if turn < 0:
        turn += n_units
    if turn >= capacity:
        return 0
    return 1 if capacity - turn <= n_units else (capacity - turn + n_units - 1) // n_units


@njit("int64(int64,int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def time_for_homes(each, n_open, day):
    """S17: how many homes a unit's open roles can visit on a day, `each` (65536 = 1) a role: whole, with that mean."""
    return ((day + 1) * each * n_open >> 16) - (day * each * n_open >> 16)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def let_off(rates, flag):
    """S3: chance this week of being let off the list by order: of all, or of those with these grounds alone."""
    grounds = (np.int64(flag) >> L.GROUND_SHIFT) & L.GROUND_MASK
    if flag & L.WAS_DETAINED:
        grounds |= L.DETAINEE >> L.GROUND_SHIFT
    least = np.int64(0)
    if grounds:
        least = np.int64(65536)
        for n in range(L.N_GROUNDS):
            if grounds >> n & 1:
                least = min(least, rates[R.let_off + n])
    return max(least, rates[R.let_off + L.N_GROUNDS])


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def watcher(free, j, on_mps):
    """S4: who of the free watchers follows; -1 when nobody is free. Each list's own people come first."""
    if on_mps:
        if free[j, L.BY_OPEN_ROLE] > 0:
            return L.BY_OPEN_ROLE
        if free[j, L.BY_MPS_OFFICER] > 0:
            return L.BY_MPS_OFFICER
        if free[j, L.BY_COVERT] > 0:
            return L.BY_COVERT
        return L.BY_MSS_OFFICER if free[j, L.BY_MSS_OFFICER] > 0 else -1
    if free[j, L.BY_COVERT] > 0:
        return L.BY_COVERT
    if free[j, L.BY_MSS_OFFICER] > 0:
        return L.BY_MSS_OFFICER
    if free[j, L.BY_OPEN_ROLE] > 0:
        return L.BY_OPEN_ROLE
    return L.BY_MPS_OFFICER if free[j, L.BY_MPS_OFFICER] > 0 else -1


@njit("int64(int64,int64,int64)", cache=True, nogil=True, _nrt=False, forceinline=True)
def another(other, house, n):
    """S1: kin live elsewhere: household `other` of n, or the next one where that is the household itself."""
    if other != house:
        return other
    return other + 1 if other + 1 < n else 0


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def trace(out, t, kind, i, other, value):
    """A line of the diary, when one is asked for."""
    if len(out.trace) and (out.trace_who < 0 or out.trace_who == i):
        row = out.trace[out.used[1]]
        row["day"] = t
        row["kind"] = kind
        row["who"] = i
        row["other"] = other
        row["value"] = value
        out.used[1] += 1


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def act(out, day, i, bit):
    """Note what a resident did today, when somebody asks (the ledger of twins)."""
    if len(out.acts):
        out.acts[(day + 3) % 7, i] |= u16(bit)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def report(span, u, i, organ, claim, weight):
    """S5: a written report on resident i enters the file of `organ`; it counts at the review if it claims something."""
    state, out = span.state, span.out
    cell = cell_of(state.people[L.FLAGS, i])
    out.cells[span.k, cell, L.COUNT.reports] += 1
    if organ == L.MPS:
        state.people[L.FILE_MPS, i] = written_up(state.people[L.FILE_MPS, i], weight)
    else:
        state.people[L.FILE_MSS, i] = written_up(state.people[L.FILE_MSS, i], weight)
    if claim:
        state.units[L.UNIT_REPORTS + organ, u] += 1
        out.cells[span.k, cell, claim] += 1
        if claim == L.COUNT.reports_offence:
            state.people[L.FLAGS, i] |= np.uint16(L.REAL_OFFENCE)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def feel(state, rates, i, step):
    """S11: fear rises by a step, of which long distress has got used to a part."""
    if rates[R.habituation]:
        step -= part(step, part(state.people[L.DISTRESS, i], rates[R.habituation]))
    state.people[L.FEAR, i] = raised(state.people[L.FEAR, i], step)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def frighten(state, rates, i, step):
    """S11, S14: being followed, accused or arrested raises fear, and anger in the reactive."""
    feel(state, rates, i, step)
    if rates[R.anger]:  # of the rest anger rises by nothing: the processor cannot guess who is reactive
        felt = step if state.people[L.FLAGS, i] & L.REACTIVE else 0
        state.people[L.ANGER, i] = raised(state.people[L.ANGER, i], felt)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def word_spreads(state, free, j, house, kind):
    """S11: an event of this kind will be talked of in the unit from tomorrow on, and kin may hear of it next week."""
    free[j, L.F_EVENTS + kind] += 1
    tell_of(state, house, kind)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def tell_of(state, house, kind):
    """S11: the household will have this to tell its kin."""
    if state.homes[L.HOME_DETENTIONS + kind, house] < 255:
        state.homes[L.HOME_DETENTIONS + kind, house] += np.uint8(1)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def house_of(town, u, i):
    """The household of resident i of unit u: the last that begins at or before i."""
    lo = np.int64(town.units[L.UNIT_HOUSE, u])
    left = np.int64(town.units[L.UNIT_HOUSE, u + 1]) - lo
    while left > 1:  # halves whose length hangs on nothing but the unit's: the processor cannot guess which is taken
        half = left >> 1
        lo += half * np.int64(town.house_start[lo + half] <= i)
        left -= half
    return lo


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def adult_of(span, j, nth):
    """The nth adult (from 0) of unit j of the chunk, who must have so many."""
    scratch = span.scratch
    return span.lo + np.int64(scratch.buffers[L.BUFFER_ADULTS, scratch.spans[j, L.S_ADULTS] + nth])


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def kin_witnesses(span, first):
    """S13: who besides the subject and the unit knows, for the incidents from row `first` on: household and kin.

    Persons, households with open contact, and mean fear. Kin and their fear are the same all week, so this can wait
    until a chunk's incidents are together, and a household to which more than one happened is looked up once.
    """
    town, scratch, out = span.town, span.scratch, span.out
    first_house = np.int64(town.units[L.UNIT_HOUSE, span.first_unit])
    n_houses = np.int64(town.units[L.UNIT_HOUSE, span.first_unit + span.n_units]) - first_house
    found = scratch.house_draws[0, :n_houses]  # the row of a household's first incident; the week's plans are done with
    rows = scratch.planned[:, 1]
    found[:] = NONE
    n = 0
    for row in range(first, out.used[0]):
        h = np.int64(out.house[row]) - first_house
        new = found[h] == NONE
        found[h] = u32(row) if new else found[h]
        rows[n] = row
        n += new
    look_up_kin(span, rows[:n])
    for row in range(first, out.used[0]):
        source = np.int64(found[np.int64(out.house[row]) - first_house])
        out.records[row, L.WORD.kin] = out.records[source, L.WORD.kin]
        out.records[row, L.WORD.kin_fear] = out.records[source, L.WORD.kin_fear]


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def look_up_kin(span, rows):
    """S13: the kin of the households of these incidents, by their rows, into the record."""
    key, town, state, rates, out = span.key, span.town, span.state, span.rates, span.out
    draws = span.scratch.draws
    ties = rates[R.kin_ties]
    n_houses = len(town.house_start) - 1
    if n_houses < 2:
        ties = 0
    block = draws.shape[1] // max(1, ties)
    for begin in range(0, len(rows), block):
        n = min(block, len(rows) - begin)
        for m in range(n):
            for tie in range(ties):
                draws[0, m * ties + tie] = u32(town.first + town.house_start[out.house[rows[begin + m]]])
                draws[1, m * ties + tie] = event(Purpose.KIN + tie, 0)
        draw_rows(key, draws, n * ties)
        for m in range(n):
            house = np.int64(out.house[rows[begin + m]])
            persons = np.int64(town.house_start[house + 1] - town.house_start[house]) - 1
            contact = np.int64(state.homes[L.HOME_CONTACT, house] > 0)
            fear = np.int64(state.homes[L.HOME_FEAR, house])
            for tie in range(ties):
                other = another(choose(draws[2, m * ties + tie], n_houses), house, n_houses)
                persons += np.int64(town.house_start[other + 1] - town.house_start[other])
                contact += np.int64(state.homes[L.HOME_CONTACT, other] > 0)
                fear += np.int64(state.homes[L.HOME_FEAR, other])
            out.records[rows[begin + m], L.WORD.kin] = persons
            out.records[rows[begin + m], L.WORD.kin_fear] = contact << 8 | fear // (1 + ties)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def incident(span, u, i, house, kind, contact, fear):
    """An incident enters the record with its classes of witness; `contact` and `fear` are the unit's.

    Its kin are named when the chunk is done: `kin_witnesses`.
    """
    town, state, rates, out = span.town, span.state, span.rates, span.out
    row = out.used[0]
    flag = np.int64(state.people[L.FLAGS, i])
    listed = L.MARK_LISTED if flag & L.ON_A_LIST else 0
    at_start = L.MARK_LISTED_AT_START if flag & L.LISTED_AT_START else 0
    neighbours = np.int64(town.units[L.UNIT_START, u + 1] - town.units[L.UNIT_START, u]) - np.int64(
        town.house_start[house + 1] - town.house_start[house]
    )
    own_fear, own_contact = np.int64(state.people[L.FEAR, i]) >> 8, np.int64(state.homes[L.HOME_CONTACT, house] > 0)
    record = out.records[row]
    record[L.WORD.day] = span.t
    record[L.WORD.marks] = kind << 8 | at_start | listed | ((flag >> L.GROUND_SHIFT) & L.MARK_GROUNDS)
    record[L.WORD.subject_contact] = own_fear << 8 | own_contact
    record[L.WORD.neighbours] = neighbours
    record[L.WORD.neighbours_fear] = min(contact, 255) << 8 | fear
    record[L.WORD.hearsay] = part(neighbours, rates[R.heard_of + kind])
    out.who[row] = town.first + i
    out.house[row] = house
    out.used[0] = row + 1


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def first_followed(state, t, i):
    """The day on which a resident was first followed."""
    if state.people[L.FOLLOWED_DAY, i] == 0:
        state.people[L.FOLLOWED_DAY, i] = u16(t + 1)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def threshold_of(term, flag):
    """S3, S4: chance that an outing of this listed resident is taken up: layers by ground, vigilance by list."""
    column = L.T_TAKE_FAMILY_MPS if flag & L.FAMILY else L.T_TAKE_PERSON_MPS
    chance = np.int64(0)
    if flag & L.ON_MPS:
        chance = term[column]
    if flag & L.ON_MSS:
        chance = max(chance, term[column + 1])
    return chance


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def write_down(span, u, i, organ, term, q_report, q_claim, offence):
    """S5: the follower's report: an offence seen, a routine act made suspicious, or nothing seen."""
    state, rates, out = span.state, span.rates, span.out
    written = np.int64(q_report < term[L.T_REPORT_MPS + organ])
    if offence:
        if written:
            report(span, u, i, organ, L.COUNT.reports_offence, FULL_WEIGHT)
        return
    # As `report`, without a branch: the processor cannot guess what is written. What is not counts for nothing.
    claimed = written & np.int64(q_claim < term[L.T_CLAIM_MPS + organ])
    cell = cell_of(state.people[L.FLAGS, i])
    out.cells[span.k, cell, L.COUNT.reports] += written
    out.cells[span.k, cell, L.COUNT.reports_routine] += claimed
    state.units[L.UNIT_REPORTS + organ, u] += claimed
    weight = written * (FULL_WEIGHT if claimed else rates[R.weight_nothing])
    state.people[L.FILE_MPS + organ, i] = written_up(state.people[L.FILE_MPS + organ, i], weight)
