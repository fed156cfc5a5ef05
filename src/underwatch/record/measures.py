"""From the kernel's counts by cell to indicators: daily tables, totals of a period, headline figures of a run.

Only integers are added, and ratios are taken last, so that sums by place, day and listed / ordinary agree exactly.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from underwatch.errors import InputError
from underwatch.facts.indicators import STOCK
from underwatch.record.headlines import GROUP_FIGURES, HEADLINES, WEEKLY, YEARLY
from underwatch.record.schema import ALL, DICTIONARY, GROUPS, INDICATOR_SCHEMA, LISTED, ORDINARY
from underwatch.shown import Displayed
from underwatch.world.layout import (
    COUNT,
    GROUND_NAMES,
    INDICATORS,
    LISTED_CELL,
    N_CELLS,
    ONE,
)

WEEK = 7
YEAR_DAYS = 365.0
# Why an intended call is not made, each apart: its share of the calls intended, and the count
CALLS_NOT_MADE = {
    "share_calls_avoided": "calls_avoided",
    "share_calls_turned_back": "calls_abandoned",
    "share_calls_stopped": "calling_stopped",
}
DEFAULT_FLOOR = 1.0  # private complaint is untouched by fear when the scenario names no floor


@dataclass(frozen=True, slots=True, repr=False)
class Combined(Displayed):
    """The daily counts of one world and place, or of several places added up: all that the tables here read of it."""

    place: str  # the city or county
    start: datetime.date
    days: int
    cells: np.ndarray  # int64[days, cells, indicators], counts and stocks by day and cell
    residents: np.ndarray  # int64[cells]
    adults: np.ndarray  # int64[cells], residents of 15 and over
    watched: np.ndarray  # int64[cells], residents living in a unit with a watcher
    records: np.ndarray  # INCIDENT[n], the incidents of one place, or none


def group_cells(group: str) -> np.ndarray:
    """Return bool[cells]: the cells of a group (one of GROUPS). Grounds overlap; listed and ordinary do not."""
    cells = np.arange(N_CELLS)
    if group == ALL:
        return np.ones(N_CELLS, bool)
    if group in (LISTED, ORDINARY):
        return ((cells & LISTED_CELL) != 0) == (group == LISTED)
    return (cells >> GROUND_NAMES.index(group) & 1) == 1


def members() -> np.ndarray:
    """Return int64[groups, cells]: 1 where a cell is of a group, in the order of GROUPS."""
    return np.stack([group_cells(group) for group in GROUPS]).astype(np.int64)


def group_keys(group: str) -> dict[str, object]:
    """Return how a row names its group: by the split of residents, or by a ground."""
    return {"group": ALL, "ground": group} if group in GROUND_NAMES else {"group": group, "ground": ALL}


def group_columns(groups: np.ndarray) -> dict[str, pa.Array]:
    """Return the columns by which rows name their groups, given as positions in GROUPS."""
    splits = tuple(group for group in GROUPS if group not in GROUND_NAMES)
    ground = np.maximum(groups - len(splits) + 1, 0)
    return {"group": words(np.where(ground, 0, groups), splits), "ground": words(ground, (ALL, *GROUND_NAMES))}


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide; NaN where there are no cases."""
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=np.asarray(below) > 0)


def with_ratios(
    counts: np.ndarray, residents: np.ndarray, watched: np.ndarray, floor: float = DEFAULT_FLOOR
) -> dict[str, np.ndarray]:
    """Return every indicator of the dictionary by name, from counts[..., indicators] of any shape before the last axis.

    `residents` and `watched` are per unit of stock: residents (times days where the counts are sums over days).
    `floor` is the parameter `private_speech_floor`.
    """
    values = {name: counts[..., column].astype(float) for column, name in enumerate(INDICATORS)}
    values["fear"] = counts[..., COUNT.fear] / ONE
    values["distress"] = counts[..., COUNT.distress] / ONE
    shape = counts.shape[:-1]
    people = np.broadcast_to(np.asarray(residents, float), shape)
    values["residents"] = people
    values["watched_residents"] = np.broadcast_to(np.asarray(watched, float), shape)
    values["share_outings_followed"] = _ratio(values["followed_outings"], values["outings"])
    values["share_outings_forgone"] = _ratio(values["outings_forgone"], values["outings"] + values["outings_forgone"])
    values["share_calls_given_up"] = _ratio(
        values["calls_avoided"] + values["calls_abandoned"], values["calls_intended"]
    )
    for share, count in CALLS_NOT_MADE.items():
        values[share] = _ratio(values[count], values["calls_intended"])
    values["share_reports_routine"] = _ratio(values["reports_routine"], values["reports"])
    values["fear_mean"] = _ratio(values["fear"], people)
    values["distress_mean"] = _ratio(values["distress"], people)
    values["share_distressed"] = _ratio(values["distressed"], people)
    values["share_watched"] = _ratio(values["watched_residents"], people)
    values["private_complaint_share"] = 1.0 - (1.0 - floor) * values["fear_mean"]
    return values


