"""The summaries: the same fixed row of numbers from a package and from simulated ones, and the simulator between.

A simulated package is a world of the bank, observed through channel parameters drawn from their prior, with the effort,
the anchors and the coarsening of the package at hand. A quarter in which a list was cut throughout gives no number at
all: it is not a zero. Everything has a first axis of draws.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from underwatch.channel.effort import effort_factors
from underwatch.channel.expected_counts import (
    Reception,
    SufficientStatistics,
    Values,
    expected_reports,
    in_time,
    miscoded,
)
from underwatch.experiments.ensemble.selection import error_of
from underwatch.inference.bank.bank import Bank
from underwatch.inference.bank.quantities import halves
from underwatch.inference.inputs.anchors import QUESTIONS, log_count
from underwatch.inference.inputs.observed import ObservationDesign, Observed, whole_years
from underwatch.inference.inputs.published import answered
from underwatch.inference.inputs.safe_table import disclosed, table_columns, table_row
from underwatch.record.tally import N_GROUNDS, N_KINDS, Window, period_ranges
from underwatch.world.draws import rng
from underwatch.world.layout import INCIDENT_NAMES, KIND

AT_ONCE = 64  # packages simulated at once, so that memory stays flat
_MOST = 1e7  # expected reports in a cell beyond this are held here


class _Streams:
    """One stream of random numbers for each purpose, from draw to draw: a purpose more or fewer, or blocks of another
    size, change nothing else.
    """

    def __init__(self, seed: int) -> None:
        self._seed, self._streams = seed, dict[tuple[str, ...], np.random.Generator]()

    def __call__(self, *purpose: str) -> np.random.Generator:
        """Return the stream of a purpose where it has come to."""
        if purpose not in self._streams:
            self._streams[purpose] = rng(self._seed, "packages", *purpose)
        return self._streams[purpose]


class Simulated(NamedTuple):
    """Simulated packages: counts as `Observed`, with a first axis of draws, and the reports they come to."""

    by_list: np.ndarray  # [draws, 3, quarters]
    by_year: np.ndarray
    by_kind: np.ndarray
    by_ground: np.ndarray
    relays: np.ndarray
    answers: np.ndarray
    figures: np.ndarray
    n_told: np.ndarray  # expected episodes told to any list, in the effort of the package
    cells: np.ndarray  # [draws, slots, families] of a safe table; empty without one
    published: np.ndarray  # [draws, figures], each on its scale


def simulate_package(
    bank: Bank, rows: np.ndarray, values: Values, response: np.ndarray, design: ObservationDesign, seed: int
) -> Simulated:
    """Simulate one package for each draw i: world `rows[i]`, channel `values[...][i]`, response `response[i]`."""
    streams, blocks = _Streams(seed), []
    for start in range(0, len(rows), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        own = {name: value[some] for name, value in values.items()}
        blocks.append(_simulate_block(bank, rows[some], own, response[some], design, streams))
    return Simulated(*map(np.concatenate, zip(*blocks, strict=True)))


def _simulate_block(
    bank: Bank, rows: np.ndarray, values: Values, response: np.ndarray, design: ObservationDesign, streams: _Streams
) -> Simulated:  # fmt: skip
    """Simulate a block of packages."""
    window = design.window
    quarter, names = window.of_weeks("quarter")
    tally = SufficientStatistics(
        *(part[rows].astype(float) for part in (bank.subject, bank.others, bank.pairs, bank.weekly))
    )
    heard = [
        effort_factors(weeks, quarter, values, streams("effort drift", str(which)), streams("effort lost", str(which)))
        for which, weeks in enumerate(design.effort)
    ]
    pooled = values if design.lists == 2 else {**values, "share_of_first_list": np.ones(len(rows))}
    reception = Reception(np.stack(heard, axis=1), design.place.border, _waves(values, window, streams("waves")))
    expected = expected_reports(tally, pooled, response, reception, window)
    told_to = expected.by_list
    coded = miscoded(told_to * in_time(values, design.days_left)[:, None, :, None, None], values)
    by_quarter = np.add.reduceat(coded, np.flatnonzero(np.diff(quarter, prepend=-1)), axis=2)
    reports = streams("reports").poisson(np.minimum(by_quarter * design.share_by_quarter, _MOST)).astype(float)
    by_list, relays = _relayed(reports.sum(axis=(3, 4)), values, streams)
    whole = by_quarter.sum(axis=(1, 3, 4))
    years = [[index for index, name in enumerate(names) if name[:4] == year] for year in whole_years(window)]
    by_year = np.stack([whole[:, of].sum(axis=1) for of in years], axis=1) if years else np.zeros((len(rows), 0))
    half = halves(window)
    by_kind = np.stack([reports[:, :, half == part].sum(axis=(1, 2, 4)) for part in (0, 1)], axis=1)
    stated = reports.sum(axis=(1, 2, 3)).astype(np.int64)
    by_ground = streams("grounds stated").binomial(stated, design.share_ground).astype(float)
    by_year = np.minimum(by_year * (1.0 - design.share_by_quarter), _MOST)
    by_year = streams("dated to the year").poisson(by_year).astype(float)
    answers, figures = _anchors(bank, rows, values, design, streams)
    n_told, cells = expected.in_all.sum(axis=1), np.zeros((len(rows), 0, 0))
    if design.table is not None:
        cells = disclosed(by_quarter.sum(axis=(1, 4)), design.table, values, streams)
        by_list, by_year = np.zeros((len(rows), 3, len(names))), np.zeros_like(by_year)
        for slot, of_slot in enumerate(design.table.quarters):
            by_list[:, 0, of_slot[0]] += np.maximum(0.0, np.nan_to_num(cells[:, slot])).sum(axis=1)
    published = _published(bank, rows, design, streams)
    return Simulated(by_list, by_year, by_kind, by_ground, relays, answers, figures, n_told, cells, published)


def _published(bank: Bank, rows: np.ndarray, design: ObservationDesign, streams: _Streams) -> np.ndarray:
    """Return float[draws, figures]: the published figures as each world would have given them, with both errors."""
    result = answered(bank.figures[rows], design.published)
    for column, figure in zip(result.T, design.published, strict=True):
        column += error_of(figure) * streams("published", figure.name).standard_normal(len(rows))
    return result


def _waves(values: Values, window: Window, generator: np.random.Generator) -> np.ndarray:
    """Return float[draws, months, kinds]: how much of a kind is told in a month, a gamma of mean 1."""
    shape = 1.0 / values["telling_spread"][:, None, None] ** 2
    drawn = generator.gamma(np.broadcast_to(shape, (len(shape), len(window.of_weeks("month")[1]), N_KINDS)))
    result: np.ndarray = drawn / shape
    return result


def _relayed(by_list: np.ndarray, values: Values, streams: _Streams) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts by list with relays that pass for reports of one's own, and how many are coded as relays."""
    share, marked = values["list_relay_share"][:, None], values["relay_marked"][:, None]
    result, known = by_list.copy(), np.zeros(len(by_list))
    for which in (0, 1):
        copied = streams("copied", str(which)).binomial(by_list[:, which].astype(np.int64), share)
        coded = streams("known as copies", str(which)).binomial(copied, np.broadcast_to(marked, copied.shape))
        result[:, which] -= copied - coded
        result[:, 2] += copied - coded
        known += coded.sum(axis=1)
    return result, known


