"""`underwatch sensitivity`: which unknowns drive the figures, and what to ask about first."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import click

from underwatch.cli.many import asked_options, checked_place, many_worlds, refuse_beside_resume
from underwatch.cli.typed import SCENARIO, help_of
from underwatch.errors import InputError
from underwatch.terminal import say, say_json


@click.command(**help_of("sensitivity"))
@SCENARIO
@click.option("--trajectories", type=int, default=8, show_default=True, help="Of Morris. Example: --trajectories 16")
@click.option("--n", type=int, default=512, show_default=True, help="Base samples of Sobol. Example: --n 256")
@click.option("--factors", type=int, default=10, show_default=True, help="Unknowns for Sobol. Example: --factors 6")
@click.option("--town", type=int, default=10_000, show_default=True, help="Residents for Sobol. Example: --town 5000")
@many_worlds("indices", 20000, "Print the indices as JSON. Example: --json | jq .ask_first")
@click.pass_context
def sensitivity(ctx: click.Context, as_json: bool, **given: Any) -> None:
    """Hand the command line to `underwatch.sensitivity`, and print what comes back."""
    if find_spec("SALib") is None:
        raise InputError("sensitivity needs the package SALib: pip install SALib")
    refuse_beside_resume(ctx)
    checked_place(given, "sensitivity hoeryong")
    from underwatch.api.commands.sensitivity import sensitivity as ask
    from underwatch.facts import model_parameters
    from underwatch.pages.answers import ask_lines

    result = ask(given.pop("place"), **asked_options(given))
    if as_json:
        told = {"folder": str(result.path), "manifest": result.manifest, "ask_first": result.ask_first}
        say_json(json.dumps(told | {"indices": result.to_df("arrow").to_pylist()}, indent=2))
        return
    say(*ask_lines(result.divided, {name: fact.meaning for name, fact in model_parameters().items()}))
    say(f"All indices with intervals, and the page report.html: {result.path}")
