"""`underwatch evidence share`: a package for another group."""

from pathlib import Path

import click

from underwatch.cli.evidence.shared import FOLDER
from underwatch.cli.paths import AnyPath
from underwatch.evidence.edit.work import newest
from underwatch.evidence.folder import write_files
from underwatch.evidence.package import to_files
from underwatch.evidence.release.share import shareable
from underwatch.terminal import say


@click.command()
@FOLDER
@click.option("--out", type=AnyPath(), required=True, help="The new folder.")
def share(folder: Path, out: Path) -> None:
    """Make a package for another group: rows released as records, without sources, effort, addresses and history."""
    package = shareable(newest(folder))
    write_files(out, to_files(package))
    say(f"{out}: {len(package.table('reports').rows)} reports may leave. Seal it for the other group.")
