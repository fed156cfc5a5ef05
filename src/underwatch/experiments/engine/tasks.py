"""Many worlds as numbered tasks on any executor: kept as they come, told in the order of their numbers.

Whoever works on them and however often they are stopped, the results are the same: a task is a pure function of its
question, and what it gave is kept under its number. A task that fails is kept with its reason and sinks no other.
"""

from __future__ import annotations

import errno
import io
import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

from underwatch.errors import InputError
from underwatch.experiments.engine.executors import executor_for
from underwatch.files.intake.json import parse_json
from underwatch.files.writing import growing_file
from underwatch.record.provenance import made_by, mark

RESULTS = "results.jsonl"
IN_FLIGHT = 64  # tasks handed over and not yet back, at most: so that a stop loses little, and memory stays flat
_LONGEST_REASON = 200
_MOST_LOST = 2  # times that a task is handed over again
_LONGEST_LINE = 64_000  # bytes; ours have some hundred figures
_LARGEST_RESULTS = 16 << 20  # bytes: 100,000 worlds of eight figures
Key = TypeVar("Key", bound=Hashable)
Task = TypeVar("Task")
Result = TypeVar("Result")


class UselessWorker(InputError):  # noqa: N818 - it says what is wrong with a worker
    """A worker that can do no task at all, so that none is failed for it."""


@dataclass(frozen=True)
class Outcome:
    """What a task gave: its figures, or the reason why there are none."""

    values: tuple[float, ...] | None
    reason: str = ""


@dataclass
class Results:
    """What is known of the tasks of one question, in a file that only grows; a line that was cut off is left out.

    `question` is whatever tells one question from another: results of another one are refused. Without a path nothing
    is kept.
    """

    question: Mapping[str, Any]
    path: Path | None = None
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    _file: IO[bytes] | None = None

    def __enter__(self) -> Results:
        if self.path is None:
            return self
        first = json.dumps({"question": mark(self.question)})
        file = growing_file(self.path)
        try:
            file.seek(0)
            data = file.read(_LARGEST_RESULTS + 1)
            if len(data) > _LARGEST_RESULTS:
                raise InputError(f"{self.path}: is longer than {_LARGEST_RESULTS:,} bytes and no file of results")
            if data:
                file.truncate(self._read(data, first))
            else:
                file.write(f"{first}\n".encode())
                file.flush()
        except BaseException:
            file.close()
            raise
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def _read(self, data: bytes, first: str) -> int:
        """Take up what an earlier go has kept; return how many bytes are whole lines."""
        whole = data.rfind(b"\n") + 1
        lines = io.BytesIO(data[:whole])  # one at a time: a stranger's file may have millions
        if lines.readline().rstrip(b"\n").decode("utf-8", "replace") != first:
            raise InputError(f"{self.path} holds the results of another question or version; name another folder")
        for line in lines:
            number, outcome = self._row(line[:_LONGEST_LINE].decode("utf-8", "replace"))
            self.outcomes[number] = outcome
        return whole

    def _row(self, line: str) -> tuple[int, Outcome]:
        """Return what a line tells: the number of a task, and what it gave."""
        try:
            row = parse_json(line, "", finite=False)
            values, reason, task = row["values"], row["reason"], row["task"]
        except (ValueError, KeyError, TypeError):
            values, reason, task = (), "", -1
        numbers = values is None or (isinstance(values, list) and all(type(value) in (int, float) for value in values))
        if not numbers or type(reason) is not str or type(task) is not int or task < 0:
            raise InputError(f"{self.path} is damaged; remove it to begin anew")
        return task, Outcome(None if values is None else tuple(map(float, values)), reason[:_LONGEST_REASON])

    def keep(self, number: int, outcome: Outcome) -> None:
        """Note what a task gave; on a full disk one clear line (InputError), and what was kept stays."""
        self.outcomes[number] = outcome
        if self._file is None or self.path is None:
            return
        row = {"task": number, "values": outcome.values, "reason": outcome.reason}
        try:
            self._file.write((json.dumps(row) + "\n").encode())
            self._file.flush()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            kept = f"{len(self.outcomes) - 1} results are kept in {self.path.parent}"
            raise InputError(f"the disk is full: {kept}; make room and resume") from None

    def check(self, tasks: Sequence[Any]) -> None:
        """Raise InputError where what was kept is not as many figures as its task gives (`task.n_figures`)."""
        for number, task in enumerate(tasks):
            values = self.outcomes[number].values if number in self.outcomes else None
            wanted = getattr(task, "n_figures", None)
            if values is not None and wanted is not None and len(values) != wanted:
                raise InputError(f"{self.path} is damaged: task {number} has {len(values)} figures, not {wanted}")

    def in_order(self, n: int) -> list[Outcome]:
        """Return the outcomes of tasks 0 to n - 1."""
        return [self.outcomes[number] for number in range(n)]


