"""The chilling ledger: every act that one world has and its twin has not, with the reason, so that all adds up.

Two worlds share every resident and all luck, so each outing, visit, journey and call of one can be looked for in the
other. What is missing in the watched world is put down to the first of these that holds for the resident that day:
*barred* (held, or no permit), *direct* (turned back by a follower on the way), *stopped* (the caller has stopped
calling), *anticipatory* (listed, followed or held before), *spill-over* (none of these: hearsay). What only the watched
world has is *gained*. Entries add up exactly to the difference between the worlds; docs/ledger.md has the definition
and its limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from underwatch.errors import InputError
from underwatch.experiments.engine.worlds import init_world, seed_of, twin_world
from underwatch.experiments.interventions import LEVERS
from underwatch.experiments.ledger.entries import ACTS, REASONS, enter
from underwatch.record.measures import WEEK, YEAR_DAYS, group_columns, group_keys, members, words
from underwatch.record.ranges import range_of
from underwatch.record.schema import GROUPS, schema_of
from underwatch.shown import Displayed
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.population import cells
from underwatch.world.rates import UNWATCHED
from underwatch.world.scenario import Scenario
from underwatch.world.workers import Workers

SIGNS = (-1, -1, -1, -1, -1, 1)


@dataclass(frozen=True, repr=False)
class Ledger(Displayed):
    """What differs, and what each world did: int64[replicates, weeks, acts, reasons, cells] and [..., 2, acts, cells].

    `residents` int64[replicates, cells] at the start. `worlds` names the watched world and the one it is held against.
    """

    worlds: tuple[str, str]
    start: date
    days: int
    entries: np.ndarray
    totals: np.ndarray
    residents: np.ndarray

    def by_group(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return entries[replicates, groups, acts, reasons], totals[replicates, groups, 2, acts], and people."""
        entries = np.einsum("rwakc,gc->rgak", self.entries, members())
        totals = np.einsum("rwsac,gc->rgsa", self.totals, members())
        return entries, totals, self.residents @ members().T

    def weekly(self) -> pa.Table:
        """Return every count as it is (LEDGER_WEEKS_SCHEMA), by replicate, week, group, act and entry."""
        entries = np.einsum("nwakc,gc->nwgak", self.entries, members())
        counts = np.concatenate([entries, np.einsum("nwsac,gc->nwgas", self.totals, members())], axis=-1)
        replicate, week, group, act, entry = (index.reshape(-1) for index in np.indices(counts.shape))
        columns = {
            "week": np.datetime64(self.start, "D") + np.array(calendar_weeks(self.start, self.days))[week],
            "replicate": replicate.astype(np.int16),
            **group_columns(group),
            "act": words(act, ACTS),
            "entry": words(entry, (*REASONS, *self.worlds)),
            "sign": np.array((*SIGNS, 0, 0), np.int8)[entry],
            "count": counts.reshape(-1),
        }
        return pa.table(columns, schema=LEDGER_WEEKS_SCHEMA)

    def table(self) -> pa.Table:
        """Return the ledger as a tidy table (LEDGER_SCHEMA): mean and range over replicates, per 1,000 and year."""
        entries, totals, people = self.by_group()
        rows: list[dict[str, object]] = []
        for g, group in enumerate(GROUPS):
            scale = np.where(people[:, g] > 0, 1000.0 * YEAR_DAYS / np.maximum(people[:, g], 1) / self.days, np.nan)
            keys = group_keys(group)
            for a, act in enumerate(ACTS):
                for r, reason in enumerate(REASONS):
                    counts = entries[:, g, a, r]
                    rows.append({**keys, "act": act, "entry": reason, "sign": SIGNS[r], **_cells(counts, scale)})
                for w, world in enumerate(self.worlds):
                    rows.append({**keys, "act": act, "entry": world, "sign": 0, **_cells(totals[:, g, w, a], scale)})
        return pa.Table.from_pylist(rows, schema=LEDGER_SCHEMA)


def _cells(counts: np.ndarray, scale: np.ndarray) -> dict[str, object]:
    """Return the count, and the rate with its range over the replicates that have somebody of the group."""
    rate = counts * scale
    around = range_of(rate)
    low, high = (around.low, around.high) if around.n > 1 else (None, None)
    mean = float(np.nanmean(rate)) if around.n else None
    return {"count": float(counts.mean()), "rate": mean, "low": low, "high": high, "n": around.n}


LEDGER_SCHEMA, LEDGER_WEEKS_SCHEMA = schema_of("ledger"), schema_of("ledger_weeks")


