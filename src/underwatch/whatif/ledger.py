"""The chilling ledger: every act that one world has and its twin has not, with the reason, so that all adds up.

Two worlds share every resident and all luck, so each outing, visit, journey and call of one can be looked for in the
other. What is missing in the watched world is put down to the first of these that holds for the resident that day:
*barred* (held, or the permit refused), *direct* (turned back by a follower on the way), *anticipatory* (on a list, or
followed or held before), *spill-over* (none of these: hearsay). What only the watched world has is *gained*. Entries
add up exactly to the difference between the worlds; docs/ledger.md has the definition and its limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from underwatch.record.indicators import WEEK, YEAR_DAYS, group_cells
from underwatch.record.schema import ALL, GROUPS
from underwatch.whatif.entries import ACTS, REASONS, enter
from underwatch.whatif.worlds import begin, seed_of
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.layout import GROUND_NAMES
from underwatch.world.population import cells
from underwatch.world.rates import UNWATCHED
from underwatch.world.scenario import Scenario

SIGNS = (-1, -1, -1, -1, 1)


@dataclass(frozen=True)
class Ledger:
    """What differs, and what each world did: int64[replicates, weeks, acts, reasons, cells] and [..., 2, acts, cells].

    `residents` int64[replicates, cells] at the start. `worlds` names the watched world and the one it is held against.
    """

    worlds: tuple[str, str]
    days: int
    entries: np.ndarray
    totals: np.ndarray
    residents: np.ndarray

    def by_group(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return entries[replicates, groups, acts, reasons], totals[replicates, groups, 2, acts], and people."""
        members = np.stack([group_cells(group) for group in GROUPS]).astype(np.int64)
        entries = np.einsum("rwakc,gc->rgak", self.entries, members)
        totals = np.einsum("rwsac,gc->rgsa", self.totals, members)
        return entries, totals, self.residents @ members.T

    def table(self) -> pa.Table:
        """Return the ledger as a tidy table (LEDGER_SCHEMA): mean and range over replicates, per 1,000 and year."""
        entries, totals, people = self.by_group()
        rows: list[dict[str, object]] = []
        for g, group in enumerate(GROUPS):
            scale = np.where(people[:, g] > 0, 1000.0 * YEAR_DAYS / np.maximum(people[:, g], 1) / self.days, np.nan)
            by_ground = group in GROUND_NAMES
            keys = {"group": ALL if by_ground else group, "ground": group if by_ground else ALL}
            for a, act in enumerate(ACTS):
                for r, reason in enumerate(REASONS):
                    counts = entries[:, g, a, r]
                    rows.append({**keys, "act": act, "entry": reason, "sign": SIGNS[r], **_cells(counts, scale)})
                for w, world in enumerate(self.worlds):
                    rows.append({**keys, "act": act, "entry": world, "sign": 0, **_cells(totals[:, g, w, a], scale)})
        return pa.Table.from_pylist(rows, schema=LEDGER_SCHEMA)


def _cells(counts: np.ndarray, scale: np.ndarray) -> dict[str, object]:
    rate = counts * scale
    if np.isnan(rate).any():
        return {"count": float(counts.mean()), "rate": None, "low": None, "high": None, "n": len(counts)}
    return {"count": float(counts.mean()), "rate": float(rate.mean()), "low": float(rate.min()),
            "high": float(rate.max()), "n": len(counts)}  # fmt: skip


def _column(name: str, kind: pa.DataType, meaning: str, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"meaning": meaning})


LEDGER_SCHEMA = pa.schema(
    [
        _column("group", pa.string(), "all, or listed at the start or ordinary in the baseline"),
        _column("ground", pa.string(), "all, or residents who have a ground, alone or with others"),
        _column("act", pa.string(), "outings, visits to kin, journeys on a permit, calls completed"),
        _column("entry", pa.string(), "why an act is missing, or gained; or the name of a world: all its acts"),
        _column("sign", pa.int8(), "-1 missing, +1 gained, 0 a world's total"),
        _column("count", pa.float64(), "acts, mean over replicates"),
        _column("rate", pa.float64(), "acts per 1,000 residents of the group and year, mean over replicates", True),
        _column("low", pa.float64(), "least of the replicates", True),
        _column("high", pa.float64(), "most of the replicates", True),
        _column("n", pa.int32(), "replicates: other luck, the same parameters"),
    ]
)


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
    it), `other` in the world it is held against. `progress` is told resident-days.
    """
    worlds = (lived or scenario, other or unwatched(scenario))
    found = [_replicate(scenario, worlds, seed_of(scenario, number), threads, progress) for number in range(replicates)]
    entries, totals, residents = (np.stack(parts) for parts in zip(*found, strict=True))
    return Ledger(names, scenario.days, entries, totals, residents)


def _replicate(
    scenario: Scenario, worlds: tuple[Scenario, Scenario], seed: int, threads: int,
    progress: Callable[[int], None] | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Run both worlds side by side, week by week, place by place, and enter what differs."""
    n_weeks = -(-(scenario.days + (scenario.phases()[0].day + 3) % WEEK) // WEEK)
    entries = np.zeros((n_weeks, len(ACTS), len(REASONS), L.N_CELLS), np.int64)
    totals = np.zeros((n_weeks, 2, len(ACTS), L.N_CELLS), np.int64)
    residents = np.zeros(L.N_CELLS, np.int64)
    for place in scenario.places:
        courses = [simulate.Course(begin(scenario, place, seed), world.phases()) for world in worlds]
        first = courses[0].world
        n = len(first.state.flags)
        hands = [simulate.Hands(threads, acts=np.zeros((WEEK, n), np.uint16)) for _ in worlds]
        cell = cells(first.state.flags)
        residents += np.bincount(cell, minlength=L.N_CELLS)
        week, last = 0, first.start + scenario.days
        while first.day < last:
            day = first.day
            until = min(last, day + WEEK - (day + 3) % WEEK)
            before = (first.state.flags & (L.ON_A_LIST | L.DETAINED | L.WAS_DETAINED)) != 0
            for course, hand in zip(courses, hands, strict=True):
                course.go(until, hand)
            days = np.array([((d + 3) % WEEK, d - first.start) for d in range(day, until)], np.int64)
            enter(hands[0].acts, hands[1].acts, before, first.state.followed_day, cell, days,
                  entries[week], totals[week])  # fmt: skip
            week += 1
            if progress is not None:
                progress(2 * n * (until - day))
    return entries, totals, residents
