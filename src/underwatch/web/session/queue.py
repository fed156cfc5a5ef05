"""The queue: runs are taken up one at a time, in the order in which they were asked for, on a thread of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from underwatch.errors import InputError
from underwatch.experiments.engine.cores import cores
from underwatch.web.session.draft_desk import DraftDesk
from underwatch.web.session.memory import give_back
from underwatch.web.session.studio_run import DONE, FAILED, OVER, QUEUED, STOPPED, WORKING, StudioRun

if TYPE_CHECKING:
    from underwatch.web.session.request import RunRequest

MOST_WAITING = 4
MOST_FINISHED = 3  # beside those opened from folders; the oldest is forgotten

Answer = Callable[[StudioRun, int], None]


class QueueFull(Exception):  # noqa: N818 - a state, not an error
    """More runs are waiting than the queue takes."""


class JobQueue:
    """All runs of this studio by number, and the one thread that works them off."""

    def __init__(self, answer: Answer | None = None, threads: int | None = None) -> None:
        self.runs: dict[int, StudioRun] = {}
        self.threads = threads or cores()
        self.drafts = DraftDesk()
        self._answer = answer
        self._wake = threading.Condition()
        self._next = 1
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="studio queue", daemon=True)
        self._thread.start()

    def ask(self, question: RunRequest, kept: bool = False, same_as: str = "") -> StudioRun:
        """Put a question into the queue; QueueFull when too many wait. `same_as` is the digest it should have."""
        with self._wake:
            if not kept and sum(run.state == QUEUED for run in self.runs.values()) >= MOST_WAITING:
                raise QueueFull
            run = StudioRun(self._next, question, kept, same_as)
            self._next += 1
            self.runs[run.number] = run
            self._wake.notify_all()
        return run

    def ahead(self, run: StudioRun) -> int:
        """Return how many runs come before this one."""
        return sum(other.number < run.number and other.state not in OVER for other in list(self.runs.values()))

    def overview(self) -> list[dict[str, Any]]:
        """Return every run with its name and state, the oldest first."""
        return [
            {
                "run": run.number,
                "name": run.question.scenario.name,
                "name_ko": run.question.scenario.places[0].name_ko,
                "state": run.state,
                "kept": run.kept,
                "change": run.question.change if len(run.worlds) > 1 else None,
                "interventions": [intervention.name for intervention, _ in run.question.dated],
            }
            for run in list(self.runs.values())
        ]

    def close(self) -> None:
        """Stop all runs and the thread."""
        with self._wake:
            self._closed = True
            self.drafts.stop()
            for run in self.runs.values():
                run.asked_to_stop.set()
            self._wake.notify_all()
        self._thread.join(10)

    def _work(self) -> None:
        while True:
            with self._wake:
                run = next((run for run in self.runs.values() if run.state == QUEUED), None)
                while run is None and not self._closed:
                    self._wake.wait()
                    run = next((run for run in self.runs.values() if run.state == QUEUED), None)
                if self._closed or run is None:
                    return
                if run.stop_wanted():
                    self._end(run, STOPPED)
                    continue
                run.state = WORKING
            self._take_up(run)

    def _take_up(self, run: StudioRun) -> None:
        """Work a run off; what goes wrong in it is told to its page and ends this run alone."""
        from underwatch.experiments.engine.runner import StopAsked

        run.began = time.monotonic()
        try:
            if self._answer is None:
                from underwatch.web.session.simulation import answer

                self._answer = answer
            self._answer(run, self.threads)
        except StopAsked:
            self._end(run, STOPPED)
        except InputError as error:
            self._end(run, FAILED, str(error))
        except MemoryError:
            self._end(run, FAILED, "not enough memory; set a smaller population")
        except Exception as error:  # a page must hear of it, and the queue must go on
            self._end(run, FAILED, f"the run failed: {type(error).__name__}: {error}"[:300])
        self._forget()
        give_back()

    def _end(self, run: StudioRun, state: str, error: str = "") -> None:
        run.state, run.error = state, error
        run.tell(state, error=error)

    def _forget(self) -> None:
        """Let go of the oldest finished runs that no folder holds."""
        with self._wake:
            over = [run.number for run in self.runs.values() if run.state in OVER and not run.kept]
            done = [number for number in over if self.runs[number].state == DONE]
            empty = [number for number in over if self.runs[number].state != DONE]
            for number in done[:-MOST_FINISHED] + empty[:-MOST_FINISHED]:
                del self.runs[number]
