"""What matters: which unknowns drive each human-rights figure, by Morris screening and then Sobol indices (SALib).

Morris looks at every uncertain parameter in the place itself and says which move a figure at all; Sobol then divides
the variance among the few that move most, in a small town of the same kind. The targets are the headline figures and
nothing else: whatever is ranked here is ranked by what it means for residents.

All runs meet the luck of the scenario's seed: a method that holds two runs against each other, a step apart, must not
take another town for the effect of the step. What luck does is therefore in no index; `sweep` shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from underwatch.errors import InputError
from underwatch.experiments.engine.tasks import Outcome, Results, run_tasks
from underwatch.experiments.sweep import SweepTask, headlines_of
from underwatch.facts import model_parameters
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.record.ranges import figure_or_none
from underwatch.record.schema import schema_of
from underwatch.world.draws import rng
from underwatch.world.parameters import along
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import scenario_toml

TARGETS = HEADLINE_NAMES
MOST_FACTORS = 10
TOWN = 10_000  # residents of the town of the Sobol indices
LEVEL = 0.95
_LEVELS = 4  # of the Morris grid
_SEEDS = 2**31


@dataclass(frozen=True)
class Indices:
    """Indices of each target and factor, float[targets, factors], with half widths of their 95 % intervals.

    Of Morris: mu_star (`main`) and sigma (`total`); of Sobol: S1 (`main`) and ST (`total`). NaN where a target did not
    vary. `n_failed` runs had no result: the base samples that hold them are left out.
    """

    method: str
    factors: tuple[str, ...]
    targets: tuple[str, ...]
    main: np.ndarray
    main_half: np.ndarray
    total: np.ndarray
    total_half: np.ndarray
    n_runs: int
    n_failed: int


Evaluate = Callable[[np.ndarray], np.ndarray]


def indices(
    method: str, factors: Sequence[str], targets: Sequence[str], size: int, seed: int, evaluate: Evaluate
) -> Indices:
    """Return the indices of factors on the unit cube, by "morris" (`size` trajectories) or "sobol" (base samples).

    `evaluate` maps float[runs, factors] to float[runs, targets], NaN for none. A target that does not vary, or is not
    there in every run, has no index.
    """
    sample, analyze = (import_module(f"SALib.{part}.{method}") for part in ("sample", "analyze"))
    is_morris = method == "morris"
    how: dict[str, Any] = {"num_levels": _LEVELS} if is_morris else {"calc_second_order": False}
    names = ("mu_star", "mu_star_conf", "sigma", "") if is_morris else ("S1", "S1_conf", "ST", "ST_conf")
    problem = {"num_vars": len(factors), "names": list(factors), "bounds": [[0.0, 1.0]] * len(factors)}
    points = sample.sample(problem, size, **how, seed=_salib_seed(seed, method))
    values = evaluate(points)
    points, values, failed = _whole(points, values, len(factors) + (1 if is_morris else 2))
    how |= {"conf_level": LEVEL, "seed": _salib_seed(seed, "bootstrap")}
    unknown = np.full(len(factors), np.nan)
    rows = np.full((len(targets), 4, len(factors)), np.nan)
    for row, column in zip(rows, values.T, strict=True):
        if not np.isnan(column).any() and np.ptp(column) > 0.0:
            given = (points, column) if is_morris else (column,)
            with np.errstate(invalid="ignore", divide="ignore"):  # a bootstrap sample may not vary
                result = analyze.analyze(problem, *given, **how)
            row[:] = [np.asarray(result[name], float) if name else unknown for name in names]
    main, main_half, total, total_half = rows.transpose(1, 0, 2)
    n_runs = len(points) + failed
    return Indices(method, tuple(factors), tuple(targets), main, main_half, total, total_half, n_runs, failed)


def _salib_seed(seed: int, purpose: str) -> int:
    """Return a seed that SALib takes, from the keyed stream."""
    return int(rng(seed, f"sensitivity {purpose}").integers(_SEEDS))


def _whole(points: np.ndarray, values: np.ndarray, each: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Leave out the base samples (of `each` runs) of which a run has no result at all."""
    failed = np.isnan(values).all(axis=1).reshape(-1, each).any(axis=1)
    kept = np.repeat(~failed, each)
    if kept.sum() < 2 * each:
        raise InputError("too many runs failed to say what matters; results.jsonl has their reasons")
    return points[kept], values[kept], int((~kept).sum())


