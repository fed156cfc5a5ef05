"""Scenarios as TOML: reading with every error in one line, and writing what reads back as the same scenario."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict, Unpack

from underwatch.errors import InputError, nearest
from underwatch.facts import model_parameters, rival_forms
from underwatch.files.intake.toml import parse_toml, read_toml
from underwatch.files.tripwire import key_tripped
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters, checked, refuse_retired
from underwatch.world.scenario import (
    DEFAULT_CAMPAIGN,
    DEFAULT_DAYS,
    DEFAULT_SEED,
    DEFAULT_SETTLE_WEEKS,
    DEFAULT_START,
    LAST_DATE,
    Change,
    Scenario,
    place_scenario,
    without_rules,
)

_KEYS = (
    "place", "start", "end", "days", "settle_weeks", "seed", "population", "without", "set", "campaign", "forms",
    "parameters", "change",
)  # fmt: skip
_CAMPAIGN_KEYS = ("first", "last")
_CHANGE_KEYS = ("date", "until", "parameters", "without")


def parse(text: str, where: str = "") -> Scenario:
    """Read a scenario from TOML text; errors begin with `where`."""
    return _build(parse_toml(text, where), {}, where)


def parse_written(text: str, where: str = "") -> Scenario:
    """Read what `scenario_toml` wrote, now or before it said all that it says now.

    Before it said in `set` what is set, the central values were not; before it said `settle_weeks`, there were none.
    """
    return _build({"set": [], "settle_weeks": 0, **parse_toml(text, where)}, {}, where)


class ScenarioOptions(TypedDict, total=False):
    """What may stand above a scenario's file; None leaves what it says."""

    start: date | str | None
    end: date | str | None
    days: int | None
    seed: int | None
    population: int | None
    values: Mapping[str, float] | None
    without: Iterable[str] | None
    forms: Mapping[str, str] | None
    settle_weeks: int | None


_OPTIONS = tuple(ScenarioOptions.__annotations__)


def scenario_for(text_or_path: str | Path, **options: Unpack[ScenarioOptions]) -> Scenario:
    """Return the scenario of a place name ("hoeryong", "North Hamgyong", "country") or of a FILE.toml.

    The options stand above what the file says, and None leaves it: `start` and `end` (date or "2024-07-01"), `days`,
    `seed`, `population`, `values` (parameters by name), `without` (rules taken out besides those of the file),
    `forms` (form by rule), and `settle_weeks` (simulated before the first day and not counted).
    """
    for key in options:
        if key not in _OPTIONS:
            raise InputError(f'a scenario has no option "{key}"{nearest(key, _OPTIONS)}')
    given = {key: value for key, value in options.items() if value is not None}
    text = str(text_or_path)
    if isinstance(text_or_path, Path) or text.casefold().endswith(".toml") or "/" in text:
        return _build(_load(Path(text)), given, f"{text}: ")
    return _build({"place": text}, given, "")


def scenario_over(scenario: Scenario, options: Mapping[str, Any]) -> Scenario:
    """Return a scenario with options on top of it, as `scenario_for` puts them over a file."""
    given = {key: value for key, value in options.items() if value is not None}
    if not given:
        return scenario
    return _build(parse_toml(scenario_toml(scenario), ""), given, "").replace(places=scenario.places)


def scenario_toml(scenario: Scenario) -> str:
    """Return a scenario as TOML that reads back as the same scenario, with every parameter, its unit and range.

    `set` names the parameters that are set, and the rules whose form is: all others are listed with what they have, and
    drawn where draws are asked for.
    """
    place = f"{scenario.name} province" if scenario.kind == "province" else scenario.name
    lines = [f'place = "{place}"', f"start = {scenario.start}", f"end = {scenario.end}"]
    lines += [f"settle_weeks = {scenario.settle_weeks}", f"seed = {scenario.seed}"]
    if scenario.population is not None:
        lines.append(f"population = {scenario.population}")
    rules = sorted(scenario.without, key=lambda rule: int(rule[1:]))
    lines.append(f"without = {_as_list(rules)}")
    lines.append(
        f"set = {_as_list([*scenario.parameters.fixed, *scenario.forms.fixed])}  # in no draw; all others are drawn"
    )
    if scenario.campaign is None:
        lines.append("campaign = false")
    else:
        lines += ["", "[campaign]", f"first = {scenario.campaign[0]}", f"last = {scenario.campaign[1]}"]
    lines += ["", "[forms]", *_as_forms(scenario.forms)]
    lines += ["", "[parameters]", *_as_values(scenario.parameters, with_range=True)]
    for change in scenario.changes:
        lines += ["", "[[change]]", f"date = {change.date}"]
        if change.until is not None:
            lines.append(f"until = {change.until}")
        if change.without:
            lines.append(f"without = {_as_list(sorted(change.without, key=lambda rule: int(rule[1:])))}")
        if change.values:
            lines += ["[change.parameters]", *_as_values(change.values, with_range=False)]
    return "\n".join(lines) + "\n"


