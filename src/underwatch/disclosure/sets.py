"""How many: residents whose history fits every way of wording a draft, and those who could have told of it.

Sets are counted in distinct subjects; of a visit that is the household's head alone, so that a family counts as one.
"""

from __future__ import annotations

import numpy as np

from underwatch.disclosure.matching import Fit

_MOST_AT_ONCE = 1 << 23  # cells looked at together


def subjects(fits: Fit, shape: tuple[int, ...]) -> np.ndarray:
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
    used, place = np.unique(code, return_inverse=True)
    above = np.stack([_at_least(int(one), shape) for one in used])
    begins = np.concatenate([[0], np.cumsum(lengths)])
    step = max(1, _MOST_AT_ONCE // (total * max(1, int(lengths.mean()) + 1)))
    for first in range(0, len(lengths), step):
        last = min(first + step, len(lengths))
        some = above[place[begins[first] : begins[last]]]
        result += np.logical_or.reduceat(some, begins[first:last] - begins[first], axis=0).sum(axis=0)
    return result.reshape(shape)


def _at_least(code: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return bool[cells]: which wordings are no narrower than a code, detail by detail."""
    where = np.zeros(shape, bool)
    where[tuple(slice(level, None) for level in np.unravel_index(code, shape))] = True
    return where.ravel()


def chosen(fits: Fit, wording: tuple[int, ...]) -> Fit:
    """Return the rows that fit a wording."""
    some = (fits.levels <= np.array(wording, np.int64)).all(axis=1) if wording else np.ones(len(fits.rows), bool)
    return Fit(*(part[some] for part in fits))


def distinct(fits: Fit) -> int:
    """Return how many distinct subjects the rows have."""
    who = fits.rows["who"]
    return 1 + int(np.count_nonzero(who[1:] != who[:-1])) if len(who) else 0


def sources(fits: Fit, witnesses: float) -> float:
    """Return how many residents are expected to have seen one of these incidents or to have been told of it.

    As in the channel (S13): of an incident `witnesses` know in all, the subject first, the others shared out over kin,
    neighbours and who heard. Of each subject only the first incident counts; a neighbour of two subjects counts once.
    A subject who is held on the day of publication could not tell.
    """
    rows = fits.rows
    if not len(rows):
        return 0.0
    first = np.flatnonzero(np.diff(rows["who"].astype(np.int64), prepend=-1))
    rows, held = rows[first], fits.held[first]
    kin, near, heard = (rows[name].astype(float) for name in ("kin", "neighbours", "hearsay"))
    each = np.clip((witnesses - 1.0) / np.maximum(kin + near + heard, 1.0), 0.0, 1.0)
    of_unit = np.where(near > 0, np.minimum(1.0, each * (near + heard) / np.maximum(near, 1.0)), 0.0)
    _, unit = np.unique(rows["unit"], return_inverse=True)
    with np.errstate(divide="ignore"):
        unaware = np.exp(np.bincount(unit, np.log1p(-of_unit)))
    people = np.zeros(len(unaware))
    np.maximum.at(people, unit, near)
    own = min(1.0, witnesses) * np.count_nonzero(~held)
    return float(own + (each * kin).sum() + (people * (1.0 - unaware)).sum())
