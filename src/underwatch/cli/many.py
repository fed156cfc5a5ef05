"""What the commands about many worlds have in common: their options, their executor, their results and progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underwatch.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from underwatch.experiments.engine.run_directory import RunDirectory
    from underwatch.experiments.engine.tasks import Results

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


def many_worlds(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of all that runs many worlds."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def alone_with_resume(ctx: click.Context) -> None:
    """Refuse, beside --resume, all that says what is asked: the folder tells that itself."""
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(str(parameter.name))
        if source is click.core.ParameterSource.COMMANDLINE and parameter.name not in _WITH_RESUME:
            told = parameter.opts[0] if isinstance(parameter, click.Option) else "a place"
            raise InputError(f"{told} cannot be given with --resume: the folder keeps its own question")


@contextmanager
def at_work(
    directory: RunDirectory, question: Mapping[str, Any], given: Mapping[str, Any], total: int, name: str = ""
) -> Iterator[tuple[Executor, Results, Callable[[int], None]]]:
    """Give executor, results and progress (over `total` of whatever is told) for the tasks of one question.

    A stop says how to go on; what is done is in the folder.
    """
    from underwatch.experiments.engine.executors import executor_for
    from underwatch.experiments.engine.progress import Progress, warn_if_cold
    from underwatch.experiments.engine.tasks import RESULTS, Results

    results = Results(question, directory.folder / f"{name}{RESULTS}")
    executor_asked = executor_for(given["threads"], given["dask"])
    with directory.hold(), executor_asked as executor, results, Progress(total) as progress:
        warn_if_cold()
        progress.say(name.strip("-") or str(question["what"]))
        yield executor, results, progress.advance
