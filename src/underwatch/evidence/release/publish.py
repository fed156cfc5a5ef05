"""Publishing: the one table that may leave, and a record of what was done to it.

At its finest by quarter, province and family of acts: 98 % and more of the cells by week, place and act hold
fewer than five reports. Consent and the group's decision first; every incident counted once, relays never; a cap on
what one source adds; small cells hidden with others that would give them away, or discrete Laplace noise on every cell;
a delay; every period once and never again, because the difference of two tables is the report that came between.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_package, read_package
from underwatch.evidence.edit.store import working_path
from underwatch.evidence.folder import write_files
from underwatch.evidence.format.descriptor import AMOUNT_PATTERN
from underwatch.evidence.format.ids import letters_of, new_id
from underwatch.evidence.format.periods import parse_period, quarters
from underwatch.evidence.format.table_schemas import FORMAT_VERSION, RELEASES
from underwatch.evidence.format.vocabularies import label
from underwatch.evidence.history import recorded
from underwatch.evidence.package import Package, to_files
from underwatch.evidence.release.noise import RandBelow, noisy_count
from underwatch.evidence.release.safe_cells import PARTS, CellTable, Grid, count_cells
from underwatch.evidence.release.suppression import hide, with_totals
from underwatch.files.folders import staged_folder
from underwatch.files.writing import csv_bytes, must_be_new

# Below these a rule protects too little to be offered.
LEAST_MIN_CELL, LEAST_DELAY_DAYS, MOST_SOURCE_CAP = 10, 180, 20
LARGEST_EPSILON = Fraction(4)
# A cell that fewer sources fill would show what one of them said.
FEWEST_SOURCES = 3
TABLE_FILE, RECORD_FILE = "safe_table.csv", "release.json"
COLUMNS = ("period", "place_code", "act_family", "n_incidents", "shown", "label")
ALL, SHARED_MODES = "all", (0o755, 0o644)
THIN = "this package is too thin to publish anything"


class Refused(InputError):  # noqa: N818 - a result of the gate, no mistake
    """The gate refuses: a result, told in one line, and not an error in what was typed."""


@dataclass(frozen=True)
class ReleaseRules:
    """How a table is made safe. `method` is suppression or noise; `epsilon` counts for noise only."""

    start: str
    end: str
    place_grain: str = "province"
    time_grain: str = "quarter"
    method: str = "suppression"
    min_cell: int = LEAST_MIN_CELL
    source_cap: int = 5
    epsilon: str = "1.0"
    delay_days: int = LEAST_DELAY_DAYS

    @property
    def is_noise(self) -> bool:
        """Whether single reports are hidden by noise, and not by hiding small counts."""
        return self.method == "noise"

    def check(self) -> None:
        """Raise InputError for a rule that protects too little or cannot be read."""
        for name, known in (("place_grain", ("province", "region", "country")), ("time_grain", ("quarter", "year"))):
            if getattr(self, name) not in known:
                raise InputError(f"{name} is one of {', '.join(known)}; finer tables are not published")
        if self.method not in ("suppression", "noise"):
            raise InputError("method is suppression or noise")
        if self.min_cell < LEAST_MIN_CELL:
            raise InputError(f"the smallest cell shown is {LEAST_MIN_CELL} at least")
        if self.delay_days < LEAST_DELAY_DAYS:
            raise InputError(f"the delay is {LEAST_DELAY_DAYS} days at least")
        if not 1 <= self.source_cap <= MOST_SOURCE_CAP:
            raise InputError(f"the cap per source lies between 1 and {MOST_SOURCE_CAP}")
        loss = Fraction(self.epsilon) if re.fullmatch(AMOUNT_PATTERN, self.epsilon, re.ASCII) else Fraction(0)
        if self.is_noise and not 0 < loss <= LARGEST_EPSILON:
            raise InputError(f"epsilon is a number above 0 and at most {LARGEST_EPSILON}, written like 0.5")
        if not self.slots():
            raise InputError("the period ends before it starts")

    def slots(self) -> list[str]:
        """Return the periods of the table; InputError when start or end cannot be read."""
        try:
            result = quarters(self.start, self.end)
        except ValueError as error:
            raise InputError(str(error)) from None
        if self.time_grain == "quarter":
            return result
        if result and not (result[0].endswith("Q1") and result[-1].endswith("Q4")):
            raise InputError("by year the period runs from a first to a fourth quarter")
        return sorted({slot[:4] for slot in result})

    def period(self) -> str:
        """Return the whole period as it is noted in the package."""
        return self.start if self.start == self.end else f"{self.start}/{self.end}"


@dataclass(frozen=True)
class Release:
    """What is published: the table's bytes, the public record, and what only the group may know (`inside`)."""

    table: bytes
    record: dict[str, Any]
    inside: dict[str, int] = field(default_factory=dict)


