"""How many: residents whose history fits every way of wording a draft, and those who could have told of it.

Sets are counted in distinct subjects; of a visit that is the household's head alone, so that a family counts as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from underwatch.disclosure.matching import Fitting

_MOST_AT_ONCE = 1 << 23  # cells looked at together


def subjects(fits: Fitting, shape: tuple[int, ...]) -> np.ndarray:
    """Return int64[shape]: how many distinct subjects fit where each detail is said no narrower than its level.

    `shape` is how many levels each detail has; entry (0, 0, ...) is the draft as it stands, the last one says nothing.
    """
    total = int(np.prod(shape, dtype=np.int64))
    if not len(fits.rows):
        return np.zeros(shape, np.int64)
    code = np.ravel_multi_index(tuple(fits.levels.T), shape) if shape else np.zeros(len(fits.rows), np.int64)
    pairs = np.unique(fits.rows["who"].astype(np.int64) * total + code)
    who, code = pairs // total, pairs % total
    begins = np.flatnonzero(np.diff(who, prepend=-1))
    lengths = np.diff(np.append(begins, len(who)))
    alone = np.repeat(lengths == 1, lengths)
    counts = _broader(np.bincount(code[alone], minlength=total).reshape(shape))
    return counts + _of_several(code[~alone], lengths[lengths > 1], shape)


def _broader(counts: np.ndarray) -> np.ndarray:
    """Return the counts of who fits at each level or a narrower one."""
    for axis in range(counts.ndim):
        counts = counts.cumsum(axis=axis)
    return counts


def _of_several(code: np.ndarray, lengths: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return int64[shape] of subjects with several codes each: `code` lies one subject after another."""
    total = int(np.prod(shape, dtype=np.int64))
    result = np.zeros(total, np.int64)
    if not len(lengths):
        return result.reshape(shape)
    above = _no_narrower(shape)
    begins = np.concatenate([[0], np.cumsum(lengths)])
    step = max(1, _MOST_AT_ONCE // (total * max(1, int(lengths.mean()) + 1)))
    for first in range(0, len(lengths), step):
        last = min(first + step, len(lengths))
        some = above[code[begins[first] : begins[last]]]
        either = np.bitwise_or.reduceat(some, begins[first:last] - begins[first], axis=0)
        result += np.unpackbits(either, axis=1, count=total).sum(axis=0, dtype=np.int64)
    return result.reshape(shape)


@lru_cache(maxsize=4)
def _no_narrower(shape: tuple[int, ...]) -> np.ndarray:
    """Return uint8[cells, bytes]: for each wording, as bits, which wordings are no narrower than it in any detail."""
    level = np.indices(shape).reshape(len(shape), -1)
    return np.packbits((level[:, None, :] >= level[:, :, None]).all(axis=0), axis=1)


def chosen(fits: Fitting, wording: tuple[int, ...]) -> Fitting:
    """Return the rows that fit a wording."""
    some = (fits.levels <= np.array(wording, np.int64)).all(axis=1) if wording else np.ones(len(fits.rows), bool)
    return Fitting(*(part[some] for part in fits))


def distinct(fits: Fitting) -> int:
    """Return how many distinct subjects the rows have."""
    who = fits.rows["who"]
    return 1 + int(np.count_nonzero(who[1:] != who[:-1])) if len(who) else 0


class Aware(NamedTuple):
    """Who knows of any of some incidents, unit by unit; each array has one entry a unit, but for the subjects."""

    unit: np.ndarray  # rising
    chance: np.ndarray  # float, that a neighbour knows
    neighbours: np.ndarray  # float, how many there are
    subjects: np.ndarray  # uint32, rising


def first_rows(fits: Fitting) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each subject, of which others may know, and whether the subject is held."""
    first = np.flatnonzero(np.diff(fits.rows["who"].astype(np.int64), prepend=-1))
    return fits.rows[first], fits.held[first]


def shared_out(rows: np.ndarray, witnesses: float) -> tuple[np.ndarray, np.ndarray]:
    """Return float[n]: the chance to know of each incident, of one of its kin and of a neighbour.

    `witnesses` know in all, the subject first; the others are shared out over kin, neighbours and who heard (S13).
    """
    kin, near, heard = (rows[name].astype(float) for name in ("kin", "neighbours", "hearsay"))
    each = np.clip((witnesses - 1.0) / np.maximum(kin + near + heard, 1.0), 0.0, 1.0)
    return each, np.where(near > 0, np.minimum(1.0, each * (near + heard) / np.maximum(near, 1.0)), 0.0)


def aware(fits: Fitting, witnesses: float) -> Aware:
    """Return who knows of any of the incidents that fit."""
    rows, _ = first_rows(fits)
    _, of_unit = shared_out(rows, witnesses)
    unit, at = np.unique(rows["unit"], return_inverse=True)
    with np.errstate(divide="ignore"):
        chance = -np.expm1(np.bincount(at, np.log1p(-of_unit), minlength=len(unit)))
    neighbours = np.zeros(len(unit))
    np.maximum.at(neighbours, at, rows["neighbours"].astype(float))
    return Aware(unit, chance, neighbours, rows["who"])


def sources(fits: Fitting, witnesses: float, others: Sequence[Aware] = ()) -> float:
    """Return how many residents are expected to have seen one of these incidents or to have been told of it.

    Of each subject only the first incident counts; a neighbour of two subjects counts once. A subject who is held on
    the day of publication could not tell. Of `others` the same person knew too: then kin in other units, who might have
    known of both, are left out, which makes the set smaller than it may be.
    """
    rows, held = first_rows(fits)
    if not len(rows):
        return 0.0
    own, one = min(1.0, witnesses) * ~held, aware(fits, witnesses)
    near = one.neighbours * one.chance
    for other in others:
        own = own * np.maximum(_known(other, rows["unit"]), np.isin(rows["who"], other.subjects))
        near = near * _known(other, one.unit)
    kin = 0.0 if others else float((shared_out(rows, witnesses)[0] * rows["kin"]).sum())
    return float(own.sum() + near.sum() + kin)


def _known(other: Aware, unit: np.ndarray) -> np.ndarray:
    """Return float[n]: the chance that a neighbour of each unit knows of what `other` is about."""
    if not len(other.unit):
        return np.zeros(len(unit))
    at = np.minimum(np.searchsorted(other.unit, unit), len(other.unit) - 1)
    return np.where(other.unit[at] == unit, other.chance[at], 0.0)
