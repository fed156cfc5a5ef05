"""Visits to the homes of the listed: who is made to check in, by whom, and what comes of it (S17).

A unit's open roles call at the homes of its listed households (its cases), as far as their time goes: `visit_homes` is
a step of the day.
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
    incident,
    time_for_homes,
    trace,
    word_spreads,
    write_down,
)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def visit_homes(span):
    """S17: the unit's open roles visit the homes of the listed, as far as their time goes."""
    scratch = span.scratch
    if not span.rates[R.home_visit]:
        return
    for row in range(choose_homes(span)):
        j, m = np.int64(scratch.turns[row, 0]), np.int64(scratch.turns[row, 1])
        _, q_report, q_claim, _ = split(scratch.draws[2, m], scratch.draws[3, m])
        visit_home(span, j, m, q_report, q_claim)


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def choose_homes(span):
    """S17: the homes due today for which there is time, unit and case, in `turns`. Returns how many.

    Without a branch, as `pick`: the processor cannot guess whose turn it is.
    """
    key, state, rates, scratch = span.key, span.state, span.rates, span.scratch
    draws, spans, cases, turns = scratch.draws, scratch.spans, scratch.cases, scratch.turns
    for m in range(spans[span.n_units, L.S_CASES]):
        draws[0, m] = u32(cases[m, L.C_NUMBER])
        draws[1, m] = event(Purpose.HOME_VISIT, span.day)
    draw_rows(key, draws, spans[span.n_units, L.S_CASES])
    n = np.int64(0)
    for j in range(span.n_units):
        left = time_for_homes(rates[R.home_time], spans[j + 1, L.S_OPEN] - spans[j, L.S_OPEN], span.day)
        for m in range(spans[j, L.S_CASES], spans[j + 1, L.S_CASES]):
            flag = state.people[L.FLAGS, cases[m, L.C_SUBJECT]]
            turns[n, 0] = j
            turns[n, 1] = m
            due = np.int64(u16(draws[2, m]) < rates[R.home_visit]) & np.int64((flag & u16(L.DETAINED)) == 0)
            due &= np.int64(left > 0)
            left -= due
            n += due
    return n


@njit(cache=True, nogil=True, _nrt=False, forceinline=True)
def visit_home(span, j, m, q_report, q_claim):
    """S17, S5, S11: one visit: it is written down and felt by all who are at home.

    A household's visits of a week are one incident, and are talked of once: a call every other day is no news.
    """
    town, state, rates, scratch, out = span.town, span.state, span.rates, span.scratch, span.out
    u = span.first_unit + j
    term = scratch.unit_terms[j]
    x, house = np.int64(scratch.cases[m, L.C_SUBJECT]), np.int64(scratch.cases[m, L.C_HOUSE])
    out.cells[span.k, cell_of(state.people[L.FLAGS, x]), L.COUNT.home_visits] += 1
    trace(span.out, span.t, L.EPISODE.home_visit, x, house, 0)
    write_down(span, u, x, L.MPS, term, q_report, q_claim, False)
    for member in range(np.int64(town.house_start[house]), np.int64(town.house_start[house + 1])):
        if not state.people[L.FLAGS, member] & L.DETAINED:
            frighten(state, rates, member, rates[R.rise_home_visit])
    if state.homes[L.HOME_VISITED, house] == 0:
        word_spreads(state, scratch.free, j, house, L.EVENT.home_visit)
        incident(span, u, x, house, L.KIND.home_visit, term[L.T_CONTACT], term[L.T_FEAR])