def publish(folder: str | Path, out: str | Path, rules: ReleaseRules, today: date | None = None) -> Release:
    """Make the safe table of a package folder in the new folder `out`, and note the release in the package.

    Refused (a gate) when the period was published before, is too recent, or the package is too thin; InputError for
    rules that protect too little, a package with errors, or one with an unsaved working copy. The period counts as
    published from the moment the package says so, which is before the table appears.
    """
    rules.check()
    folder, out = Path(folder), Path(out)
    if working_path(folder).exists():
        raise InputError(
            "there is a working copy; save it, then `underwatch evidence work --discard`, and publish the folder"
        )
    must_be_new(out)
    package = read_package(folder, today)
    release = prepare(package, rules, today)
    noted = recorded(_noted(package, rules, release), new_id(), "published")
    files = to_files(noted.keyed())
    check_package(files, today)
    text = json.dumps(release.record, indent=1, ensure_ascii=False) + "\n"
    stage = staged_folder(
        out, {TABLE_FILE: release.table, RECORD_FILE: text.encode()}, SHARED_MODES, marks=(".", ".part")
    )
    try:
        write_files(folder, files, fresh=False)
    except BaseException:
        stage.remove()
        raise
    stage.place()
    return release


def prepare(
    package: Package, rules: ReleaseRules, today: date | None = None, randbelow: RandBelow | None = None
) -> Release:
    """Return the release of a package under the rules, without writing anything; Refused as in `publish`."""
    rules.check()
    _gate(package, rules, today or date.today())
    counted = count_cells(package, rules.slots(), rules.place_grain, rules.source_cap, steady=rules.is_noise)
    if rules.is_noise:
        rows = _noisy(counted, rules, randbelow)
    else:
        rows = _suppressed(counted, rules)
        if not any(row[4] == "yes" for row in rows):
            raise Refused(f"{THIN}: no count reaches {rules.min_cell} with {FEWEST_SOURCES} known sources")
    data = csv_bytes((COLUMNS, *rows))
    return Release(data, _record(package, rules, data, rows), counted.inside)


def _gate(package: Package, rules: ReleaseRules, today: date) -> None:
    """Refuse what no rule can make safe or true."""
    if "search_driven_sample" in package.declares:
        raise Refused(
            f"{THIN}, and it is a search-driven sample: its counts follow the searches; the synthetic package "
            "(`underwatch evidence new DIR --synthetic`) shows what a release looks like"
        )
    wanted = parse_period(rules.period())
    assert wanted is not None  # rules.check has read it
    if wanted.last + timedelta(days=rules.delay_days) > today:
        raise Refused(f"the period is too recent: it may be published {rules.delay_days} days after its end")
    for period in package.table(RELEASES).column("period"):
        before = parse_period(period)
        if before is not None and before.first <= wanted.last and wanted.first <= before.last:
            raise Refused(
                f"{period} was published before; every period is published once, as the difference would tell"
            )


def _suppressed(counted: CellTable, rules: ReleaseRules) -> list[tuple[str, ...]]:
    """Return the rows of the table with small cells hidden; one table with its totals for each period."""
    rows: list[tuple[str, ...]] = []
    grid = counted.grid
    for slot in grid.slots:
        inner = [[counted.counts[slot, place, family] for family in grid.families] for place in grid.places]
        counts = with_totals(inner)
        small = {cell for cell, n in counts.value.items() if n < rules.min_cell}
        small |= {cell for cell in counts.value if counted.n_sources(slot, *_names(grid, cell)) < FEWEST_SOURCES}
        hidden = hide(counts, small, rules.min_cell)
        for cell in sorted(counts.value):
            names = (
                ALL if cell[0] == counts.n_rows else grid.places[cell[0]],
                ALL if cell[1] == counts.n_columns else grid.families[cell[1]],
            )
            shown = cell not in hidden
            rows.append((slot, *names, str(counts.value[cell]) if shown else "", "yes" if shown else "no", "reported"))
    return rows


