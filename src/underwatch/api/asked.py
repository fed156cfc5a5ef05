"""What is asked: a scenario from whatever names one, with its options and parameters as keywords on top."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from numbers import Integral
from pathlib import Path
from typing import Any

from underwatch.errors import InputError, nearest
from underwatch.experiments.engine.cores import cores
from underwatch.experiments.interventions import Intervention, dated_from, find_interventions, with_interventions
from underwatch.facts import Place, model_parameters
from underwatch.world.parameters import refuse_retired
from underwatch.world.scenario import Change, Scenario
from underwatch.world.scenario_file import ScenarioOptions, scenario_for, scenario_over

ScenarioLike = str | Path | Place | Scenario
Option = float | str | date | Iterable[str] | Iterable[Change] | Mapping[str, float] | Mapping[str, str] | None
Interventions = str | Intervention | Iterable[str | Intervention]
_OPTIONS = (*ScenarioOptions.__annotations__, "changes")
# What functions take beside a scenario's options, for who almost writes one of them
_ASKED_BESIDE = (
    "draws", "replicates", "ensemble", "sampler", "trajectories", "factors", "worlds", "watching", "interventions",
    "from_date", "measure", "rules", "threads", "twin", "language", "ledger", "out", "resume",
)  # fmt: skip


def scenario_of(given: ScenarioLike | None, options: Mapping[str, Any], example: str = "simulate") -> Scenario:
    """Return a scenario from a place's name, a `Place`, a FILE.toml or a `Scenario`, with `options` on top.

    An option is one of `scenario_for`, `changes`, or a parameter by its name. InputError for any other, with the
    nearest of both.
    """
    if given is None:
        raise InputError(f'a place, a FILE.toml or a scenario is missing; for example: {example}("hoeryong")')
    own, values = {}, {}
    for name, value in options.items():
        if name in _OPTIONS:
            own[name] = value
        elif name in model_parameters():
            values[name] = value
        else:
            refuse_retired(name)
            known = nearest(name[:80], [*_OPTIONS, *_ASKED_BESIDE, *model_parameters()])
            raise InputError(
                f'"{name[:60]}" is no option and no parameter of a scenario{known}; model_parameters() lists them'
            )
    changes = own.pop("changes", None)
    if not isinstance(own.get("values") or {}, Mapping):
        raise InputError(f'values = {own["values"]!s:.40} is no mapping; for example: values={{"p_notice": 0.9}}')
    own["values"] = {**(own.get("values") or {}), **values}
    if isinstance(given, Scenario):
        scenario = scenario_over(given, own)
    elif isinstance(given, Place):
        scenario = scenario_for(given.name, **own)
    elif isinstance(given, (str, Path)):
        scenario = scenario_for(given, **own)
    else:
        raise InputError(f"{type(given).__name__} names no scenario; give a place's name, a FILE.toml or a Scenario")
    return scenario if changes is None else scenario.replace(changes=_changes(changes))


def _changes(given: object) -> tuple[Change, ...]:
    """Return dated changes; what is none is refused with an example."""
    several: Sequence[object] = (given,) if isinstance(given, (str, date, Change)) else tuple(given)  # type: ignore[arg-type]
    for one in several:
        if not isinstance(one, Change):
            raise InputError(
                f'changes holds {one!s:.40}, which is no Change; for example: Change("2024-08-01", {{"p_notice": 0.9}})'
            )
    return tuple(one for one in several if isinstance(one, Change))


def one_place(scenario: Scenario, what: str, instead: str = "run() takes many") -> Place:
    """Return the one place of a scenario; InputError where it has more."""
    if len(scenario.places) != 1:
        raise InputError(
            f"{what} is about one city or county, and {scenario.name} has {len(scenario.places)}; {instead}"
        )
    return scenario.places[0]


def interventions_of(given: Interventions) -> tuple[Intervention, ...]:
    """Return interventions: names of those that ship, files of them, or one's own."""
    if isinstance(given, (str, Intervention)):
        return find_interventions((given,))
    if not isinstance(given, Iterable):
        raise InputError(f'interventions = {given!s:.40} names none; for example: "end-reprimands", or a list')
    several = tuple(given)
    return find_interventions(several) if several else ()


def lived_with(scenario: Scenario, given: Interventions, from_date: date | str | None) -> Scenario:
    """Return what residents live through: the scenario with interventions from their days on; none changes nothing."""
    several = interventions_of(given)
    return with_interventions(scenario, dated_from(several, scenario, day_of(from_date))) if several else scenario


def day_of(given: date | str | None) -> date | None:
    """Return a day that may be written as text; InputError for what is none."""
    if given is None or isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise InputError(f"{given!s:.40} is no date; write it as 2024-12-01") from None


def whole(least: int = 0, **given: object) -> None:
    """Refuse what is no whole number of `least` or more, by its name."""
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise InputError(f"{name} = {value!s:.40} is no whole number of {least} or more")


def threads_of(given: int | None) -> int:
    """Return how many threads to use: all cores where nothing is asked for."""
    if given is None:
        return cores()
    whole(1, threads=given)
    return given


def path_of(what: str, given: object) -> Path:
    """Return a path that may be written as text; InputError for what is none."""
    if not isinstance(given, (str, Path)):
        raise InputError(f"{what} = {given!s:.40} is no path")
    return Path(given)
