"""`underwatch calibrate` and `underwatch design`: the proof of calibration, and what to ask next."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underwatch.terminal import say

if TYPE_CHECKING:
    from underwatch.inference.bank.bank import BankPlan

_CALIBRATE = """Prove the calibration of a bank: over simulated cases, do the ranges hold what they say, few reports or
many.

Without options the bank that comes with the program is judged. With --worlds a bank is built or made larger first: the
worlds that are missing are run, on threads or on a Dask cluster; a stop loses little, and the same command goes on.
"""
_CALIBRATE_EXAMPLES = """\b
Examples:
  underwatch calibrate
  underwatch calibrate --bank banks/musan --place musan --worlds 2000 --threads 2
"""
_BANK = click.option(
    "--bank",
    "bank_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Another bank. Example: --bank banks/musan",
)
_OUT = click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The new folder (default: runs/..., counting up). Example: --out mine",
)


@click.command(help=_CALIBRATE, epilog=_CALIBRATE_EXAMPLES)
@_BANK
@click.option(
    "--worlds", type=click.IntRange(1, 1_000_000), help="Build the bank up to so many worlds. Example: --worlds 2000"
)
@click.option("--place", default="hoeryong", show_default=True, help="Of a new bank. Example: --place musan")
@click.option(
    "--population", type=int, help="Of a new bank: a stand-in of so many residents. Example: --population 5000"
)
@click.option("--first-day", metavar="DATE", help="Of a new bank: a Monday. Example: --first-day 2023-07-03")
@click.option("--weeks", type=click.IntRange(4, 200), help="Of a new bank: how many weeks. Example: --weeks 104")
@click.option("--threads", type=click.IntRange(1, 1024), help="Threads (default: all cores). Example: --threads 2")
@click.option(
    "--dask", metavar="ADDRESS", help="The workers of a Dask cluster instead. Example: --dask tcp://10.0.0.1:8786"
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63),
    default=1,
    show_default=True,
    help="Luck of the packages. Example: --seed 7",
)
@_OUT
def calibrate(**given: Any) -> int:
    """Build what is missing, then judge."""
    from underwatch.files.writing import fresh_folder, numbered_folder
    from underwatch.inference.bank.bank import read_bank, shipped_folder
    from underwatch.inference.checks.proof import prove, reference_designs
    from underwatch.inference.findings import in_words_of_columns
    from underwatch.pages.calibration import write_proofs

    folder = given["bank_folder"] or shipped_folder()
    if given["worlds"] is not None:
        _build(given, folder)
    bank = read_bank(folder)
    out = fresh_folder(given["out"]) if given["out"] else numbered_folder("runs", "calibrate")
    proofs = []
    for kind, setting in reference_designs(bank).items():
        say(f"{kind} ...", err=True)
        proofs.append(prove(bank, kind, setting, given["seed"]))
    write_proofs(out, proofs, bank.key)
    for proof in proofs:
        for verdict in proof.verdicts:
            say(f"{proof.kind}: {verdict.gate} {verdict.state}. {in_words_of_columns(verdict.sentence)}")
    say(f"Tables and pictures: {out}")
    return int(any(verdict.state == "refuses" for proof in proofs for verdict in proof.verdicts))


def _plan(given: dict[str, Any], folder: Path) -> BankPlan:
    """Return the plan of the bank that is there, or of the new one asked for."""
    from datetime import date

    from underwatch.errors import InputError
    from underwatch.facts import find_place
    from underwatch.inference.bank.bank import WINDOW, BankPlan, plan_of
    from underwatch.record.tally import Window

    if (folder / "bank.toml").exists():
        return plan_of(folder)
    kind, name, members = find_place(given["place"])
    if kind != "place":
        raise InputError(f"--place {name} is a {kind}; a bank is of one city or county")
    try:
        first = WINDOW.start if given["first_day"] is None else date.fromisoformat(given["first_day"])
        window = Window(first, given["weeks"] or WINDOW.n_weeks)
    except ValueError as error:
        raise InputError(f"--first-day {given['first_day']}: {error}; write a Monday as 2023-07-03") from None
    return BankPlan(members[0].slug, window, population=given["population"])


def _build(given: dict[str, Any], folder: Path) -> None:
    """Run the worlds that are missing, with the time that is left."""
    from underwatch.experiments.engine.executors import cores, executor_for
    from underwatch.inference.bank.bank import build

    plan, began, done, first = _plan(given, folder), time.monotonic(), 0, 0

    def progress(worlds: int) -> None:
        nonlocal done, first
        done, first = done + worlds, first or worlds
        fresh = done - first
        if fresh > 0 and fresh % 10 == 0:
            left = (given["worlds"] - done) * (time.monotonic() - began) / fresh
            say(f"{done} of {given['worlds']} worlds, about {max(0, round(left / 60))} min left", err=True)

    try:
        with executor_for(given["threads"], given["dask"]) as executor:
            build(plan, folder, given["worlds"], executor, given["threads"] or cores(), progress)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the same command goes on") from None


_DESIGN = """Say what would sharpen an estimate: how much narrower its ranges would be if one thing were added to
PACKAGE.

Forty or 200 people who left are asked whether they were followed; a second independent list; an effort log; an
independent count of arrests for calls. Each is tried on simulated packages like this one, and the simulated truth is
held against the ranges.
"""
_DESIGN_EXAMPLES = """\b
Examples:
  underwatch design mypackage --place hoeryong
  underwatch design --example
"""


@click.command(help=_DESIGN, epilog=_DESIGN_EXAMPLES)
@click.argument("package", required=False, type=click.Path(path_type=Path), metavar="[PACKAGE]")
@click.option("--example", is_flag=True, help="The example package that comes with the program.")
@click.option("--place", default="hoeryong", show_default=True, help="The place asked about. Example: --place hoeryong")
@_BANK
@click.option("--seed", type=click.IntRange(0, 2**63), default=1, show_default=True, help="Luck. Example: --seed 7")
@_OUT
def design(**given: Any) -> None:
    """Try each addition and print how wide the ranges would be."""
    from underwatch.cli.asked import asked_of, of_this_place, one_package, place_of
    from underwatch.evidence.folder import PRIVATE_FOLDER
    from underwatch.files.writing import fresh_folder, numbered_folder
    from underwatch.inference.bank.bank import read_bank, shipped_folder
    from underwatch.inference.options import AS_IT_IS, try_options
    from underwatch.pages.calibration import design_rows, write_design

    one_package(given)
    place = place_of(given["place"])
    bank = read_bank(given["bank_folder"] or shipped_folder())
    of_this_place(bank, place)
    asked = asked_of({**given, "no_anchors": False}, place, bank.plan.window)
    if given["out"]:
        out = fresh_folder(given["out"], PRIVATE_FOLDER)
    else:
        out = numbered_folder("runs", f"design-{place.slug}", PRIVATE_FOLDER)
    result = try_options(bank, asked.reading, given["seed"], lambda name: say(f"{name} ...", err=True))
    write_design(out, result)
    say(
        f"How many times the lower end the upper end of the 90 % range would be, in {result[0].n} simulated cases like "
        "this one:"
    )
    for name, *cells in design_rows(result):
        say(name, *(f"  {cell}" for cell in cells))
    say(f"Each is held against {AS_IT_IS!r}, case by case. The table: {out / 'design.csv'}")
