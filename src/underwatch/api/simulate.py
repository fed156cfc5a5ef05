"""`simulate`: one world in memory; `twins`: several of the same people that share all luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from underwatch.api.asked import (
    Interventions,
    Option,
    ScenarioLike,
    interventions_of,
    lived_with,
    one_place,
    scenario_of,
    threads_of,
)
from underwatch.api.asked import day_of as day_asked
from underwatch.api.in_memory import BASELINE, SimulatedWorld, TwinWorlds
from underwatch.api.own import Measure, PlainWorld, Rules, Week, checked_measures, day_of, measured, warn_of_plain
from underwatch.errors import InputError
from underwatch.experiments.engine.cores import cores
from underwatch.experiments.engine.progress import warn_if_cold
from underwatch.experiments.engine.worlds import init_world, twin_world
from underwatch.experiments.interventions import Intervention
from underwatch.facts import model_parameters
from underwatch.world import simulate as engine
from underwatch.world.scenario import Change, Scenario
from underwatch.world.workers import Workers

_MAKES_THE_TOWN = ("S1", "S2")
Other = str | Intervention | Change | Scenario | Mapping[str, float] | Sequence[str | Intervention]


def simulate(
    scenario: ScenarioLike,
    *,
    interventions: Interventions = (),
    from_date: date | str | None = None,
    measure: Mapping[str, Measure] | None = None,
    rules: type[Rules] | None = None,
    threads: int | None = None,
    **options: Option,
) -> SimulatedWorld:
    """Simulate one city or county in memory and return it; nothing is written.

    `scenario` is a place's name, a FILE.toml or a `Scenario`; `options` are those of `scenario_for` (`population`,
    `days`, `start`, `seed`, `settle_weeks`, `without`, `forms`, `changes`) and any parameter by its name
    (`p_notice=0.9`). `interventions` are names of those that ship or your own `Intervention`, in force from `from_date`
    on. `measure` are functions of a `Week` by name, `rules` a class of your own (`Rules`). The outcome hangs on no
    number of threads. InputError in one line for what cannot be.
    """
    made = scenario_of(scenario, options)
    place = one_place(made, "simulate")
    lived, measures = lived_with(made, interventions, from_date), checked_measures(measure)
    if rules is not None:
        return _by_rules(rules, made, lived, measures)
    warn_if_cold()
    with Workers(threads_of(threads)) as workers:
        world = init_world(made, place, made.seed, workers)
        return SimulatedWorld(made, lived, world, _lived(world, lived, measures, workers))


def _lived(
    world: engine.World, lived: Scenario, measures: Mapping[str, Measure], workers: Workers
) -> dict[str, list[float]]:
    """Take a settled world through its days, and return what the measures say week by week."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    before = 0
    for days in engine.weeks(world, lived.phases(), workers):
        if measures and days > 0:
            week = Week(day_of(world.counted + before), day_of(world.day - 1), world.town, world.state)
            before = days
            for name, function in measures.items():
                found[name].append(measured(name, function, week))
    return found


def again(made: Scenario, lived: Scenario, rules: type[Rules] | None) -> SimulatedWorld:
    """Return the same world once more, from what made it and what was lived: nothing of the first is used."""
    if rules is not None:
        return _by_rules(rules, made, lived, {})
    with Workers(cores()) as workers:
        settled = init_world(made, made.places[0], made.seed, workers)
        world = settled if made == lived else twin_world(settled, made, lived, made.seed, workers)
        return SimulatedWorld(made, lived, world, _lived(world, lived, {}, workers))


def _by_rules(rules: type[Rules], made: Scenario, lived: Scenario, measures: Mapping[str, Measure]) -> SimulatedWorld:
    """Simulate by rules in plain Python, week by week where something is measured."""
    plain = PlainWorld(rules, made, made.seed)
    warn_of_plain(made)
    plain.settled(made.settling())
    found: dict[str, list[float]] = {name: [] for name in measures}
    world, before = plain.world, plain.world.counted
    for phase in lived.phases():
        while plain.plain.day < phase.day + phase.days:
            days = min(7 - engine.weekday(plain.plain.day), phase.day + phase.days - plain.plain.day)
            plain.plain_step(phase, days)
            if measures and (engine.weekday(plain.plain.day) == 0 or plain.plain.day == world.counted + lived.days):
                plain.take_over()
                week = Week(day_of(before), day_of(plain.plain.day - 1), world.town, world.state)
                before = plain.plain.day
                for name, function in measures.items():
                    found[name].append(measured(name, function, week))
    plain.take_over()
    return SimulatedWorld(made, lived, world, found, rules)


