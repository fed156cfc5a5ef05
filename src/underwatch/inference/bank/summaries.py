"""The summaries: the same fixed row of numbers from a package and from simulated ones, and the simulator between.

A simulated package is a world of the bank, heard through channel parameters drawn from their prior, with the effort,
the anchors and the coarsening of the package at hand. A quarter in which a list was cut throughout gives no number at
all: it is not a zero. Everything has a first axis of draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from underwatch.channel.effort import effort_factors
from underwatch.channel.expected_counts import SufficientStatistics, Values, expected_reports, in_time, miscoded
from underwatch.inference.bank.bank import Bank
from underwatch.inference.inputs.anchors import QUESTIONS, log_count
from underwatch.inference.inputs.observed import Observed, Setting, whole_years
from underwatch.inference.inputs.safe_table import Cells, disclosed, table_columns, table_row
from underwatch.record.tally import N_GROUNDS, N_KINDS, period_ranges
from underwatch.world.draws import rng
from underwatch.world.layout import INCIDENT_NAMES, KIND

AT_ONCE = 64  # worlds heard at once, so that memory stays flat
_MOST = 1e7  # expected reports in a cell beyond this are held here


@dataclass(frozen=True)
class Heard:
    """Simulated packages: counts as `Observed`, with a first axis of draws, and the reports they come to."""

    by_list: np.ndarray  # [draws, 3, quarters]
    by_year: np.ndarray
    by_kind: np.ndarray
    by_ground: np.ndarray
    relays: np.ndarray
    answers: np.ndarray
    figures: np.ndarray
    n_told: np.ndarray  # expected incidents told to any list, in the effort of the package
    cells: Cells | None = None  # [draws, slots, families] of a safe table


def hear(bank: Bank, rows: np.ndarray, values: Values, law: np.ndarray, setting: Setting, seed: int) -> Heard:
    """Simulate one package for each draw: world `rows[i]`, channel parameters `values[...][i]`, law `law[i]`."""
    generator = rng(seed, "packages")
    parts = [
        _hear(bank, rows[at], {n: v[at] for n, v in values.items()}, law[at], setting, generator)
        for at in _blocks(rows)
    ]
    counts = [np.concatenate(columns) for columns in zip(*(part[0] for part in parts), strict=True)]
    cells = [part[1].value for part in parts if part[1] is not None]
    return Heard(*counts, Cells(np.concatenate(cells)) if cells else None)  # type: ignore[call-arg, arg-type]


def _blocks(rows: np.ndarray) -> Iterator[slice]:
    return (slice(at, at + AT_ONCE) for at in range(0, len(rows), AT_ONCE))


def _hear(
    bank: Bank, rows: np.ndarray, values: Values, law: np.ndarray, setting: Setting, generator: np.random.Generator
) -> tuple[tuple[np.ndarray, ...], Cells | None]:
    """Simulate a block of packages: the counts of `Heard` in order, and the cells where a safe table is asked for."""
    window = setting.window
    quarter, names = window.of_weeks("quarter")
    tally = SufficientStatistics(
        *(bank.parts[name][rows].astype(float) for name in ("subject", "others", "pairs", "weekly"))
    )
    effort = np.stack([effort_factors(weeks, quarter, values, generator) for weeks in setting.effort], axis=1)
    pooled = values if setting.lists == 2 else {**values, "share_of_first_list": np.ones(len(rows))}
    told = expected_reports(tally, pooled, law, effort, quarter, setting.place.border)
    coded = miscoded(told * in_time(values, setting.days_left)[:, None, :, None, None], values)
    by_quarter = np.add.reduceat(coded, np.flatnonzero(np.diff(quarter, prepend=-1)), axis=2)
    drawn = generator.poisson(np.minimum(by_quarter * setting.share_by_quarter, _MOST)).astype(float)
    by_list, relays = _relayed(drawn.sum(axis=(3, 4)), values, generator)
    whole = by_quarter.sum(axis=(1, 3, 4))
    years = [[at for at, name in enumerate(names) if name[:4] == year] for year in whole_years(window)]
    by_year = np.stack([whole[:, at].sum(axis=1) for at in years], axis=1) if years else np.zeros((len(rows), 0))
    half = (2 * np.arange(len(names)) >= len(names)).astype(int)
    by_kind = np.stack([drawn[:, :, half == part].sum(axis=(1, 2, 4)) for part in (0, 1)], axis=1)
    by_ground = generator.binomial(drawn.sum(axis=(1, 2, 3)).astype(np.int64), setting.share_ground).astype(float)
    by_year = generator.poisson(np.minimum(by_year * (1.0 - setting.share_by_quarter), _MOST)).astype(float)
    answers, figures = _anchors(bank, rows, values, setting, generator)
    counts = (by_list, by_year, by_kind, by_ground, relays, answers, figures, told.sum(axis=(1, 2, 3, 4)))
    if setting.table is None:
        return counts, None
    cells = disclosed(by_quarter.sum(axis=(1, 4)), setting.table, values, generator)
    shown = np.zeros((len(rows), 3, len(names)))
    for slot, of_slot in enumerate(setting.table.quarters):
        shown[:, 0, of_slot[0]] += np.maximum(0.0, np.nan_to_num(cells.value[:, slot])).sum(axis=1)
    return (shown, np.zeros_like(by_year), *counts[2:]), cells


def _relayed(by_list: np.ndarray, values: Values, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts by list with relays that pass for reports of one's own, and how many are coded as relays."""
    share, marked = values["list_relay_share"][:, None], values["relay_marked"][:, None]
    found, known = by_list.copy(), np.zeros(len(by_list))
    for which in (0, 1):
        copied = generator.binomial(by_list[:, which].astype(np.int64), share)
        coded = generator.binomial(copied, np.broadcast_to(marked, copied.shape))
        found[:, which] -= copied - coded
        found[:, 2] += copied - coded
        known += coded.sum(axis=1)
    return found, known


