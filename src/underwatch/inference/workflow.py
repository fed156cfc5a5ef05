"""The question: what a package says of the surveillance behind it, asked step by step, each step kept.

Simulate such a package from every world of the bank; learn the posterior; look closer where it points (a second round
in the truncated support); ask the gates; ask again under each response function alone. Steps are kept in a folder, so
that a budget that ends or a stop loses nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from underwatch.channel.expected_counts import RESPONSES
from underwatch.errors import InputError
from underwatch.evidence.privacy.bands import CountInBand
from underwatch.files.intake.arrays import arrays_of, expect
from underwatch.files.intake.regular import read_bytes
from underwatch.inference.bank.bank import Bank
from underwatch.inference.bank.quantities import (
    ALL_NAMES,
    COUNTED,
    SHAPE,
    SLOPE,
    in_logs,
    support_of,
    told_along_curve,
    with_derived,
)
from underwatch.inference.bank.simulations import Simulations, conditioned, simulations
from underwatch.inference.bank.summaries import columns, n_reports, row_of
from underwatch.inference.checks import gates, gates_calibration
from underwatch.inference.checks.cross_fit import Arrays, HeldOut, a_part, cross_fit, learn, nearest, unfitted
from underwatch.inference.checks.verdict import GATES, Decision, Verdict, decide
from underwatch.inference.inputs.expert_prior import ExpertPrior
from underwatch.inference.inputs.observed import Reading
from underwatch.inference.npe.posterior import LARGEST_FILE, Posterior, save_arrays
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.record.tally import Window
from underwatch.shown import Displayed
from underwatch.texts.sentences import FromTo

DRAWS = 4_000
AGAIN = 8  # packages of each world for a second round in the truncated support, and for each response function alone
FIRST = 2  # packages of each world for the first posterior
FEWEST_AGAIN, MOST_AGAIN = 2_500, 4_000  # rows of a second round; with fewer no quarter of them has 500 to be judged by
TAIL = 0.001  # of the first posterior, left outside the truncated support
Say = Callable[[str], None]
Result = TypeVar("Result")


class OutOfTime(Exception):  # noqa: N818 - a result of the budget, no mistake
    """The budget ended before the step named."""


@dataclass(frozen=True, repr=False)
class EstimateRequest(Displayed):
    """A package read, the bank it is held against, and what is declared; `exact`: its counts may be told as they are,
    not in bands.
    """

    reading: Reading
    bank: Bank
    expert_prior: ExpertPrior = field(default_factory=ExpertPrior)
    seed: int = 1
    rounds: int = 2
    exact: bool = False

    def counted(self, n: int) -> int | CountInBand:
        """Return a count of the evidence as it may be told."""
        return n if self.exact else CountInBand(n)

    @cached_property
    def x_obs(self) -> np.ndarray:
        """The summaries of the package, float[s]."""
        return row_of(self.reading.observed, self.reading.design)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The quantities that are asked about: without an anchor those of the shape alone, as nothing else is shown."""
        return ALL_NAMES if self.anchors else SHAPE

    @property
    def anchors(self) -> tuple[str, ...]:
        """What speaks of the scale."""
        return (*self.reading.anchors, *(("declared prior",) if self.expert_prior.is_anchor else ()))


@dataclass(frozen=True, repr=False)
class Answer(Displayed):
    """What came of it. Columns of draws are `ALL_NAMES`; `None` stands for what was not computed."""

    question: EstimateRequest
    prior: np.ndarray  # float[k, columns], conditioned by the published figures
    draws: np.ndarray  # float[DRAWS, columns]
    by_response: dict[str, np.ndarray]
    verdicts: tuple[Verdict, ...]
    responses: tuple[Verdict, ...]  # G8 for each counted quantity
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

    def arrays(self, name: str, make: Callable[[], Arrays], alike: Mapping[str, np.ndarray]) -> Arrays:
        """Return the arrays of a step, made now, or read from the folder and held against the shapes of `alike`."""
        return self._step(name, make, lambda path: _read(path, alike), save_arrays)

    def posterior(self, name: str, make: Callable[[], Posterior], support: PriorSupport, s: int) -> Posterior:
        """Return the posterior of a step, made now or read from the folder; one of another prior support or of other
        summaries than `s` is refused.
        """

        def kept(path: Path) -> Posterior:
            result = Posterior.load(path)
            if (result.support.names, len(result.summaries.mean)) != (support.names, s):
                raise InputError(f"{path} is the posterior of another question; remove it to learn it anew")
            return result

        return self._step(name, make, kept, lambda path, posterior: posterior.save(path))

    def _step(
        self,
        name: str,
        make: Callable[[], Result],
        kept: Callable[[Path], Result],
        keep: Callable[[Path, Result], None],
    ) -> Result:
        """Return what a step gave: read by `kept` where it is there, else made, and kept by `keep` in the folder."""
        path = None if self.folder is None else self.folder / f"{name}.npz"
        if path is not None and path.exists():
            return kept(path)
        if time.monotonic() > self.end:
            raise OutOfTime(name)
        self.say(name)
        result = make()
        if path is not None:
            keep(path, result)
        return result


