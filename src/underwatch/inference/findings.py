"""Findings: an answer in words and rows, with nothing in it that a gate withholds, and no parameter of the channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from underwatch.evidence.privacy.bands import band_of
from underwatch.inference.bank.quantities import ALL_NAMES, COUNTED, RATIOS, SHAPE, SILENCE, SLOPE, derived, quantities
from underwatch.inference.npe.modes import Mode, find_modes, in_words
from underwatch.inference.workflow import Answer
from underwatch.record.ranges import TAILS, of_posterior
from underwatch.shown import Displayed

LEVELS = (TAILS[0], 0.5, TAILS[1])  # of a posterior, or of the prior: thousands of draws
_ALL = {quantity.name: quantity for quantity in (*quantities(), *derived())}
_LESS, _MORE = 0.1, 0.9
WITHHELD = "withheld"
MODEL = "estimated by model"


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
    def said(self) -> str:
        """The posterior in words: one range, or either this or that."""
        if self.posterior is None:
            return WITHHELD
        if len(self.modes) > 1:
            return in_words(self.modes, written=number)
        low, middle, high = (number(value) for value in self.posterior)
        return f"{low} to {high}" + (f", median {middle}" if self.median else "")


def number(value: float) -> str:
    """Write two digits, thousands in full: no more is known."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    digits = 1 - int(np.floor(np.log10(abs(value))))
    return f"{round(value, digits):,.{max(0, digits)}f}"


def percent(share: float) -> str:
    """Write a chance or share; none is said to be certain."""
    if 0.0 < share < 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 <= share < 1.0 else f"{100 * share:.0f} %"


def counted(n: int, what: str, write: Callable[[int], str] = str) -> str:
    """Write a number of things, one of which has no s; `told` writes the number."""
    return f"{write(n)} {what}" if write(n) == "1" else f"{write(n)} {what}s"


def words_of(name: str) -> str:
    """Return what a column is in words."""
    return _ALL[name].words


def unit_of_column(name: str) -> str:
    """Return the unit of a column."""
    return _ALL[name].unit


def in_words_of_columns(sentence: str) -> str:
    """Return a gate's sentence with the columns it names in words."""
    for name in sorted(_ALL, key=len, reverse=True):
        sentence = sentence.replace(name, f'"{_ALL[name].words}"')
    return sentence


@dataclass(frozen=True, repr=False)
class Findings(Displayed):
    """An answer told: its rows, the verdicts of the gates, and what comes first; each is worked out once."""

    answer: Answer

    @cached_property
    def verdicts(self) -> tuple[tuple[str, str, str], ...]:
        """Gate, state and sentence of each verdict; one that names medians is silent where no scale is shown."""
        result = []
        for verdict in self.answer.verdicts:
            said = in_words_of_columns(verdict.sentence)
            if verdict.gate == "G8" and not self.answer.decision.scale:
                said = "What it says names medians, and none is shown without a scale."
            result.append((verdict.gate, verdict.state, said))
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
    def lines(self) -> tuple[str, ...]:
        """What is known, what is not, and why, the most important first."""
        return tuple(_lines(self.answer, {row.name: row for row in self.rows}))


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


def _lines(answer: Answer, by_name: Mapping[str, Row]) -> list[str]:
    reading, decision = answer.question.reading, answer.decision
    place = reading.design.place.name
    lines = [_hardly_a_report(answer)] if decision.scale and _is_hardly_told_of(answer) else []
    if not decision.numbers:
        lines.append(f"Nothing can be said in numbers of the surveillance behind these reports in {place}.")
    elif not decision.scale:
        lines.append(f"Scale not identified: how much was done in {place} cannot be told from this evidence.")
    else:
        lines += [_line(by_name[f"{name}_second_year"]) for name in COUNTED]
        lines.append(_line(by_name[SILENCE]))
    silent = {verdict.sentence for verdict in answer.verdicts if verdict.gate == "G8" and not decision.scale}
    lines += [in_words_of_columns(sentence) for sentence in decision.sentences if sentence not in silent]
    if decision.numbers:
        lines += [_trend(answer, name) for name in RATIOS]
        if answer.side.state != "refuses":
            lines.append(_side(answer))
    return [*lines, _evidence(answer), *_published(answer)]


def _is_hardly_told_of(answer: Answer) -> bool:
    """Say whether there is no report; in bands, where none and a few are one, whether there are so few."""
    n = answer.question.reading.n_incidents
    return n == 0 if answer.question.exact else band_of(n)[0] == 0


