"""The compiled loop of the days: a chunk of neighbouring units goes through a week while it is in cache.

Nothing but loops over arrays: each day a dense pass over all (`dense`), then sparse steps over the few to whom
something happens (`steps`, `journeys`), in the order of the process overview of the ODD description. `simulate`
validates, and reviews at the week's end.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from underwatch.world import layout as L
from underwatch.world.draws import u32
from underwatch.world.kernels import slots as R
from underwatch.world.kernels.dense import (
    count_outings,
    draw_day,
    fade_and_habituate,
    fade_and_hear,
    note_morning,
    note_outings,
    set_out,
    set_rates,
    sum_levels,
    weigh_outings,
)
from underwatch.world.kernels.homes import visit_homes
from underwatch.world.kernels.journeys import call_abroad, visit_kin
from underwatch.world.kernels.rules import kin_witnesses
from underwatch.world.kernels.steps import (
    at_home,
    follow_outings,
    share_attention,
    tally,
)
from underwatch.world.kernels.week import (
    assign_watchers,
    count_listed,
    note_word,
    plan_visits,
    set_terms,
    sort_residents,
)
from underwatch.world.kernels.word import word_from_kin, word_in_the_units

RECORDS_PER_RESIDENT = 43  # at most: 3 outings, a call, an arrest and a visit at home on each of 7 days, and a visit
TRACE_PER_RESIDENT = 136
# The indicators of which all are counted at once, in the order of the columns of `totals`
DENSE = (L.COUNT.outings, L.COUNT.outings_forgone, L.COUNT.fear, L.COUNT.distress, L.COUNT.distressed)


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
def run_days(scratch, out, first_chunk, last_chunk, key, town, state, rates, day, n_days, t):
    """Take chunks first_chunk..last_chunk - 1 through n_days days (within one week, at one set of rates).

    Stops early, before a chunk whose incidents might not fit into `out`; returns the next chunk to run.
    """
    for c in range(first_chunk, last_chunk):
        # By way of unsigned numbers: the compiler then knows that places are not counted from the end
        first_unit = np.int64(u32(town.chunk_start[c]))
        n_units = np.int64(town.chunk_start[c + 1]) - first_unit
        lo = np.int64(u32(town.units[L.UNIT_START, first_unit]))
        n = np.int64(town.units[L.UNIT_START, first_unit + n_units]) - lo
        if len(out.records) - out.used[0] < RECORDS_PER_RESIDENT * (n + 1):
            return c
        if len(out.trace) and len(out.trace) - out.used[1] < TRACE_PER_RESIDENT * (n + 1):
            return c
        week = L.Span(key, town, state, rates, scratch, out, first_unit, n_units, lo, n, day, t, 0)
        n_marked = sort_residents(week)
        flags, base, rate = (
            state.people[L.FLAGS, lo : lo + n],
            scratch.buffers[L.BUFFER_BASE, :n],
            scratch.buffers[L.BUFFER_RATE, :n],
        )
        set_rates(rates, flags, base, rate)
        count_listed(week, n_days)
        set_terms(week)
        assign_watchers(week)
        n_told = note_word(week)
        incidents = out.used[0]
        plan_visits(week, n_days)
        w = scratch.buffers
        fear, distress = state.people[L.FEAR, lo : lo + n], state.people[L.DISTRESS, lo : lo + n]
        for d in range(n_days):
            span = L.Span(key, town, state, rates, scratch, out, first_unit, n_units, lo, n, day + d, t + d, d)
            weekday = (span.day + 3) % 7
            if len(out.acts):
                note_morning(state.people[:, lo : lo + n], out.acts[weekday, lo : lo + n])
            word_in_the_units(span)
            draw_day(key, town.first + lo, span.day, w[0, :n], w[1, :n], w[2, :n], w[3, :n])
            if not rates[R.habituation]:
                fade_and_hear(rates, fear, distress, w[3, :n], scratch.buffers[L.BUFFER_HEAR, :n])
            else:
                fade_and_habituate(rates, fear, distress, w[3, :n], scratch.buffers[L.BUFFER_HEAR, :n])
            word_from_kin(span, n_told)
            weigh_outings(
                rates, fear, distress, scratch.buffers[L.BUFFER_RATE, :n], scratch.buffers[L.BUFFER_CHANCE, :n]
            )
            set_out(
                w[0, :n],
                w[1, :n],
                w[2, :n],
                scratch.buffers[L.BUFFER_BASE, :n],
                scratch.buffers[L.BUFFER_CHANCE, :n],
                scratch.buffers[L.BUFFER_OUTINGS, :n],
            )
            share_attention(span)
            visit_kin(span)
            call_abroad(span)
            follow_outings(span)
            visit_homes(span)
            at_home(span)
            tally(span, n_marked)
            if len(out.acts):
                note_outings(w[L.BUFFER_OUTINGS, :n], out.acts[weekday, lo : lo + n])
            made, free = count_outings(scratch.buffers[L.BUFFER_OUTINGS, :n])
            sum_fear, sum_distress, above = sum_levels(fear, distress, rates[R.threshold_distress])
            total = out.totals[span.k]
            total[L.D_OUTINGS] += made
            total[L.D_FORGONE] += free - made
            total[L.D_FEAR] += sum_fear
            total[L.D_DISTRESS] += sum_distress
            total[L.D_DISTRESSED] += above
        kin_witnesses(week, incidents)
    return last_chunk
