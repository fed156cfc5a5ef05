"""From outcomes to weights: how far a setting is from what is known, and whether the report's statements hold in it.

First what is implausible is left out (Craig and others 1997: more than three standard deviations of reading error and
model discrepancy together), then what is left is weighted by the likelihood of the figures (both errors normal on the
figure's scale, figures independent: one row a root).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from underwatch.errors import InputError
from underwatch.experiments.ensemble.outcomes import COLUMNS
from underwatch.facts import Constraint, Statement, constraints, described

IMPLAUSIBLE = 3.0  # standard deviations
MOST_WEIGHT = 0.01  # of one setting
_EDGE = 1e-6  # a share of 0 or 1 lies here on the logit scale


def column(outcomes: np.ndarray, name: str) -> np.ndarray:
    """Return one outcome of all draws, float64[n], of float64[n, COLUMNS]."""
    return np.asarray(outcomes[:, COLUMNS.index(name)])


def on_scale(values: np.ndarray, scale: str) -> np.ndarray:
    """Return values on the scale of a figure; what has none there (a rate of 0 on the log) is NaN."""
    values = np.asarray(values, float)
    if scale == "logit":
        inside = np.clip(values, _EDGE, 1 - _EDGE)
        return np.log(inside) - np.log1p(-inside)
    return np.log(np.where(values > 0, values, np.nan))


def from_scale(values: np.ndarray, scale: str) -> np.ndarray:
    """Return values on the scale of a figure in its own unit."""
    return 1 / (1 + np.exp(-values)) if scale == "logit" else np.exp(values)


def error_of(figure: Constraint) -> float:
    """Return the standard deviation between a figure and the summary that answers to it, on the figure's scale."""
    return float(np.hypot(figure.reading_error, figure.discrepancy))


def deviations(outcomes: np.ndarray, figures: Mapping[str, Constraint]) -> np.ndarray:
    """Return how many standard deviations each draw lies from each figure, float64[n, figures]; NaN: no value."""
    columns = [
        (on_scale(column(outcomes, figure.summary), figure.scale) - figure.mean) / error_of(figure)
        for figure in figures.values()
    ]
    return np.stack(columns, axis=1) if columns else np.zeros((len(outcomes), 0))


def used_in(use: str, without: Iterable[str] = ()) -> dict[str, Constraint]:
    """Return the figures that count in "run" or "estimate", but for those named in `without`."""
    left_out = set(without)
    return {name: figure for name, figure in constraints().items() if use in figure.use and name not in left_out}


def weights_of(z: np.ndarray) -> np.ndarray:
    """Return weights that add up to 1 from deviations float64[n, figures]; implausible draws and NaN weigh nothing."""
    plausible = (np.abs(z) <= IMPLAUSIBLE).all(axis=1)
    log_weights = np.where(plausible, -0.5 * (np.where(np.isnan(z), np.inf, z) ** 2).sum(axis=1), -np.inf)
    if not plausible.any():
        raise InputError("no draw is plausible under all constraints together; more draws or wider discrepancies")
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())


def refuse_impossible(z: np.ndarray, names: Iterable[str]) -> None:
    """Refuse, by its name, a constraint that no draw satisfies."""
    for name, distance in zip(names, z.T, strict=True):
        if not (np.abs(distance) <= IMPLAUSIBLE).any():
            raise InputError(
                f"constraint {name}: of {len(z):,} draws none comes within {IMPLAUSIBLE:g} standard deviations; "
                "nothing was written"
            )


def holding(outcomes: np.ndarray, statements: Mapping[str, Statement] | None = None) -> np.ndarray:
    """Return bool[n, statements]: whether each statement holds in each draw; where its measure is NaN it does not."""
    known = described() if statements is None else statements
    columns = [(column(outcomes, each.measure), each) for each in known.values()]
    return np.stack([(values >= each.low) & (values <= each.high) for values, each in columns], axis=1)


def kept_by(weights: np.ndarray, holds: np.ndarray, without: int | None = None) -> np.ndarray:
    """Return the weights of the draws in which all statements hold, but for the one at `without`, which is not asked.

    They add up to 1; all are 0 where no draw is left.
    """
    asked = [n for n in range(holds.shape[1]) if n != without]
    kept = np.where(holds[:, asked].all(axis=1), weights, 0.0)
    total = kept.sum()
    return kept / total if total > 0 else kept


def effective(weights: np.ndarray) -> float:
    """Return the effective number of draws, (sum w)^2 / sum w^2 (Kish 1965)."""
    total = float((weights**2).sum())
    return float(weights.sum() ** 2 / total) if total > 0 else 0.0


def capped(weights: np.ndarray, most: float = MOST_WEIGHT) -> np.ndarray:
    """Return weights of which none is above `most` of the sum: what is above is shared by the others in proportion.

    InputError where so few have any weight that this cannot be.
    """
    result = weights / weights.sum()
    if np.count_nonzero(result) * most < 1:
        raise InputError(f"{np.count_nonzero(result)} settings cannot have at most {most:g} of the weight each")
    while (above := result > most * (1 + 1e-12)).any():
        full = above | (result >= most * (1 - 1e-12))
        rest = result[~full].sum()
        result = np.where(full, most, result * (1 - most * full.sum()) / rest)
    return np.asarray(result)