def _hardly_a_report(answer: Answer) -> str:
    """Say first that nothing was reported, or hardly anything, and what the numbers after it rest on instead."""
    anchors = " and ".join(answer.question.anchors)
    place = answer.question.reading.design.place.name
    few = (
        "Not one report is"
        if answer.question.exact
        else f"{answer.question.counted(0).capitalize()} reports, or none, are"
    )
    return (
        f"{few} about {place} in this window: what follows rests on what was put in before, on the anchor ({anchors}), "
        "and on the silence."
    )


def _line(row: Row) -> str:
    """Say a quantity with its prior beside it and its range over the response functions."""
    responses = ""
    if row.responses is not None:
        low, high = map(number, row.responses)
        responses = f"; under three laws of fear the medians reach from {low} to {high}"
        if row.median:
            responses = f"; the medians under three laws of fear lie between {low} and {high}"
    before = f"before the evidence {number(row.prior[0])} to {number(row.prior[2])}"
    return f"{row.words.capitalize()}: {row.said} {row.unit} ({MODEL}, 90 %; {before}{responses})."


def _trend(answer: Answer, name: str) -> str:
    """Say whether a quantity rose from the first year to the second, with its probability."""
    index = ALL_NAMES.index(name)
    chance, before = (float((draws[:, index] > 1).mean()) for draws in (answer.draws, answer.prior))
    what = words_of(name).split(", second")[0]
    what = what[0].upper() + what[1:]
    if _is_prior(answer, name):
        return (
            f"{what}: whether they rose from the first year to the second the evidence hardly tells; the chance of a "
            f"rise, {percent(chance)}, is mostly what was put in ({percent(before)})."
        )
    chances = f"(chance of a rise {percent(chance)}, {percent(before)} before the evidence)"
    said = "probably rose" if chance >= _MORE else "probably fell" if chance <= _LESS else "may have risen or fallen"
    return f"{what} {said} from the first year to the second {chances}."


def _side(answer: Answer) -> str:
    """Say on which side of the silence curve the evidence points, with the chance before it."""
    index = ALL_NAMES.index(SLOPE)
    chance, before = (float((draws[:, index] < 0).mean()) for draws in (answer.draws, answer.prior))
    chances = (
        f"the chance that more watching would bring fewer reports is {percent(chance)} ({percent(before)} before the "
        "evidence)"
    )
    if _LESS < chance < _MORE:
        return (
            f"These reports fit calm and terror: {chances}. People who left, asked whether they were followed, can "
            "help to tell the two apart."
        )
    if _is_prior(answer, SLOPE):
        return f"On which side of the silence curve this is, the evidence does not tell: {chances}."
    side = "fewer" if chance >= _MORE else "more"
    return f"On the silence curve the evidence points to one side, {side} reports with more watching: {chances}."


def _is_prior(answer: Answer, name: str) -> bool:
    """Say whether a quantity is mostly what was put in (G9)."""
    return any(name in verdict.about for verdict in answer.verdicts if verdict.gate == "G9")


def _evidence(answer: Answer) -> str:
    """Say what the estimate rests on, and what was set aside."""
    reading = answer.question.reading
    write, exact = answer.question.counted, answer.question.exact
    by_reason = reading.set_aside.most_common() if exact else sorted(reading.set_aside.items())
    aside = "; ".join(f"{write(n)} {why}" for why, n in by_reason)
    anchors = ", ".join(answer.question.anchors) or "none"
    reports, incidents = counted(reading.n_reports, "report", write), counted(reading.n_incidents, "incident", write)
    return (
        f"It rests on {reports} of {incidents} (reported); anchors: {anchors}.{_effort(answer)} Set aside: "
        f"{aside or 'nothing'}."
    )


def _published(answer: Answer) -> list[str]:
    """Say which published figures condition the worlds, and why the others do not; nothing where none was asked."""
    figures = answer.question.reading.figures
    used = ", ".join(f"{in_plain(figure.name)} ({figure.root})" for figure in figures.used) or "none"
    reasons: dict[str, list[str]] = {}
    for name, why in figures.off.items():
        reasons.setdefault(why, []).append(in_plain(name))
    off = "; ".join(f"{', '.join(names)} ({why})" for why, names in reasons.items())
    if not figures.used and not off:
        return []
    before = " What is shown as before the evidence has them in it." if figures.used else ""
    return [f"Published figures that condition the worlds: {used}.{before}{f' Not counted: {off}.' if off else ''}"]


def in_plain(name: str) -> str:
    """Return the name of a published figure in words."""
    return name.replace("_", " ")


def _effort(answer: Answer) -> str:
    """Say in how many of the weeks nobody wrote down whether the lists could hear."""
    weeks = answer.question.reading.design.effort[0]
    unknown = sum(week.state == "unknown" for week in weeks) / len(weeks)
    if not unknown:
        return ""
    share = percent(unknown) if answer.question.exact else "all" if unknown == 1 else "some"
    return f" Effort is unknown in {share} of the weeks."
