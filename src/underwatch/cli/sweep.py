"""`underwatch sweep`: every uncertain parameter drawn from its range, and what comes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from underwatch.cli.many import asked_or_kept, at_work, ensemble_option, many_worlds, scenario_asked
from underwatch.cli.typed import SCENARIO, help_of, number
from underwatch.terminal import say, say_json, say_table
from underwatch.world.scenario_file import scenario_toml

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
    """Ask the question, run it, keep it and show it; 1 when a world has no result."""
    from underwatch.experiments.engine.answer_folder import about, csv
    from underwatch.experiments.engine.tasks import run_tasks
    from underwatch.experiments.ensemble.names import PRIOR
    from underwatch.experiments.ensemble.settings import usable_ensemble
    from underwatch.experiments.sweep import Sweep, bands_table, draws_table, headlines_of
    from underwatch.pages.answers import sweep_page
    from underwatch.record.outputs import parquet

    def asked() -> Sweep:
        named = given["ensemble"] or (PRIOR if given["sampler"] == "sobol" else None)  # no other has a sampler
        scenario, ensemble = scenario_asked(given, "sweep hoeryong --draws 100"), usable_ensemble(named)
        return Sweep(scenario, given["draws"], given["replicates"], given["sampler"], ensemble)

    kinds = {"draws": (int,), "replicates": (int,), "sampler": (str,), "ensemble": (str,)}
    with asked_or_kept(ctx, asked, Sweep, kinds) as (plan, directory):
        worlds = plan.worlds()
        with at_work(directory, plan, given, len(worlds)) as (executor, results, advance):
            outcomes = run_tasks(worlds, headlines_of, executor, results, lambda _: advance(1))
        n_failed = sum(item.values is None for item in outcomes)
        draws, bands = draws_table(plan, outcomes), bands_table(plan, outcomes)
        contents = {
            "scenario.toml": scenario_toml(plan.scenario).encode(),
            "draws.parquet": parquet(draws),
            "bands.csv": csv(bands),
            "report.html": sweep_page(plan, bands, n_failed).encode(),
        }
        drawn = {name: getattr(plan, name) for name in kinds}
        manifest = directory.finish(contents.items(), about(plan.scenario) | drawn | {"without_result": n_failed})
    if as_json:
        say_json(
            json.dumps({"folder": str(directory.path), "manifest": manifest, "bands": bands.to_pylist()}, indent=2)
        )
    else:
        _print(plan, bands.to_pylist())
        say(f"Every draw with its parameters, and the page report.html: {directory.path}")
    if n_failed:
        first = next(item.reason for item in outcomes if item.values is None)
        say(f"{n_failed} of {len(outcomes)} worlds have no result; the first: {first}", err=True)
    return 1 if n_failed else 0


def _print(plan: Sweep, bands: list[dict[str, Any]]) -> None:
    """Print the band of every headline."""
    from underwatch.pages.summary import sentence, set_words, worlds_words
    from underwatch.record.ranges import FEWEST

    numbers, rows = ("low", "25 %", "50 %", "75 %", "high", "holds", "n"), []
    for row in bands:
        cells = [row[q] for q in ("low", "q25", "q50", "q75", "high")]
        shown = ["-" if cell is None else f"{cell:,.3g}" for cell in cells]
        rows.append((row["headline"], row["unit"], row["spread"], *shown, f"{row['holds']:.0%}", str(row["n"])))
    say_table(("headline", "unit", "spread", *numbers), rows, numbers)
    say(
        f"prior: over draws of every uncertain parameter and form that is not set, {plan.draws} of "
        f"{worlds_words(plan.ensemble, plan.is_adapted)}; luck: over worlds, each around its draw. "
        f"From low to high lies the share of further ones under holds: 90 % where n is {FEWEST} or more, else as many "
        "as the whole range can hold; luck of two replicates holds less where a figure is rare."
        f"{sentence(set_words(len(plan.scenario.fixed())))}"
    )
