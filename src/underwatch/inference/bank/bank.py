"""The bank: worlds run once and kept as tallies, to which any package's channel is applied later in milliseconds.

A bank belongs to a place, a window of weeks and a prior, and to what the rules of the world do: its key is the checksum
of these, with two small worlds run as a probe. A change of the program that changes no history keeps a bank valid, and
so does an indicator that no estimate reads: a bank names the indicators that it holds.
Row i is the world of seed `seed` + i, with the parameters of row i of the prior. The bank only grows; a part that is
missing is run again, and the same row is the same world on any machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from underwatch.channel.reporting import STRENGTHS_OF_SILENCE
from underwatch.errors import InputError
from underwatch.experiments.engine.tallies import CURVE_RESIDENTS, SETTLING, STRENGTHS, curve_of, tally_world
from underwatch.experiments.engine.tasks import as_completed, result_of
from underwatch.facts import rival_forms
from underwatch.files.folders import ready_folder
from underwatch.files.intake.toml import read_toml
from underwatch.files.writing import write_atomically
from underwatch.inference.bank.figure_answers import build_figures, figure_parts, figures_key, read_figures
from underwatch.inference.bank.form import INDICATORS_READ, check_description, check_worlds, form_of, room_for
from underwatch.inference.bank.priors import levels_of, world_forms, world_of, world_prior, world_rules
from underwatch.inference.bank.shard import packed, read_shard, shards_in, write_shard
from underwatch.record.tally import FEAR_NODES, Window
from underwatch.shown import Displayed
from underwatch.world.forms import Forms
from underwatch.world.layout import GROUND_NAMES, INCIDENT_NAMES, INDICATORS
from underwatch.world.parameters import latin_hypercube
from underwatch.world.scenario import Scenario, place_scenario

FORMAT = 3
WINDOW = Window(date(2023, 7, 3), 104)  # to 29 June 2025
WORLDS_PER_SHARD = 50
_ROUNDED = frozenset(("subject", "others", "pairs", "weekly", "known", "curve"))
_PROBE = Window(date(2024, 12, 16), 3)  # within the campaign, across a quarter's review
_PROBE_RESIDENTS = 1_200
_DESCRIPTION = "bank.toml"
SHIPPED = "hoeryong"


@dataclass(frozen=True)
class BankPlan:
    """What a bank is of: a place (or a stand-in of `population` residents), a window, the seed of its first row.

    `indicators` are those whose sums it holds, in this order; those that are read must be among them.
    """

    place: str = "hoeryong"
    window: Window = WINDOW
    seed: int = 20_250_630
    population: int | None = None
    per_shard: int = WORLDS_PER_SHARD
    indicators: tuple[str, ...] = INDICATORS_READ

    def scenario(self) -> Scenario:
        """Return the scenario of which each row is a draw, with the weeks in which it settles."""
        window = self.window
        return place_scenario(
            self.place, start=window.start, end=window.end, settle_weeks=SETTLING, population=self.population
        )

    @property
    def resident_days(self) -> int:
        """What one row costs."""
        scenario = self.scenario()
        return (scenario.residents + len(STRENGTHS) * min(CURVE_RESIDENTS, scenario.residents)) * scenario.days

    def rows(self, shard: int) -> dict[str, np.ndarray]:
        """Return the parameters of the rows of a shard, float64[per_shard] by name."""
        return latin_hypercube(world_prior(), self.per_shard, self.seed, f"bank {shard}")

    def forms(self, shard: int) -> list[Forms]:
        """Return the rules' forms of the rows of a shard."""
        return world_forms(self.per_shard, self.seed, f"bank {shard}")

    def world(self, shard: int, row: int) -> Scenario:
        """Return the setting of a row, with its luck."""
        values = {name: float(column[row]) for name, column in self.rows(shard).items()}
        setting = world_of(self.scenario(), self.window, values, self.forms(shard)[row])
        return setting.replace(seed=self.seed + shard * self.per_shard + row)

    def key(self) -> str:
        """Return the checksum of all that a row depends on."""
        prior = [[fact.name, fact.low, fact.high, fact.scale] for fact in world_prior().values()]
        forms = [[rule, [item.form for item in rival_forms()[rule]]] for rule in world_rules()]
        words = [INCIDENT_NAMES, GROUND_NAMES, INDICATORS_READ, FEAR_NODES.tolist(), STRENGTHS_OF_SILENCE, STRENGTHS]
        window = [self.window.start.isoformat(), self.window.n_weeks]
        said = [FORMAT, self.place, window, self.seed, self.population, self.per_shard, SETTLING, prior, forms, words]
        return hashlib.blake2b(json.dumps([said, _probe()]).encode(), digest_size=16).hexdigest()


