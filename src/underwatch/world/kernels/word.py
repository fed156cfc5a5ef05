"""Word of what happened, in the unit by day and among kin by week (S11, S15).

What is told in the unit is heard on the seven days that follow (`word_in_the_units`, `remember_day`); what a household
tells its kin on a Sunday (`tell_kin`, `hear_from_kin`) reaches them on a day of the week to come (`word_from_kin`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.draws import Purpose, choose, choose16, draw_rows, event, u8, u16, u32, words
from underwatch.world.kernels import slots as R
from underwatch.world.kernels.dense import draw_households, fill, pick
from underwatch.world.kernels.rules import capped, feel, part, trace

HALF = 1 << 13  # to round from 2**30 to 2**16
FEW = 2  # events of a kind in a unit on a day
FEW_AT_HOME = 3  # events of a kind in a household in a week


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def word_in_the_units(span):
    """S11: chance that a resident hears today of what happened in the unit on the seven days before."""
    town, state, scratch = span.town, span.state, span.scratch
    for j in range(span.n_units):
        u = span.first_unit + j
        unheard = np.int64(L.UNHEARD)
        for weekday in range(7):
            unheard = (unheard * np.int64(state.units[L.UNIT_WORD + weekday, u])) >> 30
        chance = u16(capped((L.UNHEARD - unheard + HALF) >> 14))
        begin, end = town.units[L.UNIT_START, u] - span.lo, town.units[L.UNIT_START, u + 1] - span.lo
        fill(scratch.buffers[L.BUFFER_HEAR, begin:end], chance)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def word_from_kin(span, n_told):
    """S11: households that word from kin reaches today; all their members are frightened. `n_told`: this week."""
    town, state, rates, buffers = span.town, span.state, span.rates, span.scratch.buffers
    first = np.int64(town.units[L.UNIT_HOUSE, span.first_unit])
    today = u16(1 << (span.day + 3) % 7)
    n = pick(buffers[L.BUFFER_TOLD_DAYS, :n_told], today, 0, buffers[L.BUFFER_NOTABLE])
    for row in range(n):
        house = first + np.int64(buffers[L.BUFFER_TOLD, np.int64(buffers[L.BUFFER_NOTABLE, row])])
        head = np.int64(town.house_start[house])
        for x in range(head, np.int64(town.house_start[house + 1])):
            feel(state, rates, x, rates[R.rise_hearsay])
        trace(span.out, span.t, L.EPISODE.heard_kin, head, house, 0)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def remember_day(span, j):
    """S11: what a day of talk leaves of the chance of not having heard of today; last week's is gone."""
    rates, free = span.rates, span.scratch.free
    unheard = np.int64(L.UNHEARD)
    for kind in range(L.N_EVENTS):
        events = free[j, L.F_EVENTS + kind]
        for nth in range(FEW):  # the first without a branch: the processor cannot guess how many there are
            unheard = (unheard * (rates[R.unheard + kind] if nth < events else L.UNHEARD)) >> 30
        for _ in range(events - FEW):
            unheard = (unheard * rates[R.unheard + kind]) >> 30
    span.state.units[L.UNIT_WORD + (span.day + 3) % 7, span.first_unit + j] = unheard


