"""`underwatch design`: what to ask next, so that an estimate becomes narrower."""

from __future__ import annotations

import click

from underwatch.cli.asked import PackageOptions, asked_of, bank_for, held_against_figures, place_of
from underwatch.cli.typed import BANK, EXAMPLE, NO_CONSTRAINTS, OUT, PACKAGE, PLACE, ROOTS, SEED, help_of, takes
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
@takes(PackageOptions)
def design(given: PackageOptions) -> None:
    """Try each addition and print how wide the ranges would be."""
    from underwatch.evidence.folder import PRIVATE_FOLDER
    from underwatch.files.writing import fresh_folder, numbered_folder
    from underwatch.inference.options import AS_IT_IS, try_options
    from underwatch.pages.calibration import design_rows, write_design

    given.check()
    place = place_of(given.place)
    bank = bank_for(place, given.bank_folder)
    asked = asked_of(given, place, bank.plan.window)
    reading = held_against_figures(given, asked, bank)
    if given.out:
        out = fresh_folder(given.out, PRIVATE_FOLDER)
    else:
        out = numbered_folder("runs", f"design-{place.slug}", PRIVATE_FOLDER)
    result = try_options(bank, reading, given.seed, lambda name: say(f"{name} ...", err=True))
    write_design(out, result)
    say(
        f"How many times the lower end the upper end of the 90 % range would be, in {result[0].n} simulated cases like "
        "this one:"
    )
    for name, *cells in design_rows(result):
        say(name, *(f"  {cell}" for cell in cells))
    say(f"Each is held against {AS_IT_IS!r}, case by case. The table: {out / 'design.csv'}")