def _grouped(history: Combined) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return counts[days, groups, indicators], residents[groups] and watched[groups], all int64."""
    of_group = members()
    counts = np.einsum("gc,dci->dgi", of_group, history.cells, optimize=True)
    return counts, of_group @ history.residents, of_group @ history.watched


def _mean_stocks(values: dict[str, np.ndarray], days: float | np.ndarray) -> dict[str, np.ndarray]:
    """Turn sums of stocks over days into their daily mean; counts and ratios stay."""
    return {name: v / days if DICTIONARY[name].kind == STOCK else v for name, v in values.items()}


def totals(
    history: Combined, lo: int = 0, hi: int | None = None, group: str = ALL, floor: float = DEFAULT_FLOOR
) -> dict[str, float]:
    """Return every indicator of one group over days lo to hi - 1: counts summed, stocks averaged, ratios of sums."""
    hi = history.days if hi is None else hi
    inside = group_cells(group)
    counts = history.cells[lo:hi, inside].sum(axis=(0, 1))
    days = hi - lo
    values = with_ratios(counts, history.residents[inside].sum() * days, history.watched[inside].sum() * days, floor)
    return {name: float(value) for name, value in _mean_stocks(values, max(days, 1)).items()}


def _put(value: np.ndarray, per: str, residents: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Put a count in its unit; NaN for a group without residents."""
    if per == WEEKLY:
        return _ratio(value * WEEK, residents * days)
    if per == YEARLY:
        return _ratio(value * 1000.0 * YEAR_DAYS, residents * days)
    return value


@dataclass(frozen=True, slots=True, repr=False)
class Measured(Displayed):
    """The figures of one history, or of many with an axis of draws in front (see `stack`).

    `year` and `window`: float[H], headlines over the whole run and over the window of the change (equal to `year`
    where there is none). `weekly`: float[weeks, H]. `groups`: float[G, F] over the whole run, in the order of GROUPS
    and GROUP_FIGURES. `people`: float[G], residents at the start. `sums`: float[S], the numbers named in SUMS.
    """

    year: np.ndarray
    window: np.ndarray
    weekly: np.ndarray
    groups: np.ndarray
    people: np.ndarray
    sums: np.ndarray


SUMS = (
    "incidents", "accused_ordinary", "falsely_accused_ordinary", "calls_given_up", "arrests", "watched",
    "calls_avoided", "calls_turned_back", "calls_stopped", "residents_accused",
)  # fmt: skip


