"""`underwatch sweep`: every uncertain parameter drawn from its range, and what comes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from underwatch.cli.many import asked_or_kept, at_work, ensemble_option, many_worlds
from underwatch.errors import InputError
from underwatch.terminal import say, say_json, say_table
from underwatch.world.scenario_file import scenario_for, scenario_toml

if TYPE_CHECKING:
    from underwatch.experiments.engine.run_directory import RunDirectory
    from underwatch.experiments.sweep import Sweep

_HELP = """Draw every uncertain parameter from its stated range, run each draw, and report how wide the figures are.

PLACE is a city or county or a province; FILE.toml is a scenario, and what it sets stays as set, the central value too.
Every world has luck of its own. Writes draws.parquet (a row per world with all parameters and its seed), bands.csv and
a page. Every resident is synthetic.
"""
_EXAMPLES = """\b
Examples:
  underwatch sweep hoeryong --draws 500
  underwatch sweep hoeryong --draws 64 --replicates 4 --sampler sobol --population 20000
  underwatch sweep --resume runs/sweep-hoeryong-001
"""


@click.command(help=_HELP, epilog=_EXAMPLES)
@click.argument("place", required=False, metavar="[PLACE|FILE.toml]")
@click.option(
    "--draws",
    type=click.IntRange(1, 1_000_000),
    default=100,
    show_default=True,
    help="Draws from the ensemble. Example: --draws 500",
)
@ensemble_option
@click.option(
    "--replicates",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="Worlds of each draw, with other luck. Example: --replicates 4",
)
@click.option(
    "--sampler",
    type=click.Choice(("lhs", "sobol")),
    default="lhs",
    show_default=True,
    help="A Latin hypercube, or Sobol's sequence. Example: --sampler sobol",
)
@click.option("--population", type=int, help="Draw the place with that many residents. Example: --population 5000")
@click.option("--days", type=int, help="How many days, from the start on (default 365). Example: --days 180")
@click.option(
    "--settle-weeks",
    type=int,
    help="Weeks simulated before the start and not counted (default 26). Example: --settle-weeks 52",
)
@click.option("--seed", type=int, help="Luck: the same seed gives the same table (default 1). Example: --seed 7")
@many_worlds
@click.option("--json", "as_json", is_flag=True, help="Print the bands as JSON. Example: --json | jq .bands")
@click.pass_context
def sweep(ctx: click.Context, place: str | None, as_json: bool, **given: Any) -> int:
    """Ask the question, run it, keep it and show it; 1 when a world has no result."""
    from underwatch.experiments.engine.answer_folder import csv
    from underwatch.experiments.engine.tasks import run_tasks
    from underwatch.experiments.sweep import bands_table, draws_table, headlines_of
    from underwatch.pages.answers import sweep_page
    from underwatch.record.outputs import parquet

    plan, directory = asked_or_kept(ctx, lambda: _asked(place, given), _kept)
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
    entries = {
        "place": plan.scenario.name,
        "population": plan.scenario.residents,
        "days": plan.scenario.days,
        "seed": plan.scenario.seed,
        "draws": plan.draws,
        "replicates": plan.replicates,
        "sampler": plan.sampler,
        "ensemble": plan.ensemble,
        "without_result": n_failed,
    }
    manifest = directory.finish(contents.items(), entries)
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


def _asked(place: str | None, given: dict[str, Any]) -> Sweep:
    from underwatch.experiments.ensemble.settings import usable_ensemble
    from underwatch.experiments.sweep import Sweep

    if place is None:
        raise InputError("a PLACE or a FILE.toml is missing; for example: underwatch sweep hoeryong --draws 100")
    scenario = scenario_for(place, **{name: given[name] for name in ("population", "days", "settle_weeks", "seed")})
    ensemble = usable_ensemble(given["ensemble"])
    return Sweep(scenario, given["draws"], given["replicates"], given["sampler"], ensemble)


def _kept(directory: RunDirectory, where: str) -> Sweep:
    from underwatch.experiments.engine.answer_folder import kept_entries
    from underwatch.experiments.sweep import Sweep
    from underwatch.world.scenario_file import parse

    kinds = {"scenario": (str,), "draws": (int,), "replicates": (int,), "sampler": (str,), "ensemble": (str,)}
    scenario, *others = kept_entries(directory, kinds)
    return Sweep(parse(scenario, where), *others)


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
