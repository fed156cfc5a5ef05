"""How closely each recorded incident fits a draft: of each detail, the narrowest thing that could be said of it.

A detail has a ladder of ever broader things to say (`terms.ladder`). Of a row and a detail the *level* is the first
step that is true of it; a draft of which every detail is said no narrower than that fits the row. So one look at the
rows answers for every way of writing the draft.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np

from underwatch.disclosure.draft import Draft, period_of
from underwatch.disclosure.terms import PERIOD, PLACE
from underwatch.disclosure.worlds.lived import LATELY, Settings, day_masks
from underwatch.experiments.histories.rows import LATER, Histories
from underwatch.world import layout as L
from underwatch.world.layout import GROUND_NAMES

_BANDS = {
    "under_5_km": (1, 5), "5_to_9_km": (5, 10), "10_to_19_km": (10, 20), "20_km_or_more": (20, 999),
    "under_10_km": (1, 10), "10_km_or_more": (10, 999),
}  # fmt: skip
_SIZES = {"alone": (1, 1), "two": (2, 2), "three": (3, 3), "four": (4, 4), "five_or_more": (5, 99), "family": (2, 99)}
_BY = {"inminban": L.BY_OPEN_ROLE, "informant": L.BY_COVERT, "mps": L.BY_MPS_OFFICER, "mss": L.BY_MSS_OFFICER}
_NEVER = -1
_LOWEST = np.array([max(0, (byte & -byte).bit_length() - 1) for byte in range(256)])  # the first bit that is set


class Fitting(NamedTuple):
    """The rows of a world that fit a draft in its broadest wording, and how closely: each array has n."""

    rows: np.ndarray  # ROW[n], by resident
    levels: np.ndarray  # int64[n, details]: of each detail but the act and the place, in the draft's order
    held: np.ndarray  # bool[n]: is the subject held on the day of publication


def worded(draft: Draft) -> tuple[str, ...]:
    """Return the details of which a row has a level: all but the act, which stays, and the place, where it lies."""
    return tuple(name for name in draft.ladders if name not in ("act", PLACE))


def fit(
    world: Histories, kind: int, draft: Draft, settings: Settings, published: datetime.date, stated: bool = False
) -> tuple[Fitting, Fitting]:
    """Return how closely the incidents of a world fit a draft published on a day: of all, and of those in the files.

    `stated` asks for those alone that fit the draft as it stands.
    """
    periods = _periods(draft, published)
    masks = [day_masks(settings, *days) for days in (periods[:1] if stated else periods)]
    rows = world.rows[kind]
    rows = rows[rows["days"] & masks[-1][rows["week"]] != 0]
    when = [rows["days"] & mask[rows["week"]] for mask in masks]
    first = rows["week"].astype(np.int64) * 7 + _LOWEST[when[-1]] - settings.start.weekday()
    now = _Standing(world.later, (published - settings.start).days)
    columns = []
    for name in worded(draft):
        if name == PERIOD:
            columns.append(_level([part != 0 for part in when]))
        else:
            codes = draft.ladders[name][:1] if stated else draft.ladders[name]
            columns.append(_level([_says(name, code, rows, first, now, draft) for code in codes]))
    levels = np.stack(columns, axis=1) if columns else np.zeros((len(rows), 0), np.int64)
    some = (levels >= 0).all(axis=1)
    found = Fitting(rows[some], levels[some], now.is_held(rows["who"][some]))
    return found, _in_the_files(found, draft, masks)


def _in_the_files(found: Fitting, draft: Draft, masks: list[np.ndarray]) -> Fitting:
    """Return the rows of which a report stands in the files, and how closely its day fits the period."""
    rows = found.rows
    some = rows["written"] & masks[-1][rows["week"]] != 0
    rows, levels, held = (part[some] for part in found)
    if PERIOD in worded(draft):
        levels = levels.copy()
        of_days = _level([rows["written"] & mask[rows["week"]] != 0 for mask in masks])
        levels[:, worded(draft).index(PERIOD)] = of_days
    return Fitting(rows, levels, held)


def _periods(draft: Draft, published: datetime.date) -> list[tuple[datetime.date, datetime.date]]:
    """Return first and last day of each step of the period, to the day of publication at most.

    Where it is not said it is the half year before the planned day of publication, and all from then on: whoever waits
    tells of the same incident, and more has happened since.
    """
    lately = draft.published - datetime.timedelta(LATELY)
    if PERIOD not in draft.stated:
        return [(lately, published)]
    periods = [period_of(code) for code in draft.ladders[PERIOD] if code]
    return [(one.first, min(one.last, published)) for one in periods] + [(min(lately, periods[0].first), published)]


def _level(steps: list[np.ndarray]) -> np.ndarray:
    """Return int64[n]: the first step that is true of each row, -1 where none is."""
    result = np.full(len(steps[0]), -1, np.int64)
    for number in range(len(steps) - 1, -1, -1):
        result[steps[number]] = number
    return result


class _Standing:
    """Where residents stand on a day, by what the record says of what came until then."""

    def __init__(self, later: np.ndarray, day: int) -> None:
        self.later, self.day = later, day
        self.last: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def _last(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return who, by number, and the last day on which it happened."""
        if name not in self.last:
            some = self.later[(self.later["what"] == LATER.index(name)) & (self.later["day"] <= self.day)]
            final = np.append(np.diff(some["who"].astype(np.int64)) != 0, True)[: len(some)]  # by resident and day
            self.last[name] = (some["who"][final], some["day"][final].astype(np.int64))
        return self.last[name]

    def day_of(self, name: str, who: np.ndarray) -> np.ndarray:
        """Return int64[n]: the last day on which it happened to each, -1 where it did not."""
        known, days = self._last(name)
        if not len(known):
            return np.full(len(who), _NEVER, np.int64)
        at = np.minimum(np.searchsorted(known, who), len(known) - 1)
        return np.where(known[at] == who, days[at], _NEVER)

    def is_held(self, who: np.ndarray) -> np.ndarray:
        """Return bool[n]: was each arrested, and not released since?"""
        return np.asarray(self.day_of("arrest", who) > self.day_of("release", who))