def _read(path: Path, alike: Mapping[str, np.ndarray]) -> Arrays:
    """Return the arrays of a step that is kept; InputError unless they have kind and shape of `alike`."""
    try:
        result = arrays_of(read_bytes(path, LARGEST_FILE, "step of this estimate"), f"{path}: ")
        expect(result, {name: (array.dtype.kind, array.shape) for name, array in alike.items()}, f"{path}: ")
    except InputError as error:
        raise InputError(f"{error}; remove it to do the step again") from None
    return result


@dataclass(frozen=True)
class _Look:
    """One look at the evidence: the runs learned from, the prior support they fill, and the posterior."""

    runs: Simulations
    support: PriorSupport
    posterior: Posterior
    rounds: int


def answer(question: EstimateRequest, steps: Steps) -> Answer:
    """Answer a question, or as much of it as the budget allows (OutOfTime names the step that was not begun).

    A closer look whose calibration does not hold gives way to the first one.
    """
    design, seed, x_obs = question.reading.design, question.seed, question.x_obs
    bank = question.expert_prior.worlds(question.bank)
    prior = question.expert_prior.channel()
    first = simulations(bank, design, seed, per_world=FIRST, prior=prior)
    pool = simulations(bank, design, seed + 1, per_world=AGAIN, prior=prior)
    support = support_of(np.concatenate([first.theta, pool.theta]))
    posterior = steps.posterior("first posterior", lambda: learn(first, support, seed), support, len(x_obs))
    looks = [_Look(first, support, posterior, 1)]
    if question.rounds > 1:
        near = _truncated(support, looks[0].posterior.draw(x_obs, DRAWS, seed))
        runs = pool.of(np.flatnonzero(near.inside(pool.theta))[:MOST_AGAIN])
        if len(runs) >= FEWEST_AGAIN:
            closer = steps.posterior("second round", lambda: learn(runs, near, seed + 1), near, len(x_obs))
            looks.append(_Look(runs, near, closer, 2))
    for look in reversed(looks):
        result = _seen(question, steps, look, (bank, first, pool))
        if result.decision.numbers:
            break
    return result


def _seen(
    question: EstimateRequest, steps: Steps, look: _Look, behind: tuple[Bank, Simulations, Simulations]
) -> Answer:
    """Return what one look gives, after all gates; `behind` is the bank, its first runs, and the pool of runs."""
    (bank, first, pool), seed, which = behind, question.seed, f"round {look.rounds}"
    runs, support, x_obs = look.runs, look.support, question.x_obs

    def trained(name: str, make: Callable[[], Posterior]) -> np.ndarray:
        return steps.posterior(f"{name}, {which}", make, support, len(x_obs)).draw(x_obs, DRAWS, seed)

    draws = look.posterior.draw(x_obs, DRAWS, seed)
    fit = steps.arrays(f"cross-check of {which}", lambda: cross_fit(runs, support, seed), unfitted(runs, support))
    by_response = {}
    for number, response in enumerate(RESPONSES):
        own = pool.of(np.flatnonzero((pool.response == number) & support.inside(pool.theta))[: len(runs)])
        by_response[response] = with_derived(trained(f"{response} law alone", partial(learn, own, support, seed)))
    again = {
        "this one": draws,
        "another seed": trained("another seed", lambda: learn(runs, support, seed + 100)),
        "80 % of the bank": trained("80 % of the bank", lambda: learn(runs.of(a_part(runs, seed)), support, seed)),
    }
    whole = pool.of(nearest(draws, pool, support))
    held = HeldOut.of(fit, support, seed)
    responses = tuple(_agreed(by_response, f"{name}_second_year") for name in COUNTED)
    design = question.reading.design
    names, before = columns(design), conditioned(first, bank, design, seed)
    asked = [_contract(question), _anchor(question), gates.support(x_obs, runs.x)]
    asked += [gates.predictive(x_obs, whole.x, names, question.exact), *_of_the_bank(question, held)]
    asked += [
        max(responses, key=lambda verdict: verdict.figure),
        *_of_the_posterior(question, conditioned(runs, bank, design, seed), again),
    ]
    verdicts = tuple(sorted(asked, key=lambda verdict: GATES.index(verdict.gate)))
    return Answer(
        question=question,
        prior=with_derived(before.theta),
        draws=with_derived(draws),
        by_response=by_response,
        verdicts=verdicts,
        responses=responses,
        side=gates_calibration.reliability(held.chance, held.came),
        decision=decide(verdicts),
        curve=_relative_curve(bank, whole),
        prior_curve=_relative_curve(bank, before),
        rounds=look.rounds,
        rows=len(runs),
    )


