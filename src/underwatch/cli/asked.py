"""What `estimate` and `design` are asked about: one package or safe table, one place, and the name for outputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from underwatch.errors import InputError

if TYPE_CHECKING:
    from underwatch.facts import Place
    from underwatch.inference.bank.bank import Bank
    from underwatch.inference.inputs.observed import Reading
    from underwatch.record.tally import Window


@dataclass(frozen=True)
class Asked:
    """What was read, and what is to be written of where it came from.

    `name` is the checksum of what is public (the example, a rehearsal, a published table); of any other package it is
    the name that its own key gives, '' for one without a key. `checksum` is that of the whole content: never written.
    """

    reading: Reading
    name: str
    checksum: str
    is_public: bool


def one_package(given: dict[str, Any]) -> None:
    """Refuse none, two, or one that is not there, before anything is read."""
    asked = [given["example"], given["package"] is not None, given.get("rehearsal") is not None]
    if sum(asked) != 1:
        raise InputError("name one package, or --example for the one that comes with the program")
    if given["package"] is not None and not given["package"].exists():
        raise InputError(f"{given['package']} does not exist; `underwatch evidence new DIR` starts a package")


def place_of(name: str) -> Place:
    """Return the one city or county of a name."""
    from underwatch.facts import find_place

    kind, full, members = find_place(name)
    if kind != "place":
        raise InputError(f"--place {full} is a {kind}; an estimate is about one city or county")
    return members[0]


def of_this_place(bank: Bank, place: Place) -> None:
    """Refuse a bank of another place before anything is learned from it."""
    own = bank.plan.scenario().places[0]
    if own.slug != place.slug:
        raise InputError(
            f"--place {place.slug}: the bank is of {own.slug}, and a place needs a bank of its own; build one with "
            f"`underwatch calibrate --bank DIR --place {place.slug} --worlds 2000`, then give --bank DIR"
        )


def asked_of(given: dict[str, Any], place: Place, window: Window) -> Asked:
    """Read the package or the safe table."""
    from underwatch.evidence.check.checking import read_package
    from underwatch.evidence.samples.example import example_package, is_the_example
    from underwatch.inference.inputs.observed import read_for, reading_of_table
    from underwatch.inference.inputs.safe_table import is_safe_table, read_safe_table

    path: Path | None = given["package"]
    if path is not None and is_safe_table(path):
        table = read_safe_table(path, place, window)
        return Asked(reading_of_table(table, place, window), table.checksum, table.checksum, True)
    if given.get("rehearsed") is not None:
        package = given["rehearsed"].package
    else:
        package = example_package() if path is None else read_package(path)
    is_public, checksum = path is None or is_the_example(package), package.fingerprint
    name = checksum if is_public else package.keyed_name() if package.key else ""
    return Asked(read_for(package, place, window, not given["no_anchors"]), name, checksum, is_public)