def _anchors(
    bank: Bank, rows: np.ndarray, values: Values, design: ObservationDesign, streams: _Streams
) -> tuple[np.ndarray, np.ndarray]:
    """Return simulated answers to the surveys and logs of the counts."""
    ranges = period_ranges(design.window.n_periods)
    adults = bank.residents[rows][:, :, 1].sum(axis=1)
    answers, figures = np.zeros((len(rows), len(design.surveys))), np.zeros((len(rows), len(design.counts)))
    for index, survey in enumerate(design.surveys):
        column = QUESTIONS[survey.question]
        if column < 0:
            first, last = survey.periods
            share = -np.expm1(-bank.known[rows][:, first : last + 1, KIND.arrest].sum(axis=1) / adults)
        else:
            share = bank.reached[rows, ranges.index(survey.periods), column] / adults
        share = np.clip(share * values["leavers_ratio"], 0.0, 0.999)
        answers[:, index] = streams("survey", str(index)).binomial(survey.n_asked, share)
    for index, count in enumerate(design.counts):
        sd = np.hypot(values["figure_log_sd"], count.log_sd)
        error = streams("figure", str(index)).standard_normal(len(rows))
        figures[:, index] = log_count(arrests(bank, rows, count.weeks)) + sd * error
    return answers, figures


