"""What would relieve people: each intervention and figure over worlds with it and without, in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from underwatch.experiments.ensemble.relief import ReliefRow
from underwatch.experiments.ensemble.robustness import HANGS, ROBUST
from underwatch.experiments.interventions import catalogue
from underwatch.pages.charts.chart import Chart, points, rights_of, shown, title_of, unit_of
from underwatch.pages.drawing import relief_bars
from underwatch.pages.drawing.picture import NARROW, Picture
from underwatch.pages.drawing.relief_bars import BarCell, BarRow, relief_chart
from underwatch.record.headlines import headline_of
from underwatch.texts.catalogue import text, translated
from underwatch.texts.languages import ENGLISH
from underwatch.texts.numbers import signed

# What stands in the picture and in the table under it
DRAWN = ("accused", "share_followed", "calls_given_up", "arrests", "distressed_listed", "distressed_ordinary")
WIDE = 2.2 * NARROW
_SIGNS = {ROBUST: relief_bars.ROBUST, HANGS: relief_bars.HANGS}
_RIGHTS = (9, 12, 17, 19)


def words_of(language: str, intervention: str) -> str:
    """Return what an intervention is, in a sentence; a user's own has its name."""
    known = catalogue()
    if intervention not in known:
        return text(language, "report.relief.together") if intervention == "together" else intervention
    return translated(language, f"intervention.{intervention}", known[intervention].words)


def relief_picture(rows: Sequence[ReliefRow], language: str, width: float) -> Picture:
    """Draw the interventions that relieve most people on no list first, with the figures of the picture."""
    drawn = [name for name in DRAWN if any(row.headline == name for row in rows)]
    by_both = {(row.intervention, row.headline): row for row in rows}
    bars = [
        BarRow(words_of(language, name), [_cell(by_both[name, headline], language) for headline in drawn])
        for name in in_order(rows)
    ]
    heads = [(text(language, f"report.relief.{name}"), text(language, f"report.relief.{name}.of")) for name in drawn]
    return relief_chart(heads, bars, width)


def in_order(rows: Sequence[ReliefRow]) -> list[str]:
    """Return the interventions: those first that spare people on no list an accusation in most worlds."""
    share = {row.intervention: row.share for row in rows if row.headline == DRAWN[0]}
    names = dict.fromkeys(row.intervention for row in rows)
    return sorted(names, key=lambda name: -share.get(name, 0.0))


def _cell(row: ReliefRow, language: str) -> BarCell:
    if not row.worlds:
        return BarCell(0.0, 0.0, "–")
    return BarCell(row.share, row.worsened / row.worlds, _change(row, language), _SIGNS.get(row.verdict, "none"))


def _change(row: ReliefRow, language: str) -> str:
    """Return the median change, of what stands at the head of its column: a share is so many of 100."""
    return signed(row.change * (100.0 if headline_of(row.headline).is_share else 1.0), language)


def relief_figure(rows: Sequence[ReliefRow], language: str = ENGLISH) -> tuple[Chart, str]:
    """Return the chart, wide, and its narrow form for a small screen."""
    wide, narrow = (relief_picture(rows, language, width) for width in (WIDE, NARROW))
    n_worlds = max((row.worlds for row in rows), default=0)
    title = text(language, "report.relief.picture", n=n_worlds)
    caption = text(language, "report.relief.caption")
    label = text(language, "report.relief.label", n=len(in_order(rows)))
    header = tuple(
        text(language, f"report.relief.{part}") for part in ("intervention", "headline", "relieved", "worse")
    )
    header += tuple(text(language, f"report.relief.{part}") for part in ("ties", "now", "change"))
    header += tuple(text(language, key) for key in ("chart.low", "chart.high", "figure.sign"))
    drawn = [row for name in in_order(rows) for row in rows if row.intervention == name and row.headline in DRAWN]
    table = tuple(_row(row, language) for row in drawn)
    chart = Chart("relief", title, caption, rights_of(language, _RIGHTS), wide.svg(label), header, table, caption, wide)
    return chart, narrow.svg(label)


def _row(row: ReliefRow, language: str) -> tuple[str, ...]:
    headline = headline_of(row.headline)
    show, gap = shown(language, headline.is_share), partial(points if headline.is_share else signed, language=language)
    figure = text(language, "figure.figure_unit", title=title_of(language, headline), unit=unit_of(language, headline))
    verdict = {ROBUST: "finding.robust", HANGS: "finding.hangs_on_a_form"}.get(row.verdict, "finding.not_robust")
    name = text(language, f"chip.{row.intervention}") if row.intervention in catalogue() else row.intervention
    counts = (str(row.relieved), str(row.worsened), str(row.ties))
    return (
        name,
        figure,
        *counts,
        show(row.baseline),
        gap(row.change),
        gap(row.low),
        gap(row.high),
        text(language, verdict),
    )
