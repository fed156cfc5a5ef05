"""What report and studio draw alike, as the page shows it, and every figure as it is saved: with its words inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from underwatch.errors import InputError
from underwatch.experiments.ensemble.relief import shipped_relief
from underwatch.experiments.ensemble.statements import statement_dots
from underwatch.experiments.study import Study
from underwatch.pages.charts.chart import Chart
from underwatch.pages.charts.hidden import outcomes_chart
from underwatch.pages.charts.line_by_line import Line, lines_chart, statement_lines
from underwatch.pages.charts.plots import change_chart, silence_chart, weekly_chart
from underwatch.pages.charts.relieving import relief_figure
from underwatch.pages.charts.two_weeks import story_charts
from underwatch.pages.drawing.painting import SHARP, is_wide, png_bytes, sheet, writes_korean
from underwatch.pages.report import notes_of
from underwatch.record.headlines import HEADLINES
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH, language_of
from underwatch.web.session.studio_run import StudioRun
from underwatch.web.views.own_charts import fear_chart, incidents_chart, ledger_bars, map_chart

MEDIA = {"svg": "image/svg+xml", "png": "image/png"}
_SAID = ("id", "words", "unit", "holds", "count", "figure", "selected", "verdict", "verdict_words", "svg")


def pictures(run: StudioRun, language: str) -> dict[str, Any]:
    """Return the statements line by line, what would relieve people and the worlds of the silence, drawn."""
    study = run.study
    if study is None:
        raise InputError("the run has no figures yet")
    language = language_of(language)
    lines = () if study.adapted else statement_lines(statement_dots(), language)
    said = [
        {name: getattr(line, name) for name in _SAID}
        | {
            "rules": [f"{rule} {text(language, f'report.rule.{rule}')}" for rule in line.rules],
            "beyond": line.is_pattern,
        }
        for line in lines
    ]
    worlds = outcomes_chart(study, language)
    rows = shipped_relief(study.source, study.adapted)
    relief = relief_figure(rows, language) if rows else None
    others = {name: _OF_A_STUDY[name](study, language) for name in ("change", "silence")}
    label = text(language, "report.silence.worlds.label")
    return {
        "lines": said,
        "outcomes": _plain(worlds[0]) | {"frames": worlds[1].svg(label)} if worlds else None,
        "relief": _plain(relief[0]) | {"narrow": relief[1]} if relief else None,
        **{name: _plain(chart) if chart else None for name, chart in others.items()},
    }


def _rules(line: Line, language: str) -> list[str]:
    return [f"{rule} {text(language, f'report.rule.{rule}')}" for rule in line.rules]


def _plain(chart: Chart) -> dict[str, Any]:
    names = ("key", "title", "brief", "caption", "rights", "svg", "header", "rows")
    return {name: getattr(chart, name) for name in names}


def _lines(study: Study, language: str) -> Chart | None:
    return None if study.adapted else lines_chart(statement_lines(statement_dots(), language), language)


def _outcomes(study: Study, language: str) -> Chart | None:
    found = outcomes_chart(study, language)
    return found[0] if found else None


def _relief(study: Study, language: str) -> Chart | None:
    rows = shipped_relief(study.source, study.adapted)
    return relief_figure(rows, language)[0] if rows else None


_OF_A_STUDY: dict[str, Callable[[Study, str], Chart | None]] = {
    "lines": _lines, "relief": _relief, "outcomes": _outcomes, "silence": silence_chart, "change": change_chart,
}  # fmt: skip


def chart_of(run: StudioRun, language: str, name: str) -> Chart | None:
    """Return a chart by its name on the page; None where there is none of this name in this run.

    `w-HEADLINE` by week, `map-WORLD-DAY`, `incidents`, `fear-RESIDENT`, `ledger-GROUP`, and those that the report has
    (`year-caller` and its like once the report has been asked for).
    """
    study = run.study
    kind, *rest = name.split("-")
    if study is None:
        return None
    if kind == "w":
        found = [headline for headline in HEADLINES if [headline.name] == rest]
        return weekly_chart(study, found[0], language) if found else None
    numbers = [int(part) for part in rest if part.isascii() and part.isdigit() and len(part) <= 7]
    if kind == "map" and len(numbers) == len(rest) == 2:
        return map_chart(run, language, *numbers)
    if kind == "fear" and len(numbers) == len(rest) == 1:
        return fear_chart(run, language, *numbers)
    if kind == "ledger" and len(rest) == 1:
        return ledger_bars(run, language, rest[0])
    if kind == "year" and study.story:
        return next((chart for chart in story_charts(study.story, language) if chart.key == name), None)
    if name == "incidents":
        return incidents_chart(run, language)
    return _OF_A_STUDY[name](study, language) if name in _OF_A_STUDY else None


def saved_picture(run: StudioRun, language: str, name: str) -> tuple[str, bytes] | None:
    """Return a figure as a file by its name (accused.svg): its media type and bytes; None where there is none.

    Title, caption, the statement that residents are invented and the version are inside.
    """
    stem, _, ending = name.rpartition(".")
    chart = chart_of(run, language_of(language), stem) if ending in MEDIA else None
    if chart is None or chart.picture is None or run.study is None:
        return None
    whole = sheet(chart.picture, chart.title, chart.caption, notes_of(run.study, language))
    if ending == "svg":
        return MEDIA[ending], whole.file().encode()
    if is_wide(whole) and not writes_korean():
        raise InputError(f"no font here writes Korean in a PNG; save the SVG, or the PNG in {ENGLISH}")
    return MEDIA[ending], png_bytes(whole, SHARP)
