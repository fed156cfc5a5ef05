"""What is to be simulated: the place, the days, the seed, the parameters, what changes when, the calendar of orders.

A scenario is data. It is made of its parts, or by `underwatch.world.scenario_file` from the name of a place
(`scenario_for`) or a TOML file (`scenario_for` too), and is checked whichever way it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from underwatch.errors import InputError, nearest
from underwatch.facts import Place, find_place, model_parameters, places
from underwatch.shown import Displayed
from underwatch.texts.languages import ENGLISH
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters, checked

Day = date  # where a field named date hides the type
EPOCH = date(1970, 1, 1)
LAST_DATE = date(2149, 6, 6)  # day 65535: a day must fit into 16 bits of a draw's counter
DEFAULT_START = date(2024, 7, 1)
DEFAULT_DAYS = 365
DEFAULT_SEED = 1
DEFAULT_SETTLE_WEEKS = 26
MOST_SETTLE_WEEKS = 104
# of a world, settling and counted: a day of the run, from 1, fits into 16 bits and leaves their last for "never"
MOST_DAYS = 65534
DEFAULT_CAMPAIGN = (date(2024, 11, 15), date(2025, 1, 15))  # the year-end campaign of the report
LAST_SEED = 2**64 - 1
MOST_RESIDENTS = sum(place.population for place in places().values())
QUARTER_ENDS = ((3, 31), (6, 30), (9, 30), (12, 31))
REVIEW_DAYS = 14

RULES = tuple(f"S{number}" for number in range(1, 18))
_FRAME = {
    "S1": "S1 is the frame (everybody lives in a neighbourhood unit)",
    "S2": "S2 is the frame (the grounds are what residents are, not what is done to them)",
    "S12": "S12 is the calendar itself: a dated change; set order_campaign = 1 or leave the change out, but S12",
}
_DRAWN_AT_START = ("S1", "S2")


def without_rules(names: Iterable[str]) -> frozenset[str]:
    """Return the rules to be taken out, S3 to S17 without S12; InputError for another name, with the nearest."""
    result = set()
    for name in (names,) if isinstance(names, str) else names:
        rule = name.strip().upper() if isinstance(name, str) else ""
        if rule in _FRAME:
            raise InputError(f"{_FRAME[rule]} and cannot be taken out; without takes S3 to S17")
        if rule not in RULES:
            known = [rule for rule in RULES if rule not in _FRAME]
            raise InputError(f"rule {name!r:.60} is not known{nearest(rule[:20], known)}; without takes S3 to S17")
        result.add(rule)
    return frozenset(result)


def _as_day(what: str, given: object) -> date:
    """Return a day that may be written as text; InputError for what is none."""
    try:
        return date.fromisoformat(given) if isinstance(given, str) else date(given.year, given.month, given.day)  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError):
        raise InputError(f"{what} = {given!s:.40} is no date; write it as 2024-12-01") from None


def day_number(day: date) -> int:
    """Return the days since 1 January 1970."""
    return (day - EPOCH).days


@dataclass(frozen=True, slots=True, repr=False)
class Change(Displayed):
    """From `date` to `until` (both inclusive), parameters have other values and further rules are taken out.

    Without `until` it holds to the end. After its last day, what the other changes leave is in force again.
    `values` may go to all that is possible (`parameters.possible_range`), not only to the range of the table.
    """

    date: date
    values: Mapping[str, float] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    until: Day | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "date", _as_day("date", self.date))
        if self.until is not None:
            object.__setattr__(self, "until", _as_day("until", self.until))
        if not self.values and not self.without:
            raise InputError(
                f"the change of {self.date} changes nothing; say what, for example: "
                f'Change("{self.date}", {{"p_notice": 0.9}}), or without=["S6"]'
            )
        if self.until is not None and self.until < self.date:
            raise InputError(f"the change of {self.date} ends on {self.until}, before it begins")
        known = {name: checked(name, value, dated=True) for name, value in self.values.items()}
        object.__setattr__(self, "values", {name: known[name] for name in model_parameters() if name in known})
        object.__setattr__(self, "without", without_rules(self.without))

    def __hash__(self) -> int:
        return hash((self.date, tuple(self.values.items()), self.without, self.until))

    def holds_on(self, day: Day) -> bool:
        """Say whether it is in force on a day."""
        return self.date <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, repr=False)
class Phase(Displayed):
    """A stretch of days on which every constant is the same.

    `day` is the first in days since 1 January 1970, `days` how many. `order` is the multiple of quota and vigilance
    that is asked for from above (1 on a normal day), `campaign` whether a campaign is on. `forms` are the rules' forms.
    """

    day: int
    days: int
    values: Mapping[str, float]
    without: frozenset[str]
    order: float
    campaign: bool
    forms: Forms = field(default_factory=Forms.central)


@dataclass(frozen=True, slots=True, repr=False)
class Scenario(Displayed):
    """A world to be simulated, from `start` to `end` (both inclusive).

    `kind` is "place", "province" or "country" and `name` its full name. `population` draws a single place with that
    many residents. `campaign` is its first and last day, or None; it is in force only where `order_campaign` is more
    than 1, so that this one parameter makes the twin without it; a quarter's review within these dates is part of the
    campaign and goes with it. For `settle_weeks` before `start` the world lives by its parameters and rules without
    changes and campaign, and nothing of it is counted. InputError when the parts do not fit.
    """

    name: str
    kind: str
    places: tuple[Place, ...]
    start: date = DEFAULT_START
    end: date = DEFAULT_START + timedelta(DEFAULT_DAYS - 1)
    seed: int = DEFAULT_SEED
    parameters: Parameters = field(default_factory=Parameters.central)
    without: frozenset[str] = frozenset()
    changes: tuple[Change, ...] = ()
    population: int | None = None
    campaign: tuple[date, date] | None = DEFAULT_CAMPAIGN
    forms: Forms = field(default_factory=Forms.central)
    settle_weeks: int = DEFAULT_SETTLE_WEEKS

    def __post_init__(self) -> None:
        object.__setattr__(self, "without", without_rules(self.without))
        object.__setattr__(self, "changes", tuple(sorted(self.changes, key=lambda change: change.date)))
        for what, day in (("start", self.start), ("end", self.end)):
            if not EPOCH <= day <= LAST_DATE:
                raise InputError(f"{what} = {day} is out of range; it may be {EPOCH} to {LAST_DATE}")
        if self.end < self.start:
            raise InputError(f"end = {self.end} is before start = {self.start}")
        self._check_settling()
        if self.campaign and self.campaign[1] < self.campaign[0]:
            raise InputError(f"the campaign ends on {self.campaign[1]}, before it begins on {self.campaign[0]}")
        if not 0 <= self.seed <= LAST_SEED:
            raise InputError(f"seed = {self.seed} is out of range; it may be 0 to {LAST_SEED}")
        if self.population is not None:
            if len(self.places) != 1:
                raise InputError(f"population goes with one city or county, and {self.name} has {len(self.places)}")
            if not 1 <= self.population <= MOST_RESIDENTS:
                raise InputError(f"population = {self.population} is out of range; it may be 1 to {MOST_RESIDENTS}")
        for change in self.changes:
            self._check_change(change)

    def _check_change(self, change: Change) -> None:
        """Refuse a change outside of the days simulated, and one of what is drawn when the place is settled."""
        if not self.start <= change.date <= self.end:
            raise InputError(f"the change of {change.date} lies outside of {self.start} to {self.end}")
        last = change.until or self.end
        if last > self.end:
            raise InputError(f"the change of {change.date} lasts until {last}, beyond the end on {self.end}")
        if change.date == self.start and last == self.end:
            return
        for name in change.values:
            if (rule := model_parameters()[name].rule) in _DRAWN_AT_START:
                late = change.date > self.start
                day, how = (change.date, "") if late else (last + timedelta(1), " without until")
                raise InputError(
                    f"{name} ({rule}) is drawn once, on the first day, and cannot change on {day}; "
                    f"a change on {self.start}{how} or [parameters] may set it"
                )

    def _check_settling(self) -> None:
        """Refuse weeks that are too many, begin before days are numbered, or leave too few numbers for the days."""
        if not 0 <= self.settle_weeks <= MOST_SETTLE_WEEKS:
            raise InputError(f"settle_weeks = {self.settle_weeks} is out of range; it may be 0 to {MOST_SETTLE_WEEKS}")
        room = (self.start - EPOCH).days // 7
        if self.settle_weeks > room:
            raise InputError(
                f"settle_weeks = {self.settle_weeks} would begin before {EPOCH}, the first day there is; from a start "
                f"on {self.start} it may be 0 to {room}"
            )
        if self.lived_days > MOST_DAYS:
            raise InputError(
                f"end = {self.end} is too late: {self.lived_days:,} days from the first of settle_weeks on, and it may "
                f"be {MOST_DAYS:,}"
            )

    def _line(self) -> str:
        said = [self.name, f"{self.residents:,} residents", f"{self.start} to {self.end}", f"seed {self.seed}"]
        said += [f"{name}={value:g}" for name, value in self.fixed().items()][:5]
        said += [f"{len(self.changes)} dated changes"] if self.changes else []
        return f"Scenario({', '.join([*said, *(f'without {rule}' for rule in sorted(self.without))])})"

    def _facts(self) -> list[tuple[str, str]]:
        told = [("Settles for", f"{self.settle_weeks} weeks before the first day, which are not counted")]
        told += [("Campaign", f"{self.campaign[0]} to {self.campaign[1]}")] if self.campaign else []
        return told + [(name, f"{value:g}, set") for name, value in self.fixed().items()]

    def _next(self) -> tuple[str, ...]:
        return ("simulate(scenario)", "run(scenario)")

    @property
    def days(self) -> int:
        """The number of days simulated and counted."""
        return (self.end - self.start).days + 1

    @property
    def settling_days(self) -> int:
        """The number of days simulated before the first that is counted."""
        return 7 * self.settle_weeks

    @property
    def lived_days(self) -> int:
        """The number of days simulated, settling and counted: the work."""
        return self.settling_days + self.days

    @property
    def residents(self) -> int:
        """The number of residents of all places together."""
        return self.population or sum(place.population for place in self.places)

    @property
    def turns(self) -> frozenset[date]:
        """The days from which a dated change holds, or no longer holds."""
        ends = [change.until for change in self.changes]
        after = {end + timedelta(1) for end in ends if end is not None}
        return frozenset(change.date for change in self.changes) | after

    @property
    def campaign_days(self) -> tuple[int, int] | None:
        """The days (lo, hi) of the campaign, counted from the start, as far as they are simulated; None without one."""
        if self.campaign is None:
            return None
        first, last = ((day - self.start).days for day in self.campaign)
        return max(0, first), min(self.days, last + 1)

    def fixed(self) -> dict[str, float]:
        """Return the parameters that are set and therefore in no draw from the prior, with their first values.

        Set is what `parameters` set and what a dated change names: the change is from what the scenario has to what it
        says, in every draw.
        """
        changed = {name for change in self.changes for name in change.values}
        names = changed.union(self.parameters.fixed)
        return {name: value for name, value in self.parameters.items() if name in names}

    def phases(self) -> tuple[Phase, ...]:
        """Return the longest stretches of the days counted in which every constant is the same, without gap."""
        cuts = set(self.turns)
        if self.campaign:
            cuts |= {self.campaign[0], min(self.campaign[1], LAST_DATE) + timedelta(1)}
        return self._stretches(self.start, self.end, cuts)

    def settling(self) -> tuple[Phase, ...]:
        """Return the stretches of the weeks before the first day: as it is without any change and any campaign.

        A twin that differs in its changes and its campaign alone has the same, and can share them.
        """
        if not self.settle_weeks:
            return ()
        drawn = {
            name: value
            for name, value in self.phases()[0].values.items()
            if model_parameters()[name].rule in _DRAWN_AT_START
        }
        alone = replace(
            self,
            parameters=self.parameters.with_values(**drawn, order_campaign=1.0),
            changes=(),
            campaign=None,
        )
        return alone._stretches(self.start - timedelta(self.settling_days), self.start - timedelta(1), set())

    def all_phases(self) -> tuple[Phase, ...]:
        """Return the stretches of all days simulated, those in which the world settles and those that are counted."""
        return self.settling() + self.phases()

    def _stretches(self, first_day: date, last_day: date, cuts: set[date]) -> tuple[Phase, ...]:
        """Return the phases of some days, cut at the reviews of the quarters and where else something may change."""
        last = last_day + timedelta(1)
        cuts |= {first_day, last}
        for year in range(first_day.year, last_day.year + 1):
            for month, day in QUARTER_ENDS:
                end = date(year, month, day)
                cuts |= {end - timedelta(REVIEW_DAYS - 1), end + timedelta(1)}
        days = sorted(cut for cut in cuts if first_day <= cut <= last)
        result: list[Phase] = []
        for first, after in pairwise(days):
            phase = self._phase(first, (after - first).days)
            same = bool(result) and replace(phase, day=result[-1].day, days=result[-1].days) == result[-1]
            if same:
                result[-1] = replace(result[-1], days=result[-1].days + phase.days)
            else:
                result.append(phase)
        return tuple(result)

    def _phase(self, first: date, days: int) -> Phase:
        """Return what holds from a day on: changes add up, and the larger of two orders is followed."""
        values, without = self.parameters.to_dict(), self.without
        for change in self.changes:
            if change.holds_on(first):
                values |= change.values
                without |= change.without
        orders = []
        within = self.campaign is not None and self.campaign[0] <= first <= self.campaign[1]
        campaign = within and values["order_campaign"] > 1
        if campaign:
            orders.append(values["order_campaign"])
        if is_quarter_review(first) and (campaign or not within):
            orders.append(values["order_quarter_review"])
        return Phase(day_number(first), days, values, without, max(orders, default=1.0), campaign, self.forms)

    def without_campaign(self) -> Scenario:
        """Return the twin without the campaign: `order_campaign` is 1 throughout, all else is the same.

        What is ordered at a quarter's end within the campaign's dates falls away with it.
        """
        left = [
            (item, {name: value for name, value in item.values.items() if name != "order_campaign"})
            for item in self.changes
        ]
        changes = tuple(replace(item, values=values) for item, values in left if values or item.without)
        return replace(self, parameters=self.parameters.with_values(order_campaign=1.0), changes=changes)

    def replace(self, **parts: Any) -> Scenario:
        """Return a copy with some parts replaced, checked like a new one."""
        known = [part.name for part in fields(self)]
        for part in parts:
            if part not in known:
                raise InputError(f'a scenario has no "{part}"{nearest(part, known)}')
        return replace(self, **parts)


def is_quarter_review(day: date) -> bool:
    """Say whether a day is one of the last 14 of March, June, September or December."""
    for month, last in QUARTER_ENDS:
        if day.month == month:
            return day.day > last - REVIEW_DAYS
    return False


def place_scenario(name: str, **parts: Any) -> Scenario:
    """Return the scenario of a place, province or the country by its name, all else at its default."""
    kind, full_name, members = find_place(name)
    return Scenario(full_name, kind, members).replace(**parts)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a scenario is run: what does not touch the world itself.

    `threads` is how many units of work go side by side; `out`, `resume` and `from_manifest` are paths as given.
    `incidents` is "all" or "sample", what of them is written, and `twin` says whether the world without the campaign is
    run beside the baseline in the whole place; None leaves both to the number of residents (a sample and no twin for
    the country). `draws` worlds are of `ensemble`, the default one for None; `language` is that of the page. With
    `resume` or `from_manifest` the scenario is the one kept there, and so is the rest, but for `threads` and
    `out`.
    """

    replicates: int = 1
    draws: int = 200
    threads: int = 1
    incidents: str | None = None
    out: Path | None = None
    resume: Path | None = None
    from_manifest: Path | None = None
    twin: bool | None = None
    ensemble: str | None = None
    language: str = ENGLISH
