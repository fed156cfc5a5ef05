"""Sweep: every uncertain parameter drawn from its stated range, with luck of its own, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from underwatch.errors import InputError
from underwatch.experiments.engine.tasks import Outcome
from underwatch.experiments.engine.worlds import as_set, forms_of, seed_of_draw, totals_of
from underwatch.experiments.ensemble.settings import (
    DEFAULT_ENSEMBLE,
    checked_ensemble,
    ensemble_scenarios,
    is_adapted,
)
from underwatch.facts import model_parameters, rival_forms
from underwatch.record.headlines import HEADLINES
from underwatch.record.ranges import figure_or_none, quantiles, range_of
from underwatch.record.schema import schema_of
from underwatch.shown import Displayed
from underwatch.world.draws import rng
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters, along, prior_draws
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import scenario_toml

SAMPLERS = ("lhs", "sobol")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
PRIOR, LUCK = "prior", "luck"  # spreads; the first, of whatever ensemble
BANDS_SCHEMA = schema_of("bands")
_LUCK_RULE = "a seed for each world"  # results of another rule are not gone on with


@dataclass(frozen=True)
class SweepTask:
    """One world to be run, a task for any executor: a scenario and the seed of its luck."""

    scenario: Scenario
    seed: int

    @property
    def n_figures(self) -> int:
        """How many figures it gives."""
        return len(HEADLINES)


def headlines_of(world: SweepTask) -> np.ndarray:
    """Simulate a world, all its places, and return its headline figures over the whole run, float[headlines]."""
    (totals,) = totals_of(world.scenario, [world.scenario], world.seed)
    return totals.measured(world.scenario).year


@dataclass(frozen=True, repr=False)
class Sweep(Displayed):
    """A scenario, drawn `draws` times from an ensemble, each with `replicates`; no two worlds share luck.

    Those of the prior are drawn by `sampler`.
    """

    scenario: Scenario
    draws: int
    replicates: int = 1
    sampler: str = "lhs"
    ensemble: str = DEFAULT_ENSEMBLE

    def __post_init__(self) -> None:
        if self.sampler not in SAMPLERS:
            raise InputError(f'sampler "{self.sampler[:40]}" is not known; known: {", ".join(SAMPLERS)}')
        checked_ensemble(self.ensemble)
        if self.sampler != "lhs" and self.ensemble != PRIOR:
            raise InputError(
                f"--sampler {self.sampler} draws from the prior; the {self.ensemble} ensemble has no sampler"
            )
        if self.draws < 1 or self.replicates < 1:
            raise InputError(f"draws = {self.draws} and replicates = {self.replicates} must be 1 or more")
        if self.sampler == "sobol" and self.draws & (self.draws - 1):
            raise InputError(f"draws = {self.draws} is no power of 2 (64, 128, 256); Sobol's sequence needs one")

    def parameters(self) -> list[Parameters]:
        """Return the parameters of each draw; what the scenario sets itself stays as set."""
        if self.ensemble != PRIOR:
            return [one.parameters for one in self._of_ensemble()]
        if self.sampler == "lhs":
            return as_set(self.scenario, prior_draws(self.draws, self.scenario.seed))
        rows = _sobol_rows(self.draws, self.scenario.seed).tolist()
        return as_set(self.scenario, [Parameters(tuple(row)) for row in rows])

    def forms(self) -> list[Forms]:
        """Return the rules' forms of each draw; what the scenario sets itself stays as set."""
        if self.ensemble != PRIOR:
            return [one.forms for one in self._of_ensemble()]
        return forms_of(self.scenario, self.draws)

    def _of_ensemble(self) -> list[Scenario]:
        return ensemble_scenarios(self.scenario, self.draws, self.ensemble)

    @property
    def is_adapted(self) -> bool:
        """Whether the scenario is not the one for which the ensembles were found."""
        return is_adapted(self.scenario)

    def worlds(self) -> list[SweepTask]:
        """Return the tasks: draw by draw, and within a draw replicate by replicate, each with a seed of its own."""
        return [
            SweepTask(self.scenario.replace(parameters=item, forms=forms), seed_of_draw(self.scenario, draw, replicate))
            for draw, (item, forms) in enumerate(zip(self.parameters(), self.forms(), strict=True), 1)
            for replicate in range(self.replicates)
        ]

    def question(self) -> dict[str, Any]:
        """Return what tells this sweep from another, and from one of the days when all draws had one luck."""
        return {"what": "sweep", "scenario": scenario_toml(self.scenario), "draws": self.draws,
                "replicates": self.replicates, "sampler": self.sampler, "luck": _LUCK_RULE,
                "ensemble": self.ensemble}  # fmt: skip