@njit(cache=True, nogil=True, _nrt=False)
def tell_kin(scratch, out, first_chunk, last_chunk, town, state, rates, telling):
    """S11, S15: fill `telling` uint16[H], the chance that kin hear of a household's week, as far as it dares to tell.

    The week's events are then forgotten; what the review makes belongs to the next week.
    """
    homes = state.homes
    for c in range(first_chunk, last_chunk):
        first = np.int64(town.units[L.UNIT_HOUSE, town.chunk_start[c]])
        last = np.int64(town.units[L.UNIT_HOUSE, town.chunk_start[c + 1]])
        eventful, rows = scratch.buffers[L.BUFFER_CHANCE, : last - first], scratch.buffers[L.BUFFER_NOTABLE]
        look_for_events(homes[L.HOME_DETENTIONS : L.HOME_DETENTIONS + L.N_EVENTS, first:last], eventful)
        telling[first:last] = 0
        for row in range(pick(eventful, u16(255), 0, rows)):
            h = first + np.int64(rows[row])
            unheard = np.int64(65536)
            for kind in range(L.N_EVENTS):
                events, unmoved = np.int64(homes[L.HOME_DETENTIONS + kind, h]), 65536 - rates[R.reach + kind]
                for nth in range(
                    FEW_AT_HOME
                ):  # the first without a branch: the processor cannot guess how many there are
                    unheard = part(unheard, unmoved if nth < events else 65536)
                for _ in range(events - FEW_AT_HOME):
                    unheard = part(unheard, unmoved)
                homes[L.HOME_DETENTIONS + kind, h] = 0
            dares = L.ONE - part(np.int64(homes[L.HOME_FEAR, h]) * 257, L.ONE - rates[R.speech_floor])
            telling[h] = part(capped(65536 - unheard), dares)
    return last_chunk


@njit(cache=True, nogil=True, _nrt=False)
def look_for_events(events, eventful):
    """To which households anything happened this week (uint8[kinds, households]; not 0). A dense pass."""
    for h in range(len(eventful)):
        eventful[h] = u16(0)
    for kind in range(len(events)):
        for h in range(len(eventful)):
            eventful[h] |= u16(events[kind, h])


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def hear_from_kin(span, telling, first_house, n_houses):
    """S11, S15: of the kin who had something happen, who will tell the household, and on which day of the week to come.

    Tie by tie: the draws of a tie for all households of the chunk are one dense pass, and so are those of who tells.
    """
    key, town, rates, scratch = span.key, span.town, span.rates, span.scratch
    word = span.state.homes[L.HOME_WORD, first_house : first_house + n_houses]
    word[:] = 0
    n = len(town.house_start) - 1
    if n < 2:
        return
    houses = town.house_start[first_house : first_house + n_houses]
    a, b = scratch.house_draws[0, :n_houses], scratch.house_draws[1, :n_houses]
    others, draws, talk = scratch.house_draws[2, :n_houses], scratch.draws, scratch.buffers[L.BUFFER_NOTABLE]
    for tie in range(rates[R.kin_ties]):
        draw_households(key, town.first, houses, 0, Purpose.KIN + tie, a, b)
        name_kin(a, first_house, n, others)
        n_talk = np.int64(0)
        for h in range(n_houses):  # without a branch, as `pick`
            talk[n_talk] = u16(h)
            n_talk += np.int64(telling[others[h]] != 0)
        for row in range(n_talk):
            draws[0, row] = u32(town.first + houses[np.int64(talk[row])])
            draws[1, row] = event(Purpose.KIN_WORD + tie // 4, span.day)
        draw_rows(key, draws, n_talk)
        for row in range(n_talk):
            h = np.int64(talk[row])
            q = u16(draws[2 + (tie % 4 >> 1), row] >> u32(16 * (tie % 2)))
            if q < telling[others[h]]:
                word[h] |= u8(1 << day_of_word(span, first_house + h, tie))


@njit(cache=True, nogil=True, _nrt=False)
def name_kin(drawn, first_house, n, others):
    """S1: the household of n with which each from `first_house` on has a tie, by its draw. A dense pass."""
    last = u32(n - 1)
    for h in range(len(others)):
        other = u32(choose(drawn[h], n))
        house = u32(first_house + h)
        after = u32(0) if other == last else u32(other + u32(1))
        others[h] = after if other == house else other


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def day_of_word(span, house, tie):
    """S11: the day of the week to come on which word from this tie reaches the household, Monday being 0."""
    who = span.town.first + np.int64(span.town.house_start[house])
    a, b = words(span.key, Purpose.WORD_DAY + tie // 4, who, span.day)
    word = b if tie % 4 > 1 else a
    return choose16(u16(word >> u32(16 * (tie % 2))), 7)