def _probe() -> str:
    """Return what two small worlds come to: other rules, another history, another checksum."""
    plan = BankPlan(window=_PROBE, population=_PROBE_RESIDENTS, per_shard=2)
    h = hashlib.blake2b(digest_size=16)
    for row in range(plan.per_shard):
        result = row_of(plan, 0, row)
        for name in ("counts", "episodes", "firsts", "reached", "indicators", "residents"):
            h.update(result[name].astype(np.int64).tobytes())
        for name in ("subject", "others"):  # sums of floats: to what all machines agree on
            h.update(np.rint(result[name] * 1e3).astype(np.int64).tobytes())
    return h.hexdigest()


def row_of(plan: BankPlan, shard: int, row: int, tick: Callable[[int], None] = lambda days: None) -> dict[str, Any]:
    """Run one world of the bank and return its arrays by name."""
    scenario = plan.world(shard, row)
    values = np.array([column[row] for column in plan.rows(shard).values()])
    tally = tally_world(scenario, scenario.seed, tick)
    curve = curve_of(scenario, scenario.seed, tick)
    result = {**tally.arrays(), "curve": curve, "values": values}
    result["forms"] = np.array(levels_of(scenario.forms), np.uint8)
    result["indicators"] = tally.indicators[..., [INDICATORS.index(name) for name in plan.indicators]]
    return result


def begin_bank(plan: BankPlan, folder: Path) -> str:
    """Make the folder of a bank, or check that the bank in it is the same one; return its key."""
    key = plan.key()
    path = ready_folder(folder) / _DESCRIPTION
    if path.exists():
        _check_key(folder, key)
        if plan_of(folder) != plan:
            raise _other_version(folder)
        return key
    description = {
        "format": FORMAT,
        "key": key,
        "place": plan.place,
        "first_day": plan.window.start,
        "weeks": plan.window.n_weeks,
        "settling_weeks": SETTLING,
        "seed": plan.seed,
        "worlds_per_shard": plan.per_shard,
        **({} if plan.population is None else {"population": plan.population}),
        "parameters": list(world_prior()),
        "forms": list(world_rules()),
        "indicators": list(plan.indicators),
    }
    write_atomically(path, tomli_w.dumps(description).encode())
    return key


def _check_key(folder: Path, key: str) -> None:
    if described(folder)["key"] != key:
        raise _other_version(folder)


def _other_version(folder: Path) -> InputError:
    return InputError(
        f"{folder} is a bank from another version of the program, of other rules or another prior; build one with "
        "`underwatch calibrate --bank DIR`"
    )


def described(folder: Path) -> dict[str, Any]:
    """Return what a bank's folder says of itself; InputError when it is none."""
    try:
        description = read_toml(folder / _DESCRIPTION, "description of a bank")
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            f"{folder} is no bank: {_DESCRIPTION} is missing; `underwatch calibrate --bank DIR` builds one"
        ) from None
    if type(description.get("format")) is not int or description["format"] != FORMAT:
        raise InputError(
            f"{folder} is a bank of format {description.get('format')!s:.20}; this program reads format {FORMAT}"
        )
    check_description(description, f"{folder / _DESCRIPTION}: ")
    return description


def plan_of(folder: Path) -> BankPlan:
    """Return the plan of a bank from its folder."""
    description = described(folder)
    window = Window(description["first_day"], description["weeks"])
    return BankPlan(
        description["place"],
        window,
        description["seed"],
        description.get("population"),
        description["worlds_per_shard"],
        tuple(description["indicators"]),
    )


