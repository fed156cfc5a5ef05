"""`underwatch evidence merge`: join the packages of two groups."""

from datetime import date
from pathlib import Path

import click

from underwatch.cli.evidence.shared import TODAY, say_findings
from underwatch.cli.paths import AnyPath
from underwatch.evidence.check.checking import check_package, read_package
from underwatch.evidence.check.problems import exit_code
from underwatch.evidence.edit.alike import met_in_merging
from underwatch.evidence.edit.merge import merge as joined
from underwatch.evidence.folder import write_files
from underwatch.evidence.package import to_files
from underwatch.terminal import say


@click.command()
@click.argument("first", type=AnyPath())
@click.argument("second", type=AnyPath())
@click.option("--out", type=AnyPath(), help="The new folder; FIRST-SECOND beside the first without it.")
@TODAY
def merge(first: Path, second: Path, out: Path | None, today: date | None) -> int:
    """Join the packages of two groups into a new folder; 1 where reports of the two look alike."""
    out = out or first.with_name(f"{first.stem}-{second.stem}")
    ours, theirs = read_package(first, today), read_package(second, today)
    both = joined(ours, theirs).keyed()
    files = to_files(both)
    check_package(files, today)
    write_files(out, files)
    result = met_in_merging(ours, theirs, both)
    say_findings(result, "reports that came twice", False)
    say(f"{out}: {len(both.table('reports').rows)} reports. It is not sealed.")
    return exit_code(result)
