"""The proof of calibration: over a whole bank, does the posterior hold what it says, all told and with few reports.

Four kinds of evidence stand for all: one list alone, two lists with 200 people asked who left (both with their effort
open throughout), and safe tables by quarter, with small cells hidden and with noise (effort unknown). Each world
gives two packages, and every run is judged by a posterior that has seen no run of its world; what wants independent
runs is asked of one run of each world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from underwatch.channel.effort import EffortWeek
from underwatch.inference.bank.bank import Bank
from underwatch.inference.bank.quantities import ALL_NAMES, in_logs, support_of, with_derived
from underwatch.inference.bank.simulations import Simulations, simulations
from underwatch.inference.bank.summaries import columns
from underwatch.inference.checks import calibration, gates, gates_calibration
from underwatch.inference.checks.cross_fit import HeldOut, a_part, cross_fit, learn, nearest
from underwatch.inference.checks.verdict import Verdict, said
from underwatch.inference.inputs.anchors import Survey
from underwatch.inference.inputs.observed import ObservationDesign
from underwatch.inference.inputs.published import published_figures
from underwatch.inference.inputs.safe_table import Disclosure
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.record.ranges import TAILS, of_posterior
from underwatch.world.draws import rng

LEVELS = (0.5, 0.9)
ASKED = 200
PER_WORLD = 2
SOME, DRAWS, ERRORS = 100, 2_000, 3.0  # cases for prediction and stability; draws of each; standard errors of room
MIN_CELL, NOISE = 10, 5.0  # of safe tables: the least a table may hide, and a source cap of 5 at epsilon 1
OPEN = EffortWeek("open", "usual", "none")


@dataclass(frozen=True)
class Proof:
    """What came of one kind of package: ranks of the truth, coverage, by number of reports, and the gates' verdicts."""

    kind: str
    ranks: np.ndarray  # float[n, columns]
    coverage: Mapping[float, np.ndarray]  # float[columns] by level
    by_reports: np.ndarray  # float[4, columns], 90 %
    rows_by_reports: np.ndarray  # int[4]
    said: calibration.Reliability  # of the chance of terror
    crps: np.ndarray  # float[columns], of logs
    nlpd: float  # nats, against an even spread over the prior support
    width: np.ndarray  # float[columns], mean width of the 90 % interval of logs
    verdicts: tuple[Verdict, ...]
    n_worlds: int


def reference_designs(bank: Bank) -> dict[str, ObservationDesign]:
    """Return the kinds of evidence that stand for all."""
    window = bank.plan.window
    place = bank.plan.scenario().places[0]
    weeks, names = (OPEN,) * window.n_weeks, window.of_weeks("quarter")[1]
    item = ObservationDesign(window, place, 1, (weeks, weeks), 0.9, 0.9, np.full(window.n_weeks, -1))
    item = replace(item, published=published_figures(bank.figures).used)
    survey = Survey("was_followed", (0, window.n_periods - 1), ASKED, 0)
    unknown = (EffortWeek(),) * window.n_weeks
    quarters = tuple((index,) for index in range(len(names)))
    hidden, noisy = (Disclosure(names, quarters, *rules) for rules in ((MIN_CELL, 0.0), (0, NOISE)))
    table = replace(item, effort=(unknown, unknown), share_by_quarter=1.0, share_ground=1.0)
    return {
        "one list": item,
        f"two lists, {ASKED} leavers": replace(item, lists=2, surveys=(survey,)),
        f"a safe table, cells under {MIN_CELL} hidden": replace(table, table=hidden),
        f"a safe table, noise of scale {NOISE:g}": replace(table, table=noisy),
    }


