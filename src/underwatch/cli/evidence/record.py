"""`underwatch evidence record`: note in the history what was changed by hand."""

from datetime import date
from pathlib import Path

import click

from underwatch.cli.evidence.shared import FOLDER, TODAY, WHO, refuse_working_copy, who_code
from underwatch.evidence.check.checking import check_package
from underwatch.evidence.folder import read_files, write_files
from underwatch.evidence.format.vocabularies import codes
from underwatch.evidence.history import recorded
from underwatch.evidence.package import parse_package, to_files
from underwatch.terminal import say


@click.command()
@FOLDER
@click.option("--reason", type=click.Choice(sorted(codes("reason"))), default="correction", help="Why you changed it.")
@WHO
@TODAY
def record(folder: Path, reason: str, who: str, today: date | None) -> None:
    """Note in the history what you changed in the CSV files by hand, and put the files into their usual form."""
    refuse_working_copy(folder)
    package = recorded(parse_package(read_files(folder)), who_code(who), reason).keyed()
    files = to_files(package)
    check_package(files, today)
    write_files(folder, files, fresh=False)
    say(f"{folder}: the history is up to date.")
