"""The report, line by line: each statement in our words, its rule, what worlds show that were chosen without it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from underwatch.experiments.ensemble.statements import StatementDots
from underwatch.facts import described, patterns
from underwatch.pages.charts.chart import Chart, together
from underwatch.pages.drawing.dots import Dots, dotplot, n_inside
from underwatch.pages.drawing.picture import NARROW, SMALL, Picture, wrapped
from underwatch.texts.catalogue import text, translated
from underwatch.texts.languages import ENGLISH
from underwatch.texts.numbers import number, percent

_VERDICTS = {"agrees": "agrees", "disagrees": "disagrees", "cannot be said": "cannot_say"}
_SHARE, _LEADING, _SMALL = "share", 12.6, SMALL


@dataclass(frozen=True)
class Line:
    """A statement as the page shows it: its id, its words, the rules, the dots and what is said of them."""

    id: str
    is_pattern: bool
    words: str
    rules: tuple[str, ...]
    unit: str
    holds: str
    count: str
    figure: str
    selected: str
    verdict: str
    verdict_words: str
    picture: Picture
    svg: str


def statement_lines(dots: Sequence[StatementDots], language: str = ENGLISH) -> tuple[Line, ...]:
    """Return the statements in the order of the report; of an adapted scenario there are none."""
    return tuple(_line(one, language) for one in dots)


def _line(one: StatementDots, language: str) -> Line:
    of_worlds = Dots(one.without, one.prior, one.low, one.high, one.scale)
    show = shown_as(one, language)
    picture = dotplot(of_worlds, show)
    unit = translated(language, f"described.{one.id}.unit", one.unit)
    n = sum(math.isfinite(value) for value in one.without)
    count = text(
        language, "report.lines.count", holding=n_inside(of_worlds), n=n, prior=percent(one.share_prior, language)
    )
    if one.verdict == "cannot be said" and not 1 / 3 < one.share_without < 2 / 3:
        count = together(count, text(language, "report.lines.few", n=round(one.effective)))
    verdict = _VERDICTS.get(one.verdict, "not_judged")
    words = translated(language, f"described.{one.id}", one.statement)
    known = {**described(), **patterns()}[one.id].tolerance
    tolerance = translated(language, f"described.{one.id}.tolerance", known)
    return Line(
        id=one.id,
        is_pattern=not one.is_selected_on,
        words=words,
        rules=one.rules,
        unit=unit,
        holds=text(language, "report.lines.holds", tolerance=tolerance),
        count=count,
        figure=text(language, f"report.lines.figure.{'yes' if one.has_figure else 'no'}"),
        selected=text(language, f"report.lines.selected.{'yes' if one.is_selected_on else 'no'}"),
        verdict=verdict,
        verdict_words=text(language, f"report.lines.verdict.{verdict}"),
        picture=picture,
        svg=picture.svg(f"{one.id}. {words}. {unit}. {count}"),
    )


def shown_as(one: StatementDots, language: str) -> Callable[[float], str]:
    """Return how the values of a measure are written: shares in percent, ratios with a ×."""
    if one.measure.endswith("_ratio"):
        return lambda value: f"×{value:g}"
    values = [value for value in (*one.without, *one.prior) if math.isfinite(value)]
    if one.unit.startswith(_SHARE) and max(values, default=0.0) <= 1.0:
        return partial(percent, language=language)
    return partial(number, language=language)


def lines_chart(lines: Sequence[Line], language: str = ENGLISH) -> Chart:
    """Return all statements as one picture, to be saved and to be read as a table."""
    picture = lines_picture(lines)
    title = text(language, "report.lines.title")
    caption = text(language, "report.lines.caption")
    header = tuple(
        text(language, f"report.lines.{part}") for part in ("statement", "rules", "counts", "worlds", "verdict")
    )
    rows = tuple(
        (f"{line.id} {line.words}", " ".join(line.rules), line.holds, line.count, line.verdict_words) for line in lines
    )
    return Chart("lines", title, caption, "", picture.svg(title), header, rows, picture=picture)


def lines_picture(lines: Sequence[Line], width: float = 2.1 * NARROW) -> Picture:
    """Draw the statements below one another: words and verdict to the left, dots to the right."""
    room = width - NARROW - 14
    picture = Picture(width, 0)
    y = 0.0
    for line in lines:
        top = y
        for part, size, bold, colour in (
            (f"{line.id}  {line.words}", 11.0, True, "ink"), (line.unit, _SMALL, False, "soft"),
            (line.holds, _SMALL, False, "soft"), (line.count, _SMALL, False, "ink"),
            (line.verdict_words, 11.0, True, _colour(line.verdict)),
        ):  # fmt: skip
            for words in wrapped(part, room, size, bold):
                y += _LEADING
                picture.text((0, y), words, size, colour=colour, bold=bold)
        picture.put(line.picture, (width - NARROW, top + 4))
        y = max(y + 9, top + line.picture.height + 10)
        picture.line([(0, y), (width, y)], "grid", 0.6)
    picture.height = y + 4
    return picture


def _colour(verdict: str) -> str:
    return {"agrees": "c1", "disagrees": "c0"}.get(verdict, "soft")
