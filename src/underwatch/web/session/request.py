"""A question as the page asks it: checked by the code that checks the command line, and written as TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from underwatch.errors import InputError, nearest
from underwatch.experiments.ensemble.names import DEFAULT_DRAWS, DEFAULT_ENSEMBLE
from underwatch.experiments.ensemble.settings import usable_ensemble
from underwatch.experiments.interventions import Intervention, as_toml, dated_from, find_interventions
from underwatch.experiments.studies.study_plan import StudyPlan
from underwatch.facts import model_parameters
from underwatch.web.bounds import LEFT_OUT, MOST_DAYS, MOST_DRAWS, MOST_RESIDENTS
from underwatch.world.scenario_file import scenario_for, scenario_toml

_KEYS = (
    "place", "start", "days", "population", "seed", "draws", "ensemble", "parameters", "forms", "without",
    "interventions", "from_date",
)  # fmt: skip


@dataclass(frozen=True)
class RunRequest(StudyPlan):
    """A plan of a study within the bounds of the studio."""

    def __post_init__(self) -> None:
        scenario = self.scenario
        if len(scenario.places) != 1:
            raise InputError(f"{scenario.name} has {len(scenario.places)} places; the studio takes one city or county")
        if scenario.residents > MOST_RESIDENTS:
            raise InputError(
                f"{scenario.name} has {scenario.residents:,} residents and the studio takes up to {MOST_RESIDENTS:,}; "
                "set population for a smaller place of the same kind, or use underwatch run"
            )
        if scenario.days > MOST_DAYS:
            raise InputError(f"days = {scenario.days} is out of range; on the page it may be 1 to {MOST_DAYS}")
        if not 0 <= self.draws <= MOST_DRAWS:
            raise InputError(f"draws = {self.draws} is out of range; on the page it may be 0 to {MOST_DRAWS}")

    def to_toml(self) -> str:
        """Return the question as a scenario file, with the commands that answer it, and the interventions quoted."""
        name = "question.toml"
        how = f"--draws {self.draws} --ensemble {self.ensemble}"
        lines = [f"# underwatch run {name} {how}"]
        if self.dated:
            named = " ".join(f"--with {item.name}" for item, _ in self.dated)
            lines.append(f"# underwatch compare {name} {named} --from-date {self.dated[0][1]} {how}")
            lines += [f"# {line}".rstrip() for line in as_toml(self.dated).splitlines()]
        return "\n".join(lines) + "\n" + scenario_toml(self.scenario)

    def record(self) -> dict[str, Any]:
        """Return it as the page asked it: plain JSON that `question_of` reads back as the same."""
        scenario = self.scenario
        return {
            "place": scenario.name,
            "start": scenario.start.isoformat(),
            "days": scenario.days,
            "population": scenario.population,
            "seed": scenario.seed,
            "draws": self.draws,
            "ensemble": self.ensemble,
            "parameters": {name: scenario.parameters[name] for name in scenario.parameters.fixed},
            "forms": {rule: scenario.forms[rule] for rule in scenario.forms.fixed},
            "without": sorted(scenario.without, key=lambda rule: int(rule[1:])),
            "interventions": [item.name for item, _ in self.dated],
            "from_date": self.dated[0][1].isoformat() if self.dated else None,
        }


def question_of(asked: object) -> RunRequest:
    """Return the question of a JSON body; InputError in one line for all that can be wrong with it."""
    if not isinstance(asked, Mapping):
        raise InputError('a question is a table; for example: {"place": "Hoeryong"}')
    for key in asked:
        if key not in _KEYS:
            raise InputError(f'key "{key[:60]}" is not known{nearest(key[:80], _KEYS)}; known: {", ".join(_KEYS)}')
    values = asked.get("parameters") or {}
    if not isinstance(values, Mapping):
        raise InputError("parameters are a table of names and numbers")
    for name in values:
        if name in model_parameters() and model_parameters()[name].rule == LEFT_OUT:
            raise InputError(f"{name} belongs to the channel, which is integrated over; the page does not set it")
    forms = asked.get("forms") or {}
    if not isinstance(forms, Mapping):
        raise InputError('forms are a table of rules and names; for example: {"S4": "pooled"}')
    if LEFT_OUT in forms:
        raise InputError(f"{LEFT_OUT} is the channel, which is integrated over; the page does not set its form")
    scenario = scenario_for(
        _text(asked, "place"),
        start=_day(asked, "start"),
        days=_whole(asked, "days"),
        population=_whole(asked, "population"),
        seed=_whole(asked, "seed"),
        values=dict(values),
        forms=dict(forms),
        without=_names(asked, "without"),
    )
    interventions = _interventions(_names(asked, "interventions"))
    dated = dated_from(interventions, scenario, _day(asked, "from_date"))
    draws = _whole(asked, "draws")
    draws = DEFAULT_DRAWS if draws is None else draws
    return RunRequest(scenario, dated, draws, ensemble=usable_ensemble(_ensemble(asked), draws))


def _interventions(names: list[str]) -> tuple[Intervention, ...]:
    """Find interventions by name alone: a name from the page is never read as the path of a file."""
    for name in names:
        if "/" in name or "\\" in name or name.casefold().endswith(".toml"):
            raise InputError(f'intervention "{name[:60]}" is no name of the list; the page opens no file')
    return find_interventions(names) if names else ()


def _ensemble(asked: Mapping[str, Any]) -> str:
    value = asked.get("ensemble")
    if value is None:
        return DEFAULT_ENSEMBLE
    if not isinstance(value, str):
        raise InputError("ensemble is no name; for example: prior")
    return value


def _text(asked: Mapping[str, Any], key: str) -> str:
    value = asked.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > 80:
        raise InputError(f"{key} is missing or no short text; for example: Hoeryong")
    if "/" in value or value.casefold().endswith(".toml"):
        raise InputError(f"{key} is the name of a city or county; the page opens no file")
    return value


def _whole(asked: Mapping[str, Any], key: str) -> int | None:
    value = asked.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**64:
        raise InputError(f"{key} is no whole number within reach")
    return value


def _day(asked: Mapping[str, Any], key: str) -> date | None:
    value = asked.get(key)
    if value is None:
        return None
    try:
        if isinstance(value, str) and len(value) == len("2024-07-01"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise InputError(f"{key} is no date; write it as 2024-07-01")


def _names(asked: Mapping[str, Any], key: str) -> list[str]:
    value = asked.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > 32 or not all(isinstance(item, str) for item in value):
        raise InputError(f"{key} is no short list of names")
    return value
