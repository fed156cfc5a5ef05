"""`underwatch evidence publish`: the one table that may leave."""

from datetime import date
from pathlib import Path

import click

from underwatch.cli.evidence.shared import FOLDER, TODAY
from underwatch.cli.paths import AnyPath
from underwatch.evidence.release.publish import Refused, ReleaseRules
from underwatch.evidence.release.publish import publish as published
from underwatch.terminal import say


@click.command()
@FOLDER
@click.option("--out", type=AnyPath(), required=True, help="The new folder for the table and its record.")
@click.option("--from", "start", required=True, help="First quarter, like 2023-Q3.")
@click.option("--to", "end", required=True, help="Last quarter.")
@click.option("--places", "place_grain", type=click.Choice(["province", "region", "country"]), default="province")
@click.option("--periods", "time_grain", type=click.Choice(["quarter", "year"]), default="quarter")
@click.option("--method", type=click.Choice(["suppression", "noise"]), default="suppression", show_default=True)
@click.option("--min-cell", type=int, default=10, show_default=True, help="Smallest count shown.")
@click.option("--source-cap", type=int, default=5, show_default=True, help="Incidents counted per source at most.")
@click.option("--epsilon", default="1.0", show_default=True, help="Privacy loss per source, for noise.")
@click.option("--delay", "delay_days", type=int, default=180, show_default=True, help="Days after the period's end.")
@TODAY
def publish(
    folder: Path,
    out: Path,
    today: date | None,
    **rules: str | int,
) -> int | None:
    """Make the one table that may leave, and a record of what was done to it. Each period is published once."""
    try:
        release = published(folder, out, ReleaseRules(**rules), today)  # type: ignore[arg-type]
    except Refused as refusal:
        say(f"Refused: {refusal}")
        return 1
    shown = sum(b",yes," in line or b",noise," in line for line in release.table.splitlines())
    say(f"{out}: version {release.record['version']}, {shown} of {release.record['cells']} cells shown.")
    left_out = ", ".join(f"{reason} {n}" for reason, n in sorted(release.inside.items()))
    say(f"For the group only, in incidents: {left_out}.")
    return None
