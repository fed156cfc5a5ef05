"""One run of the studio: its question, how far it is, what the page is told while it runs, and what came out."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from underwatch.experiments.studies.world_tables import FinishedWorld
    from underwatch.experiments.study import Study
    from underwatch.web.session.request import RunRequest

QUEUED, WORKING, DONE, STOPPED, FAILED = "queued", "working", "done", "stopped", "failed"
OVER = (DONE, STOPPED, FAILED)
STORED = 0  # the number of the run that ships with the program; those that are asked for begin with 1
PATIENCE_SECONDS = 5.0  # a run that nobody listens to any more is stopped


@dataclass(frozen=True)
class Lived:
    """One finished world at the run's own values, with the subjects of its incidents, and first days by resident.

    subjects uint32[n], local index; listed and followed uint16[R], days from 1, 0 for never.
    """

    world: FinishedWorld
    subjects: np.ndarray
    listed: np.ndarray
    followed: np.ndarray


@dataclass(frozen=True)
class Stored:
    """What the page asks of a run that ships with the program, of whose worlds no incident is kept.

    By world the days listed and first followed, uint16[R] each. What was seen from outside and whom the page offers to
    choose are plain data.
    """

    days: dict[str, tuple[np.ndarray, np.ndarray]]
    seen: dict[str, Any]
    examples: dict[str, list[int]]


@dataclass
class StudioRun:
    """A question and its answer, as far as it has come. The page reads it; one thread at a time writes it."""

    number: int
    question: RunRequest
    kept: bool = False  # opened from a folder: it stays and needs no listener
    same_as: str = ""
    state: str = QUEUED
    stage: str = QUEUED
    told: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    total: int = 1
    done: int = 0
    began: float = 0.0
    digest: str = ""
    unit_start: Any = (0,)  # int32[units + 1], first resident of each unit, once its worlds are there
    lived: dict[str, Lived] = field(default_factory=dict)
    study: Study | None = None
    ledger: list[dict[str, Any]] = field(default_factory=list)
    lives: dict[int, dict[str, Any]] = field(default_factory=dict)
    stored: Stored | None = None  # of the run that ships with the program

    def __post_init__(self) -> None:
        self.worlds = self.question.worlds()
        self.asked_to_stop = threading.Event()
        self._lock = threading.Lock()
        self._listeners = 0
        self._heard = time.monotonic()

    def tell(self, kind: str, **what: Any) -> None:
        """Put something at the end of what the page is told."""
        self.told.append({"kind": kind, **what})

    def enter(self, stage: str) -> None:
        """Begin a stage of the work."""
        self.stage = stage
        self.tell("stage", stage=stage)

    def tick(self, resident_days: int) -> None:
        """Count resident-days as done; any thread may."""
        with self._lock:
            self.done += resident_days

    def progress(self) -> dict[str, Any]:
        """Return how far it is: share done, and the seconds that are left at the speed so far (None at first)."""
        share = 1.0 if self.state == DONE else min(1.0, self.done / self.total)
        spent = time.monotonic() - self.began if self.began else 0.0
        left = spent * (1 - share) / share if share > 0.01 else None
        return {"kind": "progress", "state": self.state, "stage": self.stage, "share": share, "seconds_left": left}

    def listen(self) -> None:
        """Note that a page listens."""
        with self._lock:
            self._listeners += 1

    def unlisten(self) -> None:
        """Note that a page has gone."""
        with self._lock:
            self._listeners -= 1
            self._heard = time.monotonic()

    def stop_wanted(self) -> bool:
        """Say whether to stop: somebody asked, or every page that listened has gone."""
        if self.asked_to_stop.is_set():
            return True
        if self.kept:
            return False
        with self._lock:
            return self._listeners == 0 and time.monotonic() - self._heard > PATIENCE_SECONDS
