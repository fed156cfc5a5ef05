"""`tell`: what would have got out of a simulated world, as a package; `bank`: worlds to hold a package against.

A package that `tell` made knows from which world. That is no mark in a file, which anybody could set: to prove it the
world is simulated and told again, and all of the package is compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from underwatch.api import frames
from underwatch.api.asked import Option, ScenarioLike, one_place, scenario_of, threads_of
from underwatch.api.in_memory import SimulatedWorld
from underwatch.api.own import Rules
from underwatch.api.simulate import again
from underwatch.channel.episodes import episodes
from underwatch.channel.expected_counts import RESPONSES
from underwatch.errors import InputError, nearest
from underwatch.evidence.package import Package
from underwatch.experiments.engine.progress import Progress, warn_if_cold
from underwatch.experiments.engine.tasks import run_all
from underwatch.inference.bank.bank import Bank, BankPlan, row_of
from underwatch.inference.bank.figure_answers import read_figures
from underwatch.inference.bank.form import form_of
from underwatch.inference.bank.held_out import HiddenWorld
from underwatch.inference.bank.priors import channel_prior, world_prior
from underwatch.inference.bank.quantities import COUNTED, LEAST_TOLD, SILENCE, derived, halves, quantities
from underwatch.inference.checks.recovery import ASKED, package_of_world
from underwatch.record.tally import Window
from underwatch.world.draws import rng
from underwatch.world.forms import Forms
from underwatch.world.layout import COUNT, INCIDENT_NAMES
from underwatch.world.parameters import latin_hypercube
from underwatch.world.scenario import DEFAULT_CAMPAIGN, Scenario
from underwatch.world.scenario_file import scenario_toml

FEWEST_WEEKS = 4
_FOLLOWED = [INCIDENT_NAMES.index(name) for name in ("followed_outing", "followed_visit", "call_given_up")]
DEFAULT_WORLDS = 200


@dataclass(frozen=True)
class _Recipe:
    """From what a package was told: a world, and how. In memory only."""

    scenario: Scenario
    lived: Scenario
    rules: type[Rules] | None
    how: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, repr=False)
class ToldPackage(Package):
    """A package that the model told of a world, which it knows: `truth` is what an estimate of it should find."""

    recipe: _Recipe | None = field(default=None, compare=False)
    _truth: tuple[tuple[str, float], ...] = field(default=(), compare=False)

    def truth(self, engine: str = "pandas") -> Any:
        """Return what is true of the world, a row for each quantity of an answer that can be counted."""
        units = {item.name: item.unit for item in (*quantities(), *derived())}
        columns = [
            (frames.field_of("quantity", pa.string(), "name"), [name for name, _ in self._truth]),
            (frames.field_of("value", pa.float64(), "in this world"), [value for _, value in self._truth]),
            (frames.field_of("unit", pa.string(), "unit"), [units[name] for name, _ in self._truth]),
        ]
        return frames.frame_of(frames.table_of(columns, "The truth of a synthetic world."), engine)

    def _line(self) -> str:
        n, asked = len(self.table("reports").rows), self.table("survey").rows
        return f"ToldPackage({n} synthetic reports, {asked[0][-2] if asked else 0} leavers asked)"

    def _facts(self) -> list[tuple[str, str]]:
        return [("Told of", repr(self.recipe.lived) if self.recipe else "a world of the model")]

    def _next(self) -> tuple[str, ...]:
        return ("estimate(package, bank=...)", ".truth()")


def tell(
    world: SimulatedWorld, *, seed: int = 1, response: str | None = None, asked: int = ASKED, **channel: float
) -> ToldPackage:
    """Return the package that two groups would have of a simulated world: what its two lists heard, as they code it.

    The channel is drawn from its prior by `seed`, but for what is given by name (`p_tell_at_no_fear=0.001`; S13 in
    `model_parameters()`, and `estimate_parameters`); `response` is one of three laws of fear. `asked` people who left
    are surveyed: each was followed with the share of adults who met it at home, times the drawn `leavers_ratio`. Told
    are the whole weeks from the first Monday on; InputError where there are fewer than four.
    """
    if not isinstance(world, SimulatedWorld):
        raise InputError(f"tell takes a world that simulate() made, and this is a {type(world).__name__}")
    how = {"seed": seed, "response": response, "asked": asked, **channel}
    package, truth = _told(world, seed, response, asked, channel)
    recipe = _Recipe(world.scenario, world.lived, world._rules, tuple(how.items()))
    return ToldPackage(package.kind, package.declares, package.tables, package.key, recipe, truth)


def verified(package: ToldPackage) -> bool:
    """Say whether a package is what the model tells of its world: both are made again, and all of it is compared."""
    recipe = package.recipe
    if recipe is None:
        return False
    how = dict(recipe.how)
    world = again(recipe.scenario, recipe.lived, recipe.rules)
    seed, response, asked = how.pop("seed"), how.pop("response"), how.pop("asked")
    made, _ = _told(world, seed, response, asked, how)
    return made.fingerprint == replace(package, key="").fingerprint


def window_of(scenario: Scenario, what: str) -> Window:
    """Return the whole weeks of a scenario from its first Monday on; InputError for fewer than four."""
    first = scenario.start + timedelta(-scenario.start.weekday() % 7)
    weeks = ((scenario.end - first).days + 1) // 7
    if weeks < FEWEST_WEEKS:
        raise InputError(
            f"{what} wants {FEWEST_WEEKS} whole weeks from a Monday on, and {scenario.days} days have {weeks}"
        )
    return Window(first, weeks)


def _told(
    world: SimulatedWorld, seed: int, response: str | None, asked: int, channel: Mapping[str, float]
) -> tuple[Package, tuple[tuple[str, float], ...]]:
    """Return what is told of a world, and what is true of it."""
    lived, window = world.lived, window_of(world.lived, "tell")
    if not isinstance(asked, int) or not 0 <= asked <= 100_000:
        raise InputError(f"asked = {asked!s:.20} must be a whole number of 0 to 100000")
    shift = (window.start - lived.start).days
    history = world._world.history
    days = history.records["day"].astype(int) - shift
    inside = (days >= 0) & (days < 7 * window.n_weeks)
    records, who = history.records[inside].copy(), history.who[inside]
    records["day"] = days[inside]
    law = RESPONSES[seed % len(RESPONSES)] if response is None else frames.one_of("response", response, RESPONSES)
    values = {**lived.phases()[0].values, **_channel(seed, channel)}
    place = lived.places[0]
    plan = BankPlan(place.slug, window, seed, lived.population)
    told_of = episodes(records, who, window.start)
    hidden = HiddenWorld(plan, 0, records, told_of, values, law, place.border)
    generator = rng(seed, "told by tell")
    met = len(np.unique(who[np.isin(records["kind"], _FOLLOWED)])) / max(1, int(history.adults.sum()))
    yes = int(generator.binomial(asked, min(0.999, met * values["leavers_ratio"])))
    package = package_of_world(hidden, hidden.observe(seed), (yes, asked), generator)
    return package, _truth(world, window, shift, len(records) / max(hidden.expected_told(), LEAST_TOLD))


def _channel(seed: int, given: Mapping[str, float]) -> dict[str, float]:
    """Return a channel drawn from its prior, but for what is given; InputError for what is none, or out of range."""
    prior = channel_prior()
    for name, value in given.items():
        if name not in prior:
            raise InputError(f'"{name!s:.60}" is no parameter of the channel{nearest(str(name)[:80], prior)}')
        fact = prior[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not fact.low <= value <= fact.high:
            raise InputError(
                f"{name} = {value!s:.40} is out of range; it may be {fact.low:g} to {fact.high:g} {fact.unit}"
            )
    drawn = latin_hypercube(prior, 1, seed, "told by tell")
    return {name: float(column[0]) for name, column in drawn.items()} | dict(given)


def _truth(world: SimulatedWorld, window: Window, shift: int, silence: float) -> tuple[tuple[str, float], ...]:
    """Return what is true of the quantities that are counted, as an answer has them: by halves of the window."""
    counts = world._world.history.cells[shift : shift + 7 * window.n_weeks].sum(axis=1)
    quarter, _ = window.of_weeks("quarter")
    half = halves(window)[quarter]
    result: dict[str, float] = {}
    for number, year in enumerate(("first_year", "second_year")):
        mine = np.repeat(half == number, 7)
        weeks = max(1, int((half == number).sum()))
        sums = counts[mine].sum(axis=0)
        found = (
            sums[COUNT.followed_outings] + sums[COUNT.followed_visits], sums[COUNT.listed] / 7,
            sums[COUNT.calls_abandoned], sums[COUNT.accusations],
        )  # fmt: skip
        result |= {f"{name}_{year}": float(value) / weeks for name, value in zip(COUNTED, found, strict=True)}
    return (*result.items(), (SILENCE, silence))


@dataclass(frozen=True)
class _OwnPlan(BankPlan):
    """A bank in memory, of a scenario of one's own: what it sets is drawn in no world."""

    own: Scenario | None = None

    def scenario(self) -> Scenario:
        """Return the scenario of which each row is a draw."""
        assert self.own is not None
        return self.own

    def rows(self, shard: int) -> dict[str, np.ndarray]:
        """Return the parameters of the rows: drawn, but for those that the scenario sets."""
        drawn, fixed = super().rows(shard), self.scenario().fixed()
        return {name: np.full(len(column), fixed[name]) if name in fixed else column for name, column in drawn.items()}

    def forms(self, shard: int) -> list[Forms]:
        """Return the rules' forms of the rows: drawn, but for those that the scenario sets."""
        own = self.scenario().forms
        fixed = {rule: own[rule] for rule in own.fixed}
        return [drawn.with_forms(fixed) for drawn in super().forms(shard)]

    def key(self) -> str:
        """Return the checksum of all that a row depends on."""
        text = json.dumps([super().key(), scenario_toml(self.scenario())])
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def bank(
    scenario: ScenarioLike,
    *,
    worlds: int = DEFAULT_WORLDS,
    seed: int = 1,
    threads: int | None = None,
    **options: Option,
) -> Bank:
    """Run `worlds` draws of a scenario of your own and return what an estimate holds a package against.

    `scenario` and `options` as in `simulate`: its place, population and whole weeks from the first Monday on; what it
    sets is drawn nowhere. 200 worlds of 5,000 residents over 26 weeks take some 25 s on two cores; the gates judge an
    answer by 1,000 worlds or more, and with fewer show no number. It stays in memory; `underwatch calibrate --bank DIR`
    makes one that is kept. InputError for dated changes: a bank draws its own.
    """
    made = scenario_of(scenario, options, "bank")
    place, window = one_place(made, "bank", "an estimate is about one"), window_of(made, "bank")
    if made.changes or made.campaign not in (DEFAULT_CAMPAIGN, None):
        raise InputError("a bank draws a change of orders of its own; leave dated changes and another campaign out")
    if not isinstance(worlds, int) or not 1 <= worlds <= 10_000:
        raise InputError(f"worlds = {worlds!s:.20} must be a whole number of 1 to 10000")
    if set_there := sorted(set(made.fixed()) & channel_prior().keys()):
        raise InputError(f"{set_there[0]} is of the channel, which an estimate draws; leave it out")
    own = made.replace(start=window.start, end=window.end)
    plan = _OwnPlan(place.slug, window, seed, made.population, worlds, own=own)
    warn_if_cold()
    with Progress(worlds * plan.resident_days) as progress:
        progress.say("worlds of the bank")
        rows = run_all(range(worlds), lambda row: row_of(plan, 0, row, progress.advance), threads_of(threads))
    form = form_of(plan)
    arrays = {name: np.stack([rows[row][name] for row in range(worlds)]) for name in form}
    arrays["reached"] = arrays["reached"].astype(np.int64)
    figures = read_figures([None], worlds)  # told packages are held against no published figure
    return Bank(plan, plan.key(), tuple(world_prior()), **arrays, figures=figures)
