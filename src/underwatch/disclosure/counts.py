"""How many fit each wording of a draft, in every world, in its place, its province and the country.

The draft's own place is counted as it is; other places through stand-ins, each of whose residents counts for many.
Where a lower end is asked for, of n found in a stand-in only as many count as a Poisson count of n surely stands for
(the 5 % limit of Garwood 1936): of one found in 32,000 not 70 are made in two million.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from underwatch.disclosure.draft import Draft, kind_of
from underwatch.disclosure.matching import Fitting, fit, worded
from underwatch.disclosure.sets import Aware, aware, chosen, distinct, sources, subjects
from underwatch.disclosure.terms import PLACE
from underwatch.disclosure.worlds.lived import LivedWorlds, Settings, residents_for
from underwatch.errors import InputError
from underwatch.experiments.histories.rows import Histories

FIT, WRITTEN = "fit", "written"
LEVELS = ("place", "province", "country")
_SURE = 0.05
ByKind = Mapping[int, Sequence[LivedWorlds]]


@dataclass(frozen=True)
class Earlier:
    """An earlier report about the same incident, the same subject or from the same source, as the editor says."""

    draft: Draft
    relation: str


@dataclass(frozen=True)
class Counted:
    """What fits a draft published on a day: of each part and world, the rows, all of them and those in the files."""

    draft: Draft
    settings: Settings
    fits: Mapping[str, list[list[Fitting]]]  # FIT or WRITTEN -> [parts][worlds]
    knew: list[list[list[Aware]]]  # [parts][worlds]: who knew of each earlier report of the same source

    @property
    def shape(self) -> tuple[int, ...]:
        """How many levels each worded detail has."""
        return tuple(len(self.draft.ladders[name]) for name in worded(self.draft))

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels of the place: the stated one, and those above it."""
        return LEVELS[-len(self.draft.ladders[PLACE]) :]

    def subjects(self, what: str) -> list[np.ndarray]:
        """Return of each part int64[worlds, levels...]: how many subjects fit each wording."""
        return [np.stack([subjects(one, self.shape) for one in worlds]) for worlds in self.fits[what]]

    def counts_for_somebody(self, level: str) -> list[bool]:
        """Return of each part whether it counts for anybody where the place is said so."""
        return [part.name == "own" or residents_for(self.draft, level, part) > 0 for part in self.settings.parts]

    def subjects_of(self, what: str, wording: tuple[int, ...], level: str) -> list[np.ndarray]:
        """Return of each part int64[worlds]: how many subjects fit one wording, 0 where it counts for nobody."""
        return [
            np.array([distinct(chosen(one, wording)) if counts else 0 for one in worlds])
            for worlds, counts in zip(self.fits[what], self.counts_for_somebody(level), strict=True)
        ]

    def sources(self, what: str, wording: tuple[int, ...], level: str) -> list[np.ndarray]:
        """Return of each part float[worlds]: how many are expected to know of an incident that fits a wording."""
        known = [scenario.parameters["witnesses_per_incident"] for _, scenario in self.settings.worlds]
        return [
            np.array(
                [
                    sources(chosen(one, wording), n, of) if counts else 0.0
                    for one, n, of in zip(worlds, known, others, strict=True)
                ]
            )
            for worlds, others, counts in zip(self.fits[what], self.knew, self.counts_for_somebody(level), strict=True)
        ]

    def everywhere(self, by_part: list[np.ndarray], level: str, sure: bool) -> np.ndarray:
        """Return float[worlds, ...] of a place, a province or the country from the counts of the parts."""
        total: np.ndarray = np.zeros(by_part[0].shape)
        for part, counts in zip(self.settings.parts, by_part, strict=True):
            if part.name == "own":
                total = total + counts
                continue
            many = residents_for(self.draft, level, part) / part.residents
            total = total + many * (surely(counts) if sure and many > 1 else counts)
        return total


def surely(counts: np.ndarray) -> np.ndarray:
    """Return the mean that a Poisson count is above with a chance of 95 %: 0 for 0, 0.05 for 1, 5.4 for 10."""
    from scipy.special import gammaincinv

    result: np.ndarray = np.where(counts > 0, gammaincinv(np.maximum(counts, 1e-9), _SURE), 0.0)
    return result


def count(
    draft: Draft,
    lived: ByKind,
    settings: Settings,
    published: datetime.date,
    earlier: Sequence[Earlier] = (),
    level: str = "",
) -> Counted:
    """Return what fits the draft if it is published on a day, beside what is out already.

    With a `level` of the place it is for that and for the draft as it stands alone, and much quicker.
    """
    counting = [not level or part.name == "own" or residents_for(draft, level, part) > 0 for part in settings.parts]
    settings = replace(settings, parts=tuple(part for part, one in zip(settings.parts, counting, strict=True) if one))
    lived = {kind: [part for part, one in zip(parts, counting, strict=True) if one] for kind, parts in lived.items()}
    parts = lived[kind_of(draft)]
    asked = (kind_of(draft), draft, settings, published, bool(level))
    fits: dict[str, list[list[Fitting]]] = {FIT: [], WRITTEN: []}
    knew: list[list[list[Aware]]] = []
    for number, part in enumerate(parts):
        others = [(one, lived[kind_of(one.draft)][number].worlds) for one in earlier]
        pairs = [
            [_left(one, others, at, settings) for one in fit(world, *asked)] for at, world in enumerate(part.worlds)
        ]
        for which, what in enumerate(fits):
            fits[what].append([pair[which] for pair in pairs])
        knew.append([_same_source(others, at, settings) for at in range(len(pairs))])
    return Counted(draft, settings, fits, knew)


def _left(found: Fitting, others: list[tuple[Earlier, list[Histories]]], at: int, settings: Settings) -> Fitting:
    """Return the rows that also fit what is out: the same row for the same incident, else the same subject."""
    for one, worlds in others:
        if one.relation in ("same_incident", "same_subject"):
            rows = _fully(one.draft, worlds[at], settings).rows
            if one.relation == "same_subject":
                some = np.isin(found.rows["who"], rows["who"])
            else:
                some = np.isin(_name(found.rows), _name(rows))
            found = Fitting(*(part[some] for part in found))
    return found


def _name(rows: np.ndarray) -> np.ndarray:
    """Return uint64[n]: what tells rows of one kind apart."""
    return rows["who"].astype(np.uint64) << np.uint64(16) | rows["week"].astype(np.uint64)


def _fully(draft: Draft, world: Histories, settings: Settings) -> Fitting:
    """Return the rows that fit an earlier report as it stood."""
    return fit(world, kind_of(draft), draft, settings, draft.published, stated=True)[0]


def _same_source(others: list[tuple[Earlier, list[Histories]]], at: int, settings: Settings) -> list[Aware]:
    """Return who knew of each earlier report of the same source."""
    witnesses = settings.worlds[at][1].parameters["witnesses_per_incident"]
    return [
        aware(_fully(one.draft, worlds[at], settings), witnesses)
        for one, worlds in others
        if one.relation == "same_source"
    ]


def check_earlier(draft: Draft, earlier: Sequence[Earlier]) -> None:
    """Raise InputError where what is out contradicts the draft: the same incident of another act, another place."""
    for number, one in enumerate(earlier, 1):
        if one.relation == "same_incident" and one.draft.act != draft.act:
            raise InputError(f"earlier report {number} is said to be of the same incident, and tells of another act")
        mine, other = draft.place, one.draft.place
        if one.relation != "other" and mine and other and mine is not other:
            raise InputError(f"earlier report {number} is said to share an incident, subject or source, and names "
                             "another place")  # fmt: skip
