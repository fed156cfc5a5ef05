"""Answering a question: its worlds week by week side by side, the draws from the prior, the silence, the ledger."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from underwatch.experiments.engine.progress import is_cold
from underwatch.experiments.engine.worlds import (
    Runner,
    StopAsked,
    WorldTotals,
    digest_of,
    init_world,
    prior_scenarios,
    world_totals,
)
from underwatch.experiments.ledger.ledger import ledger
from underwatch.experiments.silence import STAND_IN, WATCHING
from underwatch.experiments.study import SILENCE_DRAWS, Study, place_facts, silence_band, silence_place, silence_points
from underwatch.record.indicators import Measured, measure, stack
from underwatch.record.schema import ALL
from underwatch.web.session.studio_run import DONE, Lived, StudioRun
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.scenario import Scenario
from underwatch.world.workers import Workers

# What the page counts up while a run goes on
LIVE = {
    "followed_outings": L.N_FOLLOWED,
    "calls_avoided": L.N_CALLS_AVOIDED,
    "calls_abandoned": L.N_CALLS_ABANDONED,
    "accusations": L.N_ACCUSATIONS,
    "arrests": L.N_ARRESTS,
    "listings": L.N_LISTINGS,
}


def answer(run: StudioRun, threads: int) -> None:
    """Do all the work of a run; StopAsked when it was stopped."""
    scenario = run.question.scenario
    draws = prior_scenarios(scenario, run.question.draws)
    stand_in = min(STAND_IN, scenario.residents) * scenario.days
    points = min(len(draws), SILENCE_DRAWS) + 1
    world_days = scenario.residents * scenario.days
    lived = len(run.worlds) * (1 + len(draws)) + len(("watched", "unwatched"))
    run.total = world_days * lived + stand_in * points * len(WATCHING)
    if is_cold():
        from underwatch.experiments.engine.place import compile_first

        run.enter("compiling")
        compile_first(scenario)
        run.began = time.monotonic()  # the time left is told from the work alone
    run.enter("worlds")
    _central(run, threads)
    run.digest = digest_of(one.digest for one in run.lived.values())
    run.study = _study(run, {})
    run.tell("worlds")
    found: dict[tuple[int, str], WorldTotals] = {}
    if draws:
        run.enter("draws")
        found = _draws(run, draws, threads)
        run.study = _study(run, found)
        run.tell("draws")
    run.enter("silence")

    silence = silence_points(scenario, draws, threads, lambda: _done(run, stand_in))
    run.study = _study(run, found, silence)
    run.enter("ledger")
    run.ledger = _ledger(run, threads)
    run.state = DONE
    run.enter("done")


def _done(run: StudioRun, resident_days: int) -> None:
    """Count work as done, and stop here if somebody asked to."""
    run.tick(resident_days)
    if run.stop_wanted():
        raise StopAsked


def _ledger(run: StudioRun, threads: int) -> list[dict[str, Any]]:
    """Return what the baseline lacks against the free life of the same people: rows of the ledger, grounds left out."""
    table = ledger(run.question.scenario, threads=threads, progress=lambda done: _done(run, done)).table()
    return [row for row in table.to_pylist() if row["ground"] == ALL]


def _side_by_side(run: StudioRun, threads: int, work: Callable[[Any], Any], tasks: list[Any]) -> list[Any]:
    """Do tasks on threads; the first failure, or a wish to stop, ends the others between two weeks."""
    with ThreadPoolExecutor(max(1, threads)) as pool:
        try:
            return list(pool.map(work, tasks))
        except BaseException:
            run.asked_to_stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _central(run: StudioRun, threads: int) -> None:
    """Live through the worlds at the run's own values, side by side, and tell of every week."""
    each = max(1, threads // len(run.worlds))

    def live(name: str) -> Lived:
        scenario = run.worlds[name]
        world = init_world(scenario, scenario.places[0], scenario.seed)
        if name == next(iter(run.worlds)):
            run.unit_start = world.town.unit_start
        done = 0
        with Workers(each) as workers:
            for days in simulate.weeks(world, scenario.phases(), workers):
                run.tell("week", world=name, day=days, **_live(world, days))
                _done(run, len(world.state.flags) * (days - done))
                done = days
        return _lived(world, scenario)

    for name, lived in zip(run.worlds, _side_by_side(run, len(run.worlds), live, list(run.worlds)), strict=True):
        run.lived[name] = lived


def _live(world: simulate.World, days: int) -> dict[str, Any]:
    """Return the totals so far, and mean fear today."""
    counts = world.history.cells[:days].sum(axis=(0, 1))
    today = world.history.cells[days - 1].sum(axis=0)
    fear = float(today[L.N_FEAR]) / L.ONE / len(world.state.flags)
    return {"totals": {name: int(counts[at]) for name, at in LIVE.items()}, "fear": fear}


def _lived(world: simulate.World, scenario: Scenario) -> Lived:
    subjects = world.history.who - np.uint32(world.town.first)
    state = world.state
    return Lived(
        found=world_totals(world, scenario),
        records=world.history.records,
        subjects=subjects,
        listed=state.listed_day.copy(),
        followed=state.followed_day.copy(),
        digest=simulate.digest(world),
    )


def _draws(run: StudioRun, draws: list[Scenario], threads: int) -> dict[tuple[int, str], WorldTotals]:
    """Run the place with every draw from the prior, each world on one thread."""
    workspace = threading.local()
    runner = Runner(run.tick, run.stop_wanted)
    twins = [{name: one if at == 0 else run.question.twin_of(one) for at, name in enumerate(run.worlds)}
             for one in draws]  # fmt: skip
    tasks = [(draw, name) for draw in range(len(draws)) for name in run.worlds]

    def one(task: tuple[int, str]) -> WorldTotals:
        if not hasattr(workspace, "workers"):
            workspace.workers = Workers(1)
        scenario = twins[task[0]][task[1]]
        world = init_world(scenario, scenario.places[0], scenario.seed)
        return world_totals(runner.carry_on(world, scenario, workspace.workers), scenario)

    return dict(zip(tasks, _side_by_side(run, threads, one, tasks), strict=True))


def _study(run: StudioRun, found: dict[tuple[int, str], WorldTotals], silence: tuple[Any, ...] = ()) -> Study:
    """Bring what was gathered so far down to figures."""
    scenario, window = run.question.scenario, run.question.window
    n_draws = len(found) // len(run.worlds)

    def figures(one: WorldTotals) -> Measured:
        return measure(one.history(scenario), window, int(one.numbers[0]))

    published = {
        name: np.array([run.lived[name].found.numbers[1], *(found[d, name].numbers[1] for d in range(n_draws))])
        for name in run.worlds
    }
    drawn_figures = {name: stack([figures(found[d, name]) for d in range(n_draws)]) for name in run.worlds if n_draws}
    return Study(
        place=place_facts(scenario),
        start=scenario.start,
        days=scenario.days,
        worlds=tuple(run.worlds),
        change=run.question.change,
        window=window,
        central={name: figures(lived.found) for name, lived in run.lived.items()},
        ensemble=drawn_figures,
        published=published,
        silence=silence,
        silence_band=silence_band(silence),
        silence_place=silence_place(scenario),
        relief=bool(run.question.dated),
        n_set=len(scenario.fixed()),
    )