def _headlines(counts: np.ndarray, people: np.ndarray, watched: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Return float[periods, H] from counts[periods, groups, indicators] summed over `days`[periods] days each."""
    values = with_ratios(counts, days[:, None] * people, days[:, None] * watched)
    columns = []
    for headline in HEADLINES:
        group = GROUPS.index(headline.group)
        value = values[headline.indicator][:, group]
        columns.append(_put(value, headline.per, np.full(len(days), people[group]), days))
    return np.stack(columns, axis=-1)


def _sums(counts: np.ndarray, n_incidents: int, watched: float, residents_accused: float) -> np.ndarray:
    """Return the numbers named in SUMS from counts[groups, indicators] of the whole run."""
    column_of = {name: column for column, name in enumerate(INDICATORS)}
    ordinary, everybody = counts[GROUPS.index(ORDINARY)], counts[GROUPS.index(ALL)]
    given_up = everybody[column_of["calls_avoided"]] + everybody[column_of["calls_abandoned"]]
    accused, falsely = ordinary[column_of["accusations"]], ordinary[column_of["false_accusations"]]
    not_made = [everybody[column_of[name]] for name in CALLS_NOT_MADE.values()]
    return np.array(
        [
            n_incidents,
            accused,
            falsely,
            given_up,
            everybody[column_of["arrests"]],
            watched,
            *not_made,
            residents_accused,
        ],
        float,
    )


def week_starts(days: int) -> np.ndarray:
    """Return the first day of each week of a run; the last week may be incomplete."""
    return np.arange(0, days, WEEK)


def measure(
    history: Combined,
    window: tuple[int, int] | None = None,
    n_incidents: int | None = None,
    residents_accused: float = np.nan,
) -> Measured:
    """Return the headline figures of one history. `window` are the days (lo, hi) in which the worlds differ.

    `n_incidents` is given where the history carries not all of its incidents (places that were combined), and
    `residents_accused`, how many ordinary residents are accused at least once, where who they are was known.
    """
    counts, people, watched = _grouped(history)
    whole = np.array([history.days], float)
    year = _headlines(counts.sum(axis=0, keepdims=True), people, watched, whole)[0]
    inside = year
    if window is not None:
        lo, hi = window
        inside = _headlines(counts[lo:hi].sum(axis=0, keepdims=True), people, watched, np.array([hi - lo], float))[0]
    starts = week_starts(history.days)
    lengths = np.diff([*starts, history.days]).astype(float)
    by_week = _headlines(np.add.reduceat(counts, starts, axis=0), people, watched, lengths)
    values = with_ratios(counts.sum(axis=0), people * history.days, watched * history.days)
    length = np.full(len(GROUPS), float(history.days))
    groups = np.stack([_put(values[item.indicator], item.per, people, length) for item in GROUP_FIGURES], axis=-1)
    n_incidents = len(history.records) if n_incidents is None else n_incidents
    sums = _sums(counts.sum(axis=0), n_incidents, watched[GROUPS.index(ALL)], residents_accused)
    return Measured(year, inside, by_week, groups, people.astype(float), sums)


def stack(draws: Sequence[Measured]) -> Measured:
    """Put the figures of several draws one behind the other: every array gets an axis of draws in front."""
    return Measured(*(np.stack([getattr(draw, part.name) for draw in draws]) for part in fields(Measured)))


def indicator_table(
    history: Combined,
    world: str,
    *,
    floor: float = DEFAULT_FLOOR,
    every_days: int = 1,
    replicate: int = 0,
    draw: int = 0,
) -> pa.Table:
    """Return the tidy table of one history (INDICATOR_SCHEMA): a row per period, group and indicator.

    A period is a day, or `every_days` days for large runs: counts summed, stocks as daily mean, ratios of sums.
    """
    if not isinstance(history, Combined):
        raise InputError(
            f"indicator_table takes what record_of gives, and this is a {type(history).__name__}; "
            "simulate(...).to_df() gives frames at once"
        )
    counts, people, watched = _grouped(history)
    starts = np.arange(0, history.days, every_days)
    lengths = np.diff([*starts, history.days]).astype(float)[:, None]
    if every_days > 1:
        counts = np.add.reduceat(counts, starts, axis=0)
    values = _mean_stocks(with_ratios(counts, lengths * people, lengths * watched, floor), lengths)
    names = list(DICTIONARY)
    cube = np.stack([values[name] for name in names], axis=-1)  # period, group, indicator
    n_periods, n_groups, n_names = cube.shape
    first = np.datetime64(history.start, "D")
    periods = np.repeat(first + starts, n_groups * n_names)
    group_of = np.tile(np.repeat(np.arange(n_groups, dtype=np.int32), n_names), n_periods)
    flat = cube.reshape(-1)
    rows = len(flat)
    columns: Mapping[str, pa.Array] = {
        "date": pa.array(periods, pa.date32()),
        "place": words(np.zeros(rows, np.int32), [history.place]),
        "world": words(np.zeros(rows, np.int32), [world]),
        **group_columns(group_of),
        "indicator": words(np.tile(np.arange(n_names, dtype=np.int32), n_periods * n_groups), names),
        "value": pa.array(flat, pa.float64(), from_pandas=True),
        "replicate": pa.array(np.full(rows, replicate, np.int16)),
        "draw": pa.array(np.full(rows, draw, np.int16)),
    }
    return pa.table(dict(columns), schema=INDICATOR_SCHEMA)


def words(codes: np.ndarray, names: Sequence[str]) -> pa.DictionaryArray:
    """Return a column of names from the positions of each row's name."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(names), pa.string()))
