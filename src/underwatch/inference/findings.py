"""Findings: an answer in words and rows, with nothing in it that a gate withholds, and no parameter of the channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from underwatch.inference.bank.quantities import ALL_NAMES, COUNTED, SHAPE, SLOPE
from underwatch.inference.checks.verdict import State
from underwatch.inference.lines import lines_of
from underwatch.inference.npe.modes import Mode, find_modes, in_words
from underwatch.inference.wording import InColumns, number, unit_of_column, words_of
from underwatch.inference.workflow import Answer
from underwatch.record.ranges import TAILS, of_posterior
from underwatch.shown import Displayed
from underwatch.texts.catalogue import Sayable
from underwatch.texts.sentences import Sentence, in_english, sentence

LEVELS = (TAILS[0], 0.5, TAILS[1])  # of a posterior, or of the prior: thousands of draws
WITHHELD = sentence("estimate.withheld")
MODEL = in_english(sentence("estimate.model"))


@dataclass(frozen=True, repr=False)
class Row(Displayed):
    """One quantity: prior beside posterior; what is withheld is empty, and `why` names the gate."""

    name: str
    words: str
    unit: str
    prior: tuple[float, float, float]  # 5, 50, 95 %
    posterior: tuple[float, float, float] | None
    median: bool
    modes: tuple[Mode, ...]
    responses: tuple[float, float] | None  # lowest and highest median over the response functions alone
    why: str

    @property
    def told(self) -> Sentence:
        """The posterior: one range, or either this or that."""
        if self.posterior is None:
            return WITHHELD
        if len(self.modes) > 1:
            return in_words(self.modes, written=number)
        low, middle, high = (number(value) for value in self.posterior)
        if self.median:
            return sentence("estimate.range.median", low=low, high=high, middle=middle)
        return sentence("estimate.range", low=low, high=high)

    @property
    def said(self) -> str:
        """The posterior in words, in English."""
        return in_english(self.told)


@dataclass(frozen=True, repr=False)
class Findings(Displayed):
    """An answer told: its rows, the verdicts of the gates, and what comes first; each is worked out once."""

    answer: Answer

    @cached_property
    def verdicts(self) -> tuple[tuple[str, str, str], ...]:
        """Gate, state and sentence of each verdict, in English."""
        return tuple((gate, state, in_english(told)) for gate, state, told in self.gates)

    @property
    def gates(self) -> tuple[tuple[str, State, Sayable], ...]:
        """Gate, state and what each verdict says; one that names medians is silent where no scale is shown."""
        result: list[tuple[str, State, Sayable]] = []
        for verdict in self.answer.verdicts:
            is_silent = verdict.gate == "G8" and not self.answer.decision.scale
            told: Sayable = sentence("estimate.no_medians") if is_silent else InColumns(verdict.told)
            result.append((verdict.gate, verdict.state, told))
        return tuple(result)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """A row for each quantity and each ratio of the years, prior beside posterior."""
        return tuple(_row(self.answer, index, name) for index, name in enumerate(ALL_NAMES))

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The quantities that no gate withholds."""
        return tuple(row.name for row in self.rows if row.posterior is not None)

    @cached_property
    def told(self) -> tuple[Sayable, ...]:
        """What is known, what is not, and why, the most important first."""
        return tuple(lines_of(self.answer, {row.name: row for row in self.rows}))

    @property
    def lines(self) -> tuple[str, ...]:
        """The same in English."""
        return tuple(map(in_english, self.told))


def _row(answer: Answer, index: int, name: str) -> Row:
    """Return the row of one quantity."""
    is_scale, decision = name not in SHAPE, answer.decision
    refused = next((v.gate for v in answer.verdicts if v.state == "refuses" and v.gate != "G1"), "")
    why = refused if not decision.numbers else "G1" if is_scale and not decision.scale else ""
    if name == SLOPE and answer.side.state == "refuses":
        why = why or "G4"
    prior, draws = answer.prior[:, index], answer.draws[:, index]
    modes: Sequence[Mode] = ()
    if not why:
        both = np.concatenate([prior, draws])
        modes = find_modes(draws, (float(both.min()), float(both.max())), name != SLOPE)
    medians = [float(np.median(alone[:, index])) for alone in answer.by_response.values()]
    counted = next((number for number, stem in enumerate(COUNTED) if name.startswith(stem)), None)
    agreed = counted is None or answer.responses[counted].state == "passes"
    return Row(
        name=name,
        words=words_of(name),
        unit=unit_of_column(name),
        prior=_quantiles(prior),
        posterior=None if why else _quantiles(draws),
        median=agreed and len(modes) < 2,
        modes=tuple(modes),
        responses=None if why or name == SLOPE else (min(medians), max(medians)),
        why=why,
    )


def _quantiles(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = of_posterior(values, LEVELS)
    return float(low), float(middle), float(high)
