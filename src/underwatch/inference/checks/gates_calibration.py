"""The gates on calibration over the bank: ranks (G2), coverage (G3), few reports (G4), all at once (G5).

They read ranks of the truth among held-out draws, float[n, q], from `calibration.ranks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from underwatch.inference.checks import calibration
from underwatch.inference.checks.verdict import Verdict, said

FEWEST_RANKS = 1000
RANK_P = 0.01  # after Holm: one sound bank in a hundred is refused
BARS = {0.5: 0.04, 0.9: 0.025}  # level: how far its coverage may be off, at ROWS_OF_BARS rows: some 3.6 standard errors
ROWS_OF_BARS = 2000
OVER = 0.04  # so much further over is "conservative": too wide, and not wrong
STRATUM = (0.85, 0.95)  # 90 % coverage in each quarter of the report count
FEWEST_IN_STRATUM = 500
TIES = 0.1  # of them may be missing, as rows with equal counts are not parted
FEWEST_TARP = 300
TARP_P = 0.01
RELIABLE_SDS, ROOM = 3.0, 0.05  # a bin of the reliability curve may be off by 5 points and 3 standard errors


def sbc(rank: np.ndarray, names: Sequence[str]) -> Verdict:
    """G2: are the ranks of the truth uniform, parameter by parameter (Kolmogorov-Smirnov, Holm over parameters)."""
    if len(rank) < FEWEST_RANKS:
        return said("G2", "few", len(rank), FEWEST_RANKS, n=len(rank), fewest=str(FEWEST_RANKS))
    p = calibration.holm(calibration.rank_p_values(rank))
    bad = tuple(name for name, value in zip(names, p, strict=True) if value < RANK_P)
    if not bad:
        return said("G2", "even", p.min(), RANK_P, n=len(rank))
    if len(bad) == len(names):
        return said("G2", "all_off", p.min(), RANK_P, bad, n=len(rank))
    return said("G2", "off", p.min(), RANK_P, bad, n=len(rank), which=", ".join(bad))


def coverage(rank: np.ndarray, names: Sequence[str]) -> Verdict:
    """G3: do the 50 and 90 % intervals hold the truth as often as they say; the hidden total is one of the columns.

    The bars are for 2,000 rows; with fewer they widen as the standard error does.
    """
    widen = max(1.0, np.sqrt(ROWS_OF_BARS / len(rank)))
    off = {level: calibration.coverage(rank, level) - level for level in BARS}
    scaled = np.array([off[level] / (bar * widen) for level, bar in BARS.items()])  # in bars, [level, q]
    room = np.array([1.0 + OVER / (bar * widen) for bar in BARS.values()])[:, None]
    under, over, wild = (scaled < -1.0), (scaled > 1.0), (scaled > room)
    bad = tuple(name for j, name in enumerate(names) if (under | wild)[:, j].any())
    level = list(BARS)[int(np.abs(scaled).max(axis=1).argmax())]
    column = int(np.abs(off[level]).argmax())
    figure, bar = level + float(off[level][column]), BARS[level] * widen
    words = {"level": f"{100 * level:.0f}", "name": names[column], "share": f"{100 * figure:.1f}", "n": len(rank)}
    if bad:
        return said("G3", "off", figure, bar, bad, **words)
    if over.any():
        wide = tuple(name for j, name in enumerate(names) if over[:, j].any())
        return said("G3", "wide", figure, bar, wide, **words)
    return said("G3", "holds", figure, bar, (), **words)


def low_counts(rank: np.ndarray, reports: np.ndarray, own: float, names: Sequence[str]) -> Verdict:
    """G4: is coverage right given the number of reports, above all few; `own` is the package's count.

    A quarter of the bank that fails withholds numbers from packages with such a count and warns the others.
    """
    share, rows = calibration.coverage_by_quartile(rank, reports)
    mine = int(np.searchsorted(np.quantile(reports, [0.25, 0.5, 0.75]), own))
    low, high = STRATUM
    if rows[mine] < FEWEST_IN_STRATUM * (1.0 - TIES):
        return said("G4", "few", rows[mine], FEWEST_IN_STRATUM, n=str(rows[mine]), fewest=str(FEWEST_IN_STRATUM))
    bad = np.asarray((share < low) | (share > high)) & (rows >= FEWEST_IN_STRATUM * (1.0 - TIES))[:, None]
    worst = _furthest(share, bad)
    failed = tuple(name for j, name in enumerate(names) if bad[mine, j])
    if failed:
        worst = (mine, int(_furthest(share[mine : mine + 1], bad[mine : mine + 1])[1]))
    words = {"quarter": worst[0] + 1, "name": names[worst[1]], "share": f"{100 * float(share[worst]):.1f}"}
    case = "off" if failed else "elsewhere" if bad.any() else "holds"
    return said("G4", case, share[worst], low, failed, **words)


def _furthest(share: np.ndarray, bad: np.ndarray) -> tuple[int, int]:
    """Return the stratum and column furthest outside the band, or furthest from 0.9 where all are inside."""
    off = np.where(bad, 1.0, 0.0) + np.abs(share - 0.9)
    row, column = np.unravel_index(np.nanargmax(off), off.shape)
    return int(row), int(column)


def reliability(chance: np.ndarray, terror: np.ndarray) -> Verdict:
    """G4, where there are two modes: does P(terror side) float[m] mean what it says, bool[m].

    Coverage given the true side is not asked: it does not hold for a correct posterior.
    """
    curve = calibration.reliability(chance, terror)
    off = (np.abs(curve.came - curve.said) - ROOM) / np.maximum(curve.error, 1.0 / len(chance))
    worst = int(off.argmax())
    case = "believed" if off[worst] <= RELIABLE_SDS else "unbelieved"
    words = {
        "said": f"{100 * curve.said[worst]:.0f}",
        "came": f"{100 * curve.came[worst]:.0f}",
        "n": str(curve.rows[worst]),
    }
    return said("G4", case, off[worst], RELIABLE_SDS, (), **words)


def tarp(values: Mapping[str, np.ndarray]) -> Verdict:
    """G5: is the posterior right in all quantities at once; `values` has `calibration.tarp`, float[n], by reference."""
    fewest = min(len(v) for v in values.values())
    p = {name: float(stats.kstest(v, "uniform").pvalue) * len(values) for name, v in values.items()}
    worst = min(p, key=lambda k: p[k])
    if fewest < FEWEST_TARP:
        return said("G5", "few", fewest, FEWEST_TARP, n=str(fewest), fewest=str(FEWEST_TARP))
    figure = min(1.0, p[worst])
    if figure >= TARP_P:
        return said("G5", "sure", figure, TARP_P, p=f"{figure:.2f}")
    return said("G5", "unsure", figure, TARP_P, worst=worst, p=f"{figure:.1g}")