def at_work(work: Callable[[Task], Result], task: Task, version: str) -> Result:
    """Do one task, wherever that is; refuse to where the model is another one."""
    if version != made_by():
        raise UselessWorker(
            f"a worker runs underwatch {made_by()[:60]} and this is {version}; install the same version on both"
        )
    return work(task)


def as_completed(
    tasks: Mapping[Key, Task], work: Callable[[Task], Result], executor: Executor, ahead: int = IN_FLIGHT
) -> Iterator[tuple[Key, Future[Result]]]:
    """Do tasks on an executor and yield the key and the future of each as soon as it is over.

    `ahead` of them at most are handed over and not yet back; those are cancelled when the caller goes on no more. A
    task whose worker is lost is handed over again, twice at most.
    """
    left, lost = iter(tasks.items()), Counter[Key]()
    jobs: dict[Future[Result], Key] = {}
    try:
        while True:
            for key, task in islice(left, ahead - len(jobs)):
                jobs[executor.submit(at_work, work, task, made_by())] = key
            if not jobs:
                return
            for job in wait(jobs, return_when=FIRST_COMPLETED).done:
                key = jobs.pop(job)
                if _is_lost(job) and lost[key] < _MOST_LOST:
                    lost[key] += 1
                    jobs[executor.submit(at_work, work, tasks[key], made_by())] = key
                else:
                    yield key, job
    finally:
        for job in jobs:
            job.cancel()


def _is_lost(job: Future[Any]) -> bool:
    return type(job.exception()).__name__ == "KilledWorker"


def result_of(job: Future[Result]) -> Result:
    """Return what a task gave; UselessWorker where it could not be done at all."""
    try:
        return job.result()
    except BrokenProcessPool:
        raise UselessWorker("the pool of processes broke: a worker was killed; resume to go on") from None


def run_all(
    tasks: Iterable[Key], work: Callable[[Key], Result], threads: int, stop: Callable[[], object] = lambda: None
) -> dict[Key, Result]:
    """Run tasks on threads that all have to succeed, and return their results by task, in order.

    The first that fails, or a stop, is raised, after `stop` has been called for the others to end by.
    """
    tasks, results = list(tasks), dict[Key, Result]()
    with executor_for(max(1, threads)) as executor:
        try:
            for task, job in as_completed({task: task for task in tasks}, work, executor):
                results[task] = result_of(job)
        except BaseException:
            stop()
            raise
    return {task: results[task] for task in tasks}


def run_tasks(
    tasks: Sequence[Any],
    work: Callable[[Any], Any],
    executor: Executor,
    results: Results,
    progress: Callable[[int], None] | None = None,
) -> list[Outcome]:
    """Run the tasks that have no result yet and return all outcomes in order.

    `work(task)` gives an array of floats; both must be picklable for an executor of other processes. `progress` is
    called with the number of each task that is over.
    """
    results.check(tasks)
    left = {number: task for number, task in enumerate(tasks) if number not in results.outcomes}
    for number, job in as_completed(left, work, executor):
        results.keep(number, _outcome(job))
        if progress is not None:
            progress(number)
    return results.in_order(len(tasks))


def _outcome(job: Future[Any]) -> Outcome:
    """Return what a finished job gave: figures, or the reason why there are none."""
    try:
        return Outcome(tuple(np.asarray(result_of(job), float).reshape(-1).tolist()))
    except (KeyboardInterrupt, CancelledError, MemoryError, UselessWorker):
        raise
    except Exception as error:
        if _is_lost(job):
            return Outcome(None, "its worker was lost three times")
        return Outcome(None, " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_REASON])