def _names(grid: Grid, cell: tuple[int, int]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the places and the families that a cell of the table with totals stands for."""
    i, j = cell
    places = grid.places if i == len(grid.places) else grid.places[i : i + 1]
    families = grid.families if j == len(grid.families) else grid.families[j : j + 1]
    return places, families


def _noisy(counted: CellTable, rules: ReleaseRules, randbelow: RandBelow | None) -> list[tuple[str, ...]]:
    """Return every cell of the fixed grid, zeros too, with noise; no totals, which a reader can add up.

    Whether there is too little is judged by the noisy counts: a refusal then tells no more than the table would.
    """
    scale = rules.source_cap / Fraction(rules.epsilon)
    draw = {"randbelow": randbelow} if randbelow else {}
    noisy = {cell: noisy_count(parts, PARTS, scale, **draw) for cell, parts in counted.parts.items()}
    if sum(noisy.values()) < scale * len(noisy):
        raise Refused(f"{THIN}: the noise would be greater than the counts")
    return [(*cell, str(n), "noise", "reported") for cell, n in noisy.items()]


def _previous(package: Package) -> list[dict[str, str]]:
    return sorted(package.table(RELEASES).records(), key=lambda release: int(release["version"]))


def _change_note(package: Package, rules: ReleaseRules) -> str:
    """Return why there is a new version."""
    previous = _previous(package)
    if not previous:
        return "first_release"
    same = all(previous[-1][name] == getattr(rules, name) for name in ("place_grain", "time_grain", "method"))
    return "new_periods" if same else "rules_changed"


def _version(package: Package) -> int:
    return 1 + max((int(release["version"]) for release in _previous(package)), default=0)


def _noted(package: Package, rules: ReleaseRules, release: Release) -> Package:
    """Return the package with the release in its list."""
    row = {
        "release_id": new_id(),
        "version": str(_version(package)),
        "period": rules.period(),
        "place_grain": rules.place_grain,
        "time_grain": rules.time_grain,
        "method": rules.method,
        "source_cap": str(rules.source_cap),
        "min_cell": "0" if rules.is_noise else str(rules.min_cell),
        "epsilon": rules.epsilon if rules.is_noise else "0",
        "change_note": _change_note(package, rules),
        "checksum": letters_of(release.table),
    }
    return package.with_rows(RELEASES, [*package.table(RELEASES).rows, tuple(row.values())])


def _record(package: Package, rules: ReleaseRules, data: bytes, rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return the public record of what was done: the rules, and no count that was not published."""
    spent = [Fraction(release["epsilon"]) for release in _previous(package) if release["method"] == "noise"]
    done = [
        "kept only what the source agreed to and the group has released; left out what was judged unlikely",
        "counted each incident once, where its gravest act is told; a relay or duplicate adds neither to the report "
        "that it passes on nor to the sources; left out dates coarser than the table's periods",
        f"counted at most {rules.source_cap} incidents per source over all periods; of a source with more, all in part",
        f"waited {rules.delay_days} days after the period's end",
    ]
    if rules.is_noise:
        scale = rules.source_cap / Fraction(rules.epsilon)
        done += [
            "left out reports of unknown source, and incidents that as many sources put elsewhere",
            f"added discrete Laplace noise of scale {scale} incidents to every cell, zeros too, and rounded",
        ]
    else:
        done += [
            "counted reports of unknown source together as one source",
            f"hid counts below {rules.min_cell}, zero included, and those of fewer than {FEWEST_SOURCES} known sources",
            "hid further counts, sums among them, until no hidden one can be worked out from what is shown",
        ]
    return {
        "format": FORMAT_VERSION,
        "kind": label("package_kind", package.kind),
        "limits": [label("limit", limit) for limit in package.declares],
        "version": _version(package),
        "change_note": label("change_note", _change_note(package, rules)),
        "period": rules.period(),
        "grain": [label("time_grain", rules.time_grain), label("place_grain", rules.place_grain), "by family of acts"],
        "method": label("method", rules.method),
        "source_cap": rules.source_cap,
        "min_cell": None if rules.is_noise else rules.min_cell,
        "epsilon": rules.epsilon if rules.is_noise else None,
        "epsilon_of_all_releases": str(sum(spent, Fraction(rules.epsilon))) if rules.is_noise else None,
        "delay_days": rules.delay_days,
        "done": done,
        "means": "reported incidents: what came out, not what happened; a cell not shown is not zero",
        "cells": len(rows),
        "table": TABLE_FILE,
        "checksum": letters_of(data),
    }
