"""What the commands about many worlds have in common: their options, and what is refused beside --resume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from underwatch.cli.typed import Option, dask, json_option, of_a_world, path_option, threads, together
from underwatch.errors import InputError
from underwatch.world.scenario_file import scenario_for

_WITH_RESUME = {"resume", "threads", "dask", "as_json"}

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


def checked_place(given: Mapping[str, Any], example: str) -> None:
    """Refuse a command line without a place, with an example, and one whose scenario cannot be."""
    if given["resume"] is not None:
        return
    if given["place"] is None:
        raise InputError(f"a PLACE or a FILE.toml is missing; for example: underwatch {example}")
    scenario_for(given["place"], **{name: given[name] for name in ("population", "days", "settle_weeks", "seed")})


def refuse_beside_resume(ctx: click.Context) -> None:
    """Refuse, beside --resume, all that says what is asked: the folder keeps its own question."""
    if ctx.params["resume"] is not None:
        refuse_beside(ctx, _WITH_RESUME, "--resume: the folder keeps its own question")


def asked_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a question as `underwatch` takes them: beside --resume none of its scenario."""
    own = ("population", "days", "settle_weeks", "seed")
    return {name: value for name, value in given.items() if not (name in own and value is None)}
