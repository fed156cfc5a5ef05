"""`underwatch evidence check`: what is wrong in a package."""

from datetime import date
from pathlib import Path

import click

from underwatch.cli.evidence.shared import FOLDER, JSON, KEY, TODAY, say_findings, unlocked
from underwatch.evidence.check.checking import examine
from underwatch.evidence.check.problems import exit_code
from underwatch.evidence.edit.store import working_path
from underwatch.terminal import say


@click.command(epilog="Example: underwatch check reports")
@FOLDER
@KEY
@JSON
@TODAY
def check(folder: Path, key: Path | None, as_json_: bool, today: date | None) -> int:
    """Say what is wrong in a package (folder, zip or sealed), and what to do. Writes nothing; 0 clean, 1 findings."""
    files = unlocked(folder, key)
    result = examine(files, today)
    say_findings(result.findings, folder.resolve().name, as_json_, result.fingerprint)
    if not as_json_:
        if result.fingerprint:
            say(f"fingerprint {result.fingerprint[:14]} (note it down: it tells later whether anything was cut off)")
        if folder.is_dir() and working_path(folder).exists():
            say("There is a working copy as well, not sealed; `underwatch evidence save` brings it here.")
    return exit_code(result.findings)
