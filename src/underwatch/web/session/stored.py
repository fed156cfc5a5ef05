"""The example that ships with the studio: a finished run of the default question, so that a page shows one at once.

`benchmarks/studio_example.py` makes it, and it belongs to the settings of the ensemble that ships beside it. What is
stored are figures of its worlds and of the example history, never a sentence: texts, statements and the silence curve
are those of the program that shows it. Of incidents there are counts by week alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from underwatch.experiments.engine.runner import Runner
from underwatch.experiments.ensemble.settings import shipped_key
from underwatch.experiments.studies.running_study import RunningStudy
from underwatch.experiments.study import Example, Study
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.record.measures import SUMS, Measured
from underwatch.record.schema import GROUPS
from underwatch.web.session.request import question_of
from underwatch.web.session.studio_run import DONE, STORED, Stored, StudioRun

DRAWN = tuple(name for name in Measured.__slots__ if name != "weekly")  # of the weeks of draws their bands are kept
Arrays = Mapping[str, np.ndarray]
_one_at_a_time = threading.Lock()


def stored_path() -> Path:
    """Return where it is."""
    return Path(str(files("underwatch.web").joinpath("shipped", "example.npz")))


def key_of(ensemble: str) -> list[Any]:
    """Return what a stored example must have been made with: the settings, and the names of all figures."""
    return [shipped_key(ensemble), [*HEADLINE_NAMES], [*GROUPS], [*SUMS]]


def stored_run() -> StudioRun | None:
    """Return the example that ships, read in once; None where it is not of this program and its ensemble."""
    with _one_at_a_time:
        return _read()


@cache
def _read() -> StudioRun | None:
    if not stored_path().is_file():
        return None
    with np.load(stored_path(), allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    plain = json.loads(arrays["plain"].tobytes())
    question = question_of(plain["question"])
    if plain["key"] != key_of(question.ensemble):
        return None
    run = StudioRun(STORED, question, kept=True, state=DONE, stage=DONE, digest=plain["digest"], ledger=plain["ledger"])
    run.worlds = question.worlds_of(question.example_at(plain["draw"]))
    run.study, run.unit_start = _study(run, arrays, plain), arrays["unit_start"]
    run.lives = {int(who): life for who, life in plain["lives"].items()}
    run.stored = Stored(_days(arrays, [*run.worlds]), plain["seen"], plain["examples"])
    return run


def _days(arrays: Arrays, worlds: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return by world the days listed and first followed; of the twin what differs is kept."""
    before: tuple[Any, Any] = (np.uint16(0), np.uint16(0))
    days = {}
    for world in worlds:
        before = arrays[f"{world}.listed"] ^ before[0], arrays[f"{world}.followed"] ^ before[1]
        days[world] = before
    return days


def _study(run: StudioRun, arrays: Arrays, plain: Mapping[str, Any]) -> Study:
    """Return the figures: what the question and the program say of them, and what was kept of the worlds."""
    running = RunningStudy(run.question, 1, Runner(lambda days: None, lambda: False, object), Nobody())
    running.draw = plain["draw"]
    running.run_silence()
    study = running.study()

    def own(world: str) -> Measured:
        return Measured(**{part: arrays[f"{world}.example.{part}"] for part in Measured.__slots__})

    def drawn(world: str) -> Measured:
        kept = {part: arrays[f"{world}.drawn.{part}"].astype(float) for part in DRAWN}
        return Measured(**kept, weekly=spread(arrays[f"{world}.bands"].astype(float), len(kept["year"])))

    example = Example(
        running.example, plain["draw"], {world: own(world) for world in run.worlds}, plain["published"],
        arrays["change"], plain["left_out"], plain["n_figures"],
    )  # fmt: skip
    published = {world: arrays[f"{world}.published"].astype(float) for world in run.worlds}
    return replace(study, example=example, drawn={world: drawn(world) for world in run.worlds}, published=published)


def spread(bands: np.ndarray, draws: int) -> np.ndarray:
    """Return float[draws, ...] that has these low, median, high and number of values, float[4, ...], as its range.

    A quarter of the values are the low one, a half the median, a quarter the high one; all that is asked of the weeks
    of draws is their range.
    """
    low, middle, high, n = bands
    rank = np.arange(draws).reshape(-1, *(1,) * low.ndim)
    some = np.ceil(n / 4)
    values = np.where(rank < some, low, np.where(rank < n - some, middle, high))
    return np.where(rank < n, np.where(n < 2, middle, values), np.nan)


class Nobody:
    """Nobody looks at worlds that are not run."""

    def week(self, *_: object) -> None:
        """Do nothing."""

    def finished(self, *_: object) -> None:
        """Do nothing."""
