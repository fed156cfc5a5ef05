"""The summary of a run in lines for the terminal, and the words that pages share for ranges, worlds and days."""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np

from underwatch.experiments.ensemble.names import PRIOR
from underwatch.experiments.study import Study, drawn_words
from underwatch.pages.key_findings import head, key_findings
from underwatch.record.ranges import FEWEST, range_name, ranges_of
from underwatch.texts.catalogue import columns, text
from underwatch.texts.languages import ENGLISH


def band(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return low, median and high over the first axis; draws without a value (NaN) do not count."""
    return ranges_of(draws)[:3]


def band_words(n_draws: int, source: str = PRIOR) -> str:
    """Say what a range is: its n, its level, and whose worlds they are."""
    if n_draws == 0:
        return "no range: no world but this history was made"
    return range_name(n_draws, *drawn_words(source))


def bands_words(study: Study, counts: np.ndarray) -> str:
    """Say what ranges side by side are; `counts` has the number of draws that have a value behind each."""
    words = band_words(study.n_draws, study.source)
    if (counts == study.n_draws).all():
        return words
    return (
        f"{words}; worlds without a value are left out, and n in the table is what stands behind a range: "
        f"of fewer than {FEWEST} it is the full range, and one has none"
    )


def worlds_words(source: str, adapted: bool) -> str:
    """Return the worlds of an ensemble in words, and whether they are of another scenario than it was found for."""
    return f"{drawn_words(source)[1]}{', adapted' if adapted else ''}"


def fixed_words(n: int) -> str:
    """Say how many parameters the scenario sets, or nothing when it sets none."""
    return f"{n} parameter{'s are' if n > 1 else ' is'} set and drawn nowhere" if n else ""


def sentence(words: str) -> str:
    """Return words as a sentence to be put after another one; nothing of nothing."""
    return f" {words[0].upper()}{words[1:]}." if words else ""


def date_words(day: datetime.date) -> str:
    """Return '1 July 2024'."""
    return f"{day.day} {day:%B} {day.year}"


def window_words(study: Study) -> str:
    """Return the dates of the change, or '' when it has none."""
    if study.window is None:
        return ""
    lo, hi = study.window
    return f"{date_words(study.day(lo))} to {date_words(study.day(hi - 1))}"


def figures_words(study: Study) -> str:
    """Say what the figures are: whose worlds, how many, lived where, and what the example is."""
    given = f" ({fixed_words(study.n_set)})" if study.n_set else ""
    if not study.n_draws:
        return f"Figures are one possible history at the scenario's own values{given}; {band_words(0)}."
    together = f"small places of {study.stand_in:,} residents together" if study.place.n_places > 1 else (
        f"a place of {study.stand_in:,} residents that stands in for it"
    )  # fmt: skip
    where = f", each in {together}" if study.stand_in else ""
    adapted = ", adapted" if study.adapted else ""
    return (
        f"Figures are medians, in brackets: {band_words(study.n_draws, study.source)}{adapted}{given}{where}. "
        f"{_example_words(study)}"
    )


def _example_words(study: Study) -> str:
    """Say what the example is, and how much of it is not shown."""
    example = study.example
    if not example.figures:
        return "No history of the whole place is there yet."
    what = f"The example is one history of the whole place at the settings of world {example.draw}, near the medians"
    if not example.left_out:
        return f"{what}."
    return (
        f"{what}; {example.left_out} of its {example.n_figures} figures lie outside of their ranges and are left out."
    )


STATEMENT = text(ENGLISH, "statement")
_GAP = 2  # between a label and what is found


class RunSummary(NamedTuple):
    """The summary of a run: what it is of, and its findings as pairs of what each is about and what is found."""

    head: tuple[str, str]
    rows: tuple[tuple[str, str], ...]


def summary_of_run(study: Study, language: str = ENGLISH) -> RunSummary:
    """Return the summary of a run in a language."""
    rows = tuple((found.label(language), found.sentence(language)) for found in key_findings(study))
    return RunSummary(head(study, language), rows)


def summary_lines(study: Study, language: str = ENGLISH) -> tuple[str, ...]:
    """Return the summary of a run: at most fourteen lines of at most a hundred columns."""
    first, rows = summary_of_run(study, language)
    width = _GAP + max(columns(label) for label, _ in rows)
    return (*first, *(f"{label}{' ' * (width - columns(label))}{said}" for label, said in rows))
