"""`design`: what to ask next, so that an estimate becomes narrower."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from underwatch.api import frames
from underwatch.api.asked import path_of
from underwatch.api.commands.packages import (
    DEFAULT_PLACE,
    PackageOptions,
    asked_of,
    bank_for,
    held_against_figures,
    place_of,
)
from underwatch.api.results import Result, digest_of_table
from underwatch.api.told import ToldPackage, verified
from underwatch.evidence.package import Package
from underwatch.inference.bank.bank import Bank
from underwatch.terminal import say

if TYPE_CHECKING:
    from underwatch.inference.options import Option as DesignOption


@dataclass(frozen=True, eq=False, repr=False)
class DesignResult(Result):
    """What each addition to a package would do to the width of its ranges."""

    path: Path
    options: Sequence[DesignOption]

    @cached_property
    def digest(self) -> str:
        """The hash of the table."""
        return digest_of_table(self._table)

    @cached_property
    def _table(self) -> pa.Table:
        from underwatch.inference.bank.quantities import ALL_NAMES

        rows = [(item, name, at) for item in self.options for at, name in enumerate(ALL_NAMES)]
        field = frames.field_of
        columns = [
            (field("added", pa.string(), "what is added"), [item.name for item, _, _ in rows]),
            (field("quantity", pa.string(), "name"), [name for _, name, _ in rows]),
            (field("upper_over_lower", pa.float64(), "of the 90 % range"), [item.ratio[at] for item, _, at in rows]),
            (field("against_none", pa.float64(), "width, a share"), [item.against[at] for item, _, at in rows]),
            (field("covers", pa.float64(), "of the 90 % range"), [item.coverage[at] for item, _, at in rows]),
            (field("n", pa.int32(), "simulated cases"), [item.n for item, _, _ in rows]),
        ]
        return frames.table_of(columns, "What would sharpen an estimate.")

    def to_df(self, engine: str = "pandas") -> Any:
        """Return a row for each addition and quantity: how many times the lower end the upper would be."""
        return frames.frame_of(self._table, engine)

    def _line(self) -> str:
        return f"DesignResult({len(self.options)} ways, in {self.path})"

    def _facts(self) -> list[tuple[str, str]]:
        from underwatch.pages.calibration import design_rows

        return [(name, "; ".join(cells)) for name, *cells in design_rows(self.options)]

    def _next(self) -> tuple[str, ...]:
        return (".to_df()",)


def design(
    package: str | Path | Package | None = None,
    *,
    example: bool = False,
    place: str | None = None,
    bank: str | Path | Bank | None = None,
    roots: Iterable[str] = (),
    constraints: bool = True,
    seed: int = 1,
    out: str | Path | None = None,
) -> DesignResult:
    """Do what `underwatch design` does: try each addition to a package, and see how wide the ranges would be.

    `package`, `example`, `place`, `bank` as in `estimate`. The folder is `out`, or runs/design-PLACE-001.
    """
    from underwatch.evidence.folder import PRIVATE_FOLDER
    from underwatch.files.writing import fresh_folder, numbered_folder
    from underwatch.inference.options import try_options
    from underwatch.pages.calibration import write_design

    own = package if package is None or isinstance(package, Package) else path_of("package", package)
    folder = None if bank is None or isinstance(bank, Bank) else path_of("bank", bank)
    given = PackageOptions(
        own,
        example,
        place or DEFAULT_PLACE,
        folder,
        seed,
        None if out is None else Path(out),
        roots=tuple(roots),
        no_constraints=not constraints,
    )
    given.check()
    where = place_of(given.place) if place is not None or bank is None else None
    held = bank_for(where, bank if isinstance(bank, Bank) else folder)
    town = where or held.plan.scenario().places[0]
    told = own if isinstance(own, ToldPackage) and verified(own) else None
    asked = asked_of(given, town, held.plan.window, told)
    if given.out:
        made = fresh_folder(given.out, PRIVATE_FOLDER)
    else:
        made = numbered_folder("runs", f"design-{town.slug}", PRIVATE_FOLDER)
    result = try_options(
        held, held_against_figures(given, asked, held), seed, lambda name: say(f"{name} ...", err=True)
    )
    write_design(made, result)
    return DesignResult(made, result)