def _as_list(names: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _as_values(values: Mapping[str, float], with_range: bool) -> list[str]:
    lines = []
    for name, value in values.items():
        fact = model_parameters()[name]
        allowed = f", {fact.low:g} to {fact.high:g}, basis {fact.basis}" if with_range else ""
        lines.append(f"{name} = {value!r}  # {fact.unit}{allowed}")
    return lines


def _as_forms(forms: Forms) -> list[str]:
    rivals = {rule: " or ".join(item.form for item in items) for rule, items in rival_forms().items()}
    return [f'{rule} = "{form}"  # {rivals[rule]}' for rule, form in forms.items()]


def _load(path: Path) -> dict[str, Any]:
    """Return the tables of a file; a missing, unreadable or damaged one is an InputError."""
    try:
        return read_toml(path, "scenario")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _build(table: Mapping[str, Any], given: Mapping[str, Any], where: str) -> Scenario:
    """Return the scenario of a table and the options above it."""
    try:
        return _scenario(table, given)
    except InputError as error:
        raise InputError(where + str(error)) from None


def _scenario(table: Mapping[str, Any], given: Mapping[str, Any]) -> Scenario:
    _check_keys(table, _KEYS, "")
    place = table.get("place")
    if not isinstance(place, str):
        raise InputError(
            'place is missing; for example: place = "Hoeryong"' if place is None else _wrong("place", place)
        )
    if "end" in table and "days" in table:
        raise InputError("end and days are both given; one of them says when it ends")
    values = _table(table, "parameters", "[parameters]")
    _check_keys(values, tuple(model_parameters()), "in [parameters]")
    options = given.get("values", {})
    _check_keys(options, tuple(model_parameters()), "")
    start, end = _days(_timing(table, given))
    scenario = place_scenario(
        place,
        start=start,
        end=end,
        seed=_whole("seed", given.get("seed", table.get("seed", DEFAULT_SEED))),
        parameters=_parameters(table, values, options),
        forms=_forms(table, given.get("forms", {})),
        without=_rules(table.get("without", [])) | without_rules(given.get("without", ())),
        campaign=_campaign(table),
        settle_weeks=_settle_weeks(table, given),
    )
    population = given.get("population", table.get("population"))
    if population is not None:
        scenario = scenario.replace(population=_whole("population", population))
    moved = bool({"start", "end", "days"} & given.keys())
    return scenario.replace(changes=_changes(table, (start, end) if moved else None))


def _settle_weeks(table: Mapping[str, Any], given: Mapping[str, Any]) -> int:
    """Return the weeks before the first day."""
    return _whole("settle_weeks", given.get("settle_weeks", table.get("settle_weeks", DEFAULT_SETTLE_WEEKS)))


def _parameters(table: Mapping[str, Any], values: dict[str, Any], options: Mapping[str, Any]) -> Parameters:
    """Return the values of a file and of the options above it; all of them are set, or those that `set` names."""
    result = Parameters.central().with_values(**{**values, **options})
    if "set" not in table:
        return result
    listed = table["set"]
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise InputError(f'set = {_brief(listed)} is no list of parameters; for example: set = ["p_notice"]')
    for name in listed:
        if name not in values and name not in rival_forms():
            raise InputError(f'set names "{_brief(name)}", which is not in [parameters]{nearest(name[:80], values)}')
    return Parameters(result.in_order, frozenset(listed).intersection(values) | options.keys())


def _forms(table: Mapping[str, Any], options: Mapping[str, str]) -> Forms:
    """Return the forms of a file and of the options above it; all of them are set, or those that `set` names."""
    forms = table.get("forms", {})
    if not isinstance(forms, dict):
        raise InputError(f'forms = {_brief(forms)} is no [forms] table; for example: S4 = "pooled"')
    result = Forms.central().with_forms({**forms, **options})
    named = frozenset(table.get("set", forms)).intersection(forms)
    return Forms(result.in_order, named | options.keys())


def _timing(table: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what says when: an option `days` or `end` takes the place of both in the file."""
    if "end" in given and "days" in given:
        raise InputError("end and days are both given; one of them says when it ends")
    timing = {key: table[key] for key in ("start", "end", "days") if key in table}
    if "end" in given or "days" in given:
        timing = {key: value for key, value in timing.items() if key == "start"}
    return timing | {key: given[key] for key in ("start", "end", "days") if key in given}


def _days(timing: Mapping[str, Any]) -> tuple[date, date]:
    """Return the first and the last day."""
    start = _date("start", timing["start"]) if "start" in timing else DEFAULT_START
    if "end" in timing:
        return start, _date("end", timing["end"])
    days = _whole("days", timing.get("days", DEFAULT_DAYS))
    most = (LAST_DATE - start).days + 1
    if not 1 <= days <= max(most, 1):
        raise InputError(f"days = {days} is out of range; from {start} it may be 1 to {max(most, 1)}")
    return start, start + timedelta(days - 1)


def _changes(table: Mapping[str, Any], window: tuple[date, date] | None) -> tuple[Change, ...]:
    """Return the dated changes; in a window moved by an option, each holds on those of its days that lie in it.

    A change with no day in the window has no effect there and is left out.
    """
    listed = table.get("change", [])
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise InputError("a change is a table of its own; it begins with [[change]]")
    result = []
    for number, entry in enumerate(listed, 1):
        where = f"in [[change]] number {number}"
        _check_keys(entry, _CHANGE_KEYS, where)
        if "date" not in entry:
            raise InputError(f"date is missing {where}; for example: date = 2024-11-15")
        values = _table(entry, "parameters", f"[change.parameters] {where}")
        _check_keys(values, tuple(model_parameters()), where)
        if not values and not entry.get("without"):
            raise InputError(f"nothing changes {where}; it wants [change.parameters] or without")
        change = Change(
            _date("date", entry["date"]),
            {name: checked(name, value, dated=True) for name, value in values.items()},
            _rules(entry.get("without", [])),
            _date("until", entry["until"]) if "until" in entry else None,
        )
        result.append(change)
    result.sort(key=lambda change: change.date)
    if window is None:
        return tuple(result)
    first, last = window
    return tuple(
        replace(change, date=max(first, change.date), until=change.until and min(last, change.until))
        for change in result
        if change.date <= last and (change.until is None or change.until >= first)
    )


def _campaign(table: Mapping[str, Any]) -> tuple[date, date] | None:
    """Return the first and last day of the campaign; `campaign = false` is none."""
    entry = table.get("campaign", {})
    if entry is False:
        return None
    if not isinstance(entry, dict):
        raise InputError(f"campaign = {_brief(entry)} is no [campaign] with first and last, nor false")
    _check_keys(entry, _CAMPAIGN_KEYS, "in [campaign]")
    if not entry:
        return DEFAULT_CAMPAIGN
    if missing := [key for key in _CAMPAIGN_KEYS if key not in entry]:
        raise InputError(f"{missing[0]} is missing in [campaign]; for example: {missing[0]} = 2024-11-15")
    return _date("first", entry["first"]), _date("last", entry["last"])


def _check_keys(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Refuse a key that is about a person, with the reason, and any other unknown key, with the nearest."""
    for key in table:
        if key in known:
            continue
        refuse_retired(key)
        place = f" {where}" if where else ""
        if key_tripped(key, known):
            raise InputError(
                f'key "{_brief(key)}"{place} looks like a person\'s identity and is refused: every resident here is '
                "synthetic, and nothing about a real person is read or kept"
            )
        names = ", ".join(known) if len(known) <= len(_KEYS) else "underwatch facts lists them"
        raise InputError(f'key "{_brief(key)}"{place} is not known{nearest(key[:80], known)}; known: {names}')


def _table(table: Mapping[str, Any], key: str, called: str) -> dict[str, Any]:
    entry = table.get(key, {})
    if not isinstance(entry, dict):
        raise InputError(f"{called} = {_brief(entry)} is no table of names and numbers")
    return entry


def _rules(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(rule, str) for rule in value):
        raise InputError(f'without = {_brief(value)} is no list of rules; for example: without = ["S6"]')
    return without_rules(value)


def _whole(key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{key} = {_brief(value)} is no whole number")
    if abs(value) >= 10**30:  # keeps the line of a later error short
        raise InputError(f"{key} is out of range: a number of more than 30 digits")
    return value


def _date(key: str, value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise InputError(f"{key} = {_brief(value)} is no date; write it as 2024-07-01")


def _wrong(key: str, value: object) -> str:
    return f"{key} = {_brief(value)} is no text in quotation marks"


def _brief(value: object) -> str:
    """Write a value so that it fits into a line of an error."""
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) >= 10**30:
        return "a number of more than 30 digits"
    text = "".join(letter if letter.isprintable() else "?" for letter in str(value))
    return text if len(text) <= 60 else text[:57] + "..."
