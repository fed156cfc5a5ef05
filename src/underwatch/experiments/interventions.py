"""Interventions: what would relieve people, as data, and how each changes a scenario from a date on.

An intervention may only relieve. One that adds watchers, quotas or detection is refused here; such a change belongs
in the history of a scenario (`[[change]]`), where it tells of something that happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from underwatch.errors import InputError, nearest
from underwatch.facts import model_parameters
from underwatch.facts.tables import read_rows
from underwatch.files.intake.regular import read_text
from underwatch.files.intake.toml import MOST_BYTES, parse_toml
from underwatch.files.tripwire import key_tripped
from underwatch.shown import Displayed
from underwatch.world.parameters import checked, possible_range
from underwatch.world.rates import KNOCK_OUT, LET_OFF
from underwatch.world.scenario import EPOCH, Change, Scenario, without_rules

_HERE = "underwatch.experiments"
LESS, MORE = -1, 1
# The parameters that stand for what is done to residents, and whether less or more of each is relief
_WAYS = {row["parameter"]: LESS if row["relief"] == "less" else MORE for row in read_rows("tables/levers.csv", _HERE)}
LEVERS: Mapping[str, int] = MappingProxyType(_WAYS | dict.fromkeys(LET_OFF, MORE))
# The rules whose end is relief
RULES = ("S4", "S5", "S6", "S7", "S8", "S9", "S10", "S16", "S17")
_KEYS = ("words", "short", "why", "date", "days", "set", "times", "without")
_MOST_DAYS = 36_525


@dataclass(frozen=True, slots=True, repr=False)
class Intervention(Displayed):
    """A named change for the better: parameters `put` to a value or multiplied (`times`), rules taken out.

    `date` is its own first day, or None for that of the question; `days` how long it lasts, or None for until the end.
    `short` is its line in the help; `words` say what it is, its name where they are left out.
    InputError for all that does not relieve.
    """

    name: str
    words: str = ""
    why: str = ""
    put: Mapping[str, float] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    date: date | None = None
    days: int | None = None
    short: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        where = f"intervention {self.name}: "
        if not self.words.strip():
            object.__setattr__(self, "words", f"{self.name.replace('-', ' ').capitalize()}.")
        if self.days is not None and not 1 <= self.days <= _MOST_DAYS:
            raise InputError(f"{where}days = {self.days} must be 1 to {_MOST_DAYS}")
        if twice := sorted(set(self.put) & set(self.times)):
            raise InputError(f"{where}{twice[0]} is both set and multiplied; one of them can hold")
        for name in (*self.put, *self.times):
            _lever(name, where)
        for name, value in self.put.items():
            checked(name, value, dated=True)
        for name, factor in self.times.items():
            _check_factor(name, factor, where)
        for rule in without_rules(self.without):
            if rule not in RULES:
                raise InputError(f"{where}{_no_relief(rule)}; rules whose end is relief: {', '.join(RULES)}")
        for name in self.touched:
            count = (name in self.put or name in self.times) + sum(name in KNOCK_OUT[rule] for rule in self.without)
            if count > 1:
                raise InputError(f"{where}{name} is changed twice, by a value and by a rule taken out")
        if not self.touched:
            raise InputError(f"{where}nothing changes; it wants set, times or without")

    def _line(self) -> str:
        return f"Intervention({self.name}: {self.words})"

    def _facts(self) -> list[tuple[str, str]]:
        changes = [(name, f"set to {value:g}") for name, value in self.put.items()]
        changes += [(name, f"times {factor:g}") for name, factor in self.times.items()]
        return [*changes, *((rule, "taken out") for rule in sorted(self.without))]

    def _next(self) -> tuple[str, ...]:
        return ("simulate(..., interventions=[one])", "compare(place, [one])")

    @property
    def touched(self) -> frozenset[str]:
        """All that it changes: parameters, and what the rules it takes out stand for."""
        ruled = {name for rule in self.without for name in KNOCK_OUT[rule]}
        return frozenset({*self.put, *self.times, *ruled})

    def values(self, now: Mapping[str, float]) -> dict[str, float]:
        """Return the parameters it changes, from those in force; never to the worse of what is in force."""
        result = {}
        for name in (*self.put, *self.times):
            low, high = possible_range(model_parameters()[name])
            asked = self.put[name] if name in self.put else min(high, max(low, now[name] * self.times[name]))
            result[name] = min(now[name], asked) if LEVERS[name] == LESS else max(now[name], asked)
        return result


def _lever(name: str, where: str) -> None:
    """Refuse a parameter that is not known, or that stands for nothing that is done to residents."""
    if name not in model_parameters():
        if key_tripped(name, model_parameters()):
            raise InputError(f'{where}key "{name[:60]}" looks like a person\'s identity and is refused')
        raise InputError(f'{where}parameter "{name[:60]}" is not known{nearest(name[:80], model_parameters())}')
    if name not in LEVERS:
        raise InputError(
            f"{where}{name} says who people are or how they bear it, or adds watchers, and is nothing that an "
            f"intervention may change{nearest(name, LEVERS)}"
        )


def _check_factor(name: str, factor: object, where: str) -> None:
    if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not 0 <= factor <= 1e6:
        raise InputError(f"{where}times {name} = {factor!r:.60} is no factor of 0 or more")
    if (factor - 1) * LEVERS[name] < 0:
        raise InputError(f"{where}{name} times {factor:g} {_worse(name)}")


def _worse(name: str) -> str:
    way = "more" if LEVERS[name] == LESS else "less"
    return (
        f"is {way} of it and only adds to watching, quotas or detection: an intervention may only relieve residents; "
        "what happened goes into the scenario as a [[change]]"
    )


def _no_relief(rule: str) -> str:
    if rule == "S3":
        return (
            "without S3 from a date on nobody is listed anew and nobody can leave, which is not the end of the list: "
            "abolish-the-list is"
        )
    return f"{rule} is nothing that is done to residents, and taking it out is no relief that anybody can give"


@cache
def catalogue() -> Mapping[str, Intervention]:
    """Return the interventions that come with the package, by name."""
    text = files(_HERE).joinpath("tables", "interventions.toml").read_text(encoding="utf-8")
    return MappingProxyType({item.name: item for item in parse_interventions(text, "")})


def parse_interventions(text: str, where: str) -> tuple[Intervention, ...]:
    """Read interventions from TOML, one table for each; errors begin with `where`."""
    tables = parse_toml(text, where)
    try:
        result = tuple(_from_table(name, table) for name, table in tables.items())
    except InputError as error:
        raise InputError(where + str(error)) from None
    if not result:
        raise InputError(f"{where}holds no intervention; one begins with [its-name]")
    return result


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


# What may stand under a key of an intervention: the value without it, what is good, and what is said of any other.
_VALUES: Mapping[str, tuple[Any, Callable[[Any], bool], str]] = {
    "words": (None, lambda words: _is_text(words) and bool(words.strip()),
              'are missing {where}; for example: words = "Officers are no longer reprimanded."'),
    "why": ("", _is_text, "is no text {where}"),
    "short": ("", _is_text, "is no text {where}"),
    "date": (None, lambda day: day is None or type(day) is date,
             "is no date {where}; write it as 2024-11-15, without quotation marks"),
    "days": (None, lambda days: days is None or type(days) is int, "is no whole number {where}; for example: days = 7"),
    "without": ((), lambda rules: isinstance(rules, (list, tuple)) and all(map(_is_text, rules)),
                'is no list of rules {where}; for example: without = ["S16"]'),
    "set": ({}, _is_table, "is no table of parameters and numbers {where}"),
    "times": ({}, _is_table, "is no table of parameters and numbers {where}"),
}  # fmt: skip


def _from_table(name: str, table: object) -> Intervention:
    if not isinstance(table, dict):
        raise InputError(f'"{name[:60]}" is no table; an intervention begins with [its-name]')
    where = f"in [{name[:60]}]"
    for key in table:
        if key not in _KEYS:
            if key_tripped(key, _KEYS):
                raise InputError(f'key "{key[:60]}" {where} looks like a person\'s identity and is refused')
            known = ", ".join(_KEYS)
            raise InputError(f'key "{key[:60]}" {where} is not known{nearest(key[:80], _KEYS)}; known: {known}')
    for key, (default, is_good, wrong) in _VALUES.items():
        if not is_good(table.get(key, default)):
            raise InputError(f"{key} {wrong.format(where=where)}")
    words, why, short, day, days, rules, put, times = (
        table.get(key, default) for key, (default, _, _) in _VALUES.items()
    )
    rules_out = without_rules(rules)
    return Intervention(name, words.strip(), why.strip(), put, times, rules_out, day, days, short)


def find_interventions(names: str | Intervention | Iterable[str | Intervention]) -> tuple[Intervention, ...]:
    """Return interventions by name, of a FILE.toml, or as they are.

    InputError for an unknown, a repeated or a contradictory one.
    """
    result: list[Intervention] = []
    for name in (names,) if isinstance(names, str | Intervention) else names:
        if isinstance(name, Intervention):
            result.append(name)
        elif name.casefold().endswith(".toml") or "/" in name:
            result += _of_file(Path(name))
        elif (key := name.strip().casefold().replace("_", "-").replace(" ", "-")) in catalogue():
            result.append(catalogue()[key])
        else:
            known = ", ".join(catalogue())
            raise InputError(f'intervention "{name[:60]}" is not known{nearest(key[:80], catalogue())}; known: {known}')
    if not result:
        raise InputError("no intervention is named; for example: --with end-reprimands")
    for index, item in enumerate(result):
        for other in result[:index]:
            if item.name == other.name:
                raise InputError(f"intervention {item.name} is named twice")
            if both := sorted(item.touched & other.touched):
                raise InputError(
                    f"{other.name} and {item.name} contradict each other: both change {both[0]}; compare them apart"
                )
    return tuple(result)


def _of_file(path: Path) -> tuple[Intervention, ...]:
    try:
        text = read_text(path, MOST_BYTES, "file of interventions")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return parse_interventions(text, f"{path}: ")


def first_day(intervention: Intervention, scenario: Scenario, asked: date | None) -> date:
    """Return the day from which an intervention holds: its own, the one asked for, or the first of the scenario."""
    day = intervention.date or asked or scenario.start
    if not scenario.start <= day <= scenario.end:
        raise InputError(
            f"{intervention.name} from {day} on lies outside of the days simulated, {scenario.start} to {scenario.end}"
        )
    return day


def check_relief(scenario: Scenario, intervention: Intervention, day: date) -> None:
    """Refuse an intervention that sets a parameter to the worse of what the scenario has on its first day."""
    now = _values_on(scenario, day)
    for name, value in intervention.put.items():
        if (value - now[name]) * LEVERS[name] < 0:
            raise InputError(f"intervention {intervention.name}: {name} from {now[name]:g} to {value:g} {_worse(name)}")


def dated_from(
    interventions: Iterable[Intervention], scenario: Scenario, asked: date | None
) -> tuple[tuple[Intervention, date], ...]:
    """Return interventions with their first days (`first_day`); InputError for one that does not relieve."""
    dated = tuple((item, first_day(item, scenario, asked)) for item in interventions)
    for item, day in dated:
        check_relief(scenario, item, day)
    return dated


def with_interventions(scenario: Scenario, dated: Sequence[tuple[Intervention, date]]) -> Scenario:
    """Return the scenario with interventions in force from their days to their end, over its own later changes."""
    changes = list(scenario.changes)

    def add(day: date, values: Mapping[str, float], without: frozenset[str], until: date | None) -> None:
        if values or without:
            changes.append(Change(day, values, without, until))

    for intervention, day in dated:
        last = scenario.end
        if intervention.days is not None:
            last = min(last, day + timedelta(intervention.days - 1))
        until = last if last < scenario.end else None
        add(day, intervention.values(_values_on(scenario, day)), intervention.without, until)
        later = sorted(turn for turn in scenario.turns if day < turn <= last)
        for turn in later:
            add(turn, intervention.values(_values_on(scenario, turn)), frozenset(), until)
    return scenario.replace(changes=tuple(changes))


def _values_on(scenario: Scenario, day: date) -> Mapping[str, float]:
    """Return the parameters in force on a day."""
    for phase in scenario.phases():
        first = EPOCH + timedelta(phase.day)
        if first <= day < first + timedelta(phase.days):
            return phase.values
    raise InputError(f"{day} lies outside of {scenario.start} to {scenario.end}")


def as_toml(interventions: Iterable[tuple[Intervention, date]]) -> str:
    """Write dated interventions as TOML that reads back as the same."""
    import tomli_w

    tables = {}
    for item, day in interventions:
        table: dict[str, Any] = {"words": item.words, "why": item.why, "date": day}
        table |= {"days": item.days} if item.days is not None else {}
        table |= {"set": dict(item.put)} if item.put else {}
        table |= {"times": dict(item.times)} if item.times else {}
        table |= {"without": sorted(item.without)} if item.without else {}
        tables[item.name] = table
    return tomli_w.dumps(tables)