def _sobol_rows(n: int, seed: int) -> np.ndarray:
    """Return parameters float[n, parameters] of a scrambled Sobol sequence."""
    from scipy.stats import qmc

    facts = model_parameters().values()
    shares = qmc.Sobol(len(facts), scramble=True, rng=int(rng(seed, "sobol").integers(2**31))).random(n)
    return np.stack([along(fact, column) for fact, column in zip(facts, shares.T, strict=True)], axis=1)


def draws_table(sweep: Sweep, outcomes: Sequence[Outcome]) -> pa.Table:
    """Return one row per world: draw, replicate, seed, all parameters, whether it was done and why not, headlines."""
    worlds = sweep.worlds()
    numbers = np.arange(len(worlds))
    fields: list[tuple[pa.Field, Any]] = [
        (_field("draw", pa.int32(), "draw from the prior, from 1"), numbers // sweep.replicates + 1),
        (_field("replicate", pa.int32(), "replicate of the draw, from 0"), numbers % sweep.replicates),
        (_field("seed", pa.uint64(), "seed of the world's luck"), np.array([item.seed for item in worlds], np.uint64)),
        (_field("done", pa.bool_(), "whether there is a result"), [item.values is not None for item in outcomes]),
        (_field("reason", pa.string(), "why there is none"), [item.reason for item in outcomes]),
    ]
    for name, fact in model_parameters().items():
        values = [item.scenario.parameters[name] for item in worlds]
        fields.append((_field(f"parameter:{name}", pa.float64(), fact.meaning, fact.unit), values))
    for rule, rivals in rival_forms().items():
        meaning = f"form of {rule}: {' or '.join(item.form for item in rivals)}"
        fields.append((_field(f"form:{rule}", pa.string(), meaning), [item.scenario.forms[rule] for item in worlds]))
    for index, headline in enumerate(HEADLINES):
        figures = [None if item.values is None else figure_or_none(item.values[index]) for item in outcomes]
        fields.append((_field(f"headline:{headline.name}", pa.float64(), headline.title, headline.unit, True), figures))
    arrays = [pa.array(values, field.type) for field, values in fields]
    return pa.Table.from_arrays(arrays, schema=pa.schema([field for field, _ in fields]))


def bands_table(sweep: Sweep, outcomes: Sequence[Outcome]) -> pa.Table:
    """Return bands of each headline: over draws (the mean over their replicates), and over luck within a draw.

    `prior` rows are over draws; of one replicate each, they hold what luck does as well. `luck` rows are over worlds:
    how far a world lies from what its draw would be on average (`luck_of`).
    """
    shape = (sweep.draws, sweep.replicates, len(HEADLINES))
    nothing = (np.nan,) * len(HEADLINES)
    values = np.array([item.values or nothing for item in outcomes]).reshape(shape)
    rows: list[dict[str, object]] = []
    for index, headline in enumerate(HEADLINES):
        column = values[..., index]
        spreads = {PRIOR: _means(column)}
        if sweep.replicates > 1:
            spreads[LUCK] = luck_of(column)
        for spread, some in spreads.items():
            rows.append({"headline": headline.name, "unit": headline.unit, "spread": spread, **_band(some)})
    return pa.Table.from_pylist(rows, schema=BANDS_SCHEMA)


def _means(values: np.ndarray) -> np.ndarray:
    """Return the mean of each draw over those of its replicates that have a value, float[draws that have one]."""
    known = ~np.isnan(values).all(axis=1)
    return np.asarray(np.nanmean(values[known], axis=1))


def luck_of(values: np.ndarray) -> np.ndarray:
    """Return what luck alone does in float[draws, replicates]: float[worlds], each against the mean of its draw.

    The mean of r replicates is drawn to each of them, which leaves (r - 1) / r of the variance: each distance is
    lengthened by the root of r / (r - 1). A draw with one value says nothing of luck and is left out.
    """
    n = (~np.isnan(values)).sum(axis=1, keepdims=True)
    told = values[n[:, 0] > 1]
    n = n[n[:, 0] > 1]
    away = (told - np.nanmean(told, axis=1, keepdims=True)) * np.sqrt(n / (n - 1))
    return np.asarray(away[~np.isnan(away)])


def _band(values: np.ndarray) -> dict[str, object]:
    """Return number and quantiles; one that so few values cannot tell is missing, as in a range (`ranges`)."""
    n = len(values)
    result: dict[str, object] = {"n": n}
    for share in QUANTILES:
        told = min(share, 1 - share) * (n + 1) >= 1 - 1e-9
        result[f"q{round(100 * share):02d}"] = float(quantiles(values, (share,))[0]) if told else None
    around = range_of(values)
    known = n > 1
    return {
        **result,
        "low": around.low if known else None,
        "high": around.high if known else None,
        "holds": around.share,
    }


def _field(name: str, kind: pa.DataType, meaning: str, unit: str = "", nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"meaning": meaning, "unit": unit})