@dataclass(frozen=True)
class SensitivityPlan:
    """What matters in a scenario: trajectories of Morris in the place, `n` base samples of Sobol in a small town."""

    scenario: Scenario
    trajectories: int = 8
    n: int = 512
    population: int = TOWN
    factors: int = MOST_FACTORS

    def __post_init__(self) -> None:
        if len(self.scenario.places) != 1:
            raise InputError(f"sensitivity goes with one city or county, and {self.scenario.name} has more")
        if self.trajectories < 2:
            raise InputError(f"trajectories = {self.trajectories} is out of range; it may be 2 or more")
        if self.n < 2 or self.n & (self.n - 1):
            raise InputError(f"n = {self.n} is no power of 2 (128, 256, 512); Sobol's sequence needs one")
        if not 1 <= self.factors <= MOST_FACTORS:
            raise InputError(f"factors = {self.factors} is out of range; it may be 1 to {MOST_FACTORS}")
        if not self.names():
            raise InputError("the scenario sets every parameter: nothing is left that could matter")

    def names(self) -> tuple[str, ...]:
        """Return the uncertain parameters: those with a range that the scenario does not set."""
        fixed = self.scenario.fixed()
        return tuple(name for name, fact in model_parameters().items() if fact.low < fact.high and name not in fixed)

    def question(self) -> dict[str, Any]:
        """Return what tells this question from another."""
        return {"what": "sensitivity", "scenario": scenario_toml(self.scenario), "trajectories": self.trajectories,
                "n": self.n, "population": self.population, "factors": self.factors}  # fmt: skip

    @property
    def town(self) -> Scenario:
        """The small town of the Sobol indices."""
        return self.scenario.replace(population=min(self.population, self.scenario.residents))


def worlds_at(scenario: Scenario, names: Sequence[str], points: np.ndarray) -> list[SweepTask]:
    """Return the worlds at points of the unit cube: each factor at that share of its range, all else as it is."""
    columns = {name: along(model_parameters()[name], points[:, index]).tolist() for index, name in enumerate(names)}
    worlds = []
    for row in range(len(points)):
        values = {name: column[row] for name, column in columns.items()}
        worlds.append(SweepTask(scenario.replace(parameters=scenario.parameters.with_values(**values)), scenario.seed))
    return worlds


def evaluator(
    make: Callable[[np.ndarray], Sequence[Any]],
    work: Callable[[Any], Any],
    executor: Executor,
    results: Results,
    progress: Callable[[int], None] | None = None,
) -> Evaluate:
    """Return how points are evaluated: made into tasks, run on the executor, put into an array, NaN for failures."""

    def evaluate(points: np.ndarray) -> np.ndarray:
        outcomes: list[Outcome] = run_tasks(make(points), work, executor, results, progress)
        width = max((len(item.values) for item in outcomes if item.values is not None), default=1)
        return np.array([item.values if item.values is not None else (np.nan,) * width for item in outcomes])

    return evaluate


def chosen(screened: Indices, most: int) -> tuple[str, ...]:
    """Return the factors to go on with: those that move some target most, each target's scale set aside."""
    largest = np.nanmax(screened.main, axis=1, keepdims=True, initial=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(largest > 0, screened.main / largest, 0.0)
    weight = np.nan_to_num(share).mean(axis=0)
    order = np.argsort(-weight, kind="stable")
    return tuple(screened.factors[index] for index in order[:most])


def screen(question: SensitivityPlan, executor: Executor, results: Results, progress: Any = None) -> Indices:
    """Screen every uncertain parameter in the place itself."""
    names = question.names()
    make = partial(worlds_at, question.scenario, names)
    evaluate = evaluator(make, headlines_of, executor, results, progress)
    return indices("morris", names, TARGETS, question.trajectories, question.scenario.seed, evaluate)


def divide(
    question: SensitivityPlan, factors: Sequence[str], executor: Executor, results: Results, progress: Any = None
) -> Indices:
    """Divide the variance among the chosen factors in the small town."""
    make = partial(worlds_at, question.town, factors)
    evaluate = evaluator(make, headlines_of, executor, results, progress)
    return indices("sobol", factors, TARGETS, question.n, question.scenario.seed, evaluate)


def ask_first(divided: Indices, most: int = 3) -> tuple[tuple[str, float], ...]:
    """Return the unknowns to ask about first: by their mean total index over the targets that vary."""
    known = ~np.isnan(divided.total).all(axis=1)
    mean = np.nan_to_num(divided.total[known]).mean(axis=0) if known.any() else np.zeros(len(divided.factors))
    order = np.argsort(-mean, kind="stable")[:most]
    return tuple((divided.factors[index], float(mean[index])) for index in order)


INDICES_SCHEMA = schema_of("indices")


def indices_table(result: Sequence[Indices]) -> pa.Table:
    """Return all indices as a tidy table (INDICES_SCHEMA)."""
    rows = []
    for item in result:
        names = ("mu_star", "sigma") if item.method == "morris" else ("S1", "ST")
        for t, target in enumerate(item.targets):
            for f, factor in enumerate(item.factors):
                pairs = ((item.main, item.main_half), (item.total, item.total_half))
                for name, (value, half) in zip(names, pairs, strict=True):
                    rows.append({
                        "method": item.method, "headline": target, "parameter": factor, "index": name,
                        "value": figure_or_none(value[t, f]), "half": figure_or_none(half[t, f]),
                        "runs": item.n_runs - item.n_failed,
                    })  # fmt: skip
    return pa.Table.from_pylist(rows, schema=INDICES_SCHEMA)
