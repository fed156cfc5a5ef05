"""The answer to a draft: three sets, what each detail discloses, the smallest rewrites, and what waiting gives."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from underwatch.disclosure.counts import FIT, LEVELS, WRITTEN, ByKind, Counted, Earlier, count
from underwatch.disclosure.draft import Draft, kind_of
from underwatch.disclosure.lower_ends import Bounds, bounds_of, groups, lower_end, no_higher_than_broader
from underwatch.disclosure.matching import worded
from underwatch.disclosure.terms import ACT, PLACE
from underwatch.disclosure.worlds.lived import WAITS, Settings, check_there
from underwatch.errors import InputError

FEWEST = 5  # below it a set is told as "fewer than 5"
DEFAULT_K = 20
MOST_REWRITES = 8


@dataclass(frozen=True)
class Sets:
    """The sets of one wording: for who holds the files first, then all subjects, then all who could have told."""

    watchers: Bounds
    subject: Bounds
    source: Bounds

    @property
    def lower(self) -> tuple[float, float, float]:
        """Their lower ends."""
        return self.watchers.lower, self.subject.lower, self.source.lower


@dataclass(frozen=True)
class Step:
    """A detail of the draft: the sets' lower ends once it and all before it are stated, and how often it divides.

    `alone` is by how many times the watchers' set is smaller with it as the only detail, `last` with it beside all
    others: medians over worlds.
    """

    detail: str
    code: str
    lower: tuple[float, float, float]
    alone: float
    last: float


@dataclass(frozen=True)
class Rewrite:
    """A way of saying less with which the lower end of the watchers' set reaches k: (detail, said, said instead)."""

    changes: tuple[tuple[str, str, str], ...]
    lower: float


@dataclass(frozen=True)
class ExposureAnswer:
    """All that is said of a draft; no resident is in it."""

    draft: Draft
    k: int
    sets: Sets
    steps: tuple[Step, ...]
    rewrites: tuple[Rewrite, ...]
    n_rewrites: int  # how many there are, those not told among them
    waits: tuple[tuple[int, Sets], ...]
    n_worlds: int
    n_fitting: int  # worlds in which anybody fits
    n_earlier: tuple[int, int]  # earlier reports that share an incident, subject or source, and others

    @property
    def reaches_k(self) -> bool:
        """Does the lower end of the watchers' set reach k? That it does is not safety."""
        return self.sets.watchers.lower >= self.k


class _Judge:
    """One draft on one day of publication."""

    def __init__(self, counted: Counted) -> None:
        self.counted, self.among = counted, groups(counted.settings.worlds)
        self.stated = counted.levels[0]
        self.full = (0,) * len(counted.shape)
        self._lattices: dict[tuple[str, str, bool], np.ndarray] = {}

    @cached_property
    def by_set(self) -> dict[str, list[np.ndarray]]:
        """Counts by part of all that fit, and of those in the files."""
        return {what: self.counted.subjects(what) for what in (FIT, WRITTEN)}

    def counts(self, what: str, level: str, sure: bool) -> np.ndarray:
        """Return float[worlds, levels...] of those who fit each wording."""
        if (what, level, sure) not in self._lattices:
            self._lattices[what, level, sure] = self.counted.everywhere(self.by_set[what], level, sure)
        return self._lattices[what, level, sure]

    def lattice(self, level: str, sure: bool = True) -> np.ndarray:
        """Return float[worlds, levels...] of the watchers' set; of all who fit, where none of them is in the files."""
        held = self.counts(WRITTEN, level, sure)
        return np.where(held > 0, held, self.counts(FIT, level, sure))

    def weights(self, level: str) -> np.ndarray:
        """Return float[worlds, levels...]: the share of a world's subjects of this act who fit, of those in the files.

        Where no world has any in the files, it is of all.
        """
        held, fits = (_share(self.counts(what, level, False)) for what in (WRITTEN, FIT))
        return np.where(held.sum(axis=0) > 0, held, fits)

    def lower(self, level: str) -> np.ndarray:
        """Return float[levels...]: the lower end of the watchers' set of each wording, judged as a draft of its own."""
        return lower_end(self.lattice(level), self.weights(level), self.among)

    def at(self, counts: np.ndarray, wording: tuple[int, ...]) -> np.ndarray:
        """Return float[worlds] of one wording."""
        cell = np.ravel_multi_index(wording, self.counted.shape) if wording else 0
        return np.asarray(counts.reshape(len(counts), -1)[:, cell])

    def sets(self, wording: tuple[int, ...], level: str, weights: np.ndarray | None = None) -> Sets:
        """Return the sets of a wording, with the place said as a place, a province or the country."""
        weights = self.at(self.weights(level), wording) if weights is None else weights

        def of(part: list[np.ndarray]) -> Bounds:
            sure, plain = (self.counted.everywhere(part, level, sure) for sure in (True, False))
            return bounds_of(sure, plain, weights, self.among)

        held, fits = (self.counted.subjects_of(what, wording, level) for what in (WRITTEN, FIT))
        there = self.counted.everywhere(held, level, False)
        in_files = [np.where(there > 0, one, other) for one, other in zip(held, fits, strict=True)]
        return Sets(of(in_files), of(fits), of(self.counted.sources(FIT, wording, level)))