def unwatched(scenario: Scenario) -> Scenario:
    """Return the free life: the same people without S3 to S10."""
    return scenario.replace(without=scenario.without | UNWATCHED)


def ledger(
    scenario: Scenario,
    other: Scenario | None = None,
    *,
    names: tuple[str, str] = ("watched", "unwatched"),
    lived: Scenario | None = None,
    replicates: int = 1,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Ledger:
    """Hold a watched world against another: by default the scenario against the free life of the same people.

    `scenario` makes the town; `lived` is what its people live through in the watched world (the scenario itself without
    it), `other` in the world it is held against. `progress` is told resident-days. InputError when the two differ in
    their days, or in more than what is done to residents: then no reason would fit.
    """
    worlds = (lived or scenario, other or unwatched(scenario))
    for world in worlds:
        _check_twin(scenario, world)
    result = [
        _replicate(scenario, worlds, seed_of(scenario, number), threads, progress) for number in range(replicates)
    ]
    entries, totals, residents = (np.stack(parts) for parts in zip(*result, strict=True))
    return Ledger(names, scenario.start, scenario.days, entries, totals, residents)


def _check_twin(scenario: Scenario, world: Scenario) -> None:
    """Refuse a world whose people would do other things even if nobody watched them."""
    if (world.start, world.end) != (scenario.start, scenario.end):
        raise InputError(f"a twin lives through {scenario.start} to {scenario.end}, not {world.start} to {world.end}")
    changes = set(scenario.changes) ^ set(world.changes)
    moved = {name for name in scenario.parameters if scenario.parameters[name] != world.parameters[name]}
    if other := sorted(moved.union(*(change.values for change in changes)) - set(LEVERS)):
        raise InputError(f"{other[0]} differs between the twins and is nothing that is done to residents")


def _replicate(
    scenario: Scenario, worlds: tuple[Scenario, Scenario], seed: int, threads: int,
    progress: Callable[[int], None] | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Run both worlds side by side, week by week, place by place, and enter what differs."""
    starts = calendar_weeks(scenario.start, scenario.days)
    entries = np.zeros((len(starts), len(ACTS), len(REASONS), L.N_CELLS), np.int64)
    totals = np.zeros((len(starts), 2, len(ACTS), L.N_CELLS), np.int64)
    residents = np.zeros(L.N_CELLS, np.int64)
    for place in scenario.places:
        pair = _settled(scenario.replace(places=(place,)), worlds, seed, threads)
        n = len(pair[0].state.flags)
        workers = [Workers(threads, acts=np.zeros((WEEK, n), np.uint16)) for _ in worlds]
        cell = cells(pair[0].state.flags)
        residents += np.bincount(cell, minlength=L.N_CELLS)
        courses = [
            simulate.weeks(world, item.phases(), w) for world, item, w in zip(pair, worlds, workers, strict=True)
        ]
        for week, (hi, _) in enumerate(zip(*courses, strict=True)):
            days = hi - starts[week]
            first = (pair[0].day - days + 3) % WEEK
            enter(*(w.acts[first : first + days] for w in workers), cell, entries[week])
            for world in pair:
                world.history.forget_incidents()
            if progress is not None:
                progress(2 * n * days)
        for w, world in enumerate(pair):
            totals[:, w] += np.add.reduceat(_did(world.history.cells), starts)
    return entries, totals, residents


def calendar_weeks(start: date, days: int) -> list[int]:
    """Return the first day of each week of a run, counted from 0; weeks begin on Mondays."""
    return [0, *range(WEEK - start.weekday(), days, WEEK)]


def _settled(
    scenario: Scenario, worlds: tuple[Scenario, Scenario], seed: int, threads: int
) -> list[simulate.World]:  # fmt: skip
    """Return the one place of `scenario` on the first morning of both worlds: the same people, grouped as in it."""
    with Workers(threads) as workers:
        first = init_world(scenario, scenario.places[0], seed, workers)
        return [twin_world(first, scenario, lived, seed, workers) for lived in worlds]


def _did(counts: np.ndarray) -> np.ndarray:
    """Return outings, visits to kin, journeys and completed calls, int64[days, acts, cells], as a world counts them."""
    n = L.COUNT
    outings, visits, journeys, calls = (
        counts[:, :, column] for column in (n.outings, n.visits_made, n.journeys, n.calls_completed)
    )
    return np.stack([outings, visits - journeys, journeys, calls], axis=1)
