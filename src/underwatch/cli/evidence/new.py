"""`underwatch evidence new`: start a package."""

import json
from pathlib import Path

import click

from underwatch.cli.evidence.shared import FOLDER
from underwatch.cli.typed import language_option
from underwatch.errors import InputError
from underwatch.evidence.folder import PRIVATE_FILE, write_files
from underwatch.evidence.package import new_package, to_files
from underwatch.files.writing import must_be_new, write_new
from underwatch.terminal import say


@click.command()
@FOLDER
@click.option("--example", is_flag=True, help="The 198 coded public reports that ship, to look at.")
@click.option("--synthetic", is_flag=True, help="5,000 synthetic reports, with their truth beside the folder.")
@language_option("the template")
def new(folder: Path, example: bool, synthetic: bool, language: str) -> None:
    """Start a package in the new FOLDER, with a spreadsheet template beside it."""
    if example and synthetic:
        raise InputError("--example or --synthetic, one of the two")
    package, truth = new_package(), None
    if example:
        from underwatch.evidence.samples.example import example_package

        package = example_package()
    if synthetic:
        from underwatch.evidence.samples.synthetic import synthetic_package

        package, truth = synthetic_package()
    beside = folder.with_name(folder.name + (".truth.json" if synthetic else "-template.xlsx"))
    if not example:
        must_be_new(beside)
    write_files(folder, to_files(package.keyed()))
    if truth is not None:
        write_new(beside, json.dumps(truth).encode(), PRIVATE_FILE)
        say(f"{beside} holds the truth.")
    if not example and not synthetic:
        from underwatch.evidence.edit.template import template_xlsx

        write_new(beside, template_xlsx(language), PRIVATE_FILE)
        say(f"{beside} is the template; fill it in, save the sheet `reports` as CSV UTF-8, then import it.")
    say(f"{folder} is a package. It is not sealed.")
