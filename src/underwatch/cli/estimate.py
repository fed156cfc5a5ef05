"""`underwatch estimate`: what a package says of the surveillance behind it, or an honest refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from underwatch.cli.typed import (
    EXAMPLE,
    NO_CONSTRAINTS,
    PACKAGE,
    PLACE,
    ROOTS,
    SEED,
    help_of,
    language_option,
    number,
    path_option,
)
from underwatch.terminal import say
from underwatch.texts.catalogue import text


@click.command(**help_of("estimate"))
@PACKAGE
@EXAMPLE
@click.option(
    "--rehearsal",
    type=click.IntRange(0, 2**31),
    metavar="N",
    help="A package told from the N-th synthetic world that is in no bank; tells the truth too. Example: --rehearsal 1",
)
@PLACE
@click.option(
    "--exact",
    is_flag=True,
    help="Tell counts of reports as they are, for your own use; refused in a folder that others can open.",
)
@click.option("--no-anchors", is_flag=True, help="Leave second list, surveys and figures out, to see what they do.")
@ROOTS
@NO_CONSTRAINTS
@path_option(
    "--declared-prior",
    what="FILE",
    help="Tighter ranges in TOML, with who declares them and why. Example: --declared-prior ours.toml",
)
@path_option(
    "--bank",
    "bank_folder",
    what="DIR",
    help="Another bank than the one that comes with the program. Example: --bank banks/musan",
)
@click.option(
    "--budget",
    type=click.FloatRange(0.0, 10_000.0),
    default=60.0,
    show_default=True,
    metavar="MINUTES",
    help="No step is begun after that time; --resume goes on. Example: --budget 10",
)
@SEED
@number("--rounds", 1, 2, "1: no second look where the first posterior points. Example: --rounds 1", 2)
@path_option(
    "--out", what="DIR", help="The new folder (default: runs/estimate-PLACE-001, counting up). Example: --out mine"
)
@path_option(
    "--resume",
    what="DIR",
    help="Go on with a folder whose budget ended, with the same package. Example: --resume runs/estimate-hoeryong-001",
)
@language_option("what is said and of the page")
def estimate(package: Path | None, bank_folder: Path | None, no_anchors: bool, **given: Any) -> int:
    """Hand the command line to `underwatch.estimate`, and print what comes back; 1 where no scale is shown."""
    from underwatch.api.commands.estimate import estimate as ask

    constraints = not given.pop("no_constraints")
    result = ask(package, bank=bank_folder, anchors=not no_anchors, constraints=constraints, **given)
    say(*result.lines)
    if not result.out_of_time:
        say(text(result.language, "estimate.page_at", path=result.path / "report.html"))
    return 0 if result.has_scale else 1
