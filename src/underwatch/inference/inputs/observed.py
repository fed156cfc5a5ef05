"""What a package says about one place in the window of the bank, and what the simulator must copy of how it was made.

Reports judged unlikely, of acts that the model does not make, of other or coarser places, or dated too coarsely are set
aside and counted. One incident in several rows is read by one rule (`same_incident`): its gravest act; the date
and place told with it, or else with the next; and of all grounds stated the one under which a record would count it.
Lists are two ears: the one with most first-hand incidents, and all others together; where the package declares
a single root, or says of hardly any report that it was no relay, there is one ear only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import astuple, dataclass, field

import numpy as np

from underwatch.channel.effort import CUT, LIMITED, OPEN, UNKNOWN, EffortWeek
from underwatch.errors import InputError
from underwatch.evidence.format.gazetteer import gazetteer, place_at
from underwatch.evidence.package import Package
from underwatch.evidence.privacy.bands import in_bands
from underwatch.evidence.reading import (
    Effort,
    Incident,
    Report,
    effort,
    figures,
    incidents,
    reports,
    survey,
)
from underwatch.facts import Constraint, Place
from underwatch.inference.inputs.anchors import Count, Survey, counts_of, surveys_of
from underwatch.inference.inputs.safe_table import Disclosure, SafeTable
from underwatch.record.dates import week_number
from underwatch.record.tally import N_GROUNDS, N_KINDS, NO_GROUND, Window
from underwatch.texts.sentences import Sentence, in_english
from underwatch.world.layout import GROUND_NAMES, INCIDENT_NAMES

_ORDINARY = "ordinary"
_SHARE_KNOWN_AS_NO_RELAY = 0.5  # of first-hand reports, before two lists count as apart
_BEST_FIRST = (OPEN, LIMITED, UNKNOWN, CUT)
_MOST_FIRST = ("high", "usual", "low", "unknown")  # of capacity
_UNLIKELY = "unlikely"
_NO_LIST = -1  # of an incident that no list has at first hand


@dataclass(frozen=True)
class ObservationDesign:
    """How the package was made: all that a simulated package copies of it."""

    window: Window
    place: Place
    lists: int  # 1 or 2
    effort: tuple[tuple[EffortWeek, ...], ...]  # [2][weeks]; the second is unused with one list
    share_by_quarter: float  # of the incidents dated to a quarter or better; the rest is dated to the year
    share_ground: float  # of the incidents whose ground is stated
    days_left: np.ndarray  # int[weeks], from the week's middle to the last report received; -1: no limit seen
    surveys: tuple[Survey, ...] = ()
    counts: tuple[Count, ...] = ()
    table: Disclosure | None = None  # a safe table stands for the package
    published: tuple[Constraint, ...] = ()  # figures that condition the worlds (`published`)

    def open_quarters(self, which: int) -> np.ndarray:
        """Return bool[quarters]: could the list hear in any week of it, as far as is recorded."""
        quarter, names = self.window.of_weeks("quarter")
        result = np.zeros(len(names), bool)
        for week, item in zip(quarter, self.effort[which], strict=True):
            result[week] |= item.state != CUT
        return result


@dataclass(frozen=True)
class Observed:
    """Counts of distinct incidents as coded, by list or together; the same that a simulated package gives."""

    by_list: np.ndarray  # float[3, quarters]: first list alone, second alone, both
    by_year: np.ndarray  # float[years], dated to the year only
    by_kind: np.ndarray  # float[2 halves, kinds]
    by_ground: np.ndarray  # float[grounds], where stated
    relays: float  # incidents with a copy that is coded as one
    answers: np.ndarray  # float[surveys], yes
    figures: np.ndarray  # float[counts], log
    # float[slots, families] of a safe table: then nothing else counts
    cells: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    published: np.ndarray = field(default_factory=lambda: np.zeros(0))  # float[figures], each on its scale


@dataclass(frozen=True)
class PublishedFigures:
    """The published figures that count, and for each other one why it does not."""

    used: tuple[Constraint, ...] = ()
    off: Mapping[str, Sentence] = field(default_factory=dict)

    def record(self) -> dict[str, object]:
        """Return it as plain JSON, in English."""
        off = {name: in_english(why) for name, why in self.off.items()}
        return {"used": [figure.name for figure in self.used], "off": off}


@dataclass(frozen=True)
class Reading:
    """A package read for a place: how it was made, what it says, its anchors, and what was set aside and why."""

    design: ObservationDesign
    observed: Observed
    anchors: tuple[str, ...]
    set_aside: Counter = field(default_factory=Counter)
    n_incidents: int = 0
    n_reports: int = 0
    figures: PublishedFigures = field(default_factory=PublishedFigures)


def read_for(package: Package, place: Place, window: Window, anchors: bool = True) -> Reading:
    """Read a package for a place and a window; InputError where it is about another window, or contradicts itself."""
    aside: Counter[str] = Counter()
    lists, coded = effort(package), reports(package)
    kept = _incidents(incidents(package, coded), place, window, aside)
    within = [row for row in lists if row.period.first <= window.end and window.start <= row.period.last]
    here = [row for row in within if _covers(row.place_code, place)]
    if not kept and not here:
        why = "; ".join(f"{in_bands(n)} {reason}" for reason, n in _in_order(aside).items())
        raise InputError(
            f"the package says nothing of {place.name} from {window.start} to {window.end}, the window of the bank "
            f"(reports set aside: {why or 'none'}); choose another place, or build a bank of its own window with "
            "`underwatch calibrate --bank`"
        )
    ears = _ears(kept, lists, here, window, anchors and "single_root" not in package.declares)
    surveys = surveys_of(survey(package), place, window, aside) if anchors else ()
    counts = counts_of(figures(package), place, window, aside) if anchors else ()
    design = ObservationDesign(
        window,
        place,
        2 if ears.second else 1,
        (_weeks(here, ears.first, window), _weeks(here, ears.second, window)),
        _share([item.quarter >= 0 for item in kept]),
        _share([item.ground >= 0 for item in kept]),
        _days_left(coded, window),
        surveys,
        counts,
    )
    named = [name for name, there in (("second list", ears.second), ("survey", surveys), ("figure", counts)) if there]
    observed = _observed(kept, ears, design)
    return Reading(design, observed, tuple(named), _in_order(aside), len(kept), sum(item.reports for item in kept))


def _in_order(aside: Counter[str]) -> Counter[str]:
    """Return what was set aside in the order of the words, so that no order of rows shows."""
    return Counter(dict(sorted((+aside).items())))


def whole_years(window: Window) -> tuple[str, ...]:
    """Return the years of which all four quarters lie in the window: only these can be asked for reports of a year."""
    names = window.of_weeks("quarter")[1]
    return tuple(sorted({name[:4] for name in names if sum(other[:4] == name[:4] for other in names) == 4}))


def reading_of_table(table: SafeTable, place: Place, window: Window) -> Reading:
    """Return the reading of a published table for a place: one list, unknown effort, no anchor."""
    weeks = (EffortWeek(),) * window.n_weeks
    design = ObservationDesign(
        window, place, 1, (weeks, weeks), 1.0, 1.0, np.full(window.n_weeks, -1), table=table.disclosure
    )
    quarters, years = window.n_periods, len(whole_years(window))
    by_quarter = np.zeros((3, quarters))
    for row, of_slot in zip(np.nan_to_num(table.cells).sum(axis=1), table.disclosure.quarters, strict=True):
        by_quarter[0, of_slot[0]] += max(0.0, row)
    none = np.zeros(0)
    observed = Observed(
        by_quarter, np.zeros(years), np.zeros((2, N_KINDS)), np.zeros(N_GROUNDS), 0.0, none, none, table.cells
    )
    total = int(by_quarter.sum())
    return Reading(design, observed, (), table.set_aside, total, total)


@dataclass(frozen=True)
class _Incident:
    """One incident as its reports tell it."""

    kind: int
    ground: int  # -1: not stated
    quarter: int  # -1: dated to the year only
    year: int
    lists: frozenset[int]  # first-hand, as coded
    no_relay: frozenset[int]  # lists that are coded as no relay
    relayed: bool
    reports: int


def _incidents(coded: Sequence[Incident], place: Place, window: Window, aside: Counter[str]) -> list[_Incident]:
    """Return the incidents of the place and window; count what is set aside."""
    quarters, years = window.of_weeks("quarter")[1], whole_years(window)
    result = []
    for item in coded:
        rows, copies = _fit(item.speaking, aside), _fit(item.passed_on, aside)
        if not rows:
            aside["that pass on a report which is set aside"] += len(copies)
            continue
        if _first(place_at(row.place_code, "city") for row in rows) != place.slug:
            aside["of another or a coarser place"] += len(rows) + len(copies)
            continue
        dates = [row.when for row in rows if row.when]
        quarter, year = (_first(date.within(grain) for date in dates) for grain in ("quarter", "year"))
        if quarter not in quarters and (quarter or year not in years):
            aside["of another window, or dated too coarsely"] += len(rows) + len(copies)
            continue
        own = [row for row in rows if row.is_original]
        result.append(
            _Incident(
                INCIDENT_NAMES.index(rows[0].kind),
                _ground({row.ground for row in rows}),
                quarters.index(quarter) if quarter else -1,
                -1 if quarter else years.index(year),
                frozenset({row.list_number for row in own} or {_NO_LIST}),
                frozenset(row.list_number for row in own if row.is_relay is False),
                any(row.is_relay is True for row in (*rows, *copies)),
                len(rows) + len(copies),
            )
        )
    return result


def _fit(rows: Sequence[Report], aside: Counter[str]) -> list[Report]:
    """Return the rows that may count wherever they are from; count the others."""
    result = []
    for row in rows:
        if row.status == _UNLIKELY:
            aside["judged unlikely"] += 1
        elif not row.kind:
            aside["of an act that the model does not make"] += 1
        else:
            result.append(row)
    return result


def _first(words: Iterable[str]) -> str:
    """Return the first word that is none empty; '' where all are."""
    return next(filter(None, words), "")


def _ground(codes: Set[str]) -> int:
    """Return the column under which a record of these grounds counts, or -1 where none is stated or the model's.

    A tally counts an incident once, under the first ground that its subject holds; so it is read here.
    """
    held = [index for index, name in enumerate(GROUND_NAMES) if name in codes]
    return held[0] if held else NO_GROUND if _ORDINARY in codes else -1


@dataclass(frozen=True)
class _Ears:
    first: frozenset[int]
    second: frozenset[int]


def _ears(
    kept: Sequence[_Incident], lists: Sequence[Effort], here: Sequence[Effort], window: Window, apart: bool
) -> _Ears:
    """Return the numbers of the lists that make the first and the second ear; the second is empty without one.

    Of lists with equally many first-hand incidents that one is the first which makes what is read the least in order:
    by content, as the numbers are random.
    """
    heard = Counter(name for item in kept for name in item.lists)
    every = frozenset(heard) | {_NO_LIST} | {row.list_number for row in lists}
    sure = sum(len(item.no_relay) for item in kept)
    known = sure >= _SHARE_KNOWN_AS_NO_RELAY * max(1, sum(heard.values()))
    del heard[_NO_LIST]
    if not apart or not known or len(heard) < 2:
        return _Ears(every, frozenset())

    def incidents_read(ears: _Ears) -> list:
        return list(_by_list(kept, ears, window.n_periods).tolist())

    def effort_read(ears: _Ears) -> list:
        return [astuple(week) for ear in (ears.first, ears.second) for week in _weeks(here, ear, window)]

    firsts = [frozenset((name, _NO_LIST)) for name, n in heard.items() if n == max(heard.values())]
    ears = [_Ears(first, every - first) for first in firsts]
    least = min(map(incidents_read, ears))
    return min((item for item in ears if incidents_read(item) == least), key=effort_read)


def _by_list(kept: Sequence[_Incident], ears: _Ears, quarters: int) -> np.ndarray:
    """Return float[3, quarters]: incidents of the first ear alone, the second alone, both."""
    result = np.zeros((3, quarters))
    for item in kept:
        if item.quarter >= 0:
            in_first, in_second = bool(item.lists & ears.first), bool(item.lists & ears.second)
            result[2 if in_first and in_second else 1 if in_second else 0, item.quarter] += 1
    return result


def _observed(kept: Sequence[_Incident], ears: _Ears, design: ObservationDesign) -> Observed:
    """Return the counts; by kind, ground and relay of what is dated to a quarter, as in a simulated package."""
    quarters, by_year = design.window.n_periods, np.zeros(len(whole_years(design.window)))
    by_kind, by_ground, relays = np.zeros((2, N_KINDS)), np.zeros(N_GROUNDS), 0
    for item in kept:
        if item.quarter < 0:
            by_year[item.year] += 1
            continue
        by_kind[int(2 * item.quarter >= quarters), item.kind] += 1
        by_ground[item.ground] += item.ground >= 0
        relays += item.relayed
    answers = np.array([float(item.n_yes) for item in design.surveys])
    logs = np.array([item.log for item in design.counts])
    return Observed(_by_list(kept, ears, quarters), by_year, by_kind, by_ground, float(relays), answers, logs)


def _share(flags: Sequence[bool]) -> float:
    """Return the share of true ones with half a one of each kind added, so that none is 0 or 1."""
    return (sum(flags) + 0.5) / (len(flags) + 1.0)


def _covers(code: str, place: Place) -> bool:
    """Say whether a place of the gazetteer is the place or holds it."""
    named = gazetteer().get(place.slug)
    while named is not None:
        if named.place_code == code:
            return True
        named = gazetteer().get(named.parent_code)
    return False


def _weeks(rows: Sequence[Effort], ear: frozenset[int], window: Window) -> tuple[EffortWeek, ...]:
    """Return an ear's effort week by week: of several rows the one by which it could hear best; unknown without any."""
    mine = [row for row in rows if row.list_number in ear]
    mine.sort(key=lambda row: (_BEST_FIRST.index(row.state), _MOST_FIRST.index(row.capacity), row.event), reverse=True)
    result, start = [EffortWeek()] * window.n_weeks, week_number(window.start)
    for row in mine:
        for week in row.period.weeks:
            if 0 <= week - start < window.n_weeks:
                result[week - start] = EffortWeek(row.state, row.capacity, row.event)
    return tuple(result)


def _days_left(rows: Sequence[Report], window: Window) -> np.ndarray:
    """Return the days from each week's middle to the last report received, -1 where that is a year and more off."""
    last = max((row.received.last for row in rows if row.received), default=None)
    if last is None:
        return np.full(window.n_weeks, -1)
    left = np.array([(last - window.thursday(week)).days for week in range(window.n_weeks)])
    return np.where(left > 365, -1, np.maximum(left, 0))