def _says(detail: str, code: str, rows: np.ndarray, first: np.ndarray, now: _Standing, draft: Draft) -> np.ndarray:
    """Return bool[n]: is what a code says of a detail true of each row?"""
    if not code:
        return np.ones(len(rows), bool)
    if detail == "ground":
        return _ground(code, rows, now)
    if detail == "organ":
        return np.asarray(rows["by"] == _BY[code])
    if detail == "companions":
        low, high = _SIZES[code]
        return (
            (rows["size"] >= low) & (rows["size"] <= high)
            if draft.act == "followed_visit"
            else np.ones(len(rows), bool)
        )
    if detail == "purpose":
        return {"kin_visit": rows["km"] > 0, "permit_journey": rows["km"] == 0}.get(code, np.ones(len(rows), bool))
    if detail == "distance":
        low, high = _BANDS[code]
        return (rows["km"] >= low) & (rows["km"] < high)
    return _outcome(code, rows, first, now)


def _ground(code: str, rows: np.ndarray, now: _Standing) -> np.ndarray:
    released = now.day_of("release", rows["who"]) >= 0
    if code == "any_ground":
        return (rows["marks"] & L.MARK_GROUNDS != 0) | released
    has = rows["marks"] >> GROUND_NAMES.index(code) & 1 != 0
    return has | released if code == "former_detainee" else has


def _outcome(code: str, rows: np.ndarray, first: np.ndarray, now: _Standing) -> np.ndarray:
    who = rows["who"]
    arrest, release = now.day_of("arrest", who), now.day_of("release", who)
    if code == "summoned":
        return np.asarray(now.day_of("accusation", who) >= first)
    if code == "listed":
        listing, delisting = now.day_of("listing", who), now.day_of("delisting", who)
        on_it = (rows["marks"] & L.MARK_LISTED != 0) | (listing >= 0)
        return np.asarray(on_it & (delisting <= np.maximum(listing, first)))
    if code == "arrested":
        return np.asarray(arrest >= first)
    if code == "released":
        return np.asarray((arrest >= first) & (release > arrest))
    return np.asarray((arrest >= first) & (release <= arrest))
