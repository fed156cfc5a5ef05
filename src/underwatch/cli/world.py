"""`underwatch run`: one world, its twin without the campaign, and the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underwatch.cli.many import ensemble_option, refuse_beside
from underwatch.cli.typed import (
    SCENARIO,
    help_of,
    json_option,
    language_option,
    number,
    of_a_world,
    path_option,
    threads,
)
from underwatch.errors import InputError
from underwatch.terminal import say, say_json
from underwatch.world.scenario_file import ScenarioOptions, scenario_for

if TYPE_CHECKING:
    from underwatch.experiments.studies.run import FinishedRun


@click.command(**help_of("run"))
@SCENARIO
@of_a_world("--days", 90)
@click.option("--start", metavar="DATE", help="The first day (default 2024-07-01). Example: --start 2024-10-01")
@click.option("--end", metavar="DATE", help="The last day, in place of --days. Example: --end 2025-01-31")
@of_a_world("--settle-weeks", 52)
@of_a_world("--seed", "history")
@number(
    "--replicates",
    1,
    10_000,
    "Histories with other luck, for the spread that luck makes; seeds count up. Example: --replicates 5",
    1,
)
@number(
    "--draws",
    0,
    10_000,
    "Worlds of the ensemble that the figures are read from; 0 for the scenario's own values alone. "
    "Example: --draws 400",
    200,
)
@ensemble_option
@of_a_world("--population", 5000)
@threads("; the history does not depend on them")
@click.option(
    "--without",
    multiple=True,
    metavar="RULE",
    help="Take a rule out, S3 to S17; may be repeated. Example: --without S6",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter within its range (underwatch facts), and draw it nowhere; may be repeated. "
    "Example: --set order_campaign=3",
)
@click.option(
    "--form",
    "forms",
    multiple=True,
    metavar="RULE=FORM",
    help="Give a rule a rival form (underwatch facts S4), and draw it nowhere; may be repeated. "
    "Example: --form S4=pooled",
)
@click.option(
    "--incidents",
    type=click.Choice(("all", "sample")),
    help="Write every incident, or a sample with weights (default: all, but a sample for the country). "
    "Example: --incidents sample",
)
@click.option(
    "--twin/--no-twin",
    default=None,
    help="The world without the campaign beside the whole place too (default: except for the country). "
    "Example: --no-twin",
)
@path_option(
    "--out",
    what="DIR",
    help="The new run folder (default: runs/PLACE-001, counting up); one that exists is refused. Example: --out mine",
)
@path_option("--resume", what="DIR", help="Go on with a run that was stopped. Example: --resume runs/hoeryong-001")
@path_option(
    "--from",
    "from_manifest",
    what="MANIFEST",
    help="Run again what a manifest tells, for the same digest. Example: --from runs/hoeryong-001/manifest.json",
)
@language_option("the summary and the report")
@json_option("Print JSON for a script. Example: --json | jq .digest")
@click.pass_context
def run(
    ctx: click.Context,
    place: str | None,
    settings: tuple[str, ...],
    forms: tuple[str, ...],
    out: Path | None,
    resume: Path | None,
    from_manifest: Path | None,
    as_json: bool,
    **given: object,
) -> int | None:
    """Hand the command line to `underwatch.run`, and print what comes back."""
    asked: dict[str, Any] = {"threads": given.pop("threads")}
    if resume is not None or from_manifest is not None:
        _refuse_beside_kept(ctx)
    elif place is None:
        raise InputError("a PLACE or a FILE.toml is missing; for example: underwatch run hoeryong")
    else:
        asked |= given | {"values": dict(map(_setting, settings)), "forms": dict(map(_form, forms))}
        scenario_for(place, **{name: asked[name] for name in ScenarioOptions.__annotations__})
    # what the work needs is imported only when the command line has no fault
    from underwatch.api.commands.run import run as main_job

    result = main_job(place, out=out, resume=resume, from_manifest=from_manifest, **asked)
    return tell(result.done, as_json)


def tell(done: FinishedRun, as_json: bool) -> int:
    """Print what a run came to; return 1 when one repeated from a manifest has another digest, else 0."""
    from underwatch.experiments.studies.headline_rows import summary_of
    from underwatch.pages.summary import summary_lines

    manifest, same, lines = done.manifest, done.is_same, summary_lines(done.study, done.language)
    if as_json:
        keys = ("digest", "population", "days", "seed", "place", "worlds")
        shown = {"run": str(done.path), **{key: manifest[key] for key in keys}, **summary_of(done.study)}
        shown |= {} if same is None else {"same_digest": same}
        say_json(json.dumps(shown | {"summary": lines}, indent=2, ensure_ascii=False))
    else:
        say(*lines)
        if same is not None:
            words = "as in the manifest" if same else f"NOT as in the manifest, which says {done.same_as}"
            say(f"Digest {manifest['digest']}: {words}.", err=not same)
    if len(done.scenario.places) > 1:
        say(done.spent, err=True)
    say(f"Written to {done.path}; open {done.path / 'report.html'} in a browser.", err=True)
    return 1 if same is False else 0


def _form(text: str) -> tuple[str, str]:
    """Return the rule and the form of one --form RULE=FORM."""
    rule, equals, form = (part.strip() for part in text.partition("="))
    if not equals:
        raise InputError(f"--form {text[:60]} lacks a form; for example: --form S4=pooled")
    return rule.upper(), form.lower()


def _setting(text: str) -> tuple[str, float]:
    """Take NAME=VALUE apart."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InputError(f"--set {text} is no NAME=VALUE; for example: --set order_campaign=3")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise InputError(f"--set {text}: {value.strip() or 'nothing'} is no number") from None


def _refuse_beside_kept(ctx: click.Context) -> None:
    """Refuse, beside --resume and --from, all that says what is run: the run tells that itself."""
    if ctx.params["resume"] is not None and ctx.params["from_manifest"] is not None:
        raise InputError("--resume and --from are both given; one goes on with a run, the other runs it again")
    which = "--resume" if ctx.params["resume"] is not None else "--from"
    allowed = {"resume", "from_manifest", "threads", "as_json"} | ({"out"} if which == "--from" else set())
    refuse_beside(ctx, allowed, f"{which}: the run keeps its own")
