"""The question: what a package says of the surveillance behind it, asked step by step, each step kept.

Hear every world of the bank as this package would have; learn the posterior; look closer where it points (a second
round in the truncated box); ask the gates; ask again under each law of fear alone. Steps are kept in a folder, so that
a budget that ends or a stop loses nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from underwatch.channel.expected_counts import LAWS
from underwatch.errors import InputError
from underwatch.evidence.folder import PRIVATE_FILE
from underwatch.evidence.privacy.bands import told
from underwatch.files.intake.arrays import arrays_of, expect
from underwatch.files.intake.regular import read_bytes
from underwatch.inference.bank.bank import Bank
from underwatch.inference.bank.quantities import (
    COUNTED,
    SLOPE,
    box_of,
    derived,
    quantities,
    told_along_curve,
    with_derived,
)
from underwatch.inference.bank.simulations import Experiments, experiments
from underwatch.inference.bank.summaries import columns, n_reports, row_of
from underwatch.inference.checks import calibration, gates, gates_calibration
from underwatch.inference.checks.verdict import Decision, Verdict, decide
from underwatch.inference.inputs.expert_prior import Declared
from underwatch.inference.inputs.observed import Reading
from underwatch.inference.npe.posterior import LARGEST_FILE, Posterior, train
from underwatch.inference.npe.prior_support import Box
from underwatch.world.draws import rng

DRAWS = 4_000
MEMBERS = 5  # nets of an ensemble: with 3 the medians of a packed package moved by 0.30 posterior sd when trained again
AGAIN = 8  # times that each world is heard again, for a second round in the truncated box and for each law alone
FIRST = 2  # times that each world is heard for the first posterior
FEWEST_AGAIN, MOST_AGAIN = 2_500, 4_000  # rows of a second round; with fewer no quarter of them has 500 to be judged by
TAIL = 0.001  # of the first posterior, left outside the truncated box
NEAREST = 400  # simulated packages that stand for the posterior where a whole world is wanted
STABLE_SHARE = 0.8
FEWEST_WORLDS = 64
NAMES = tuple(quantity.name for quantity in quantities())
RATIOS = tuple(f"{name}_second_over_first" for name in COUNTED)
ALL_NAMES = (*NAMES, *(quantity.name for quantity in derived()))
SHAPE = (SLOPE, *RATIOS)
Say = Callable[[str], None]


class OutOfTime(Exception):  # noqa: N818 - a result of the budget, no mistake
    """The budget ended before the step named."""


@dataclass(frozen=True)
class EstimateRequest:
    """A package read, the bank it is held against, and what is declared; `exact`: its counts may be told as they are,
    not in bands.
    """

    reading: Reading
    bank: Bank
    declared: Declared = field(default_factory=Declared)
    seed: int = 1
    rounds: int = 2
    exact: bool = False

    def counted(self, n: int) -> str:
        """Write a count of the evidence as it may be told."""
        return told(n, self.exact)

    @property
    def anchors(self) -> tuple[str, ...]:
        """What speaks of the scale."""
        return (*self.reading.anchors, *(("declared prior",) if self.declared.is_anchor else ()))


@dataclass(frozen=True)
class Answer:
    """What came of it. Columns of draws are `ALL_NAMES`; `None` stands for what was not computed."""

    question: EstimateRequest
    prior: np.ndarray  # float[k, columns]
    draws: np.ndarray  # float[DRAWS, columns]
    by_law: dict[str, np.ndarray]
    verdicts: tuple[Verdict, ...]
    laws: tuple[Verdict, ...]  # G8 for each counted quantity
    side: Verdict  # is the chance of terror reliable
    decision: Decision
    curve: np.ndarray  # float[NEAREST, strengths], told at each strength of watching relative to its own
    prior_curve: np.ndarray
    rounds: int
    rows: int

    @property
    def p_terror(self) -> float:
        """The posterior chance that more watching would bring fewer reports."""
        return float((self.draws[:, ALL_NAMES.index(SLOPE)] < 0).mean())


# The files of all steps, and what a kill leaves of one half-written.
OWN_STEPS = re.compile(
    r"(first posterior|second round|(cross-check of|[\w -]+ law alone,|another seed,|80 % of the bank,) round \d)\.npz"
    r"|\.[\w %,.-]+\.npz\.\w+\.part"
)


class Steps:
    """Runs each step once, keeps its arrays in a folder, and stops when the time is up."""

    def __init__(self, folder: Path | None, minutes: float, say: Say) -> None:
        self.folder, self.say = folder, say
        self.end = time.monotonic() + 60.0 * minutes

    def arrays(
        self, name: str, make: Callable[[], dict[str, np.ndarray]], alike: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Return the arrays of a step, made now, or read from the folder and held against the shapes of `alike`."""
        path = None if self.folder is None else self.folder / f"{name}.npz"
        if path is not None and path.exists():
            return _read(path, alike)
        if time.monotonic() > self.end:
            raise OutOfTime(name)
        self.say(name)
        found = make()
        if path is not None:
            _save(path, found)
        return found

    def posterior(self, name: str, make: Callable[[], Posterior], box: Box, s: int) -> Posterior:
        """Return the posterior of a step, made now or read from the folder; one of another box or of other summaries
        than `s` is refused.
        """
        path = None if self.folder is None else self.folder / f"{name}.npz"
        if path is not None and path.exists():
            kept = Posterior.load(path)
            if (kept.box.names, len(kept.summaries.mean)) != (box.names, s):
                raise InputError(f"{path} is the posterior of another question; remove it to learn it anew")
            return kept
        if time.monotonic() > self.end:
            raise OutOfTime(name)
        self.say(name)
        found = make()
        if path is not None:
            found.save(path)
        return found


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    import io

    from underwatch.files.writing import write_atomically

    data = io.BytesIO()
    np.savez(data, allow_pickle=False, **arrays)
    write_atomically(path, data.getvalue(), PRIVATE_FILE)


