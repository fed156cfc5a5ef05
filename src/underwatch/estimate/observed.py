"""What a package says about one place in the window of the bank, and what the simulator must copy of how it was made.

Reports of acts that the model does not make, of other or coarser places, or dated too coarsely are set aside and
counted. Lists are two ears: the one with most first-hand incidents, and all others together; where the package declares
a single root, or says of hardly any report that it was no relay, there is one ear only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from underwatch.errors import InputError
from underwatch.estimate.safe_table import Cells, Disclosure, read_safe_table
from underwatch.evidence.gazetteer import gazetteer
from underwatch.evidence.package import Package
from underwatch.evidence.reading import Effort, Figure, Report, SurveyAnswer, effort, figures, reports, survey
from underwatch.facts import Place
from underwatch.record.tally import N_GROUNDS, N_KINDS, NO_GROUND, Window
from underwatch.testimony.effort import CUT, LIMITED, OPEN, UNKNOWN, EffortWeek
from underwatch.world.layout import GROUND_NAMES, INCIDENT_NAMES

# Questions that a simulated world can answer, by the column of `Tally.reached`; one is answered by what is known.
QUESTIONS = {"was_followed": N_KINDS, "gave_up_call": INCIDENT_NAMES.index("call_given_up"), "knows_arrest_calls": -1}
FIGURES = ("arrests_calls",)
_ORDINARY = "ordinary"
_SHARE_KNOWN_AS_NO_RELAY = 0.5  # of first-hand reports, before two lists count as apart
_BEST_FIRST = (OPEN, LIMITED, UNKNOWN, CUT)


@dataclass(frozen=True)
class Survey:
    """An answer that a world can give: the question, the quarters (first and last), how many were asked."""

    question: str
    periods: tuple[int, int]
    n_asked: int
    n_yes: int


@dataclass(frozen=True)
class Count:
    """An independent count of arrests for calls: the quarters, and its range."""

    periods: tuple[int, int]
    low: float
    high: float


@dataclass(frozen=True)
class Setting:
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

    def open_quarters(self, which: int) -> np.ndarray:
        """Return bool[quarters]: could the list hear in any week of it, as far as is recorded."""
        quarter, names = self.window.of_weeks("quarter")
        found = np.zeros(len(names), bool)
        for week, one in zip(quarter, self.effort[which], strict=True):
            found[week] |= one.state != CUT
        return found


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
    cells: Cells | None = None  # of a safe table: then nothing else counts


@dataclass(frozen=True)
class Reading:
    """A package read for a place: how it was made, what it says, its anchors, and what was set aside and why."""

    setting: Setting
    observed: Observed
    anchors: tuple[str, ...]
    set_aside: Counter = field(default_factory=Counter)
    n_incidents: int = 0
    n_reports: int = 0


def read_for(package: Package, place: Place, window: Window, anchors: bool = True) -> Reading:
    """Read a package for a place and a window; InputError where it is about another window, or contradicts itself."""
    aside: Counter[str] = Counter()
    lists = effort(package)
    kept = _incidents(reports(package), place, window, aside)
    if not kept and not any(_meets(row, window) and _covers(row.place_code, place) for row in lists):
        raise InputError(
            f"the package says nothing of {place.name} from {window.start} to {window.end}, the window of the bank; "
            "choose another place, or build a bank of its own window with `underwatch calibrate --bank`"
        )
    ears = _ears(package, kept, anchors)
    surveys = _surveys(survey(package), place, window, aside) if anchors else ()
    counts = _counts(figures(package), place, window, aside) if anchors else ()
    setting = Setting(
        window,
        place,
        2 if ears.second else 1,
        (_weeks(lists, ears.first, place, window), _weeks(lists, ears.second, place, window)),
        _share([one.quarter >= 0 for one in kept]),
        _share([one.ground >= 0 for one in kept]),
        _days_left(reports(package), window),
        surveys,
        counts,
    )
    named = [name for name, there in (("second list", ears.second), ("survey", surveys), ("figure", counts)) if there]
    observed = _observed(kept, ears, setting)
    return Reading(setting, observed, tuple(named), aside, len(kept), sum(one.reports for one in kept))


def whole_years(window: Window) -> tuple[str, ...]:
    """Return the years of which all four quarters lie in the window: only these can be asked for reports of a year."""
    names = window.of_weeks("quarter")[1]
    return tuple(sorted({name[:4] for name in names if sum(other[:4] == name[:4] for other in names) == 4}))


def read_table_for(path: Path, place: Place, window: Window) -> Reading:
    """Read a published table for a place: one list, unknown effort, no anchor; InputError as `read_safe_table`."""
    disclosure, cells, aside = read_safe_table(path, place, window)
    weeks = (EffortWeek(),) * window.n_weeks
    setting = Setting(window, place, 1, (weeks, weeks), 1.0, 1.0, np.full(window.n_weeks, -1), table=disclosure)
    quarters, years = window.n_periods, len(whole_years(window))
    by_quarter = np.zeros((3, quarters))
    for row, of_slot in zip(np.nan_to_num(cells.value).sum(axis=1), disclosure.quarters, strict=True):
        by_quarter[0, of_slot[0]] += max(0.0, row)
    none = np.zeros(0)
    observed = Observed(
        by_quarter, np.zeros(years), np.zeros((2, N_KINDS)), np.zeros(N_GROUNDS), 0.0, none, none, cells
    )
    total = int(by_quarter.sum())
    return Reading(setting, observed, (), aside, total, total)


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


def _incidents(rows: Sequence[Report], place: Place, window: Window, aside: Counter[str]) -> list[_Incident]:
    """Return the incidents of the place and window; count what is set aside."""
    by_incident: dict[int, list[Report]] = defaultdict(list)
    for row in rows:
        if not row.kind:
            aside["of an act that the model does not make"] += 1
        elif row.place_code != place.slug:
            aside["of another or a coarser place"] += 1
        else:
            by_incident[row.incident].append(row)
    quarters, years = window.of_weeks("quarter")[1], whole_years(window)
    found = []
    for group in by_incident.values():
        quarter, year = _when(group, quarters, years)
        if quarter < 0 and year < 0:
            aside["of another window, or dated too coarsely"] += len(group)
            continue
        own = [row for row in group if row.is_relay is not True and row.duplicate_of is None]
        lists = {row.list_number for row in own} or {-1}
        first = (own or group)[0]
        found.append(
            _Incident(
                INCIDENT_NAMES.index(first.kind),
                _ground(first.ground),
                quarter,
                year,
                frozenset(lists),
                frozenset(row.list_number for row in own if row.is_relay is False),
                any(row.is_relay is True for row in group),
                len(group),
            )
        )
    return found


def _ground(code: str) -> int:
    """Return the column of a ground, or -1 where it is not stated or not one of the model's."""
    if code == _ORDINARY:
        return NO_GROUND
    return GROUND_NAMES.index(code) if code in GROUND_NAMES else -1


