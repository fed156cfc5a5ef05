"""`underwatch evidence import`: bring the reports of a CSV file into a package."""

from datetime import date
from pathlib import Path

import click

from underwatch.cli.evidence.shared import JSON, TODAY, WHO, refuse_working_copy, say_findings, who_code
from underwatch.cli.paths import AnyPath
from underwatch.errors import InputError
from underwatch.evidence.check.checking import read_package
from underwatch.evidence.edit.importing import import_csv, read_mapping
from underwatch.evidence.folder import LARGEST_FILE, write_files
from underwatch.evidence.package import to_files
from underwatch.files.intake.regular import read_bytes
from underwatch.terminal import say


@click.command("import")
@click.argument("file", type=AnyPath())
@click.option("--into", "folder", type=AnyPath(), required=True, help="The package's folder.")
@click.option("--map", "mapping_name", help="A mapping: one that ships (acled) or a TOML file. Without: the template.")
@click.option("--again", is_flag=True, help="Import rows that look like some that are there already once more.")
@WHO
@JSON
@TODAY
def import_(
    file: Path, folder: Path, mapping_name: str | None, as_json_: bool, today: date | None, **how: str | bool
) -> int | None:
    """Bring the reports of a CSV FILE into a package; with a finding nothing is written."""
    refuse_working_copy(folder)
    if not file.is_file():
        raise InputError(f"{file} is no file")
    chosen = read_mapping(mapping_name) if mapping_name else None
    who = who_code(str(how["who"]))
    data = read_bytes(file, LARGEST_FILE, "CSV file")
    result = import_csv(read_package(folder, today), data, chosen, who, today, bool(how["again"]))
    if result.findings:
        say_findings(result.findings, "the file", as_json_)
        say("Nothing was imported.", err=True)
        return 1
    write_files(folder, to_files(result.package.keyed()), fresh=False)
    alike = f" ({result.n_alike} look like one that was there)" if result.n_alike else ""
    say(f"{result.n_rows} reports imported{alike}, {result.n_skipped} rows skipped.")
    say(f"{file} itself is not sealed; remove it.")
    return None