def build(plan: BankPlan, folder: Path, n: int, executor: Executor, workers: int, done: Callable[[int], None]) -> None:
    """Run what is missing of the first `n` worlds, on any executor; a shard is written as soon as it is whole.

    `done(worlds)` hears of worlds as they come. A stop loses at most the shards at work; running again goes on.
    """
    begin_bank(plan, folder)
    there = shards_in(folder)
    missing = [number for number in range(-(-n // plan.per_shard)) if number not in there]
    done(plan.per_shard * (-(-n // plan.per_shard) - len(missing)))
    rows: dict[int, dict[int, dict[str, np.ndarray]]] = {}
    tasks = {(number, row): (plan, number, row) for number in missing for row in range(plan.per_shard)}
    for (number, row), job in as_completed(tasks, _row_of_task, executor, 2 * workers):
        rows.setdefault(number, {})[row] = result_of(job)
        done(1)
        if len(rows[number]) == plan.per_shard:
            _write(folder, number, rows.pop(number))


def ask_figures(folder: Path, done: Callable[[int], None]) -> None:
    """Let the worlds of a bank answer to the published figures; `done(worlds)` hears of them as they do."""
    plan, key = plan_of(folder), _figures_key(described(folder)["key"])
    for worlds in build_figures(folder, shards_in(folder), key, plan.world, plan.per_shard):
        done(worlds)


def _figures_key(bank_key: str) -> str:
    return figures_key(bank_key, BankPlan(window=_PROBE, population=_PROBE_RESIDENTS, per_shard=1).world(0, 0))


def _row_of_task(task: tuple[BankPlan, int, int]) -> dict[str, Any]:
    return row_of(*task)


def _write(folder: Path, number: int, rows: dict[int, dict[str, np.ndarray]]) -> None:
    arrays = {name: np.stack([rows[row][name] for row in sorted(rows)]) for name in rows[0]}
    arrays["reached"] = np.diff(arrays["reached"].astype(np.int32), axis=1, prepend=0)
    arrays["indicators"] = arrays["indicators"].astype(np.int64)
    write_shard(folder, number, packed(arrays, _ROUNDED))


@dataclass(frozen=True, repr=False)
class Bank(Displayed):
    """The worlds of a bank, row by row: the sufficient statistics of each (as in `Tally`), its curve and parameters."""

    plan: BankPlan
    key: str
    names: tuple[str, ...]  # of the parameters
    counts: np.ndarray  # uint32[worlds, weeks, kinds, 2, grounds]
    subject: np.ndarray  # float32[worlds, periods, kinds, grounds, nodes]
    others: np.ndarray  # the same shape
    pairs: np.ndarray  # float32[worlds, periods, kinds, responses, strengths, 2]
    weekly: np.ndarray  # float32[worlds, weeks, kinds, grounds, 2]
    known: np.ndarray  # float32[worlds, periods, kinds]
    reached: np.ndarray  # int64[worlds, ranges of periods, kinds + 1]
    indicators: np.ndarray  # int64[worlds, periods, 2, indicators]
    residents: np.ndarray  # int64[worlds, 2, 2]
    episodes: np.ndarray  # uint32[worlds, weeks, kinds, 2, grounds]
    firsts: np.ndarray  # uint32[worlds, weeks, kinds, 2]
    curve: np.ndarray  # float32[worlds, strengths, kinds, 1 + 2 nodes]
    values: np.ndarray  # float64[worlds, parameters]
    forms: np.ndarray  # uint8[worlds, rules], the number of the form of each of `priors.world_rules`
    figures: np.ndarray  # float64[worlds, published figures], what each world answers; NaN where it has no answer

    def __len__(self) -> int:
        return len(self.values)

    def _line(self) -> str:
        window = self.plan.window
        return f"Bank({self.plan.place}, {len(self)} worlds, {window.n_weeks} weeks from {window.start})"

    def value(self, name: str) -> np.ndarray:
        """Return float64[worlds], a parameter of the prior."""
        return np.asarray(self.values[:, self.names.index(name)])

    def indicator(self, name: str) -> np.ndarray:
        """Return int64[worlds, periods, 2], the sums of an indicator by listed and ordinary residents."""
        return np.asarray(self.indicators[..., self.plan.indicators.index(name)])

    def rows(self, kept: np.ndarray) -> Bank:
        """Return some of the worlds."""
        return replace(self, **{name: getattr(self, name)[kept] for name in (*form_of(self.plan), "figures")})


def read_bank(folder: Path, check_key: bool = True) -> Bank:
    """Read a bank; InputError when it is damaged, empty, or of another version of the program."""
    description = described(folder)
    plan = plan_of(folder)
    if description["parameters"] != list(world_prior()) or description["forms"] != list(world_rules()):
        raise _other_version(folder)
    shards = shards_in(folder)
    if not shards:
        raise InputError(f"{folder} holds no world yet; `underwatch calibrate --bank {folder}` runs them")
    form = form_of(plan)
    parts = room_for(form, shards, f"{folder}: ")
    for index, path in enumerate(shards.values()):
        result = read_shard(path, form)
        result["reached"] = np.cumsum(result["reached"], axis=1)
        check_worlds(result, f"{path}: ")
        for name, part in result.items():
            parts[name][index * plan.per_shard : (index + 1) * plan.per_shard] = part
    if not parts["reached"].any():
        raise InputError(f"{folder} holds worlds in which nothing happens to anybody; take another copy of the bank")
    if check_key:
        _check_key(folder, plan.key())
    answered = figure_parts(folder)
    asked = _figures_key(description["key"]) if answered else ""
    figures = read_figures([answered.get((number, asked)) for number in shards], plan.per_shard)
    return Bank(plan, description["key"], tuple(description["parameters"]), **parts, figures=figures)


def shipped_folder() -> Path:
    """Return the folder of the bank that comes with the program."""
    return Path(str(files("underwatch.inference.bank"))) / SHIPPED