def _read(path: Path, alike: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays of a step that is kept; InputError unless they have kind and shape of `alike`."""
    try:
        found = arrays_of(read_bytes(path, LARGEST_FILE, "step of this estimate"), f"{path}: ")
        expect(found, {name: (array.dtype.kind, array.shape) for name, array in alike.items()}, f"{path}: ")
    except InputError as error:
        raise InputError(f"{error}; remove it to do the step again") from None
    return found


@dataclass(frozen=True)
class _Look:
    """One look at the evidence: the runs learned from, the box they fill, and the posterior."""

    runs: Experiments
    box: Box
    posterior: Posterior
    rounds: int


def answer(question: EstimateRequest, steps: Steps) -> Answer:
    """Answer a question, or as much of it as the budget allows (OutOfTime names the step that was not begun).

    A closer look whose calibration does not hold gives way to the first one.
    """
    reading, seed = question.reading, question.seed
    bank = question.declared.worlds(question.bank)
    prior = question.declared.channel()
    x_obs = row_of(reading.observed, reading.setting)
    first = experiments(bank, reading.setting, seed, per_world=FIRST, prior=prior)
    pool = experiments(bank, reading.setting, seed + 1, per_world=AGAIN, prior=prior)
    box = box_of(np.concatenate([first.theta, pool.theta]))
    looks = [_Look(first, box, steps.posterior("first posterior", lambda: learn(first, box, seed), box, len(x_obs)), 1)]
    if question.rounds > 1:
        near = _truncated(box, looks[0].posterior.draw(x_obs, DRAWS, seed))
        runs = pool.of(np.flatnonzero(near.inside(pool.theta))[:MOST_AGAIN])
        if len(runs) >= FEWEST_AGAIN:
            closer = steps.posterior("second round", lambda: learn(runs, near, seed + 1), near, len(x_obs))
            looks.append(_Look(runs, near, closer, 2))
    for look in reversed(looks):
        found = _seen(question, steps, look, (bank, first, pool))
        if found.decision.numbers:
            break
    return found


def _seen(
    question: EstimateRequest, steps: Steps, look: _Look, behind: tuple[Bank, Experiments, Experiments]
) -> Answer:
    """Return what one look gives, after all gates; `behind` is the bank, its first runs, and the pool of runs."""
    (bank, first, pool), seed, which = behind, question.seed, f"round {look.rounds}"
    reading, runs, box = question.reading, look.runs, look.box
    x_obs = row_of(reading.observed, reading.setting)
    draws, s = look.posterior.draw(x_obs, DRAWS, seed), len(x_obs)
    fit = steps.arrays(f"cross-check of {which}", lambda: held_out(runs, box, seed), unfitted(runs, box))
    by_law = {}
    for number, law in enumerate(LAWS):
        one = pool.of(np.flatnonzero((pool.law == number) & box.inside(pool.theta))[: len(runs)])
        alone = steps.posterior(f"{law} law alone, {which}", partial(learn, one, box, seed), box, s)
        by_law[law] = with_derived(alone.draw(x_obs, DRAWS, seed))
    others = {
        "another seed": steps.posterior(f"another seed, {which}", lambda: learn(runs, box, seed + 100), box, s),
        "80 % of the bank": steps.posterior(f"80 % of the bank, {which}", lambda: _on_a_part(runs, box, seed), box, s),
    }
    again = {name: other.draw(x_obs, DRAWS, seed) for name, other in others.items()}
    whole = nearest(draws, pool, box)
    verdicts, laws, side = _ask(question, runs, box, draws, fit, by_law, again, pool.x[whole])
    return Answer(
        question, with_derived(first.theta), with_derived(draws), by_law, verdicts, laws, side, decide(verdicts),
        _relative_curve(bank, pool.of(whole)), _relative_curve(bank, first), look.rounds, len(runs),
    )  # fmt: skip


def learn(runs: Experiments, box: Box, seed: int) -> Posterior:
    """Return the posterior learned from simulated packages; those of one world are held back together."""
    return train(runs.theta, runs.x, box, seed=seed, members=MEMBERS, groups=runs.rows)


def _truncated(box: Box, draws: np.ndarray) -> Box:
    """Return the box between the tails of a posterior."""
    low, high = np.quantile(draws, [TAIL, 1.0 - TAIL], axis=0)
    return box.truncated(low, np.maximum(high, low * (1 + 1e-6) + 1e-9))


def _on_a_part(runs: Experiments, box: Box, seed: int) -> Posterior:
    kept = rng(seed, "part of the bank").permutation(len(runs))[: int(STABLE_SHARE * len(runs))]
    return learn(runs.of(kept), box, seed)


def unfitted(runs: Experiments, box: Box) -> dict[str, np.ndarray]:
    """Return arrays of the kinds and shapes of `held_out`, to hold a kept one against; they take no memory."""
    draws = np.broadcast_to(np.float32(0), (len(runs), calibration.DRAWS, len(box)))
    density = np.broadcast_to(0.0, (len(runs),))
    return {"draws": draws, "density": density, **_behind(runs)}


def _behind(runs: Experiments) -> dict[str, np.ndarray]:
    return {"theta": runs.theta, "x": runs.x, "reports": runs.reports, "worlds": runs.rows}


def held_out(runs: Experiments, box: Box, seed: int) -> dict[str, np.ndarray]:
    """Return draws for each run, and the density at its truth, by a posterior that has seen no run of its world."""
    fold = rng(seed, "folds").permutation(runs.rows.max() + 1)[runs.rows] % calibration.FOLDS
    draws, density = np.empty((len(runs), calibration.DRAWS, len(box)), np.float32), np.empty(len(runs))
    for k in range(calibration.FOLDS):
        out = fold == k
        fitted = learn(runs.of(np.flatnonzero(~out)), box, seed + k)
        draws[out] = fitted.draw(runs.x[out], calibration.DRAWS, seed + k)
        density[out] = calibration.unit_log_density(fitted, runs.theta[out], runs.x[out])
    return {"draws": draws, "density": density, **_behind(runs)}


def nearest(draws: np.ndarray, pool: Experiments, box: Box) -> np.ndarray:
    """Return the runs of the pool that lie nearest to draws of the posterior, one for each of `NEAREST` draws."""
    scale = np.maximum(box.unit(draws).std(axis=0), 1e-9)
    some = box.unit(draws[:: max(1, len(draws) // NEAREST)][:NEAREST]) / scale
    every = box.unit(pool.theta) / scale
    return np.array([int(((every - one) ** 2).sum(axis=1).argmin()) for one in some])


def _relative_curve(bank: Bank, runs: Experiments) -> np.ndarray:
    """Return what would be told at each strength of watching, relative to the world's own."""
    told = told_along_curve(bank, runs.rows, runs.values, runs.law)
    own = told[:, told.shape[1] // 2 : told.shape[1] // 2 + 1]
    return np.where(own > 0, told / np.maximum(own, 1e-12), 1.0)


def _ask(
    question: EstimateRequest,
    runs: Experiments,
    box: Box,
    draws: np.ndarray,
    fit: dict[str, np.ndarray],
    by_law: dict[str, np.ndarray],
    again: dict[str, np.ndarray],
    replicates: np.ndarray,
) -> tuple[tuple[Verdict, ...], tuple[Verdict, ...], Verdict]:
    """Ask all gates; return their verdicts, those on the laws by quantity, and that on the side of the curve."""
    reading = question.reading
    x_obs, own = row_of(reading.observed, reading.setting), float(n_reports(reading.observed))
    wanted = ALL_NAMES if question.anchors else SHAPE  # without an anchor nothing else is shown
    at = [ALL_NAMES.index(name) for name in wanted]
    held = with_derived(fit["draws"].astype(float))
    truth = with_derived(fit["theta"])
    rank = calibration.ranks(held[..., at], truth[:, at])
    apart = np.unique(fit["worlds"], return_index=True)[1]  # tests that want independent runs: one of each world
    slope = NAMES.index(SLOPE)
    side = gates_calibration.reliability((held[..., slope] < 0).mean(axis=1), truth[:, slope] < 0)
    inside = box.unit(fit["draws"].astype(float)), box.unit(fit["theta"])
    references = calibration.tarp_references(inside[1], fit["x"], question.seed)
    spread = {
        name: calibration.tarp(inside[0][apart], inside[1][apart], point[apart]) for name, point in references.items()
    }
    laws = tuple(_law(by_law, f"{name}_second_year") for name in COUNTED)
    shown, prior = unit_of(with_derived(draws))[:, at], unit_of(with_derived(runs.theta))[:, at]
    trained = {"this one": draws, **again}
    verdicts = (
        _contract(question, x_obs),
        _anchor(question),
        gates_calibration.sbc(rank[apart], wanted),
        gates_calibration.coverage(rank, wanted),
        gates_calibration.low_counts(rank, fit["reports"], own, wanted),
        gates_calibration.tarp(spread),
        gates.support(x_obs, runs.x),
        gates.predictive(x_obs, replicates, columns(reading.setting), question.exact),
        max(laws, key=lambda verdict: verdict.figure),
        gates.contraction(shown, prior, wanted),
        gates.stability({name: unit_of(with_derived(one))[:, at] for name, one in trained.items()}, wanted),
    )
    return verdicts, laws, side


def unit_of(values: np.ndarray) -> np.ndarray:
    """Return quantities float[..., columns] on the scale on which spread is judged: logs, but for the slope."""
    found = np.log(np.maximum(values, 1e-12))
    slope = ALL_NAMES.index(SLOPE)
    found[..., slope] = values[..., slope]
    return found


def _law(by_law: dict[str, np.ndarray], name: str) -> Verdict:
    return gates.laws({law: float(np.median(one[:, ALL_NAMES.index(name)])) for law, one in by_law.items()}, name)


def _anchor(question: EstimateRequest) -> Verdict:
    anchors, setting = question.reading.anchors, question.reading.setting
    asked = sum(survey.n_asked for survey in setting.surveys)
    is_declared = question.declared.is_anchor
    return gates.anchor("second list" in anchors, asked, len(setting.counts), is_declared, question.counted)


def _contract(question: EstimateRequest, x_obs: np.ndarray) -> Verdict:
    """Ask G0, by quarters: a quarter in which a list was cut throughout carries no number."""
    setting, plan = question.reading.setting, question.bank.plan
    own = {"place": setting.place.slug, "window": f"{setting.window.start} to {setting.window.end}"}
    bank = {"place": plan.scenario().places[0].slug, "window": f"{plan.window.start} to {plan.window.end}"}
    cut = np.stack([~setting.open_quarters(which) for which in range(setting.lists)])
    by_list = question.reading.observed.by_list
    heard = np.stack([by_list[which] + by_list[2] for which in range(setting.lists)])
    return gates.contract(own, bank, x_obs, np.where(cut, np.nan, heard), cut, question.counted)
