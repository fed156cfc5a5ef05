"""`underwatch sweep`: every uncertain parameter drawn from its range, and what comes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from underwatch.cli.many import asked_options, checked_place, ensemble_option, many_worlds, refuse_beside_resume
from underwatch.cli.typed import SCENARIO, help_of, number
from underwatch.terminal import say, say_json, say_table

if TYPE_CHECKING:
    from underwatch.experiments.sweep import Sweep


@click.command(**help_of("sweep"))
@SCENARIO
@number("--draws", 1, 1_000_000, "Draws from the ensemble. Example: --draws 500", 100)
@ensemble_option
@number("--replicates", 1, 10_000, "Worlds of each draw, with other luck. Example: --replicates 4", 1)
@click.option(
    "--sampler",
    type=click.Choice(("lhs", "sobol")),
    default="lhs",
    show_default=True,
    help="Of the prior: a Latin hypercube, or Sobol's sequence (asks the prior). Example: --sampler sobol",
)
@many_worlds("table", 5000, "Print the bands as JSON. Example: --json | jq .bands")
@click.pass_context
def sweep(ctx: click.Context, as_json: bool, **given: Any) -> int:
    """Hand the command line to `underwatch.sweep`, and print what comes back; 1 when a world has no result."""
    refuse_beside_resume(ctx)
    checked_place(given, "sweep hoeryong --draws 100")
    from underwatch.api.commands.sweep import sweep as ask

    result = ask(given.pop("place"), **asked_options(given))
    plan, bands = result.plan, result.bands("arrow").to_pylist()
    if as_json:
        told = {"folder": str(result.path), "manifest": result.manifest, "bands": bands}
        say_json(json.dumps(told, indent=2))
    else:
        _print(plan, bands)
        say(f"Every draw with its parameters, and the page report.html: {result.path}")
    if result.n_failed:
        say(f"{result.n_failed} of {result.n_worlds} worlds have no result; the first: {result.first_reason}", err=True)
    return 1 if result.n_failed else 0


def _print(plan: Sweep, bands: list[dict[str, Any]]) -> None:
    """Print the band of every headline."""
    from underwatch.experiments.sweep import PRIOR
    from underwatch.pages.summary import fixed_words, sentence, worlds_words
    from underwatch.record.ranges import FEWEST

    numbers, rows = ("low", "25 %", "50 %", "75 %", "high", "holds", "n"), []
    for row in bands:
        cells = [row[q] for q in ("low", "q25", "q50", "q75", "high")]
        shown = ["-" if cell is None else f"{cell:,.3g}" for cell in cells]
        spread = "draws" if row["spread"] == PRIOR else row["spread"]
        rows.append((row["headline"], row["unit"], spread, *shown, f"{row['holds']:.0%}", str(row["n"])))
    say_table(("headline", "unit", "spread", *numbers), rows, numbers)
    say(
        f"draws: over all that is not set, parameters and forms, {plan.draws} of "
        f"{worlds_words(plan.ensemble, plan.is_adapted)}; luck: over worlds, each around its draw. "
        f"From low to high lies the share of further ones under holds: 90 % where n is {FEWEST} or more, else as many "
        "as the whole range can hold; luck of two replicates holds less where a figure is rare."
        f"{sentence(fixed_words(len(plan.scenario.fixed())))}"
    )
