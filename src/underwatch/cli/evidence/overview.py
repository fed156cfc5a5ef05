"""`underwatch evidence summary`: what a package has and lacks."""

from datetime import date
from pathlib import Path

import click

from underwatch.cli.evidence.shared import FOLDER, KEY, TODAY, unlocked
from underwatch.cli.paths import AnyPath
from underwatch.cli.typed import language_option
from underwatch.evidence.check.checking import read_checked
from underwatch.evidence.check.overview import as_text as summary_text
from underwatch.evidence.check.overview import summarise
from underwatch.evidence.folder import PRIVATE_FILE
from underwatch.evidence.privacy.access import require_closed
from underwatch.evidence.samples.example import is_the_example
from underwatch.files.writing import must_be_new, write_new
from underwatch.pages.evidence import evidence_page
from underwatch.terminal import say


@click.command()
@FOLDER
@KEY
@click.option("--html", type=AnyPath(), help="Write a page that opens offline instead.")
@click.option(
    "--exact", is_flag=True, help="Counts as they are, not in bands; refused in a folder that others can open."
)
@TODAY
@language_option("the summary")
def summary(folder: Path, key: Path | None, html: Path | None, exact: bool, today: date | None, language: str) -> None:
    """Show what a package has and lacks, for the group's own use; nothing per list, outlet or source."""
    package = read_checked(unlocked(folder, key), str(folder), today)
    if html is None:
        say(*summary_text(summarise(package, exact, language)).split("\n"))
        return
    must_be_new(html)
    if exact and not is_the_example(package):
        require_closed(html)
    write_new(html, evidence_page(package, exact, language).encode(), PRIVATE_FILE)
    say(f"{html} is written.")