def arrests(bank: Bank, rows: np.ndarray, weeks: tuple[int, int]) -> np.ndarray:
    """Return the arrests for calls of worlds in the weeks of the window from first to last, both included."""
    first, last = weeks
    result: np.ndarray = bank.counts[rows][:, first : last + 1, KIND.arrest].sum(axis=(1, 2, 3))
    return result


def columns(design: ObservationDesign) -> list[str]:
    """Return the names of the summaries of a package made in this way."""
    published = [f"published figure {figure.name}" for figure in design.published]
    if design.table is not None:
        return table_columns(design.table) + published
    names = design.window.of_weeks("quarter")[1]
    first, second = design.open_quarters(0), design.open_quarters(1)
    result = [f"first list {name}" for name, is_open in zip(names, first, strict=True) if is_open]
    if design.lists == 2:
        result += [f"second list {name}" for name, is_open in zip(names, second, strict=True) if is_open]
        result += ["in both lists", "share in both lists", "known relays"]
    result += [f"dated to {year}" for year in whole_years(design.window)]
    result += [f"{kind}, {half} half" for half in ("first", "second") for kind in INCIDENT_NAMES]
    result += [f"ground {number}" for number in range(N_GROUNDS)] + ["all incidents"]
    result += [f"survey {survey.question}" for survey in design.surveys]
    return result + [f"figure {index + 1}" for index in range(len(design.counts))] + published


def row_of(seen: Observed | Simulated, design: ObservationDesign) -> np.ndarray:
    """Return the summaries float[..., s] of a package, or of each simulated one, in the order of `columns`."""
    if design.table is not None:
        return np.concatenate([table_row(seen.cells, design.table), seen.published], axis=-1)
    by_list = np.asarray(seen.by_list, float)
    result: list[np.ndarray] = []
    first = by_list[..., 0, :] + by_list[..., 2, :]
    second = by_list[..., 1, :] + by_list[..., 2, :]
    result += [np.log1p(first[..., design.open_quarters(0)])]
    if design.lists == 2:
        result += [np.log1p(second[..., design.open_quarters(1)])]
        both, item = by_list[..., 2, :].sum(axis=-1), by_list.sum(axis=(-1, -2))
        result += [np.log1p(both)[..., None], (np.log(both + 0.5) - np.log(item + 1.0))[..., None]]
        result += [np.log1p(np.asarray(seen.relays))[..., None]]
    result += [np.log1p(seen.by_year)]
    result += [np.log1p(seen.by_kind).reshape(*by_list.shape[:-2], 2 * N_KINDS), np.log1p(seen.by_ground)]
    total = by_list.sum(axis=(-1, -2)) + np.asarray(seen.by_year).sum(axis=-1)
    result += [np.log1p(total)[..., None]]
    asked = np.array([survey.n_asked for survey in design.surveys], float)
    result += [np.log(seen.answers + 0.5) - np.log(asked - seen.answers + 0.5), np.asarray(seen.figures)]
    result += [np.asarray(seen.published)]
    return np.concatenate(result, axis=-1)


def n_reports(seen: Observed | Simulated) -> np.ndarray:
    """Return how many incidents a package tells of: the stratum of the coverage by counts."""
    total: np.ndarray = np.asarray(seen.by_list).sum(axis=(-1, -2)) + np.asarray(seen.by_year).sum(axis=-1)
    return total
