"""Safe tables in: what a published, coarsened table says, with the disclosure step inside the simulator.

A table made by `underwatch evidence publish` counts incidents by quarter or year, province and family of acts, with
small cells hidden (and others, so that none can be worked out) or noise on every cell. The simulated package goes
through the same step: its counts are brought to the province by a share that is drawn, capped, and hidden or made noisy
by the same rules (the noise rounded, as there). With hidden cells only the totals of a period are read: which families
are hidden beside them hangs on all other provinces. Families hold acts that the model does not make; the drawn share
takes that in too.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np

from underwatch.channel.expected_counts import Values
from underwatch.errors import InputError
from underwatch.evidence.format.descriptor import AMOUNT_PATTERN
from underwatch.evidence.format.gazetteer import place_at
from underwatch.evidence.format.ids import letters_of
from underwatch.evidence.format.vocabularies import entries
from underwatch.evidence.release.publish import COLUMNS, RECORD_FILE, TABLE_FILE
from underwatch.facts import Place
from underwatch.files.intake.json import read_json
from underwatch.files.intake.regular import read_bytes
from underwatch.files.intake.table import rows_of
from underwatch.record.tally import Window
from underwatch.world.layout import INCIDENT_NAMES

# Families of acts by the model's kinds of incident.
FAMILIES = {
    family: tuple(
        kind
        for kind, name in enumerate(INCIDENT_NAMES)
        if family in {act["family"] for act in entries("act").values() if act["model_kind"] == name}
    )
    for family in ("following", "calls", "detention", "listing")
}
_ALL, _YES, _NOISE = "all", "yes", "noise"
LARGEST_TABLE, LARGEST_RECORD = 4 << 20, 1 << 18  # bytes; a table of ten years by quarter has 0.2 million
_MOST_ROWS, _MOST_CAP = 50_000, 1_000_000
_SLOT = re.compile(r"[0-9]{4}(-Q[1-4])?")
_AMOUNT, _WHOLE = re.compile(AMOUNT_PATTERN, re.ASCII), re.compile(r"-?[0-9]{1,9}")


@dataclass(frozen=True)
class Disclosure:
    """How a table was made safe: its slots as quarters of the window, and the rules."""

    slots: tuple[str, ...]
    quarters: tuple[tuple[int, ...], ...]  # of the window, for each slot
    min_cell: int  # 0 with noise
    scale: float  # of the noise; 0 without

    @property
    def families(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(FAMILIES) if self.scale else (_ALL,)


@dataclass(frozen=True)
class SafeTable:
    """A published table as far as it is about one place: how it was made safe, and the checksum of its file."""

    disclosure: Disclosure
    cells: np.ndarray  # float[slots, families] of the place's province, NaN where hidden
    set_aside: Counter[str]
    checksum: str


def is_safe_table(path: Path) -> bool:
    """Say whether a folder holds a published table."""
    return (path / TABLE_FILE).is_file() and (path / RECORD_FILE).is_file()


def read_safe_table(path: Path, place: Place, window: Window) -> SafeTable:
    """Read the folder of a published table; InputError where it is damaged or about another window."""
    (rows, checksum), (minimum, scale) = _rows(path / TABLE_FILE), _rules(path / RECORD_FILE)
    names = window.of_weeks("quarter")[1]
    mine = place_at(place.slug, "province")
    slots = tuple(sorted({row["period"] for row in rows}))
    inside = [slot for slot in slots if all(name in names for name in _quarters_of(slot))]
    if not inside or mine not in {row["place_code"] for row in rows}:
        raise InputError(
            f"{path} has no cell of the province of {place.name} from {window.start} to {window.end}, the window of "
            "the bank; choose another place, or build a bank of its window"
        )
    aside: Counter[str] = Counter()
    aside["periods of the table outside of the window"] = len(slots) - len(inside)
    quarters = tuple(tuple(names.index(name) for name in _quarters_of(slot)) for slot in inside)
    disclosure = Disclosure(tuple(inside), quarters, minimum, scale)
    families = disclosure.families
    value = np.full((len(inside), len(families)), np.nan)
    for row in rows:
        if row["period"] in inside and row["place_code"] == mine and row["act_family"] in families:
            index = inside.index(row["period"]), families.index(row["act_family"])
            value[index] = _count(row["n_incidents"], path) if row["shown"] in (_YES, _NOISE) else np.nan
    return SafeTable(disclosure, value, +aside, checksum)


def _rows(path: Path) -> tuple[list[dict[str, str]], str]:
    """Return the rows of a published table and its checksum; InputError unless each is whole, of a quarter or year."""
    try:
        data = read_bytes(path, LARGEST_TABLE, "safe table")
        result = list(islice(rows_of(data, f"{path} "), _MOST_ROWS + 1))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise InputError(f"{path.parent} holds no whole safe table ({path.name}); take another copy") from None
    if not result or tuple(result[0]) != COLUMNS:
        raise InputError(f"{path} has not the columns {', '.join(COLUMNS)}; take another copy")
    if len(result) > _MOST_ROWS:
        raise InputError(f"{path} has more than {_MOST_ROWS:,} rows, and no safe table has; take another copy")
    rows = [dict(zip(COLUMNS, row, strict=False)) for row in result[1:] if row]
    for number, row in enumerate(rows, 2):
        if len(row) < len(COLUMNS) or not _SLOT.fullmatch(row["period"]):
            raise InputError(f"{path} row {number} is no row of a safe table; take another copy")
    return rows, letters_of(data)


def _rules(path: Path) -> tuple[int, float]:
    """Return the smallest cell shown (0 with noise) and the scale of the noise (0 without), as the record has them."""
    try:
        record = read_json(path, "record of a release", LARGEST_RECORD)
        minimum, epsilon, cap = record["min_cell"], record["epsilon"], record["source_cap"]
    except (OSError, KeyError, TypeError):
        raise InputError(f"{path.parent} holds no whole safe table ({path.name}); take another copy") from None
    if type(cap) is not int or not 1 <= cap <= _MOST_CAP:
        raise InputError(f"{path}: source_cap = {cap!s:.40} is not 1 to {_MOST_CAP:,}; take another copy")
    if minimum is not None and (type(minimum) is not int or not 0 <= minimum <= _MOST_CAP):
        raise InputError(f"{path}: min_cell = {minimum!s:.40} is not 0 to {_MOST_CAP:,}; take another copy")
    if epsilon is None:
        return minimum or 0, 0.0
    if not isinstance(epsilon, str) or not _AMOUNT.fullmatch(epsilon) or not Fraction(epsilon):
        raise InputError(f"{path}: epsilon = {epsilon!s:.40} is no number above 0, written like 0.5; take another copy")
    return minimum or 0, float(cap / Fraction(epsilon))


def _count(text: str, path: Path) -> float:
    if not _WHOLE.fullmatch(text):
        raise InputError(f"{path / TABLE_FILE}: n_incidents = {text:.40} is no count; take another copy")
    return float(text)


def _quarters_of(slot: str) -> list[str]:
    return [slot] if "Q" in slot else [f"{slot}-Q{quarter}" for quarter in range(1, 5)]


def disclosed(
    by_quarter: np.ndarray, disclosure: Disclosure, values: Values, streams: Callable[[str], np.random.Generator]
) -> np.ndarray:
    """Return tables float[draws, slots, families] of expected incidents float[draws, quarters, kinds] of the place;
    `streams` gives a stream of random numbers for each purpose.
    """
    share = (values["table_cap_kept"] / values["table_place_share"])[:, None, None]
    kinds = list(FAMILIES.values()) if disclosure.scale else [tuple(range(by_quarter.shape[2]))]
    by_slot = np.stack([by_quarter[:, list(quarters)].sum(axis=1) for quarters in disclosure.quarters], axis=1)
    expected = np.stack([by_slot[..., list(family)].sum(axis=-1) for family in kinds], axis=-1)
    n = streams("cells of a table").poisson(np.minimum(expected * share, 1e7)).astype(float)
    if disclosure.scale:
        return np.asarray(n + np.rint(streams("noise of a table").laplace(scale=disclosure.scale, size=n.shape)))
    return np.where(n < disclosure.min_cell, np.nan, n)


def table_columns(disclosure: Disclosure) -> list[str]:
    """Return the names of the summaries of a table."""
    cells = [f"{family} {slot}" for slot in disclosure.slots for family in disclosure.families]
    return cells if disclosure.scale else cells + [f"{cell} shown" for cell in cells]


def table_row(cells: np.ndarray, disclosure: Disclosure) -> np.ndarray:
    """Return the summaries float[..., s]: logs of what is shown, and which cells are."""
    flat = cells.reshape(*cells.shape[:-2], -1)
    if disclosure.scale:
        return np.asarray(np.arcsinh(flat))
    shown = np.isfinite(flat)
    logs = np.log1p(np.where(shown, flat, 0.5 * disclosure.min_cell))
    return np.concatenate([logs, shown.astype(float)], axis=-1)
