"""`underwatch sensitivity`: which unknowns drive the figures, and what to ask about first."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from underwatch.cli.many import asked_or_kept, at_work, many_worlds
from underwatch.errors import InputError
from underwatch.facts import model_parameters
from underwatch.terminal import say, say_json
from underwatch.world.scenario_file import scenario_for, scenario_toml

if TYPE_CHECKING:
    from underwatch.experiments.engine.run_directory import RunDirectory
    from underwatch.experiments.sensitivity import SensitivityPlan

_HELP = """Say which unknowns drive the figures: Morris screens all of them, Sobol divides the variance among the few.

PLACE is a city or county; FILE.toml is a scenario, and what it sets is not varied, the central value neither. All runs
have one luck, so that only parameters differ. The figures are what the system does to residents, and nothing else is
ranked. Writes indices.parquet, indices.csv and a page. Every resident is synthetic.
"""
_EXAMPLES = """\b
Examples:
  underwatch sensitivity hoeryong
  underwatch sensitivity hoeryong --trajectories 4 --n 128 --town 5000
  underwatch sensitivity --resume runs/sensitivity-hoeryong-001
"""


@click.command(help=_HELP, epilog=_EXAMPLES)
@click.argument("place", required=False, metavar="[PLACE|FILE.toml]")
@click.option("--trajectories", type=int, default=8, show_default=True, help="Of Morris. Example: --trajectories 16")
@click.option("--n", type=int, default=512, show_default=True, help="Base samples of Sobol. Example: --n 256")
@click.option("--factors", type=int, default=10, show_default=True, help="Unknowns for Sobol. Example: --factors 6")
@click.option("--town", type=int, default=10_000, show_default=True, help="Residents for Sobol. Example: --town 5000")
@click.option("--population", type=int, help="Draw the place with that many residents. Example: --population 20000")
@click.option("--days", type=int, help="How many days, from the start on (default 365). Example: --days 180")
@click.option(
    "--settle-weeks",
    type=int,
    help="Weeks simulated before the start and not counted (default 26). Example: --settle-weeks 52",
)
@click.option("--seed", type=int, help="Luck: the same seed gives the same indices (default 1). Example: --seed 7")
@many_worlds
@click.option("--json", "as_json", is_flag=True, help="Print the indices as JSON. Example: --json | jq .ask_first")
@click.pass_context
def sensitivity(ctx: click.Context, place: str | None, as_json: bool, **given: Any) -> None:
    """Ask the question, run it, keep it and show it."""
    if find_spec("SALib") is None:
        raise InputError("sensitivity needs the package SALib: pip install SALib")
    from underwatch.experiments.engine.answer_folder import csv
    from underwatch.experiments.sensitivity import ask_first, chosen, divide, indices_table, screen
    from underwatch.pages.answers import ask_lines, sensitivity_page
    from underwatch.record.outputs import parquet

    plan, directory = asked_or_kept(ctx, lambda: _asked(place, given), _kept)
    runs = plan.trajectories * (len(plan.names()) + 1)
    with at_work(directory, plan, given, runs, "screening-") as (executor, results, advance):
        screened = screen(plan, executor, results, lambda _: advance(1))
    factors = chosen(screened, plan.factors)
    runs = plan.n * (len(factors) + 2)
    with at_work(directory, plan, given, runs, "dividing-") as (executor, results, advance):
        divided = divide(plan, factors, executor, results, lambda _: advance(1))
    meanings = {name: fact.meaning for name, fact in model_parameters().items()}
    table = indices_table((screened, divided))
    contents = {
        "scenario.toml": scenario_toml(plan.scenario).encode(),
        "indices.parquet": parquet(table),
        "indices.csv": csv(table),
        "report.html": sensitivity_page(plan, screened, divided, meanings).encode(),
    }
    first = [{"parameter": name, "mean_total_index": share} for name, share in ask_first(divided)]
    entries = {
        **plan.question(),
        "place": plan.scenario.name,
        "seed": plan.scenario.seed,
        "ask_first": first,
    }
    manifest = directory.finish(contents.items(), {key: value for key, value in entries.items() if key != "what"})
    if as_json:
        told = {"folder": str(directory.path), "manifest": manifest, "ask_first": first, "indices": table.to_pylist()}
        say_json(json.dumps(told, indent=2))
        return
    say(*ask_lines(divided, meanings))
    say(f"All indices with intervals, and the page report.html: {directory.path}")


def _asked(place: str | None, given: dict[str, Any]) -> SensitivityPlan:
    from underwatch.experiments.sensitivity import SensitivityPlan

    if place is None:
        raise InputError("a PLACE or a FILE.toml is missing; for example: underwatch sensitivity hoeryong")
    scenario = scenario_for(place, **{name: given[name] for name in ("population", "days", "settle_weeks", "seed")})
    return SensitivityPlan(scenario, given["trajectories"], given["n"], given["town"], given["factors"])


def _kept(directory: RunDirectory, where: str) -> SensitivityPlan:
    from underwatch.experiments.engine.answer_folder import kept_entries
    from underwatch.experiments.sensitivity import SensitivityPlan
    from underwatch.world.scenario_file import parse

    kinds = {"scenario": (str,), **dict.fromkeys(("trajectories", "n", "population", "factors"), (int,))}
    scenario, *others = kept_entries(directory, kinds)
    return SensitivityPlan(parse(scenario, where), *others)