def _when(group: Sequence[Report], quarters: Sequence[str], years: Sequence[str]) -> tuple[int, int]:
    """Return the quarter and the year of an incident by its best dated report; -1 where there is none."""
    best = (-1, -1)
    for row in group:
        if row.first is None or row.last is None:
            continue
        middle = row.first + timedelta(days=3) if row.when_precision == "week" else row.first
        last = middle if row.when_precision == "week" else row.last
        slots = {f"{day.year}-Q{(day.month + 2) // 3}" for day in (middle, last)}
        slot = slots.pop() if len(slots) == 1 else ""
        if slot in quarters:
            return quarters.index(slot), -1
        if not slot and middle.year == last.year and str(middle.year) in years:
            best = (-1, years.index(str(middle.year)))
    return best


@dataclass(frozen=True)
class _Ears:
    first: frozenset[int]
    second: frozenset[int]


def _ears(package: Package, kept: Sequence[_Incident], apart: bool) -> _Ears:
    """Return the numbers of the lists that make the first and the second ear; the second is empty without one."""
    heard = Counter(name for one in kept for name in one.lists)
    every = frozenset(heard) | {-1} | {row.list_number for row in effort(package)}
    sure = sum(len(one.no_relay) for one in kept)
    known = sure >= _SHARE_KNOWN_AS_NO_RELAY * max(1, sum(heard.values()))
    if not apart or "single_root" in package.declares or not known or len(heard) < 2:
        return _Ears(every, frozenset())
    most = max(sorted(heard), key=lambda name: heard[name])
    return _Ears(frozenset((most, -1)), every - {most, -1})