def _truncated(support: PriorSupport, draws: np.ndarray) -> PriorSupport:
    """Return the prior support between the tails of a posterior."""
    low, high = np.quantile(draws, [TAIL, 1.0 - TAIL], axis=0)
    return support.truncated(low, np.maximum(high, low * (1 + 1e-6) + 1e-9))


def _relative_curve(bank: Bank, runs: Simulations) -> np.ndarray:
    """Return what would be told at each strength of watching, relative to the world's own."""
    expected = told_along_curve(bank, runs.rows, runs.values, runs.response)
    own = expected[:, expected.shape[1] // 2 : expected.shape[1] // 2 + 1]
    return np.where(own > 0, expected / np.maximum(own, 1e-12), 1.0)


def _of_the_bank(question: EstimateRequest, held: HeldOut) -> tuple[Verdict, ...]:
    """Ask the gates on calibration over the bank."""
    wanted, own = question.wanted, float(n_reports(question.reading.observed))
    rank = held.rank[:, _columns_of(wanted)]
    return (
        gates_calibration.sbc(rank[held.apart], wanted),
        gates_calibration.coverage(rank, wanted),
        gates_calibration.low_counts(rank, held.reports, own, wanted),
        gates_calibration.tarp(held.tarp),
    )


def _of_the_posterior(
    question: EstimateRequest, runs: Simulations, again: Mapping[str, np.ndarray]
) -> tuple[Verdict, ...]:
    """Ask what was learned, and whether it stands still when it is learned again; the first of `again` is shown."""
    index = _columns_of(question.wanted)
    trained = {name: in_logs(with_derived(draws))[:, index] for name, draws in again.items()}
    prior = in_logs(with_derived(runs.theta))[:, index]
    return (
        gates.contraction(next(iter(trained.values())), prior, question.wanted),
        gates.stability(trained, question.wanted),
    )


def _columns_of(names: Sequence[str]) -> list[int]:
    return [ALL_NAMES.index(name) for name in names]


def _agreed(by_response: Mapping[str, np.ndarray], name: str) -> Verdict:
    column = ALL_NAMES.index(name)
    medians = {response: float(np.median(draws[:, column])) for response, draws in by_response.items()}
    return gates.responses(medians, name)


def _anchor(question: EstimateRequest) -> Verdict:
    anchors, design = question.reading.anchors, question.reading.design
    asked = sum(survey.n_asked for survey in design.surveys)
    has_expert_prior = question.expert_prior.is_anchor
    return gates.anchor("second list" in anchors, asked, len(design.counts), has_expert_prior, question.counted)


def _contract(question: EstimateRequest) -> Verdict:
    """Ask G0, by quarters: a quarter in which a list was cut throughout carries no number."""
    design, plan = question.reading.design, question.bank.plan
    own = {"place": design.place.slug, "window": _span(design.window)}
    bank = {"place": plan.scenario().places[0].slug, "window": _span(plan.window)}
    cut = np.stack([~design.open_quarters(which) for which in range(design.lists)])
    by_list = question.reading.observed.by_list
    counts = np.stack([by_list[which] + by_list[2] for which in range(design.lists)])
    return gates.contract(own, bank, question.x_obs, np.where(cut, np.nan, counts), cut, question.counted)


def _span(window: Window) -> FromTo:
    return FromTo(str(window.start), str(window.end))
