"""`underwatch calibrate`: the proof of calibration of a bank, built first where it is missing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from underwatch.cli.typed import BANK, OUT, dask, help_of, number, takes, threads
from underwatch.terminal import say

if TYPE_CHECKING:
    from underwatch.inference.bank.bank import BankPlan


@dataclass(frozen=True)
class CalibrateOptions:
    """What `underwatch calibrate` is given."""

    bank_folder: Path | None
    worlds: int | None
    place: str
    population: int | None
    first_day: str | None
    weeks: int | None
    threads: int | None
    dask: str | None
    seed: int
    out: Path | None


@click.command(**help_of("calibrate"))
@BANK
@number("--worlds", 1, 1_000_000, "Build the bank up to so many worlds. Example: --worlds 2000")
@click.option("--place", default="hoeryong", show_default=True, help="Of a new bank. Example: --place musan")
@click.option(
    "--population", type=int, help="Of a new bank: a stand-in of so many residents. Example: --population 5000"
)
@click.option("--first-day", metavar="DATE", help="Of a new bank: a Monday. Example: --first-day 2023-07-03")
@number("--weeks", 4, 200, "Of a new bank: how many weeks. Example: --weeks 104")
@threads()
@dask()
@number("--seed", 0, 2**63, "Luck of the packages. Example: --seed 7", 1)
@OUT
@takes(CalibrateOptions)
def calibrate(given: CalibrateOptions) -> int:
    """Build what is missing, then judge."""
    from underwatch.files.writing import fresh_folder, numbered_folder
    from underwatch.inference.bank.bank import read_bank, shipped_folder
    from underwatch.inference.checks.proof import prove, reference_designs
    from underwatch.inference.wording import in_words_of_columns
    from underwatch.pages.calibration import write_proofs

    folder = given.bank_folder or shipped_folder()
    if given.worlds is not None:
        _build(given, given.worlds, folder)
    bank = read_bank(folder)
    out = fresh_folder(given.out) if given.out else numbered_folder("runs", "calibrate")
    proofs = []
    for kind, setting in reference_designs(bank).items():
        say(f"{kind} ...", err=True)
        proofs.append(prove(bank, kind, setting, given.seed))
    write_proofs(out, proofs, bank.key)
    for proof in proofs:
        for verdict in proof.verdicts:
            say(f"{proof.kind}: {verdict.gate} {verdict.state}. {in_words_of_columns(verdict.sentence)}")
    say(f"Tables and pictures: {out}")
    return int(any(verdict.state == "refuses" for proof in proofs for verdict in proof.verdicts))


def _plan(given: CalibrateOptions, folder: Path) -> BankPlan:
    """Return the plan of the bank that is there, or of the new one asked for."""
    from datetime import date

    from underwatch.errors import InputError
    from underwatch.facts import find_place
    from underwatch.inference.bank.bank import WINDOW, BankPlan, plan_of
    from underwatch.record.tally import Window

    if (folder / "bank.toml").exists():
        return plan_of(folder)
    kind, name, members = find_place(given.place)
    if kind != "place":
        raise InputError(f"--place {name} is a {kind}; a bank is of one city or county")
    try:
        first = WINDOW.start if given.first_day is None else date.fromisoformat(given.first_day)
        window = Window(first, given.weeks or WINDOW.n_weeks)
    except ValueError as error:
        raise InputError(f"--first-day {given.first_day}: {error}; write a Monday as 2023-07-03") from None
    return BankPlan(members[0].slug, window, population=given.population)


def _build(given: CalibrateOptions, wanted: int, folder: Path) -> None:
    """Run what is missing of so many worlds, with the time that is left."""
    from underwatch.errors import Stopped
    from underwatch.experiments.engine.cores import cores
    from underwatch.experiments.engine.executors import executor_for
    from underwatch.inference.bank.bank import ask_figures, build

    plan, began, done, first = _plan(given, folder), time.monotonic(), 0, 0

    def progress(worlds: int) -> None:
        nonlocal done, first
        done, first = done + worlds, first or worlds
        fresh = done - first
        if fresh > 0 and fresh % 10 == 0:
            left = (wanted - done) * (time.monotonic() - began) / fresh
            say(f"{done} of {wanted} worlds, about {max(0, round(left / 60))} min left", err=True)

    try:
        with executor_for(given.threads, given.dask) as executor:
            build(plan, folder, wanted, executor, given.threads or cores(), progress)
        say("what each world answers to the published figures ...", err=True)
        ask_figures(folder, lambda worlds: None)
    except KeyboardInterrupt:
        raise Stopped("the same command goes on") from None
