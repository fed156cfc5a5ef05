"""The hidden quantities: what an estimate is about, per world of the bank, and where that world stands on its silence
curve.

For the first year of the window, and as ratio of the second to the first: outings followed, listed residents, calls
given up, accusations of ordinary residents. Then the slope of the curve: by what power of watching the reports rise;
below 0 more watching brings fewer reports, the side of terror. Last the incidents for each episode that was told, over
all lists and the whole window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from underwatch.channel.expected_counts import Values, left_by_fear
from underwatch.channel.reporting import readiness, told
from underwatch.experiments.engine.tallies import STRENGTHS
from underwatch.inference.bank.bank import Bank
from underwatch.inference.bank.form import INDICATORS_READ
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.record.tally import N_NODES, Window
from underwatch.world.draws import rng

LEAST_TOLD = 1e-3  # episodes told, expected: a ratio to fewer is held here
LEAST_SLOPE, MOST_SLOPE = -8.0, 4.0
SLOPE, SILENCE = "slope_of_reports", "incidents_per_report"
_RARE = ("calls_abandoned", "accusations")
_NOTHING = 1e-60  # told at a strength of watching: fear leaves more than this of the smallest readiness
_MARGIN = 0.05  # of the logarithm's range, on both sides of the bank's own


@dataclass(frozen=True)
class Quantity:
    """A hidden quantity: its name, what it is in words, and its unit."""

    name: str
    words: str
    unit: str


_COUNTED = (
    Quantity("followed_outings", "outings and visits that somebody followed", "a week"),
    Quantity("listed_residents", "residents on a list, on an average day", "residents"),
    Quantity("calls_given_up", "calls abroad given up because of a follower", "a week"),
    Quantity("accusations", "accusations of residents who were on no list", "a week"),
)
COUNTED = tuple(quantity.name for quantity in _COUNTED)


def quantities() -> tuple[Quantity, ...]:
    """Return the quantities in the order of the columns of `hidden`."""
    first = [Quantity(f"{item.name}_first_year", f"{item.words}, first year", item.unit) for item in _COUNTED]
    ratio = [
        Quantity(f"{item.name}_second_over_first", f"{item.words}, second year over first", "times")
        for item in _COUNTED
    ]
    return (
        *first,
        *ratio,
        Quantity(SLOPE, "power of watching by which reports rise (below 0: more watching, fewer reports)", "power"),
        Quantity(SILENCE, "incidents for each episode that was told to a list", "incidents"),
    )


def derived() -> tuple[Quantity, ...]:
    """Return the quantities that follow from these: the counted ones of the second year."""
    return tuple(Quantity(f"{item.name}_second_year", f"{item.words}, second year", item.unit) for item in _COUNTED)


NAMES = tuple(quantity.name for quantity in quantities())
RATIOS = tuple(f"{name}_second_over_first" for name in COUNTED)
ALL_NAMES = (*NAMES, *(quantity.name for quantity in derived()))
SHAPE = (SLOPE, *RATIOS)  # what may be shown without a scale


def with_derived(theta: np.ndarray) -> np.ndarray:
    """Return quantities float[..., q] with those derived from them behind."""
    n = len(_COUNTED)
    return np.concatenate([theta, theta[..., :n] * theta[..., n : 2 * n]], axis=-1)


def in_logs(values: np.ndarray) -> np.ndarray:
    """Return quantities float[..., columns] on the scale on which spread is judged: logs, but for the slope."""
    result = np.log(np.maximum(values, 1e-12))
    slope = ALL_NAMES.index(SLOPE)
    result[..., slope] = values[..., slope]
    return result


def halves(window: Window) -> np.ndarray:
    """Return int[quarters]: 0 in the first year (or half) of the window, 1 in the second."""
    n = window.n_periods
    return (2 * np.arange(n) >= n).astype(int)


def hidden(bank: Bank, rows: np.ndarray, values: Values, response: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return float[draws, quantities] of worlds `rows`, by the channel of each draw.

    A count that can be 0 is spread evenly over the unit above it, so that it has a density and a logarithm.
    """
    window = bank.plan.window
    quarter, _ = window.of_weeks("quarter")
    part = halves(window)
    weeks_of = np.bincount(part[quarter], minlength=2)
    result = []
    for year in range(2):
        sums = {name: bank.indicator(name)[rows][:, part == year].sum(axis=(1, 2)) for name in INDICATORS_READ}
        weeks = max(1, weeks_of[year])
        followed = sums["followed_outings"] + sums["followed_visits"]
        result += [followed / weeks, sums["listed"] / (7 * weeks)]
        within = [rng(bank.plan.seed, "within a count", name, str(year)) for name in _RARE]
        result += [
            (sums[name] + stream.uniform(0.05, 1.0, len(rows))) / weeks
            for name, stream in zip(_RARE, within, strict=True)
        ]
    incidents = bank.counts[rows].sum(axis=(1, 2, 3, 4)).astype(float)
    slope = slope_of_reports(bank, rows, values, response)
    n = len(_COUNTED)
    ratios = [second / first for first, second in zip(result[:n], result[n:], strict=True)]
    return np.stack([*result[:n], *ratios, slope, incidents / np.maximum(expected, LEAST_TOLD)], axis=1)


def told_along_curve(bank: Bank, rows: np.ndarray, values: Values, response: np.ndarray) -> np.ndarray:
    """Return float[draws, strengths]: what would be told at each strength of watching by a list that hears all."""
    left = left_by_fear(response, values["fear_silence"])
    curve = bank.curve[rows].astype(float)
    subject = np.einsum("dskn,dn->dsk", curve[..., 1 : 1 + N_NODES], left)
    others = np.einsum("dskn,dn->dsk", curve[..., 1 + N_NODES :], left)
    witnesses = values["witnesses_per_incident"][:, None, None]
    ready = readiness(values).T[:, None]
    n, loud = curve[..., 0], ready * (np.minimum(1.0, witnesses) * subject + (witnesses - 1.0) * others)
    spread = values["telling_spread"][:, None, None]
    result: np.ndarray = (n * told(loud / np.maximum(n, 1.0), spread)).sum(axis=-1)
    return result


def slope_of_reports(bank: Bank, rows: np.ndarray, values: Values, response: np.ndarray) -> np.ndarray:
    """Return float[draws]: d log told / d log watching at the world's own watching, from half of it to twice."""
    expected = np.log(np.maximum(told_along_curve(bank, rows, values, response), _NOTHING))
    half, twice = STRENGTHS.index(0.5), STRENGTHS.index(2.0)
    slope = (expected[:, twice] - expected[:, half]) / np.log(4.0)
    return np.clip(slope, LEAST_SLOPE, MOST_SLOPE)


def support_of(theta: np.ndarray) -> PriorSupport:
    """Return the prior support that holds all of the bank's quantities with a margin; logarithmic but for the slope."""
    log = np.array([name != SLOPE for name in NAMES])
    scaled = np.where(log, np.log(np.maximum(theta, 1e-300)), theta)
    low, high = scaled.min(axis=0), scaled.max(axis=0)
    margin = _MARGIN * np.maximum(high - low, 0.1)
    low, high = low - margin, high + margin
    return PriorSupport(NAMES, np.where(log, np.exp(low), low), np.where(log, np.exp(high), high), log)
