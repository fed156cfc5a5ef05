"""What `estimate` and `design` are asked about: a package or safe table, a place, a bank, the outputs' name."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from underwatch.errors import InputError
from underwatch.evidence.package import Package

if TYPE_CHECKING:
    from underwatch.facts import Place
    from underwatch.inference.bank.bank import Bank
    from underwatch.inference.inputs.observed import Reading
    from underwatch.record.tally import Window

DEFAULT_PLACE = "hoeryong"


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
    is_synthetic: bool = False


@dataclass(frozen=True)
class PackageOptions:
    """What a command that asks about a package is given."""

    package: Path | Package | None
    example: bool
    place: str
    bank_folder: Path | None
    seed: int
    out: Path | None
    rehearsal: int | None = field(default=None, kw_only=True)
    no_anchors: bool = field(default=False, kw_only=True)
    roots: tuple[str, ...] = field(default=(), kw_only=True)
    no_constraints: bool = field(default=False, kw_only=True)

    def check(self) -> None:
        """Refuse no package, two, or one that is not there, before anything is read."""
        if sum((self.example, self.package is not None, self.rehearsal is not None)) != 1:
            raise InputError("name one package, or --example for the one that comes with the program")
        if isinstance(self.package, Path) and not self.package.exists():
            raise InputError(f"{self.package} does not exist; `underwatch evidence new DIR` starts a package")


def place_of(name: str) -> Place:
    """Return the one city or county of a name."""
    from underwatch.facts import find_place

    kind, full, members = find_place(name)
    if kind != "place":
        raise InputError(f"--place {full} is a {kind}; an estimate is about one city or county")
    return members[0]


def bank_for(place: Place | None, given: Path | Bank | None) -> Bank:
    """Return a bank in memory, of a folder, or the one that ships; one of another place is refused at once."""
    from underwatch.inference.bank.bank import Bank, read_bank, shipped_folder

    bank = given if isinstance(given, Bank) else read_bank(given or shipped_folder())
    own = bank.plan.scenario().places[0]
    if place is not None and own.slug != place.slug:
        raise InputError(
            f"--place {place.slug}: the bank is of {own.slug}, and a place needs a bank of its own; build one with "
            f"`underwatch calibrate --bank DIR --place {place.slug} --worlds 2000`, then give --bank DIR"
        )
    return bank


def asked_of(given: PackageOptions, place: Place, window: Window, case: Package | None = None) -> Asked:
    """Read the package or the safe table; `case` is a package that the model told: of a rehearsal, or verified."""
    from underwatch.evidence.check.checking import read_package
    from underwatch.evidence.samples.example import example_package, is_the_example
    from underwatch.inference.inputs.observed import read_for, reading_of_table
    from underwatch.inference.inputs.safe_table import is_safe_table, read_safe_table

    if isinstance(given.package, Path) and is_safe_table(given.package):
        table = read_safe_table(given.package, place, window)
        return Asked(reading_of_table(table, place, window), table.checksum, table.checksum, True)
    if isinstance(given.package, Path):
        package, is_public = case or read_package(given.package), False
    else:
        package, is_public = case or given.package or example_package(), case is not None or given.package is None
    is_public, checksum = is_public or is_the_example(package), package.fingerprint
    name = checksum if is_public else package.keyed_name() if package.key else ""
    reading = read_for(package, place, window, not given.no_anchors)
    return Asked(reading, name, checksum, is_public, package.kind == "synthetic")


def held_against_figures(given: PackageOptions, asked: Asked, bank: Bank) -> Reading:
    """Return what was read with the published figures that count beside it."""
    from underwatch.inference.inputs.published import AS_ASKED, SYNTHETIC, no_figures, published_figures, with_figures

    figures = published_figures(bank.figures, given.roots)
    if given.no_constraints or asked.is_synthetic:
        figures = no_figures(AS_ASKED if given.no_constraints else SYNTHETIC)
    return with_figures(asked.reading, figures)
