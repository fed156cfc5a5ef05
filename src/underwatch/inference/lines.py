"""The lines of an answer, as sentences that are said in the language of who reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from underwatch.evidence.privacy.bands import band_of
from underwatch.inference.bank.quantities import ALL_NAMES, COUNTED, RATIOS, SILENCE, SLOPE
from underwatch.inference.inputs.published import root_of
from underwatch.inference.wording import Chance, InColumns, in_any_year, number, unit_of_column, words_of
from underwatch.inference.workflow import Answer
from underwatch.texts.catalogue import Sayable
from underwatch.texts.sentences import Called, Listed, OfTable, Sentence, sentence

if TYPE_CHECKING:
    from underwatch.inference.findings import Row

_LESS, _MORE = 0.1, 0.9
_SECOND_OVER_FIRST = "_second_over_first"
NOTHING = sentence("estimate.nothing")


def place_of(answer: Answer) -> Called:
    """Return the name of the place asked about."""
    place = answer.question.reading.design.place
    return Called(place.name, place.name_ko)


def lines_of(answer: Answer, by_name: Mapping[str, Row]) -> list[Sayable]:
    """Return what is known, what is not, and why, the most important first."""
    decision, place = answer.decision, place_of(answer)
    lines: list[Sayable] = [_hardly_a_report(answer)] if decision.scale and _is_hardly_told_of(answer) else []
    if not decision.numbers:
        lines.append(sentence("estimate.no_numbers", place=place))
    elif not decision.scale:
        lines.append(sentence("estimate.no_scale", place=place))
    else:
        lines += [_line(by_name[f"{name}_second_year"]) for name in COUNTED]
        lines.append(_line(by_name[SILENCE]))
    silent = [verdict.told for verdict in answer.verdicts if verdict.gate == "G8" and not decision.scale]
    lines += [InColumns(told) for told in decision.told if told not in silent]
    if decision.numbers:
        lines += [_trend(answer, name) for name in RATIOS]
        if answer.side.state != "refuses":
            lines.append(_side(answer))
    return [*lines, _evidence(answer), *_published(answer)]


def _is_hardly_told_of(answer: Answer) -> bool:
    """Say whether there is no report; in bands, where none and a few are one, whether there are so few."""
    n = answer.question.reading.n_incidents
    return n == 0 if answer.question.exact else band_of(n)[0] == 0


def _hardly_a_report(answer: Answer) -> Sentence:
    """Say first that nothing was reported, or hardly anything, and what the numbers after it rest on instead."""
    anchors = Listed(tuple(map(_anchor, answer.question.anchors)), "list.and")
    if answer.question.exact:
        return sentence("estimate.no_report", place=place_of(answer), anchors=anchors)
    return sentence("estimate.few_reports", place=place_of(answer), anchors=anchors, fewer=band_of(0)[1] + 1)


def _anchor(name: str) -> OfTable:
    return OfTable(f"anchor.{name}", name)


def _line(row: Row) -> Sentence:
    """Say a quantity with its prior beside it and its range over the response functions."""
    values = {
        "words": OfTable(f"quantity.{row.name}", words_of(row.name).capitalize()),
        "said": row.told,
        "unit": OfTable(f"unit.{row.unit}", unit_of_column(row.name)),
        "low": number(row.prior[0]),
        "high": number(row.prior[2]),
    }
    if row.responses is None:
        return sentence("estimate.line", **values)
    least, most = map(number, row.responses)
    key = "estimate.line.between" if row.median else "estimate.line.reach"
    return sentence(key, **values, least=least, most=most)


def _trend(answer: Answer, name: str) -> Sentence:
    """Say whether a quantity rose from the first year to the second, with its probability."""
    index = ALL_NAMES.index(name)
    chance, before = (float((draws[:, index] > 1).mean()) for draws in (answer.draws, answer.prior))
    way = "rose" if chance >= _MORE else "fell" if chance <= _LESS else "either"
    key = "estimate.trend." + ("prior" if _is_prior(answer, name) else way)
    what = in_any_year(name.removesuffix(_SECOND_OVER_FIRST))
    return sentence(key, what=what, chance=Chance(chance), before=Chance(before))


def _side(answer: Answer) -> Sentence:
    """Say on which side of the silence curve the evidence points, with the chance before it."""
    index = ALL_NAMES.index(SLOPE)
    chance, before = (float((draws[:, index] < 0).mean()) for draws in (answer.draws, answer.prior))
    if _LESS < chance < _MORE:
        key = "both"
    elif _is_prior(answer, SLOPE):
        key = "prior"
    else:
        key = "fewer" if chance >= _MORE else "more"
    return sentence(f"estimate.side.{key}", chance=Chance(chance), before=Chance(before))


def _is_prior(answer: Answer, name: str) -> bool:
    """Say whether a quantity is mostly what was put in (G9)."""
    return any(name in verdict.about for verdict in answer.verdicts if verdict.gate == "G9")


def _evidence(answer: Answer) -> Listed:
    """Say what the estimate rests on, and what was set aside."""
    reading, question = answer.question.reading, answer.question
    by_reason = reading.set_aside.most_common() if question.exact else sorted(reading.set_aside.items())
    aside = tuple(
        sentence("estimate.aside", n=question.counted(n), why=OfTable(f"aside.{why}", why)) for why, n in by_reason
    )
    rests = sentence(
        "estimate.rests",
        reports=sentence("estimate.reports", n=question.counted(reading.n_reports)),
        incidents=sentence("estimate.incidents", n=question.counted(reading.n_incidents)),
        anchors=Listed(tuple(map(_anchor, question.anchors))) if question.anchors else sentence("estimate.none"),
    )
    left_out = sentence("estimate.set_aside", aside=Listed(aside, "; ") if aside else NOTHING)
    return Listed((rests, *_effort(answer), left_out), " ")


def _published(answer: Answer) -> list[Listed]:
    """Say which published figures condition the worlds, and why the others do not; nothing where none was asked."""
    figures = answer.question.reading.figures
    if not figures.used and not figures.off:
        return []
    used = tuple(
        sentence("estimate.figure", name=_figure(figure.name), root=root_of(figure)) for figure in figures.used
    )
    said = [sentence("estimate.figures", used=Listed(used) if used else sentence("estimate.none"))]
    if used:
        said.append(sentence("estimate.figures.before"))
    by_reason: dict[Sentence, list[Sayable]] = {}
    for name, why in figures.off.items():
        by_reason.setdefault(why, []).append(_figure(name))
    off = [sentence("estimate.figures.why", names=Listed(tuple(names)), why=why) for why, names in by_reason.items()]
    if off:
        said.append(sentence("estimate.figures.off", off=Listed(tuple(off), "; ")))
    return [Listed(tuple(said), " ")]


def _figure(name: str) -> OfTable:
    """Return the name of a published figure in words."""
    return OfTable(f"figure_name.{name}", name.replace("_", " "))


def _effort(answer: Answer) -> tuple[Sentence, ...]:
    """Say in how many of the weeks nobody wrote down whether the lists could hear."""
    weeks = answer.question.reading.design.effort[0]
    unknown = sum(week.state == "unknown" for week in weeks) / len(weeks)
    if not unknown:
        return ()
    if answer.question.exact:
        return (sentence("estimate.effort", share=Chance(unknown)),)
    return (sentence("estimate.effort.all" if unknown == 1 else "estimate.effort.some"),)
