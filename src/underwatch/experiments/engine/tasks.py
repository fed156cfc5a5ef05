"""Many worlds as numbered tasks on any executor: kept as they come, told in the order of their numbers.

Whoever works on them and however often they are stopped, the results are the same: a task is a pure function of its
question, and what it gave is kept under its number. A task that fails is kept with its reason and sinks no other.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from underwatch import __version__
from underwatch.errors import InputError
from underwatch.files.intake.json import parse_json
from underwatch.files.writing import growing_file
from underwatch.world.kernels.compiled import sources_hash

RESULTS = "results.jsonl"
_IN_FLIGHT = 64  # tasks handed over and not yet back, at most: so that a stop loses little, and memory stays flat
_LONGEST_REASON = 200
_LONGEST_LINE = 64_000  # bytes; ours have some hundred figures
_LARGEST_RESULTS = 16 << 20  # bytes: 100,000 worlds of eight figures
MADE_BY = f"{__version__} {sources_hash()}"


class OtherVersion(Exception):  # noqa: N818 - it says what is there, not that something failed
    """A worker has another version of the package than the one that asks."""


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
    found: dict[int, Outcome] = field(default_factory=dict)
    _file: IO[bytes] | None = None

    def __enter__(self) -> Results:
        if self.path is None:
            return self
        told = json.dumps({"question": _mark(self.question)})
        file = growing_file(self.path)
        try:
            file.seek(0)
            data = file.read(_LARGEST_RESULTS + 1)
            if len(data) > _LARGEST_RESULTS:
                raise InputError(f"{self.path}: is longer than {_LARGEST_RESULTS:,} bytes and no file of results")
            if data:
                file.truncate(self._read(data, told))
            else:
                file.write(f"{told}\n".encode())
                file.flush()
        except BaseException:
            file.close()
            raise
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def _read(self, data: bytes, told: str) -> int:
        """Take up what an earlier go has kept; return how many bytes are whole lines."""
        whole = data.rfind(b"\n") + 1
        lines = io.BytesIO(data[:whole])  # one at a time: a stranger's file may have millions
        if lines.readline().rstrip(b"\n").decode("utf-8", "replace") != told:
            raise InputError(f"{self.path} holds the results of another question or version; name another folder")
        for line in lines:
            number, outcome = self._row(line[:_LONGEST_LINE].decode("utf-8", "replace"))
            self.found[number] = outcome
        return whole

    def _row(self, line: str) -> tuple[int, Outcome]:
        """Return what a line tells: the number of a task, and what it gave."""
        try:
            row = parse_json(line, "", finite=False)
            values, reason, task = row["values"], row["reason"], row["task"]
        except (ValueError, KeyError, TypeError):
            values, reason, task = (), "", -1
        numbers = values is None or (isinstance(values, list) and all(type(one) in (int, float) for one in values))
        if not numbers or type(reason) is not str or type(task) is not int or task < 0:
            raise InputError(f"{self.path} is damaged; remove it to begin anew")
        return task, Outcome(None if values is None else tuple(map(float, values)), reason[:_LONGEST_REASON])

    def keep(self, number: int, outcome: Outcome) -> None:
        """Note what a task gave; on a full disk one clear line (InputError), and what was kept stays."""
        self.found[number] = outcome
        if self._file is None or self.path is None:
            return
        row = {"task": number, "values": outcome.values, "reason": outcome.reason}
        try:
            self._file.write((json.dumps(row) + "\n").encode())
            self._file.flush()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise InputError(
                f"the disk is full: {len(self.found) - 1} results are kept in {self.path.parent}; make room and resume"
            ) from None

    def check(self, tasks: Sequence[Any]) -> None:
        """Raise InputError where what was kept is not as many figures as its task gives (`task.n_figures`)."""
        for number, task in enumerate(tasks):
            values = self.found[number].values if number in self.found else None
            wanted = getattr(task, "n_figures", None)
            if values is not None and wanted is not None and len(values) != wanted:
                raise InputError(f"{self.path} is damaged: task {number} has {len(values)} figures, not {wanted}")

    def in_order(self, n: int) -> list[Outcome]:
        """Return the outcomes of tasks 0 to n - 1."""
        return [self.found[number] for number in range(n)]


def _mark(question: Mapping[str, Any]) -> str:
    """Return a hash of the question and of who asks it."""
    text = json.dumps({"made_by": MADE_BY, **question}, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def at_work(work: Callable[[Any], Any], task: Any, made_by: str) -> list[float]:
    """Do one task, wherever that is; refuse to where the model is another one."""
    if made_by != MADE_BY:
        raise OtherVersion(MADE_BY)
    return [float(value) for value in np.asarray(work(task), float).reshape(-1)]


def run_tasks(
    tasks: Sequence[Any],
    work: Callable[[Any], Any],
    executor: Executor,
    results: Results,
    progress: Callable[[int], None] | None = None,
) -> list[Outcome]:
    """Run the tasks that have no result yet and return all outcomes in order.

    `work(task)` gives an array of floats; both must be picklable for an executor of other processes. `progress` is
    called with the number of each task that is over. A task whose worker is lost is handed over again, twice at most.
    """
    results.check(tasks)
    left = iter([number for number in range(len(tasks)) if number not in results.found])
    lost: dict[int, int] = {}
    jobs: dict[Future[list[float]], int] = {}

    def hand_over(number: int) -> None:
        jobs[executor.submit(at_work, work, tasks[number], MADE_BY)] = number

    try:
        for number in _some(left, _IN_FLIGHT):
            hand_over(number)
        while jobs:
            done, _ = wait(jobs, return_when=FIRST_COMPLETED)
            for job in done:
                number = jobs.pop(job)
                outcome = _outcome(job)
                if outcome is None and lost.setdefault(number, 0) < 2:
                    lost[number] += 1
                    hand_over(number)
                    continue
                results.keep(number, outcome or Outcome(None, "its worker was lost three times"))
                if progress is not None:
                    progress(number)
                for following in _some(left, 1):
                    hand_over(following)
    except BaseException:
        for job in jobs:
            job.cancel()
        raise
    return results.in_order(len(tasks))


def _some(numbers: Iterator[int], most: int) -> Iterator[int]:
    for _ in range(most):
        number = next(numbers, None)
        if number is None:
            return
        yield number


def _outcome(job: Future[list[float]]) -> Outcome | None:
    """Return what a finished job gave, or None where its worker was lost."""
    try:
        return Outcome(tuple(job.result()))
    except OtherVersion as error:
        raise InputError(
            f"a worker runs underwatch {str(error)[:60]} and this is {MADE_BY}; install the same version on both"
        ) from None
    except BrokenProcessPool:
        raise InputError("the pool of processes broke: a worker was killed; resume to go on") from None
    except (KeyboardInterrupt, CancelledError, MemoryError):
        raise
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            return None
        return Outcome(None, " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_REASON])
