"""What can be taken away: tables as CSV and Parquet, the question as TOML, the report, the citation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from underwatch import __version__
from underwatch.experiments.engine.cores import cores
from underwatch.experiments.ensemble.settings import ensemble_words
from underwatch.experiments.histories.story import story_of
from underwatch.experiments.studies.world_tables import table_parts
from underwatch.files.writing import csv_bytes
from underwatch.pages.rendering import lines
from underwatch.pages.report import scenario_report
from underwatch.record.measures import group_cells, with_ratios
from underwatch.record.outputs import joined, table_bytes
from underwatch.record.schema import ALL, DICTIONARY, LISTED, ORDINARY, data_dictionary
from underwatch.texts.languages import ENGLISH
from underwatch.web.session.studio_run import StudioRun

REPORT = "report.html"
Maker = Callable[[StudioRun], bytes]


def daily_csv(run: StudioRun) -> bytes:
    """Return a row for each day, world and group, with a column for each indicator of the data dictionary."""
    rows: list[tuple[object, ...]] = [("date", "world", "group", *DICTIONARY)]
    for name, lived in run.lived.items():
        totals = lived.world.totals
        for group in (ALL, LISTED, ORDINARY):
            inside = group_cells(group)
            counts = totals.cells[:, inside].sum(axis=1)
            people, watched = totals.residents[inside].sum(), totals.watched[inside].sum()
            values = with_ratios(counts, people, watched, lived.world.floor)
            columns = [values[indicator].tolist() for indicator in DICTIONARY]
            for day, row in enumerate(zip(*columns, strict=True)):
                date = run.question.scenario.start + timedelta(day)
                rows.append((date, name, group, *("" if value != value else f"{value:.10g}" for value in row)))
    return csv_bytes(rows)


def _parquet(name: str) -> Maker:
    """Return what makes a table of all worlds, as `underwatch run` writes it."""

    def make(run: StudioRun) -> bytes:
        return table_bytes(
            name, joined(name, [part for lived in run.lived.values() for part in table_parts(name, lived.world)])
        )

    return make


def report_html(run: StudioRun, language: str = ENGLISH) -> bytes:
    """Return the report in a language as one HTML file that opens offline."""
    if run.study is None:
        raise ValueError("a run without figures has no report")
    if run.study.story is None and not run.question.dated:  # its residents are looked at when somebody wants to read
        run.study = replace(run.study, story=story_of(run.worlds, cores()))
    return scenario_report(run.question.scenario, run.study, run.digest, language).encode()


def citation(run: StudioRun) -> bytes:
    """Return how to cite the program and exactly this run, as plain text."""
    asked = run.question
    told = lines("citation.txt.j2", version=__version__, run=run, asked=asked, ensemble=ensemble_words(asked.ensemble))
    return "\n".join([*told, ""]).encode()


# By the name under which it is saved: its media type, and what makes it
TAKEN: dict[str, tuple[str, Maker]] = {
    "daily.csv": ("text/csv; charset=utf-8", daily_csv),
    "data_dictionary.csv": ("text/csv; charset=utf-8", lambda run: data_dictionary().encode()),
    "indicators.parquet": ("application/vnd.apache.parquet", _parquet("indicators")),
    "incidents.parquet": ("application/vnd.apache.parquet", _parquet("incidents")),
    "published.parquet": ("application/vnd.apache.parquet", _parquet("published")),
    "question.toml": ("application/toml; charset=utf-8", lambda run: run.question.to_toml().encode()),
    REPORT: ("text/html; charset=utf-8", report_html),
    "citation.txt": ("text/plain; charset=utf-8", citation),
}

# Of the worlds of the example that ships no incident is kept
_OF_STORED = (REPORT, "question.toml", "data_dictionary.csv", "citation.txt")


def taken_of(run: StudioRun) -> tuple[str, ...]:
    """Return the files that a run gives."""
    return _OF_STORED if run.stored else tuple(TAKEN)
