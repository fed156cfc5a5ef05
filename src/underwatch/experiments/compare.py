"""Compare: a baseline and its twins under interventions, over luck and over an ensemble, brought down to a table.

Every pair shares all luck: the town, its residents and lists are those of the baseline, and each draw meets the same
numbers, so that a change is read from pairs and not from the difference of two averages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa

from underwatch.errors import InputError
from underwatch.experiments.engine.tasks import Results, run_tasks
from underwatch.experiments.engine.worlds import WorldTotals, seed_of, totals_of
from underwatch.experiments.ensemble.names import DEFAULT_DRAWS, DEFAULT_ENSEMBLE
from underwatch.experiments.ensemble.relief import ReliefRow, relief_row
from underwatch.experiments.ensemble.robustness import Robustness, judge
from underwatch.experiments.ensemble.settings import ensemble_scenarios, is_adapted
from underwatch.experiments.ensemble.stand_ins import stand_ins
from underwatch.experiments.interventions import Intervention, as_toml, dated_from, with_interventions
from underwatch.record.headlines import HEADLINES, LOWER, WEEKLY, YEARLY
from underwatch.record.measures import WEEK, YEAR_DAYS, group_columns, group_keys, members, with_ratios, words
from underwatch.record.ranges import range_of
from underwatch.record.schema import GROUPS, schema_of
from underwatch.shown import Displayed
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import scenario_toml

TOGETHER, UNWATCHED = "together", "unwatched"
LUCK, ENSEMBLE = "luck", "ensemble"
# One headline for each indicator: what is compared for every group
FIGURES = tuple({item.indicator: item for item in HEADLINES}.values())


CHANGES_SCHEMA, PAIRS_SCHEMA = schema_of("changes"), schema_of("pairs")


@dataclass(frozen=True, repr=False)
class ComparePlan(Displayed):
    """What is compared: a scenario and interventions with their first days, over replicates and worlds of an ensemble.

    Replicates are of the place itself, at its own values; the worlds of the ensemble live in its stand-ins.
    """

    scenario: Scenario
    dated: tuple[tuple[Intervention, date], ...]
    replicates: int = 4
    draws: int = DEFAULT_DRAWS
    ledger: str | None = None  # the world the baseline is held against in a chilling ledger: a counter-world, UNWATCHED
    ensemble: str = DEFAULT_ENSEMBLE

    @classmethod
    def ask(
        cls,
        scenario: Scenario,
        interventions: Sequence[Intervention],
        from_date: date | None = None,
        replicates: int = 4,
        draws: int = DEFAULT_DRAWS,
        ledger: str | None = None,
    ) -> ComparePlan:
        """Date the interventions and check that each relieves, and that the ledger's world is there."""
        asked = cls(scenario, dated_from(interventions, scenario, from_date), replicates, draws, ledger)
        if ledger is not None and ledger not in (known := (UNWATCHED, *asked.worlds())):
            raise InputError(f'--ledger "{ledger[:40]}" is none of the worlds compared; known: {", ".join(known)}')
        return asked

    def worlds(self) -> dict[str, tuple[tuple[Intervention, date], ...]]:
        """Return the counter-worlds by name: each intervention alone, and all together if there are several."""
        alone = {pair[0].name: (pair,) for pair in self.dated}
        return alone | ({TOGETHER: self.dated} if len(self.dated) > 1 else {})

    def since(self, name: str) -> int:
        """Return the first day of the run on which a counter-world differs from the baseline."""
        return (min(day for _, day in self.worlds()[name]) - self.scenario.start).days

    def held_against(self) -> Scenario | None:
        """Return what the people of the ledger's other world live through; None for the unwatched life."""
        if self.ledger is None or self.ledger == UNWATCHED:
            return None
        return with_interventions(self.scenario, self.worlds()[self.ledger])

    def cases(self) -> list[tuple[str, int, int, Scenario]]:
        """Return spread, number, seed and baseline of every set of twins."""
        generator = [(LUCK, r, seed_of(self.scenario, r), self.scenario) for r in range(self.replicates)]
        draws = enumerate(ensemble_scenarios(self.scenario, self.draws, self.ensemble), 1)
        return generator + [(ENSEMBLE, d, scenario.seed, scenario) for d, scenario in draws]

    def question(self) -> dict[str, Any]:
        """Return what tells this question from another."""
        return {"what": "compare", "scenario": scenario_toml(self.scenario), "interventions": as_toml(self.dated),
                "replicates": self.replicates, "draws": self.draws, "ledger": self.ledger,
                "ensemble": self.ensemble}  # fmt: skip

    @property
    def is_adapted(self) -> bool:
        """Whether the scenario is not the one for which the ensembles were found."""
        return is_adapted(self.scenario)

    @property
    def resident_days(self) -> int:
        """All the work: resident-days over all worlds."""
        cases = [self.case_days(self.scenario)] * self.replicates
        cases += [sum(map(self.case_days, stand_ins(self.scenario)))] * self.draws
        ledgers = 2 * max(1, self.replicates) if self.ledger is not None else 0
        return (sum(cases) if self.dated else 0) + self.scenario.residents * self.scenario.days * ledgers

    def case_days(self, scenario: Scenario) -> int:
        """The work of one set of twins, which settle together: resident-days."""
        return scenario.residents * (scenario.settling_days + scenario.days * (1 + len(self.worlds())))


