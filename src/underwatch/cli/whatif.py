"""`underwatch compare`: what would change it, as twins of one baseline."""

from __future__ import annotations

import json
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from underwatch.cli.many import asked_options, checked_place, ensemble_option, many_worlds, refuse_beside_resume
from underwatch.cli.typed import SCENARIO, help_of, number
from underwatch.errors import InputError
from underwatch.experiments.interventions import catalogue
from underwatch.terminal import say, say_json, say_table

if TYPE_CHECKING:
    from underwatch.experiments.compare import ComparePlan, Comparison


def _interventions() -> str:
    """Return a line for each intervention; those of one stem that say the same share it."""
    lines = []
    for short, some in groupby(catalogue().values(), key=lambda one: one.short):
        first, *others = (one.name for one in some)
        stem = first.rpartition("-")[0]
        names = ", ".join([first, *(name.removeprefix(stem) for name in others)])
        lines.append(f"  {names:<24}{short}" if not others else f"  {names}\n{'':26}{short}")
    return "\n".join(lines)


@click.command(**help_of("compare", _interventions()))
@SCENARIO
@click.option(
    "--with",
    "names",
    multiple=True,
    metavar="NAME|FILE.toml",
    help="An intervention of the list above or of a file; may be repeated. Example: --with halve-quotas",
)
@click.option("--from-date", metavar="DATE", help="First day of the interventions. Example: --from-date 2024-12-01")
@number(
    "--draws",
    0,
    100_000,
    "Pairs in worlds of the ensemble, in stand-ins of at most 8,000 residents; 0 for none. Example: --draws 400",
    200,
)
@ensemble_option
@number(
    "--replicates", 0, 10_000, "Pairs at the scenario's own parameters with other luck. Example: --replicates 20", 4
)
@click.option(
    "--ledger",
    "against",
    is_flag=False,
    flag_value="unwatched",
    metavar="[WORLD]",
    help="Also the chilling ledger: why acts are missing, against the unwatched life or WORLD. Example: --ledger",
)
@many_worlds("table", 5000, "Print the whole table as JSON. Example: --json | jq .changes")
@click.pass_context
def compare(ctx: click.Context, as_json: bool, **given: Any) -> None:
    """Hand the command line to `underwatch.compare`, and print what comes back."""
    refuse_beside_resume(ctx)
    _check(given)
    from underwatch.api.commands.compare import compare as ask

    names, against = given.pop("names"), given.pop("against")
    result = ask(given.pop("place"), names, ledger=against, **asked_options(given))
    found, kept = result.found, result.ledger
    if as_json:
        told = {"folder": str(result.path), "manifest": result.manifest, "changes": found.changes().to_pylist()}
        told |= {} if kept is None else {"ledger": kept.table().to_pylist()}
        say_json(json.dumps(told, indent=2, ensure_ascii=False, default=str))
        return
    if found.names:
        _print(found)
    if kept is not None:
        from underwatch.pages.charts.ledger import ledger_lines

        say(*ledger_lines(kept))
    say(f"Every group and ground, every pair, and the page report.html: {result.path}")


def _check(given: dict[str, Any]) -> None:
    """Refuse a command line that asks nothing, or whose dates, names and numbers cannot be."""
    from underwatch.experiments.compare import UNWATCHED

    if given["resume"] is not None:
        return
    names, against = given["names"], given["against"]
    if given["place"] is None and against not in (None, UNWATCHED):
        raise InputError(
            f'--ledger took "{against[:40]}" for its world; PLACE comes first, as in: compare hoeryong --ledger'
        )
    if given["place"] is None or not (names or against):
        raise InputError(
            "a PLACE and --with NAME, or --ledger, are needed; for example: compare hoeryong --with end-reprimands"
        )
    if given["draws"] + given["replicates"] == 0:
        raise InputError("--draws 0 and --replicates 0 leave nothing to compare; give one of them")
    checked_place(given, "compare hoeryong --ledger")
    if given["from_date"] is not None:
        given["from_date"] = _date(given["from_date"])


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--from-date {text} is no date; write it as 2024-12-01") from None


def _print(found: Comparison) -> None:
    """Print a table for each counter-world: all residents, the listed and the ordinary."""
    from underwatch.experiments.compare import ENSEMBLE, FIGURES, LUCK
    from underwatch.pages.summary import fixed_words, sentence, worlds_words
    from underwatch.record.ranges import FEWEST, range_name
    from underwatch.record.schema import ALL, LISTED, ORDINARY

    plan = found.question
    spread = ENSEMBLE if plan.draws else LUCK
    rows = {
        (row["intervention"], row["group"], row["indicator"]): row
        for row in found.changes().to_pylist()
        if row["spread"] == spread and row["ground"] == ALL
    }
    numbers, columns = ("now", "change", "low", "high", "rises", "n"), ("sign",) if spread == ENSEMBLE else ()
    words = {one.name: one.words for one, _ in plan.dated}
    for name in found.names:
        first = rows[name, ALL, FIGURES[0].indicator]["first_day"]
        say(f"{name}, from {first} to {plan.scenario.end}: {words.get(name, 'all of them at once.')}")
        shown = []
        for figure in FIGURES:
            label, better = f"{figure.indicator}, {figure.unit_of_any_group}", figure.better
            for group in (ALL, LISTED, ORDINARY):
                row = rows[name, group, figure.indicator]
                shown.append(
                    (label, better, group, *_cells(row), *([row["finding"].split(" (")[0]] if columns else ()))
                )
                label = better = ""
        say_table(("indicator", "relief is", "residents", *numbers, *columns), shown, numbers)
        say()
    over = "replicates at the scenario's own parameters"
    if spread == ENSEMBLE:
        over = f"{worlds_words(plan.ensemble, plan.is_adapted)}, in small places that stand in"
    n = plan.draws if spread == ENSEMBLE else plan.replicates
    say(
        f"Pairs of twins over {over}, n of them. Now and change are medians over pairs; low and high are the "
        f"{range_name(n, 'pair', 'pairs')}; where n is less, some pairs have no such figure, and under {FEWEST} the "
        "range is the full one; rises is the probability that the figure rises"
        f"{_sign_words(plan)}. "
        f"Listed and ordinary are those of the baseline at the start."
        f"{sentence(fixed_words(len(plan.scenario.fixed())))}"
    )


def _sign_words(plan: ComparePlan) -> str:
    """Say what stands under sign."""
    if not plan.draws:
        return ""
    return (
        "; a sign is robust when it holds in 90 % of worlds with each form of each rule, of which there are 100 or more"
    )


def _cells(row: dict[str, Any]) -> list[str]:
    """Write what is known of a change; a figure that does not exist, or has no interval, is a dash."""
    forms = {"baseline": ".3g", "change": "+.3g", "low": "+.3g", "high": "+.3g", "p_positive": ".2f"}
    cells = ["-" if row[key] is None else _number(row[key], form) for key, form in forms.items()]
    return [*cells, str(row["n"])]


def _number(value: float, form: str) -> str:
    """Write three digits, and thousands in full."""
    return f"{value:{'+' if '+' in form else ''},.0f}" if abs(value) >= 1000 else f"{value:{form}}"
