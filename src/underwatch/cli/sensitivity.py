"""`underwatch sensitivity`: which unknowns drive the figures, and what to ask about first."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import click

from underwatch.cli.many import asked_or_kept, at_work, many_worlds, scenario_asked
from underwatch.cli.typed import SCENARIO, help_of
from underwatch.errors import InputError
from underwatch.facts import model_parameters
from underwatch.terminal import say, say_json
from underwatch.world.scenario_file import scenario_toml


@click.command(**help_of("sensitivity"))
@SCENARIO
@click.option("--trajectories", type=int, default=8, show_default=True, help="Of Morris. Example: --trajectories 16")
@click.option("--n", type=int, default=512, show_default=True, help="Base samples of Sobol. Example: --n 256")
@click.option("--factors", type=int, default=10, show_default=True, help="Unknowns for Sobol. Example: --factors 6")
@click.option("--town", type=int, default=10_000, show_default=True, help="Residents for Sobol. Example: --town 5000")
@many_worlds("indices", 20000, "Print the indices as JSON. Example: --json | jq .ask_first")
@click.pass_context
def sensitivity(ctx: click.Context, as_json: bool, **given: Any) -> None:
    """Ask the question, run it, keep it and show it."""
    if find_spec("SALib") is None:
        raise InputError("sensitivity needs the package SALib: pip install SALib")
    from underwatch.experiments.engine.answer_folder import csv
    from underwatch.experiments.sensitivity import SensitivityPlan, ask_first, chosen, divide, indices_table, screen
    from underwatch.pages.answers import ask_lines, sensitivity_page
    from underwatch.record.outputs import parquet

    def asked() -> SensitivityPlan:
        options = (given[name] for name in ("trajectories", "n", "town", "factors"))
        return SensitivityPlan(scenario_asked(given, "sensitivity hoeryong"), *options)

    meanings = {name: fact.meaning for name, fact in model_parameters().items()}
    kinds = dict.fromkeys(("trajectories", "n", "population", "factors"), (int,))
    with asked_or_kept(ctx, asked, SensitivityPlan, kinds) as (plan, directory):
        runs = plan.trajectories * (len(plan.names()) + 1)
        with at_work(directory, plan, given, runs, "screening-") as (executor, results, advance):
            screened = screen(plan, executor, results, lambda _: advance(1))
        factors = chosen(screened, plan.factors)
        runs = plan.n * (len(factors) + 2)
        with at_work(directory, plan, given, runs, "dividing-") as (executor, results, advance):
            divided = divide(plan, factors, executor, results, lambda _: advance(1))
        table = indices_table((screened, divided))
        contents = {
            "scenario.toml": scenario_toml(plan.scenario).encode(),
            "indices.parquet": parquet(table),
            "indices.csv": csv(table),
            "report.html": sensitivity_page(plan, screened, divided, meanings).encode(),
        }
        first = [{"parameter": name, "mean_total_index": share} for name, share in ask_first(divided)]
        asked_of = {key: value for key, value in plan.question().items() if key != "what"}
        known = {"place": plan.scenario.name, "seed": plan.scenario.seed, "ask_first": first}
        manifest = directory.finish(contents.items(), asked_of | known)
    if as_json:
        told = {"folder": str(directory.path), "manifest": manifest, "ask_first": first, "indices": table.to_pylist()}
        say_json(json.dumps(told, indent=2))
        return
    say(*ask_lines(divided, meanings))
    say(f"All indices with intervals, and the page report.html: {directory.path}")
