"""What looks after worlds while they run: tells how far they are, keeps them, and stops them between two weeks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from underwatch.experiments.engine import checkpoint
from underwatch.world.simulate import World

CHECKPOINT_DAYS = 28


class StopAsked(Exception):  # noqa: N818 - a wish, not an error
    """Somebody asked to stop: raised inside a world, between two weeks."""


class KeptWorld(NamedTuple):
    """Where a world is kept on its way, and the note that its file bears."""

    path: Path
    note: Mapping[str, Any]


@dataclass(frozen=True)
class Runner:
    """How worlds are run: who hears of resident-days done, who may stop them, and how much work a stop may lose."""

    tick: Callable[[int], None]  # resident-days done since the last tick
    stop_asked: Callable[[], bool]
    stop_all: Callable[[], object]
    patience: float = 0.0  # seconds of work that a stop may lose; 0: a checkpoint every 4 weeks and at the end
    saving: Callable[[], AbstractContextManager[None]] = nullcontext  # what a checkpoint is written in

    def check(self) -> None:
        """Stop here if somebody asked to."""
        if self.stop_asked():
            raise StopAsked

    def done(self, resident_days: int) -> None:
        """Count work as done, and stop here if somebody asked to."""
        self.tick(resident_days)
        self.check()


class Watch:
    """Looks at a world after each week: counts it as done, keeps it where it can be resumed, stops it when asked to."""

    def __init__(self, runner: Runner, world: World, kept: KeptWorld | None = None) -> None:
        self.runner, self.world, self.kept = runner, world, kept
        if kept is not None and kept.path.exists():
            checkpoint.load(world, *kept)
        self.residents, self.days = len(world.state.flags), world.counted - world.start + len(world.history.cells)
        self.done = self.saved = world.day - world.start  # settling included
        self.written = time.monotonic()
        if kept is not None and kept.path.exists():
            runner.tick(self.residents * self.done)

    def week(self) -> None:
        """Look at the world after a week, or some days of one; StopAsked ends it."""
        days = self.world.day - self.world.start
        self.runner.tick(self.residents * (days - self.done))
        self.done = days
        if self.kept is not None and self._due(days):
            with self.runner.saving():
                checkpoint.save(self.world, *self.kept)
            self.saved, self.written = days, time.monotonic()
        self.runner.check()

    def _due(self, days: int) -> bool:
        """Say whether to write: every 4 weeks and at the end, or with patience only when that is over, on the way."""
        if self.runner.patience:
            return days < self.days and time.monotonic() - self.written >= self.runner.patience
        return days // CHECKPOINT_DAYS > self.saved // CHECKPOINT_DAYS or days == self.days
