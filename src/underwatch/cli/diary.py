"""`underwatch diary`: the days of one synthetic resident of a run."""

from pathlib import Path

import click

from underwatch.terminal import say, say_json

_HELP = """Tell the days of one synthetic resident of a run in plain sentences, around an episode.

RUN is a run folder. The first resident to whom the episode happens is taken; nobody in it is real.
"""
_EXAMPLES = """\b
Examples:
  underwatch diary runs/hoeryong-001 --like call-abandoned
  underwatch diary runs/hoeryong-001 --like followed-visit --around 7
"""


@click.command(help=_HELP, epilog=_EXAMPLES)
@click.argument("run", type=click.Path(path_type=Path), metavar="RUN")
@click.option(
    "--like",
    default="call-abandoned",
    show_default=True,
    metavar="EPISODE",
    help="call-abandoned, followed-visit, accused, arrested, listed or stopped-calling. Example: --like followed-visit",
)
@click.option(
    "--around",
    type=click.IntRange(0, 400),
    default=14,
    show_default=True,
    help="Days before and after the episode that are told. Example: --around 30",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script. Example: --json | jq .days")
def diary(run: Path, like: str, around: int, as_json: bool) -> None:
    """Print a diary."""
    import json

    from underwatch.experiments.diary import diary_lines, diary_record, make_diary

    days = make_diary(run, like, around)
    if as_json:
        say_json(json.dumps(diary_record(days), indent=2, ensure_ascii=False))
    else:
        say(*diary_lines(days))