def prove(bank: Bank, kind: str, design: ObservationDesign, seed: int = 1) -> Proof:
    """Return the proof for one kind of package."""
    runs = simulations(bank, design, seed, per_world=PER_WORLD)
    support = support_of(runs.theta)
    fit = cross_fit(runs, support, seed)
    held = HeldOut.of(fit, support, seed)
    share, size = calibration.coverage_by_quartile(held.rank, runs.reports)
    scaled = in_logs(held.draws)
    low, high = of_posterior(scaled, TAILS, axis=1)
    some = rng(seed, "some cases").permutation(held.apart)[:SOME]
    verdicts = (
        gates_calibration.sbc(held.rank[held.apart], ALL_NAMES),
        gates_calibration.coverage(held.rank, ALL_NAMES),
        gates_calibration.low_counts(held.rank, runs.reports, float(np.median(runs.reports)), ALL_NAMES),
        gates_calibration.reliability(held.chance, held.came),
        gates_calibration.tarp(held.tarp),
        _predictive(predicted(runs, fit["draws"], support, design, some)),
        _stability(shifts(runs, support, some, seed)),
    )
    return Proof(
        kind=kind,
        ranks=held.rank,
        coverage={level: calibration.coverage(held.rank, level) for level in LEVELS},
        by_reports=share,
        rows_by_reports=size,
        said=calibration.reliability(held.chance, held.came),
        crps=calibration.crps(scaled, in_logs(held.truth)).mean(axis=0),
        nlpd=float(-fit["density"].mean()),
        width=(high - low).mean(axis=0),
        verdicts=verdicts,
        n_worlds=len(bank),
    )


def predicted(
    runs: Simulations, draws: np.ndarray, support: PriorSupport, design: ObservationDesign, cases: np.ndarray
) -> np.ndarray:
    """Return float[cases]: p of the check of prediction (G7), each against runs of other worlds near its posterior."""
    names, result = columns(design), []
    for case in cases:
        others = np.flatnonzero(runs.rows != runs.rows[case])
        near = others[nearest(draws[case].astype(float), runs.of(others), support)]
        result.append(gates.predictive(runs.x[case], runs.x[near], names).figure)
    return np.array(result)


def _predictive(p: np.ndarray) -> Verdict:
    """G7 over many cases: it may warn as often as chance lets each of its two figures, and no oftener."""
    warned, chance = float((p < gates.PREDICTIVE_P).mean()), 2 * gates.PREDICTIVE_P
    bar = chance + ERRORS * np.sqrt(chance * (1 - chance) / len(p))
    case = "many_alike" if warned <= bar else "many_unlike"
    return said("G7", case, warned, bar, warned=f"{warned:.0%}", n=str(len(p)), chance=f"{chance:.0%}")


def shifts(runs: Simulations, support: PriorSupport, cases: np.ndarray, seed: int) -> np.ndarray:
    """Return float[cases]: how far the medians move, in posterior sds, with another seed or 80 % of the runs."""
    part = np.sort(a_part(runs, seed))
    trained = learn(runs, support, seed), learn(runs, support, seed + 100), learn(runs.of(part), support, seed)
    shown, *again = (in_logs(with_derived(item.draw(runs.x[cases], DRAWS, seed))) for item in trained)
    moved = [[calibration.median_shift(a, b).max() for a, b in zip(shown, other, strict=True)] for other in again]
    return np.asarray(np.max(moved, axis=0))


def _stability(moved: np.ndarray) -> Verdict:
    """G10 over many cases: how often an answer would be refused because it does not stand still."""
    refused, middle = float((moved > gates.MOST_SHIFT).mean()), float(np.median(moved))
    case = "many_still" if middle <= gates.MOST_SHIFT else "many_move"
    words = {"n": str(len(moved)), "middle": f"{middle:.2f}", "refused": f"{refused:.0%}"}
    return said("G10", case, middle, gates.MOST_SHIFT, (), **words)


def judged_on(runs: Simulations, cases: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return widths float[cases, columns] of the 90 % intervals of logs of some runs, and coverage float[columns].

    The runs of even worlds teach, so those judged must be of odd ones.
    """
    support, teach = support_of(runs.theta), runs.rows % 2 == 0
    fitted = learn(runs.of(np.flatnonzero(teach)), support, seed)
    draws, truth = with_derived(fitted.draw(runs.x[cases], calibration.DRAWS, seed)), with_derived(runs.theta[cases])
    low, high = of_posterior(in_logs(draws), TAILS, axis=1)
    return high - low, calibration.coverage(calibration.ranks(draws, truth), 0.9)
