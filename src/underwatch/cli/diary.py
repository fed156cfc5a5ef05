"""`underwatch diary`: the days of one synthetic resident of a run."""

from pathlib import Path

import click

from underwatch.cli.typed import help_of, json_option, language_option, number
from underwatch.terminal import say, say_json


@click.command(**help_of("diary"))
@click.argument("run", type=click.Path(path_type=Path), metavar="RUN")
@click.option(
    "--like",
    default="call-abandoned",
    show_default=True,
    metavar="EPISODE",
    help="call-abandoned, followed-visit, accused, arrested, listed or stopped-calling. Example: --like followed-visit",
)
@number("--around", 0, 400, "Days before and after the episode that are told. Example: --around 30", 14)
@language_option("the diary")
@json_option("Print JSON for a script. Example: --json | jq .days")
def diary(run: Path, like: str, around: int, language: str, as_json: bool) -> None:
    """Print a diary."""
    import json

    from underwatch.api.commands.run import diary as ask
    from underwatch.experiments.histories.diary import diary_record

    result = ask(run, like, around, language=language)
    if as_json:
        say_json(json.dumps(diary_record(result.diary), indent=2, ensure_ascii=False))
    else:
        say(*result.lines)