def _observed(kept: Sequence[_Incident], ears: _Ears, setting: Setting) -> Observed:
    quarters, years = setting.window.n_periods, len(whole_years(setting.window))
    by_list, by_year = np.zeros((3, quarters)), np.zeros(years)
    by_kind, by_ground = np.zeros((2, N_KINDS)), np.zeros(N_GROUNDS)
    for one in kept:
        by_ground[one.ground] += one.ground >= 0
        if one.quarter < 0:
            by_year[one.year] += 1
            continue
        in_first, in_second = bool(one.lists & ears.first), bool(one.lists & ears.second)
        by_list[2 if in_first and in_second else 1 if in_second else 0, one.quarter] += 1
        by_kind[int(2 * one.quarter >= quarters), one.kind] += 1
    answers = np.array([float(one.n_yes) for one in setting.surveys])
    logs = np.array([np.log(np.sqrt(max(one.low, 0.5) * one.high)) for one in setting.counts])
    return Observed(by_list, by_year, by_kind, by_ground, float(sum(one.relayed for one in kept)), answers, logs)


def _share(flags: Sequence[bool]) -> float:
    """Return the share of true ones with half a one of each kind added, so that none is 0 or 1."""
    return (sum(flags) + 0.5) / (len(flags) + 1.0)


def _covers(code: str, place: Place) -> bool:
    """Say whether a place of the gazetteer is the place or holds it."""
    at = gazetteer().get(place.slug)
    while at is not None:
        if at.place_code == code:
            return True
        at = gazetteer().get(at.parent_code)
    return False


def _meets(row: Effort, window: Window) -> bool:
    return row.first <= window.end and window.start <= row.last


def _weeks(rows: Sequence[Effort], ear: frozenset[int], place: Place, window: Window) -> tuple[EffortWeek, ...]:
    """Return an ear's effort week by week: of several lists the one that could hear best; unknown without a row."""
    mine = [row for row in rows if row.list_number in ear and _covers(row.place_code, place) and _meets(row, window)]
    mine.sort(key=lambda row: _BEST_FIRST.index(row.state))
    found = []
    for week in range(window.n_weeks):
        day = window.thursday(week)
        now = next((row for row in mine if row.first <= day <= row.last), None)
        found.append(EffortWeek(now.state, now.capacity, now.event) if now else EffortWeek())
    return tuple(found)


def _days_left(rows: Sequence[Report], window: Window) -> np.ndarray:
    """Return the days from each week's middle to the last report received, -1 where that is a year and more off."""
    last = max((row.received_last for row in rows if row.received_last is not None), default=None)
    if last is None:
        return np.full(window.n_weeks, -1)
    left = np.array([(last - window.thursday(week)).days for week in range(window.n_weeks)])
    return np.where(left > 365, -1, np.maximum(left, 0))


def _periods(first: date, last: date, window: Window) -> tuple[int, int] | None:
    """Return the first and last quarter of the window that a period fills; None when it reaches beyond the window."""
    names = window.of_weeks("quarter")[1]
    slots = [f"{day.year}-Q{(day.month + 2) // 3}" for day in (first, last)]
    if any(slot not in names for slot in slots):
        return None
    return names.index(slots[0]), names.index(slots[1])


def _surveys(rows: Sequence[SurveyAnswer], place: Place, window: Window, aside: Counter[str]) -> tuple[Survey, ...]:
    found = []
    for row in rows:
        periods = _periods(row.first, row.last, window)
        if row.question not in QUESTIONS or row.place_code != place.slug or periods is None:
            aside["survey rows of another question, place or window"] += 1
        else:
            found.append(Survey(row.question, periods, row.n_asked, row.n_yes))
    return tuple(found)


def _counts(rows: Sequence[Figure], place: Place, window: Window, aside: Counter[str]) -> tuple[Count, ...]:
    found: list[Count] = []
    for row in rows:
        periods = _periods(row.first, row.last, window)
        if not row.is_anchor:
            aside["figures that are no anchor: the same lists counted them"] += 1
        elif row.measure not in FIGURES or row.place_code != place.slug or periods is None:
            aside["figures of another measure, place or window"] += 1
        else:
            found.append(Count(periods, row.low, row.high))
    for one in found:
        for other in found:
            if one.periods == other.periods and one.low > other.high:
                raise InputError(
                    f"figures.csv contradicts itself: arrests for calls in {place.name} are {one.low:g} to "
                    f"{one.high:g} in one row and {other.low:g} to {other.high:g} in another of the same period; "
                    "correct one"
                )
    return tuple(found)