def _anchors(
    bank: Bank, rows: np.ndarray, values: Values, setting: Setting, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return simulated answers to the surveys and logs of the counts."""
    ranges = period_ranges(setting.window.n_periods)
    adults = bank.residents[rows][:, :, 1].sum(axis=1)
    answers, figures = np.zeros((len(rows), len(setting.surveys))), np.zeros((len(rows), len(setting.counts)))
    for at, survey in enumerate(setting.surveys):
        column = QUESTIONS[survey.question]
        if column < 0:
            first, last = survey.periods
            share = -np.expm1(-bank.known[rows][:, first : last + 1, KIND.arrest].sum(axis=1) / adults)
        else:
            share = bank.reached[rows, ranges.index(survey.periods), column] / adults
        share = np.clip(share * values["leavers_ratio"], 0.0, 0.999)
        answers[:, at] = generator.binomial(survey.n_asked, share)
    for at, count in enumerate(setting.counts):
        sd = np.hypot(values["figure_log_sd"], count.log_sd)
        figures[:, at] = log_count(arrests(bank, rows, count.weeks)) + sd * generator.standard_normal(len(rows))
    return answers, figures


def arrests(bank: Bank, rows: np.ndarray, weeks: tuple[int, int]) -> np.ndarray:
    """Return the arrests for calls of worlds in the weeks of the window from first to last, both included."""
    first, last = weeks
    found: np.ndarray = bank.counts[rows][:, first : last + 1, KIND.arrest].sum(axis=(1, 2, 3))
    return found


def columns(setting: Setting) -> list[str]:
    """Return the names of the summaries of a package made in this way."""
    if setting.table is not None:
        return table_columns(setting.table)
    names = setting.window.of_weeks("quarter")[1]
    first, second = setting.open_quarters(0), setting.open_quarters(1)
    found = [f"first list {name}" for name, heard in zip(names, first, strict=True) if heard]
    if setting.lists == 2:
        found += [f"second list {name}" for name, heard in zip(names, second, strict=True) if heard]
        found += ["in both lists", "share in both lists", "known relays"]
    found += [f"dated to {year}" for year in whole_years(setting.window)]
    found += [f"{kind}, {half} half" for half in ("first", "second") for kind in INCIDENT_NAMES]
    found += [f"ground {number}" for number in range(N_GROUNDS)] + ["all incidents"]
    found += [f"survey {survey.question}" for survey in setting.surveys]
    return found + [f"figure {at + 1}" for at in range(len(setting.counts))]


def row_of(seen: Observed | Heard, setting: Setting) -> np.ndarray:
    """Return the summaries float[..., s] of a package, or of each simulated one, in the order of `columns`."""
    if setting.table is not None and seen.cells is not None:
        return table_row(seen.cells, setting.table)
    by_list = np.asarray(seen.by_list, float)
    found: list[np.ndarray] = []
    first = by_list[..., 0, :] + by_list[..., 2, :]
    second = by_list[..., 1, :] + by_list[..., 2, :]
    found += [np.log1p(first[..., setting.open_quarters(0)])]
    if setting.lists == 2:
        found += [np.log1p(second[..., setting.open_quarters(1)])]
        both, one = by_list[..., 2, :].sum(axis=-1), by_list.sum(axis=(-1, -2))
        found += [np.log1p(both)[..., None], (np.log(both + 0.5) - np.log(one + 1.0))[..., None]]
        found += [np.log1p(np.asarray(seen.relays))[..., None]]
    found += [np.log1p(seen.by_year)]
    found += [np.log1p(seen.by_kind).reshape(*by_list.shape[:-2], 2 * N_KINDS), np.log1p(seen.by_ground)]
    total = by_list.sum(axis=(-1, -2)) + np.asarray(seen.by_year).sum(axis=-1)
    found += [np.log1p(total)[..., None]]
    asked = np.array([survey.n_asked for survey in setting.surveys], float)
    found += [np.log(seen.answers + 0.5) - np.log(asked - seen.answers + 0.5), np.asarray(seen.figures)]
    return np.concatenate(found, axis=-1)


def n_reports(seen: Observed | Heard) -> np.ndarray:
    """Return how many incidents a package tells of: the stratum of the coverage by counts."""
    total: np.ndarray = np.asarray(seen.by_list).sum(axis=(-1, -2)) + np.asarray(seen.by_year).sum(axis=-1)
    return total
