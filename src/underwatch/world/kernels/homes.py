"""Visits to the homes of the listed: who is made to check in, by whom, and what comes of it (S17).

A unit's open roles call at the homes of its listed households, as far as their time goes. `note_homes` says once a week
whose homes those are; `visit_homes` is a step of the day.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.draws import Purpose, draw_rows, event, split, u16, u32
from underwatch.world.kernels import slots as R
from underwatch.world.kernels.rules import (
    cell_of,
    frighten,
    house_of,
    incident,
    time_for_homes,
    trace,
    word_spreads,
    write_down,
)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def note_homes(span):
    """The listed households of each unit, families of defectors first, each by its first listed member."""
    town, scratch = span.town, span.scratch
    buffers, spans = scratch.buffers, scratch.spans
    n = 0
    for j in range(span.n_units):
        spans[j, L.S_HOMES] = n
        last = np.int64(-1)
        for row in range(spans[j, L.S_LISTED], spans[j + 1, L.S_LISTED]):
            i = np.int64(buffers[L.BUFFER_LISTED, row])
            house = house_of(town, span.first_unit + j, span.lo + i)
            if house != last:
                buffers[L.BUFFER_CHECKED, n] = u16(i)
                buffers[L.BUFFER_HEADS, n] = u16(town.house_start[house] - span.lo)
                n += 1
                last = house
    spans[span.n_units, L.S_HOMES] = n


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def visit_homes(span):
    """S17: the unit's open roles visit the homes of the listed, as far as their time goes."""
    key, town, state, rates, scratch = span.key, span.town, span.state, span.rates, span.scratch
    if not rates[R.home_visit]:
        return
    draws, buffers, spans = scratch.draws, scratch.buffers, scratch.spans
    n = spans[span.n_units, L.S_HOMES]
    for row in range(n):
        draws[0, row] = u32(town.first + span.lo + np.int64(buffers[L.BUFFER_HEADS, row]))
        draws[1, row] = event(Purpose.HOME_VISIT, span.day)
    draw_rows(key, draws, n)
    for j in range(span.n_units):
        left = time_for_homes(rates[R.home_time], spans[j + 1, L.S_OPEN] - spans[j, L.S_OPEN], span.day)
        for row in range(spans[j, L.S_HOMES], spans[j + 1, L.S_HOMES]):
            q_due, q_report, q_claim, _ = split(draws[2, row], draws[3, row])
            x = span.lo + np.int64(buffers[L.BUFFER_CHECKED, row])
            if left > 0 and q_due < rates[R.home_visit] and not state.people[L.FLAGS, x] & L.DETAINED:
                left -= 1
                visit_home(span, j, x, span.lo + np.int64(buffers[L.BUFFER_HEADS, row]), q_report, q_claim)


@njit(cache=True, nogil=True, _nrt=False)
def visit_home(span, j, x, head, q_report, q_claim):
    """S17, S5, S11: one visit: it is written down and felt by all who are at home.

    A household's visits of a week are one incident, and are talked of once: a call every other day is no news.
    """
    town, state, rates, scratch, out = span.town, span.state, span.rates, span.scratch, span.out
    u = span.first_unit + j
    term = scratch.unit_terms[j]
    house = house_of(town, u, head)
    out.cells[span.k, cell_of(state.people[L.FLAGS, x]), L.COUNT.home_visits] += 1
    trace(span.out, span.t, L.EPISODE.home_visit, x, house, 0)
    write_down(span, u, x, L.MPS, term, q_report, q_claim, False)
    for member in range(head, np.int64(town.house_start[house + 1])):
        if not state.people[L.FLAGS, member] & L.DETAINED:
            frighten(state, rates, member, rates[R.rise_home_visit])
    if state.homes[L.HOME_VISITED, house] == 0:
        word_spreads(state, scratch.free, j, house, L.EVENT.home_visit)
        incident(span, u, x, house, L.KIND.home_visit, term[L.T_CONTACT], term[L.T_FEAR])