@dataclass(frozen=True)
class Task:
    """A set of twins: the baseline, which makes the town, and what each world lives through. It can go to any executor.

    `baseline` has the places that are added up, one where no others stand in, and each of `lives` as many. `since` has
    the first days of the figures of each of them. They settle together, which is why they go together.
    """

    baseline: tuple[Scenario, ...]
    lives: tuple[tuple[Scenario, ...], ...]
    seed: int
    since: tuple[tuple[int, ...], ...]

    @property
    def n_figures(self) -> int:
        """How many figures it gives: those of all groups, from each first day of each world."""
        return sum(map(len, self.since)) * len(GROUPS) * len(FIGURES)


def measured(task: Task) -> np.ndarray:
    """Return the figures of a set of twins, float[worlds and first days, groups, figures]."""
    of_places = [
        totals_of(baseline, lives, task.seed)
        for baseline, lives in zip(task.baseline, zip(*task.lives, strict=True), strict=True)
    ]
    worlds = [reduce(WorldTotals.plus, of_world) for of_world in zip(*of_places, strict=True)]
    return np.stack([figures(world, day) for world, since in zip(worlds, task.since, strict=True) for day in since])


def figures(result: WorldTotals, since: int) -> np.ndarray:
    """Return the figures of a world from a day on, float[groups, figures]; NaN where there are no cases."""
    days, of_group = len(result.cells) - since, members()
    counts = of_group @ result.cells[since:].sum(axis=0)
    people, watched = of_group @ result.residents, of_group @ result.watched
    values = with_ratios(counts, people * days, watched * days)
    resident_days = np.where(people > 0, people * float(days), np.nan)
    scale = {"": 1.0, WEEKLY: WEEK / resident_days, YEARLY: 1000 * YEAR_DAYS / resident_days}
    return np.stack([values[item.indicator] * scale[item.per] for item in FIGURES], axis=-1)


