"""Frames that cannot be summed wrongly: periods of days by groups that part all residents, in any of three engines.

What is counted adds up over residents and days; a stock (those listed, fear) is the mean of the days of its period and
adds up over residents. A ratio adds up over nothing, so it comes only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from underwatch.errors import InputError, nearest
from underwatch.facts.indicators import RATIO, STOCK
from underwatch.record.measures import Combined, group_cells, with_ratios
from underwatch.record.schema import DICTIONARY, LISTED, ORDINARY
from underwatch.shown import INVENTED
from underwatch.world.layout import GROUND_MASK, GROUND_NAMES, N_CELLS

Engine = Literal["pandas", "polars", "arrow"]
Every = Literal["D", "W", "M"]
By = Literal["group", "grounds"]
ENGINES, EVERY, BY = ("pandas", "polars", "arrow"), ("D", "W", "M"), ("group", "grounds")
NO_GROUND = "none"
_DAY = pa.timestamp("us")


def one_of(what: str, given: object, known: Sequence[str]) -> str:
    """Return a word that is one of those known; InputError with the nearest for another."""
    if given not in known:
        raise InputError(
            f'{what} = "{given!s:.40}" is not known{nearest(str(given)[:40], known)}; one of {", ".join(known)}'
        )
    return str(given)


def frame_of(table: pa.Table, engine: str = "pandas") -> Any:
    """Return an Arrow table as a frame: pandas (units in `attrs`), polars, or the table itself.

    Units and meanings are in the metadata of the fields; pandas has them in `frame.attrs["units"]`. InputError where
    the engine is not installed.
    """
    one_of("engine", engine, ENGINES)
    if engine == "arrow":
        return table
    try:
        if engine == "polars":
            import polars

            return polars.from_arrow(table)
        import pandas  # noqa: F401  (Arrow asks for it)
    except ImportError:
        raise InputError(
            f'engine="{engine}" needs the package {engine}: pip install {engine}; engine="arrow" needs nothing more'
        ) from None
    frame = table.to_pandas()
    frame.attrs = {"units": units_of(table), "about": (table.schema.metadata or {}).get(b"about", b"").decode()}
    return frame


def units_of(table: pa.Table) -> dict[str, str]:
    """Return the unit of each column that has one."""
    units = {field.name: (field.metadata or {}).get(b"unit", b"").decode() for field in table.schema}
    return {name: unit for name, unit in units.items() if unit}


def field_of(name: str, kind: pa.DataType, meaning: str, unit: str = "") -> pa.Field:
    """Return a column with its meaning and unit."""
    return pa.field(name, kind, metadata={"meaning": meaning, "unit": unit})


def table_of(columns: Sequence[tuple[pa.Field, Any]], about: str = "") -> pa.Table:
    """Return a table from its columns with their fields; it says that residents are invented. NaN becomes missing."""
    arrays = [
        values if isinstance(values, pa.Array) else pa.array(values, field.type, from_pandas=True)
        for field, values in columns
    ]
    said = {"about": f"{about} {INVENTED}".strip()}
    return pa.Table.from_arrays(arrays, schema=pa.schema([field for field, _ in columns], metadata=said))


class Periods(NamedTuple):
    """Periods of a run: the first day of each (of the run, from 0), how many of its days are in the run, and whether it
    has fewer than its week or month has.
    """

    first: np.ndarray
    n_days: np.ndarray
    is_partial: np.ndarray


def periods(start: date, days: int, every: str) -> Periods:
    """Return the days, calendar weeks (from Mondays) or calendar months of a run; the cut ones are kept and flagged."""
    one_of("every", every, EVERY)
    if every == "D":
        return Periods(np.arange(days), np.ones(days, int), np.zeros(days, bool))
    firsts, whole, day = [], [], 0
    while day < days:
        today = start + timedelta(day)
        if every == "W":
            begin, length = today - timedelta(today.weekday()), 7
        else:
            begin = today.replace(day=1)
            length = ((begin + timedelta(31)).replace(day=1) - begin).days
        firsts.append(day)
        whole.append(length)
        day += length - (today - begin).days
    lengths = np.diff([*firsts, days])
    return Periods(np.array(firsts), lengths, lengths < np.array(whole))


def parts_of(by: str | None, residents: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return the names of groups that part all residents, and int64[groups, cells], 1 where a cell is of a group.

    None is all together; `group` listed and ordinary at the start; `grounds` the combination that is held, of those
    that somebody has.
    """
    if by is None:
        return [""], np.ones((1, N_CELLS), np.int64)
    if one_of("by", by, BY) == "group":
        return [LISTED, ORDINARY], np.stack([group_cells(name) for name in (LISTED, ORDINARY)]).astype(np.int64)
    held = np.arange(N_CELLS) & GROUND_MASK
    some = [number for number in range(GROUND_MASK + 1) if residents[held == number].sum() > 0]
    names = [" + ".join(name for bit, name in enumerate(GROUND_NAMES) if number >> bit & 1) for number in some]
    return [name or NO_GROUND for name in names], np.stack([held == number for number in some]).astype(np.int64)