def twins(
    scenario: ScenarioLike,
    others: Mapping[str, Other] | Interventions,
    *,
    from_date: date | str | None = None,
    measure: Mapping[str, Measure] | None = None,
    threads: int | None = None,
    **options: Option,
) -> TwinWorlds:
    """Simulate a baseline and other worlds of the same people with the same luck; return them by name.

    `others` by the name you give each: parameters that are otherwise from `from_date` on, as in
    `{"seen": {"p_notice": 0.9}}`, interventions (a name, your own `Intervention`, several), a `Change`, or a whole
    `Scenario` of the same place and days. `others` may also be names of interventions alone. The rest as in `simulate`.
    InputError where a parameter makes the town itself (rules S1, S2), which twins share.
    """
    made = scenario_of(scenario, options, "twins")
    place, measures = one_place(made, "twins"), checked_measures(measure)
    lives = {BASELINE: made}
    for name, other in _named(others).items():
        if name == BASELINE:
            raise InputError(f'the first of the twins is called "{BASELINE}"; give the other another name')
        lives[name] = life_of(made, other, from_date, name)
    warn_if_cold()
    found = {}
    with Workers(threads_of(threads)) as workers:
        settled = init_world(made, place, made.seed, workers)
        for name, lived in lives.items():
            world = twin_world(settled, made, lived, made.seed, workers)
            found[name] = SimulatedWorld(made, lived, world, _lived(world, lived, measures, workers))
    return TwinWorlds(found)


def _named(others: Mapping[str, Other] | Interventions) -> Mapping[str, Other]:
    """Return other worlds by name; interventions alone go by their own."""
    if isinstance(others, Mapping):
        if odd := [name for name in others if not isinstance(name, str)]:
            raise InputError(f'twins are named in words, and {odd[0]!s:.40} is none; for example: "other"')
        if wrong := [name for name, other in others.items() if isinstance(other, (int, float))]:
            raise InputError(
                f'twins are named, and "{wrong[0]!s:.40}" is a number; for example: {{"other": {{"{wrong[0]!s:.40}": '
                f"{others[wrong[0]]!s:.20}}}}}"
            )
        return others
    return {one.name: one for one in interventions_of(others)}


def life_of(made: Scenario, other: Other, from_date: date | str | None, name: str) -> Scenario:
    """Return what the people of `made` live through in another world; InputError where that would be another town."""
    if isinstance(other, Scenario):
        lived = other
    elif isinstance(other, Change):
        lived = made.replace(changes=(*made.changes, other))
    elif isinstance(other, Mapping):
        values = {str(key): value for key, value in other.items()}
        _refuse_town(values, name)
        lived = made.replace(changes=(*made.changes, Change(day_asked(from_date) or made.start, values)))
    else:
        lived = lived_with(made, other, from_date)
    check_same_town(made, lived, name)
    return lived


def _refuse_town(names: Mapping[str, object], name: str) -> None:
    """Refuse parameters that make the town."""
    known = model_parameters()
    for one in names:
        if one in known and known[one].rule in _MAKES_THE_TOWN:
            raise InputError(
                f"{one} ({known[one].rule}) makes the town, which twins share, and would change nothing in "
                f'"{name:.40}"; simulate two worlds instead: simulate(..., {one}=...)'
            )


def check_same_town(made: Scenario, lived: Scenario, name: str) -> None:
    """Refuse a life that is of other people, another place or other days than the town was made for."""
    if [place.name for place in made.places] != [place.name for place in lived.places]:
        raise InputError(f'"{name:.40}" is of {lived.name}, and its twin of {made.name}; twins live in one place')
    if (made.start, made.end, made.settle_weeks) != (lived.start, lived.end, lived.settle_weeks):
        raise InputError(f'"{name:.40}" has other days than its twin; twins live from {made.start} to {made.end}')
    if (made.residents, made.seed) != (lived.residents, lived.seed):
        raise InputError(f'"{name:.40}" has another population or seed than its twin, and twins share both')
    one, other = made.phases()[0].values, lived.phases()[0].values
    moved = {key: other[key] for key in other if one[key] != other[key]}
    _refuse_town(moved, name)
    if made.forms["S2"] != lived.forms["S2"]:
        raise InputError(f'"{name:.40}" has another form of S2, which makes the town, and twins share it')
