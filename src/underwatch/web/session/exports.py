"""What can be taken away: tables as CSV and Parquet, the question as TOML, the report, the citation."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO

import pyarrow as pa

from underwatch import __version__
from underwatch.experiments.engine.worlds import first_values, record_of
from underwatch.pages.report import scenario_report
from underwatch.record.incidents import incident_table, published_table
from underwatch.record.indicators import group_cells, indicator_table, with_ratios
from underwatch.record.outputs import joined, table_bytes
from underwatch.record.schema import ALL, DICTIONARY, LISTED, ORDINARY, data_dictionary
from underwatch.web.session.studio_run import StudioRun
from underwatch.web.views.outsider import published_of

Maker = Callable[[StudioRun], bytes]


def daily_csv(run: StudioRun) -> bytes:
    """Return a row for each day, world and group, with a column for each indicator of the data dictionary."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("date", "world", "group", *DICTIONARY))
    for name, lived in run.lived.items():
        floor = _floor(run, name)
        for group in (ALL, LISTED, ORDINARY):
            inside = group_cells(group)
            counts = lived.found.cells[:, inside].sum(axis=1)
            people, watched = lived.found.residents[inside].sum(), lived.found.watched[inside].sum()
            values = with_ratios(counts, people, watched, floor)
            columns = [values[indicator].tolist() for indicator in DICTIONARY]
            for day, row in enumerate(zip(*columns, strict=True)):
                date = run.question.scenario.start + timedelta(day)
                writer.writerow((date, name, group, *("" if value != value else f"{value:.10g}" for value in row)))
    return text.getvalue().encode()


def _floor(run: StudioRun, name: str) -> float:
    scenario = run.worlds[name]
    return 0.0 if "S15" in scenario.without else first_values(scenario)["private_speech_floor"]


def _tables(run: StudioRun, name: str) -> Iterator[pa.Table]:
    """Yield a table of each world, as `underwatch run` writes it."""
    place = run.question.scenario.places[0]
    for world, lived in run.lived.items():
        scenario = run.worlds[world]
        if name == "incidents":
            yield incident_table(lived.records, scenario.start, place.name, world)
        elif name == "published":
            told = published_of(scenario, lived.records, world)
            if len(told["date"]):
                yield published_table(told)
        else:
            yield indicator_table(record_of(lived.found, scenario, place), world, floor=_floor(run, world))


def _parquet(name: str) -> Maker:
    return lambda run: table_bytes(name, joined(name, list(_tables(run, name))))


def report_html(run: StudioRun) -> bytes:
    """Return the report as one HTML file that opens offline."""
    if run.study is None:
        raise ValueError("a run without figures has no report")
    return scenario_report(run.question.scenario, run.study, run.digest).encode()


def citation(run: StudioRun) -> bytes:
    """Return how to cite the program and exactly this run, as plain text."""
    scenario = run.question.scenario
    lines = (
        f"The Underwatch authors: Underwatch {__version__}, a model of life under surveillance, with synthetic "
        "residents.",
        f"Run: {scenario.name}, {scenario.residents:,} synthetic residents, {scenario.start} to {scenario.end}, "
        f"seed {scenario.seed}, {run.question.draws} draws from the prior"
        + (f", twin with {run.question.change} from {run.question.dated[0][1]}" if run.question.dated else "")
        + f"; digest {run.digest}.",
        "No real person is in it. Most parameters are guesses: quote ranges, and cite the sources of the facts you "
        "rely on (underwatch facts NAME).",
    )  # fmt: skip
    return ("\n".join(lines) + "\n").encode()


# By the name under which it is saved: its media type, and what makes it
TAKEN: dict[str, tuple[str, Maker]] = {
    "daily.csv": ("text/csv; charset=utf-8", daily_csv),
    "data_dictionary.csv": ("text/csv; charset=utf-8", lambda run: data_dictionary().encode()),
    "indicators.parquet": ("application/vnd.apache.parquet", _parquet("indicators")),
    "incidents.parquet": ("application/vnd.apache.parquet", _parquet("incidents")),
    "published.parquet": ("application/vnd.apache.parquet", _parquet("published")),
    "question.toml": ("application/toml; charset=utf-8", lambda run: run.question.to_toml().encode()),
    "report.html": ("text/html; charset=utf-8", report_html),
    "citation.txt": ("text/plain; charset=utf-8", citation),
}