def overlapping(residents: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return each ground with the cells of all who hold it, alone or with others: these overlap, and add up to more."""
    some = [name for name in GROUND_NAMES if residents[group_cells(name)].sum() > 0]
    return some, np.array([group_cells(name) for name in some], np.int64).reshape(len(some), N_CELLS)


class Split(NamedTuple):
    """How rows are told apart: the column's name ('' for none), the groups' names, and int64[groups, cells]."""

    column: str
    names: list[str]
    cells: np.ndarray


def period_table(
    history: Combined, split: Split, every: str, shares: bool = False, more: Mapping[str, Sequence[float]] | None = None
) -> pa.Table:
    """Return a row for each period and group: date, days, residents, what was counted, stocks, with `shares` ratios.

    `more` are columns of floats, one for each period (for a table that is not split).
    """
    when = periods(history.start, history.days, every)
    lengths = when.n_days.astype(float)[:, None]
    sums = np.add.reduceat(history.cells, when.first, axis=0)
    counts = np.einsum("gc,pci->pgi", split.cells, sums)
    people, watched = split.cells @ history.residents, split.cells @ history.watched
    values = with_ratios(counts, lengths * people, lengths * watched)
    n_periods, n_groups = counts.shape[:2]
    first = np.repeat(np.datetime64(history.start, "D") + when.first, n_groups).astype("datetime64[us]")
    n_days, is_partial = np.repeat(when.n_days, n_groups), np.repeat(when.is_partial, n_groups)
    columns: list[tuple[pa.Field, Any]] = [
        (field_of("date", _DAY, "first day of the period"), first),
        (field_of("n_days", pa.int32(), "days of the period that are in the run", "days"), n_days),
        (field_of("is_partial", pa.bool_(), "whether the run has only some of its days"), is_partial),
    ]
    if split.column:
        meaning = "residents at the start, parted" if split.column in BY else "all who hold the ground; grounds overlap"
        columns.append((field_of(split.column, pa.string(), meaning), split.names * n_periods))
    for name, item in DICTIONARY.items():
        if item.kind == RATIO and not shares:
            continue
        value = values[name] / lengths if item.kind == STOCK else values[name]
        unit = f"{item.unit}, mean of the days" if item.kind == STOCK else item.unit
        columns.append((field_of(name, pa.float64(), item.meaning, unit), value.reshape(-1)))
    for name, given in (more or {}).items():
        columns.append((field_of(name, pa.float64(), "a measure of your own, at the end of the week"), list(given)))
    return table_of(columns, f"{history.place}, {history.start}, {history.days} days.")


def with_column(table: pa.Table, field: pa.Field, value: str, at: int = 0) -> pa.Table:
    """Return a table with a column that is the same in every row."""
    return table.add_column(at, field, pa.array([value] * table.num_rows, pa.string()))
