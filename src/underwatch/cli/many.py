"""What the commands about many worlds have in common: their options, their question, their executor and progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from underwatch.cli.typed import Option, dask, json_option, of_a_world, path_option, threads, together
from underwatch.errors import InputError
from underwatch.facts.places import slug
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import parse, scenario_for

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from underwatch.experiments.compare import ComparePlan
    from underwatch.experiments.engine.run_directory import RunDirectory
    from underwatch.experiments.engine.tasks import Results
    from underwatch.experiments.sensitivity import SensitivityPlan
    from underwatch.experiments.sweep import Sweep

_WITH_RESUME = {"resume", "threads", "dask", "as_json"}
Plan = TypeVar("Plan", "ComparePlan", "SensitivityPlan", "Sweep")
Kinds = Mapping[str, tuple[type, ...]]

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


def many_worlds(same: str, residents: int, json_help: str) -> Option:
    """Return the options of all that runs many worlds: what the same seed gives again, and examples."""
    return together((
        of_a_world("--population", residents), of_a_world("--days", 180),
        of_a_world("--settle-weeks", 52), of_a_world("--seed", same),
        threads("; the result does not depend on them"), dask(" (docs/how-to/cluster.md)"),
        path_option("--out", what="DIR",
                    help="The new folder (default: runs/COMMAND-PLACE-001, counting up). Example: --out mine"),
        path_option("--resume", what="DIR",
                    help="Go on with a folder that was not finished. Example: --resume runs/sweep-hoeryong-001"),
        json_option(json_help),
    ))  # fmt: skip


def refuse_beside(ctx: click.Context, allowed: set[str], what: str) -> None:
    """Refuse all that is given on the command line beside what keeps its own, but for what is allowed."""
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(str(parameter.name))
        if source is click.core.ParameterSource.COMMANDLINE and parameter.name not in allowed:
            name = parameter.opts[0] if isinstance(parameter, click.Option) else "a place"
            raise InputError(f"{name} cannot be given with {what}")


def scenario_asked(given: Mapping[str, Any], example: str) -> Scenario:
    """Return the scenario of the command line; InputError with an example where no place is named."""
    if given["place"] is None:
        raise InputError(f"a PLACE or a FILE.toml is missing; for example: underwatch {example}")
    own = ("population", "days", "settle_weeks", "seed")
    return scenario_for(given["place"], **{name: given[name] for name in own})


@contextmanager
def asked_or_kept(
    ctx: click.Context, asked: Callable[[], Plan], make: Callable[..., Plan], kinds: Kinds
) -> Iterator[tuple[Plan, RunDirectory]]:
    """Give what is asked and a new directory for it, or with --resume the directory and what it asks.

    Beside --resume all that says what is asked is refused: the directory tells that itself. `make` gets the scenario
    that it keeps and its other entries, each of its kinds. The directory is held, and a stop within says how to go on.
    """
    from underwatch.experiments.engine.answer_folder import kept_entries, new_answer, old_answer

    what, resume = str(ctx.command.name), ctx.params["resume"]
    if resume is None:
        plan = asked()
        directory = new_answer(ctx.params["out"], f"{what}-{slug(plan.scenario.name)}", plan.question())
    else:
        refuse_beside(ctx, _WITH_RESUME, "--resume: the folder keeps its own question")
        directory = old_answer(resume, what)
        scenario, *others = kept_entries(directory, {"scenario": (str,), **kinds})
        plan = make(parse(scenario, f"{resume}: "), *others)
    with directory.hold():
        yield plan, directory


@contextmanager
def at_work(
    directory: RunDirectory, plan: Plan, given: Mapping[str, Any], total: int, name: str = ""
) -> Iterator[tuple[Executor, Results, Callable[[int], None]]]:
    """Give executor, results and progress (over `total` of whatever is told) for the tasks of one question.

    What is done is in the folder.
    """
    from underwatch.experiments.engine.executors import executor_for
    from underwatch.experiments.engine.progress import Progress, warn_if_cold
    from underwatch.experiments.engine.tasks import RESULTS, Results

    results = Results(plan.question(), directory.folder / f"{name}{RESULTS}")
    executor_asked = executor_for(given["threads"], given["dask"])
    with executor_asked as executor, results, Progress(total) as progress:
        warn_if_cold()
        progress.say(name.strip("-") or directory.kind.what)
        yield executor, results, progress.advance
