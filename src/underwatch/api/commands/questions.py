"""What the commands about many worlds have in common: a question asked anew or kept in a folder, and its work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from underwatch.api.asked import threads_of
from underwatch.errors import InputError
from underwatch.experiments.engine.answer_folder import kept_entries, new_answer, old_answer
from underwatch.experiments.engine.executors import executor_for
from underwatch.experiments.engine.progress import Progress, warn_if_cold
from underwatch.experiments.engine.tasks import RESULTS, Results
from underwatch.facts.places import slug
from underwatch.world.scenario_file import parse

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from underwatch.experiments.compare import ComparePlan
    from underwatch.experiments.engine.run_directory import RunDirectory
    from underwatch.experiments.sensitivity import SensitivityPlan
    from underwatch.experiments.sweep import Sweep

Plan = TypeVar("Plan", "ComparePlan", "SensitivityPlan", "Sweep")
Kinds = Mapping[str, tuple[type, ...]]


@contextmanager
def asked_or_kept(
    what: str,
    asked: Callable[[], Plan],
    make: Callable[..., Plan],
    kinds: Kinds,
    paths: tuple[str | Path | None, str | Path | None],
) -> Iterator[tuple[Plan, RunDirectory]]:
    """Give what is asked and a new directory for it, or the directory to go on with and what that asks.

    `paths` are `out` and `resume`. `make` gets the scenario that a directory keeps and its other entries, each of its
    kinds. The directory is held, and a stop within says how to go on.
    """
    out, resume = (None if path is None else Path(path) for path in paths)
    if resume is None:
        plan = asked()
        directory = new_answer(out, f"{what}-{slug(plan.scenario.name)}", plan.question())
    else:
        if out is not None:
            raise InputError("out cannot be given with resume: the folder keeps its own question")
        directory = old_answer(resume, what)
        scenario, *others = kept_entries(directory, {"scenario": (str,), **kinds})
        plan = make(parse(scenario, f"{resume}: "), *others)
    with directory.hold():
        yield plan, directory


def refuse_beside_kept(resume: object, scenario: object, options: Mapping[str, object]) -> None:
    """Refuse a scenario beside `resume`: the folder keeps its own question."""
    if resume is not None and (scenario is not None or options):
        raise InputError("a scenario cannot be given with resume: the folder keeps its own question")


@contextmanager
def at_work(
    directory: RunDirectory, plan: Plan, workers: tuple[int | None, str | None], total: int, name: str = ""
) -> Iterator[tuple[Executor, Results, Callable[[int], None]]]:
    """Give executor, results and progress (over `total` of whatever is told) for the tasks of one question.

    `workers` are threads and the address of a Dask cluster. What is done is in the folder.
    """
    results = Results(plan.question(), directory.folder / f"{name}{RESULTS}")
    threads, dask = workers
    executor_asked = executor_for(None if threads is None else threads_of(threads), dask)
    with executor_asked as executor, results, Progress(total) as progress:
        warn_if_cold()
        progress.say(name.strip("-") or directory.kind.what)
        yield executor, results, progress.advance
