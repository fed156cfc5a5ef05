"""Answering a question: the worlds of its ensemble, an example week by week with its twin, the silence, the ledger."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from underwatch.experiments.engine.progress import compile_first, is_cold
from underwatch.experiments.engine.runner import Runner
from underwatch.experiments.engine.worlds import BASELINE, WorldKey, digest_of
from underwatch.experiments.ledger.ledger import ledger
from underwatch.experiments.studies.running_study import RunningStudy
from underwatch.experiments.studies.world_tables import FinishedWorld
from underwatch.record.schema import ALL
from underwatch.web.session.studio_run import DONE, Lived, StudioRun
from underwatch.world import layout as L
from underwatch.world.scenario import Scenario
from underwatch.world.simulate import World
from underwatch.world.workers import Workers

# What the page counts up while a run goes on
LIVE = {
    name: getattr(L.COUNT, name)
    for name in ("followed_outings", "calls_avoided", "calls_abandoned", "calling_stopped", "accusations", "arrests",
                 "listings")
}  # fmt: skip


class LiveNumbers:
    """Tells the page of every week of a world, and keeps of its end what the page asks for later."""

    def __init__(self, run: StudioRun) -> None:
        self.run, self.lived = run, dict[str, Lived]()

    def week(self, key: WorldKey, world: World, days: int) -> None:
        """Tell the totals so far, and mean fear today."""
        if key.world == BASELINE:
            self.run.unit_start = world.town.unit_start
        counts = world.history.cells[:days].sum(axis=(0, 1))
        fear = float(world.history.cells[days - 1].sum(axis=0)[L.COUNT.fear]) / L.ONE / len(world.state.flags)
        totals = {name: int(counts[column]) for name, column in LIVE.items()}
        self.run.tell("week", world=key.world, day=days, totals=totals, fear=fear)

    def finished(self, finished: FinishedWorld, world: World) -> None:
        """Keep the world with its subjects and the first days of its residents."""
        subjects = world.history.who - np.uint32(world.town.first)
        at_start = world.state.flags & L.LISTED_AT_START != 0
        listed = _counted_day(world, world.state.listed_day, at_start)
        followed = _counted_day(world, world.state.followed_day, world.state.followed_day != 0)
        self.lived[finished.key.world] = Lived(finished, subjects, listed, followed)


def _counted_day(world: World, days: np.ndarray, from_the_first: np.ndarray) -> np.ndarray:
    """Return uint16[R]: the day of those counted, from 1 (1 also for what began while the world settled); 0 for never.

    `from_the_first` bool[R] says for whom what began before still holds.
    """
    settling = np.uint16(world.counted - world.start)
    return np.where(days > settling, days - settling, np.uint16(1) * from_the_first)


def answer(run: StudioRun, threads: int) -> None:
    """Do all the work of a run; StopAsked when it was stopped."""
    plan = run.question
    runner = Runner(run.tick, run.stop_wanted, run.asked_to_stop.set)
    numbers = LiveNumbers(run)
    study = RunningStudy(plan, threads, runner, numbers)
    run.total = plan.resident_days + 2 * plan.scenario.residents * plan.scenario.days  # watched and unwatched
    if is_cold():
        run.enter("compiling")
        compile_first(plan.scenario)
        run.began = time.monotonic()  # the time left is told from the work alone
    if plan.draws:
        run.enter("draws")
        study.run_draws()
    run.enter("worlds")
    with Workers(threads) as workers:
        study.add_place(plan.scenario.places[0], *study.run_place(0, workers, study.candidates()))
    run.lived = {name: numbers.lived[name] for name in run.worlds}
    run.worlds = {name: lived.world.scenario for name, lived in run.lived.items()}
    run.digest = digest_of(study.digests)
    run.study = study.study()
    run.tell("worlds")
    run.enter("silence")
    study.run_silence()
    run.study = study.study()
    run.enter("ledger")
    run.ledger = _ledger(run, study.example, runner, threads)
    run.state = DONE
    run.enter("done")


def _ledger(run: StudioRun, example: Scenario, runner: Runner, threads: int) -> list[dict[str, Any]]:
    """Return what the baseline lacks against the free life of the same people: rows of the ledger, grounds left out."""
    table = ledger(example, threads=threads, progress=runner.done).table()
    return [row for row in table.to_pylist() if row["ground"] == ALL]
