"""`underwatch design`: what to ask next, so that an estimate becomes narrower."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from underwatch.cli.typed import BANK, EXAMPLE, NO_CONSTRAINTS, OUT, PACKAGE, PLACE, ROOTS, SEED, help_of
from underwatch.terminal import say


@click.command(**help_of("design"))
@PACKAGE
@EXAMPLE
@PLACE
@ROOTS
@NO_CONSTRAINTS
@BANK
@SEED
@OUT
def design(package: Path | None, bank_folder: Path | None, no_constraints: bool, **given: Any) -> None:
    """Hand the command line to `underwatch.design`, and print what comes back."""
    from underwatch.api.commands.design import design as ask
    from underwatch.inference.options import AS_IT_IS
    from underwatch.pages.calibration import design_rows

    result = ask(package, bank=bank_folder, constraints=not no_constraints, **given)
    n = result.options[0].n
    say(f"How many times the lower end the upper end of the 90 % range would be, in {n} simulated cases like this one:")
    for name, *cells in design_rows(result.options):
        say(name, *(f"  {cell}" for cell in cells))
    say(f"Each is held against {AS_IT_IS!r}, case by case. The table: {result.path / 'design.csv'}")