@dataclass(frozen=True, repr=False)
class Comparison(Displayed):
    """What came out: `baseline` and `changed` are float[worlds, cases, groups, figures]."""

    question: ComparePlan
    names: tuple[str, ...]
    baseline: np.ndarray
    changed: np.ndarray

    def changes(self) -> pa.Table:
        """Return the table of changes (CHANGES_SCHEMA): a row per intervention, spread, group and indicator."""
        spreads, found = [case[0] for case in self.question.cases()], self.findings()
        rows: list[dict[str, object]] = []
        for w, name in enumerate(self.names):
            first = min(day for _, day in self.question.worlds()[name])
            for spread in dict.fromkeys(spreads):
                mine = np.array([item == spread for item in spreads])
                before, after = self.baseline[w, mine], self.changed[w, mine]
                for g, group in enumerate(GROUPS):
                    for f, figure in enumerate(FIGURES):
                        row = {"intervention": name, **group_keys(group), "indicator": figure.indicator}
                        row |= {"unit": figure.unit_of_any_group, "better": figure.better}
                        row |= {"spread": spread, "first_day": first}
                        row["finding"] = found[w, g, f].words if spread == ENSEMBLE else None
                        rows.append(row | summary(before[:, g, f], after[:, g, f], figure.better))
        return pa.Table.from_pylist(rows, schema=CHANGES_SCHEMA)

    def findings(self) -> dict[tuple[int, int, int], Robustness]:
        """Return by intervention, group and figure whether the sign of the change is robust over the rules' forms."""
        cases = self.question.cases()
        mine = np.array([case[0] == ENSEMBLE for case in cases], bool)
        forms = [case[3].forms for case in cases if case[0] == ENSEMBLE]
        change = (self.changed - self.baseline)[:, mine]
        w, g, f = (range(change.shape[axis]) for axis in (0, 2, 3))
        return {key: judge(change[key[0], :, key[1], key[2]], forms) for key in product(w, g, f)}

    def relief(self) -> tuple[ReliefRow, ...]:
        """Return of each intervention and headline how many worlds of the ensemble it relieves, and how far."""
        cases = self.question.cases()
        mine = np.array([case[0] == ENSEMBLE for case in cases], bool)
        forms = [case[3].forms for case in cases if case[0] == ENSEMBLE]
        places = [item.indicator for item in FIGURES]
        rows = []
        for w, headline in product(range(len(self.names)) if mine.any() else (), HEADLINES):
            at = (GROUPS.index(headline.group), places.index(headline.indicator))
            both = np.stack([of[w, mine][:, at[0], at[1]] for of in (self.baseline, self.changed)], axis=1)
            rows.append(relief_row(self.names[w], headline, both, forms))
        return tuple(rows)

    def pairs(self) -> pa.Table:
        """Return every pair (PAIRS_SCHEMA), for those who would summarise them otherwise."""
        cases = self.question.cases()
        shape = self.baseline.shape
        w, c, g, f = (index.reshape(-1) for index in np.indices(shape))
        spread = np.array([(LUCK, ENSEMBLE).index(case[0]) for case in cases])
        columns = {
            "intervention": words(w, self.names),
            **group_columns(g),
            "indicator": words(f, [figure.indicator for figure in FIGURES]),
            "spread": words(spread[c], (LUCK, ENSEMBLE)),
            "number": pa.array(np.array([case[1] for case in cases], np.int32)[c]),
            "seed": pa.array(np.array([case[2] for case in cases], np.uint64)[c]),
            "baseline": pa.array(self.baseline.reshape(-1), pa.float64(), from_pandas=True),
            "with_intervention": pa.array(self.changed.reshape(-1), pa.float64(), from_pandas=True),
        }
        return pa.table(columns, schema=PAIRS_SCHEMA)


def summary(before: np.ndarray, after: np.ndarray, better: str) -> dict[str, object]:
    """Return n, medians, interval and probabilities of pairs; None where no pair has a figure in both worlds."""
    there = np.isfinite(before) & np.isfinite(after)
    before, change = before[there], (after - before)[there]
    n = len(change)
    if not n:
        nothing = dict.fromkeys(("baseline", "change", "low", "high", "p_positive", "p_relief"))
        return {"n": 0, "interval": "none", **nothing}
    around = range_of(change)
    relief = change < 0 if better == LOWER else change > 0
    return {
        "n": n,
        "baseline": float(np.median(before)),
        "change": float(np.median(change)),
        "low": around.low if n > 1 else None,
        "high": around.high if n > 1 else None,
        "interval": around.kind,
        "p_positive": float((change > 0).mean()),
        "p_relief": float(relief.mean()),
    }


def compare(
    question: ComparePlan,
    executor: Executor,
    results: Results | None = None,
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Run every baseline and its twins on an executor; the result does not depend on it.

    A set of twins without a result (its reason is in `results`) is left out. `progress` is told resident-days.
    """
    names = tuple(question.worlds())
    if not names:
        return Comparison(question, (), *np.empty((2, 0, len(question.cases()), len(GROUPS), len(FIGURES))))
    windows = tuple(sorted({question.since(name) for name in names}))
    tasks: list[Task] = []
    since = (windows, *((question.since(name),) for name in names))
    for spread, _, seed, baseline in question.cases():
        towns = stand_ins(baseline) if spread == ENSEMBLE else (baseline,)
        dated = [question.worlds()[name] for name in names]
        lives = [tuple(with_interventions(town, items) for town in towns) for items in dated]
        tasks.append(Task(towns, (towns, *lives), seed, since))
    work = [sum(map(question.case_days, task.baseline)) for task in tasks]
    tick = None if progress is None else lambda number: progress(work[number])
    outcomes = run_tasks(tasks, measured, executor, results or Results({}), tick)
    shape = (len(GROUPS), len(FIGURES))
    by_case = np.stack([
        np.array(outcome.values or [np.nan] * task.n_figures).reshape(-1, *shape)
        for task, outcome in zip(tasks, outcomes, strict=True)
    ], axis=1)  # fmt: skip
    before = by_case[[windows.index(question.since(name)) for name in names]]
    return Comparison(question, names, before, by_case[len(windows) :])
