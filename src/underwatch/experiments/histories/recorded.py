"""A world lived through for its recorded histories: who, when, by whom, and whether it was written down."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from underwatch.experiments.engine.worlds import init_world
from underwatch.experiments.histories.rows import EVENT, LATER, ROW, Histories
from underwatch.experiments.histories.written import EPISODE_OF, follower_of, is_written, report_chances
from underwatch.facts import Place
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.layout import EPISODE, INCIDENT_NAMES, KIND
from underwatch.world.scenario import Phase, Scenario
from underwatch.world.workers import Workers

_LATER = dict(
    zip(LATER, (EPISODE.arrest, EPISODE.release, EPISODE.accused, EPISODE.listed, EPISODE.delisted), strict=True)
)
_here = threading.local()
_OF_KINDS = np.array([EPISODE_OF[kind] for kind in range(len(INCIDENT_NAMES))])


def histories_of(
    scenario: Scenario,
    place: Place,
    kinds: tuple[int, ...],
    advance: Callable[[int], object] = lambda _: None,
) -> Histories:
    """Live a world of a place through and return its histories of these kinds of incident.

    `advance` is told of resident-days, week by week.
    """
    world = init_world(scenario, place, scenario.seed)
    advance(scenario.settling_days * len(world.state.flags))
    blocks: list[np.ndarray] = []
    kept_kinds: list[np.ndarray] = []
    events: list[np.ndarray] = []
    for phase in scenario.phases():
        while world.day < phase.day + phase.days:
            days = min(7 - simulate.weekday(world.day), phase.day + phase.days - world.day)
            kind, rows, later = _live(world, phase, days, kinds)
            blocks.append(rows)
            kept_kinds.append(kind)
            events.append(later)
            advance(days * len(world.state.flags))
    kind, rows = np.concatenate(kept_kinds), np.concatenate(blocks)
    later = np.concatenate(events)
    return Histories(
        {one: _merged(rows[kind == one]) for one in kinds}, later[np.lexsort((later["day"], later["who"]))]
    )


def _workers() -> Workers:
    """Return workers that trace everybody, one for each thread."""
    if not hasattr(_here, "workers"):
        _here.workers = Workers(1, trace_who=-1)
    workers: Workers = _here.workers
    return workers


def _live(
    world: simulate.World, phase: Phase, days: int, kinds: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take a world through some days of a week; return kinds and ROW[n] of their incidents of `kinds`, and EVENT[m]."""
    before = world.state.officers[:, L.PRESSURE].copy()
    simulate.step(world, phase, days, _workers())
    history, town = world.history, world.town
    trace, records = history.trace, history.records
    wanted = np.isin(np.arange(len(INCIDENT_NAMES)), kinds)[records["kind"]]
    records, who = records[wanted], history.who[wanted].astype(np.int64) - town.first
    history.trace_blocks.clear()
    history.forget_incidents()
    found = _same_event(records, who, trace)
    kind = records["kind"].astype(np.int64)
    house = np.searchsorted(town.house_start, who, side="right") - 1
    unit = np.searchsorted(town.unit_start, who, side="right") - 1
    by = follower_of(kind, found["other"])
    about = town.first + np.where(kind == KIND.home_visit, town.house_start[house], who)
    officer = np.stack([town.mps_of, town.mss_of])[by & 1, unit]
    chances = report_chances(world.now, before[by & 1, officer])
    found["day"] += world.counted
    written = is_written(world.key, kind, about, found, chances)
    since = records["day"].astype(np.int64) + simulate.weekday(world.counted)
    rows = np.zeros(len(kind), ROW)
    rows["who"], rows["unit"], rows["by"], rows["marks"] = who, unit, by, records["marks"]
    rows["week"], rows["days"] = since // 7, 1 << since % 7
    rows["written"] = rows["days"] * written
    rows["km"] = np.where(np.isin(kind, (KIND.followed_visit, KIND.call_given_up, KIND.arrest)), found["value"], 0)
    rows["size"] = (town.house_start[house + 1] - town.house_start[house]).astype(np.uint8)
    for name in ("kin", "neighbours", "hearsay"):
        rows[name] = records[name]
    return kind, rows, _later(trace)


def _same_event(records: np.ndarray, who: np.ndarray, trace: np.ndarray) -> np.ndarray:
    """Return TRACE[n], of each incident the row of the trace that is the same event.

    Where several of a day are of one resident and kind, they stand in the same order in both.
    """
    wanted = np.zeros(len(EPISODE), bool)
    wanted[_OF_KINDS[np.unique(records["kind"])]] = True
    trace = trace[wanted[trace["kind"]]]
    of_trace = _key(trace["day"], trace["kind"], trace["who"])
    of_record = _key(records["day"], _OF_KINDS[records["kind"]], who)
    order, wanted = np.argsort(of_trace, kind="stable"), np.argsort(of_record, kind="stable")
    ranked = of_record[wanted]
    nth = np.arange(len(ranked)) - np.searchsorted(ranked, ranked)
    result = np.empty(len(records), trace.dtype)
    result[wanted] = trace[order[np.searchsorted(of_trace[order], ranked) + nth]]
    return result


def _key(day: np.ndarray, episode: np.ndarray, who: np.ndarray) -> np.ndarray:
    key: np.ndarray = (day.astype(np.int64) << 40) | (episode.astype(np.int64) << 32) | who.astype(np.int64)
    return key


def _later(trace: np.ndarray) -> np.ndarray:
    """Return EVENT[n] of what a trace says of arrests, releases, summonses and lists."""
    what = np.full(len(EPISODE), -1, np.int64)
    what[list(_LATER.values())] = np.arange(len(LATER))
    rows = trace[what[trace["kind"]] >= 0]
    result = np.zeros(len(rows), EVENT)
    result["who"], result["day"], result["what"] = rows["who"], rows["day"], what[rows["kind"]]
    return result


def _merged(rows: np.ndarray) -> np.ndarray:
    """Return ROW[n] by resident and week; what is alike but for its day is one row, with the witnesses of the first.

    It is alike in the marks too: nobody is on a list a day too early.
    """
    key = np.zeros(len(rows), np.uint64)
    for name, bits in (("who", 32), ("week", 10), ("by", 3), ("km", 7), ("marks", 7)):
        key = key << np.uint64(bits) | (rows[name].astype(np.uint64) & np.uint64((1 << bits) - 1))
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    first = np.flatnonzero(np.diff(key, prepend=np.uint64(0)) != 0) if len(key) else np.zeros(0, np.int64)
    if len(key) and (not len(first) or first[0] != 0):
        first = np.concatenate([[0], first])
    result = rows[first].copy()
    if len(first):
        result["days"] = np.bitwise_or.reduceat(rows["days"], first)
        result["written"] = np.bitwise_or.reduceat(rows["written"], first)
    return result
