"""What the commands about many worlds have in common: their options, their executor, their results and progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from underwatch.errors import InputError
from underwatch.facts.places import slug

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from underwatch.experiments.compare import ComparePlan
    from underwatch.experiments.engine.run_directory import RunDirectory
    from underwatch.experiments.engine.tasks import Results
    from underwatch.experiments.sensitivity import SensitivityPlan
    from underwatch.experiments.sweep import Sweep

_WITH_RESUME = {"resume", "threads", "dask", "as_json"}

_OPTIONS = (
    click.option(
        "--threads",
        type=click.IntRange(1, 1024),
        help="Threads (default: all cores); the result does not depend on them. Example: --threads 2",
    ),
    click.option(
        "--dask",
        metavar="ADDRESS",
        help="The workers of a Dask cluster instead (docs/how-to/cluster.md). Example: --dask tcp://10.0.0.1:8786",
    ),
    click.option(
        "--out",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="The new folder (default: runs/COMMAND-PLACE-001, counting up). Example: --out mine",
    ),
    click.option(
        "--resume",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Go on with a folder that was not finished. Example: --resume runs/sweep-hoeryong-001",
    ),
)


Plan = TypeVar("Plan", "ComparePlan", "SensitivityPlan", "Sweep")

ensemble_option = click.option(
    "--ensemble",
    metavar="NAME",
    callback=lambda _, __, name: _known_ensemble(name),
    help="Whose worlds: prior (all that is possible), known (what agrees with published figures) or described (what "
    "agrees with the report's statements). Example: --ensemble known",
)


def _known_ensemble(name: str | None) -> str | None:
    """Return the name of an ensemble, None for the default one; InputError with the nearest for another."""
    if name is None:
        return None
    from underwatch.experiments.ensemble.settings import checked_ensemble

    return checked_ensemble(name.strip().lower())


def many_worlds(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of all that runs many worlds."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def refuse_beside(ctx: click.Context, allowed: set[str], what: str) -> None:
    """Refuse all that is given on the command line beside what keeps its own, but for what is allowed."""
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(str(parameter.name))
        if source is click.core.ParameterSource.COMMANDLINE and parameter.name not in allowed:
            name = parameter.opts[0] if isinstance(parameter, click.Option) else "a place"
            raise InputError(f"{name} cannot be given with {what}")


def asked_or_kept(
    ctx: click.Context, asked: Callable[[], Plan], kept: Callable[[RunDirectory, str], Plan]
) -> tuple[Plan, RunDirectory]:
    """Return what is asked and a new directory for it, or with --resume the directory and what it asks.

    Beside --resume all that says what is asked is refused: the directory tells that itself. `kept` gets the directory
    and what errors about the scenario in it begin with.
    """
    from underwatch.experiments.engine.answer_folder import new_answer, old_answer

    what, resume = str(ctx.command.name), ctx.params["resume"]
    if resume is None:
        plan = asked()
        return plan, new_answer(ctx.params["out"], f"{what}-{slug(plan.scenario.name)}", plan.question())
    refuse_beside(ctx, _WITH_RESUME, "--resume: the folder keeps its own question")
    directory = old_answer(resume, what)
    return kept(directory, f"{resume}: "), directory


@contextmanager
def at_work(
    directory: RunDirectory, plan: Plan, given: Mapping[str, Any], total: int, name: str = ""
) -> Iterator[tuple[Executor, Results, Callable[[int], None]]]:
    """Give executor, results and progress (over `total` of whatever is told) for the tasks of one question.

    A stop says how to go on; what is done is in the folder.
    """
    from underwatch.experiments.engine.executors import executor_for
    from underwatch.experiments.engine.progress import Progress, warn_if_cold
    from underwatch.experiments.engine.tasks import RESULTS, Results

    results = Results(plan.question(), directory.folder / f"{name}{RESULTS}")
    executor_asked = executor_for(given["threads"], given["dask"])
    with directory.hold(), executor_asked as executor, results, Progress(total) as progress:
        warn_if_cold()
        progress.say(name.strip("-") or directory.kind.what)
        yield executor, results, progress.advance