def plain_sets(draft: Draft, lived: ByKind, settings: Settings) -> Sets:
    """Return the sets of a draft alone, without what broader wordings say of them: for who asks of many drafts."""
    now = _Judge(count(draft, lived, settings, draft.published))
    nothing = tuple(size - 1 for size in now.counted.shape)

    def of(what: str, wording: tuple[int, ...]) -> np.ndarray:
        return now.counted.everywhere(now.counted.subjects_of(what, wording, now.stated), now.stated, False)

    held, fits = (of(what, now.full) / np.maximum(of(what, nothing), 1e-300) for what in (WRITTEN, FIT))
    return now.sets(now.full, now.stated, held if held.sum() > 0 else fits)


def _share(counts: np.ndarray) -> np.ndarray:
    """Return what part of the broadest wording each one is, world by world."""
    broadest = counts.reshape(len(counts), -1)[:, -1]
    return np.asarray(counts / np.maximum(broadest, 1e-300).reshape(-1, *(1,) * (counts.ndim - 1)))


def judge(
    draft: Draft, lived: ByKind, settings: Settings, k: int = DEFAULT_K, earlier: Sequence[Earlier] = ()
) -> ExposureAnswer:
    """Return the answer to a draft from worlds that were lived through; InputError where nobody fits in any."""
    check_there(list(lived[kind_of(draft)]))
    told = [one for one in earlier if one.relation != "other"]
    now = _Judge(count(draft, lived, settings, draft.published, told))
    weights = now.at(now.weights(now.stated), now.full)
    _check_somebody(now, weights, told)
    lower = _lower_ends(now)
    steps = _steps(now, lower)
    waits = tuple((weeks, _waited(draft, lived, settings, weeks, told)) for weeks in WAITS if weeks)
    sets = _no_higher(now.sets(now.full, now.stated), steps[-1].lower)
    found = _rewrites(now, lower, k)
    return ExposureAnswer(
        draft, k, sets, steps, tuple(found[:MOST_REWRITES]), len(found),
        ((0, sets), *((weeks, then.sets(now.full, now.stated, weights)) for weeks, then in waits)),
        len(settings.worlds), int(np.count_nonzero(weights)), (len(told), len(earlier) - len(told)),
    )  # fmt: skip


def _no_higher(sets: Sets, lower: tuple[float, float, float]) -> Sets:
    """Return sets whose lower ends are no higher than these, which broader wordings gave."""
    parts = (sets.watchers, sets.subject, sets.source)
    return Sets(*(one._replace(lower=min(one.lower, most)) for one, most in zip(parts, lower, strict=True)))


def _waited(draft: Draft, lived: ByKind, settings: Settings, weeks: int, told: Sequence[Earlier]) -> _Judge:
    """Return the draft if it is published so many weeks later."""
    day = draft.published + datetime.timedelta(7 * weeks)
    level = LEVELS[-len(draft.ladders[PLACE])]
    return _Judge(count(draft, lived, settings, day, told, level))


def _check_somebody(now: _Judge, weights: np.ndarray, told: Sequence[Earlier]) -> None:
    """Raise InputError where nobody fits in any world, with the first detail that empties the set."""
    if weights.sum() > 0:
        return
    draft = now.counted.draft
    if told:
        raise InputError("nobody fits both the draft and what is out already, in any world; look at what you linked")
    for detail, wording, level in _prefixes(now):
        if not now.counted.everywhere(now.counted.subjects_of(FIT, wording, level), level, False).any():
            raise InputError(
                f"{detail} = {draft.stated[detail]} empties the set: of those who fit what comes before, nobody fits "
                f"it in any of {len(weights)} worlds. If it is true, it points at one person: leave it out"
            )


def _prefixes(now: _Judge) -> list[tuple[str, tuple[int, ...], str]]:
    """Return the details in the draft's order, each with the wording and the place once it is stated."""
    draft, names = now.counted.draft, worded(now.counted.draft)
    wording, level = [len(draft.ladders[name]) - 1 for name in names], now.counted.levels[-1]
    result = []
    for detail in draft.details:
        if detail == PLACE:
            level = now.stated
        elif detail != ACT:
            wording[names.index(detail)] = 0
        result.append((detail, tuple(wording), level))
    return result


def _lower_ends(now: _Judge) -> np.ndarray:
    """Return float[levels of the place, levels...]: the lower end of the watchers' set of every wording."""
    return no_higher_than_broader(np.stack([now.lower(level) for level in now.counted.levels]))


def _steps(now: _Judge, lower: np.ndarray) -> tuple[Step, ...]:
    """Return what each detail discloses: added in the draft's order, alone, and last."""
    draft, names = now.counted.draft, worded(now.counted.draft)
    nothing, broadest = tuple(size - 1 for size in now.counted.shape), now.counted.levels[-1]
    result: list[Step] = []
    for detail, wording, level in _prefixes(now):
        alone = last = 1.0
        if detail == PLACE:
            alone = _factor(now, (nothing, broadest), (nothing, now.stated))
            last = _factor(now, (now.full, broadest), (now.full, now.stated))
        elif detail != ACT:
            at = names.index(detail)
            only = tuple(0 if place == at else size for place, size in enumerate(nothing))
            others = tuple(nothing[at] if place == at else 0 for place in range(len(nothing)))
            alone = _factor(now, (nothing, now.stated), (only, now.stated))
            last = _factor(now, (others, now.stated), (now.full, now.stated))
        watchers = float(lower[(now.counted.levels.index(level), *wording)])
        sets = _no_higher(now.sets(wording, level), (watchers, np.inf, np.inf))
        sets = _no_higher(sets, result[-1].lower) if result else sets
        result.append(Step(detail, draft.stated[detail], sets.lower, alone, last))
    return tuple(result)


def _factor(now: _Judge, broad: tuple[tuple[int, ...], str], narrow: tuple[tuple[int, ...], str]) -> float:
    """Return by how many times the watchers' set is smaller, in the median over worlds."""
    wide, small = (now.at(now.lattice(level, False), wording) for wording, level in (broad, narrow))
    some = small > 0
    return float(np.median(wide[some] / small[some])) if some.any() else float("nan")


def _rewrites(now: _Judge, lower: np.ndarray, k: int) -> list[Rewrite]:
    """Return the smallest rewrites: every wording is tried, and those stay of which no step can be taken back."""
    enough = lower >= k
    smallest = enough.copy()
    for axis in range(enough.ndim):
        narrower = np.zeros_like(enough)
        narrower[(slice(None),) * axis + (slice(1, None),)] = enough[(slice(None),) * axis + (slice(None, -1),)]
        smallest &= ~narrower
    names = (PLACE, *worded(now.counted.draft))
    ladders = [now.counted.draft.ladders[name] for name in names]
    found = []
    for at in np.argwhere(smallest).tolist():
        changes = tuple(
            (name, ladder[0], ladder[step]) for name, ladder, step in zip(names, ladders, at, strict=True) if step
        )
        found.append((len(changes), sum(at), Rewrite(changes, float(lower[tuple(at)]))))
    return [rewrite for _, _, rewrite in sorted(found, key=lambda item: item[:2])]
