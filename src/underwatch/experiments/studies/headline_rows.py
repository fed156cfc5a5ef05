"""The headline figures of a study one by one: what the summary says, the example is chosen by, and summary.json keeps.

Each stands for a world (baseline or twin, over the whole run) or for the difference of both (in the days of the
change), with its value in every world of the ensemble and in the example.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np

from underwatch.experiments.study import Study, inside
from underwatch.facts import judgements
from underwatch.record.headlines import HEADLINES
from underwatch.record.measures import SUMS, Measured
from underwatch.record.ranges import ranges_of
from underwatch.record.schema import ALL, GROUPS, LISTED

ACCUSED = "residents_accused"
SUMMARY, SCHEMA = "summary.json", 1
BASELINE, TWIN, DIFFERENCE = "baseline", "twin", "difference"
SHARE_LISTED, INCIDENTS, PUBLISHED, PER_THOUSAND = "share_listed", "incidents", "published", "published_per_thousand"
UNITS = {
    SHARE_LISTED: "share of residents, at the start",
    INCIDENTS: "incidents in the run",
    PUBLISHED: "reports published by the synthetic lists, expected",
    PER_THOUSAND: "published reports per 1,000 incidents",
}


class HeadlineRow(NamedTuple):
    """A headline: its name, unit and world, float[draws] over the ensemble, and the example's (NaN for none)."""

    name: str
    unit: str
    world: str
    drawn: np.ndarray
    example: float

    @property
    def shown(self) -> float:
        """The example's figure where it lies inside of the range; NaN elsewhere."""
        return float(inside(np.array(self.example), self.drawn)) if len(self.drawn) else self.example

    @property
    def is_left_out(self) -> bool:
        """Whether the example has the figure, and it is not shown."""
        return not np.isnan(self.example) and bool(np.isnan(self.shown))


def rows_of(study: Study) -> list[HeadlineRow]:
    """Return all headlines of a study."""
    rows = _rows_of_world(study, study.worlds[0], BASELINE) + _of_baseline(study)
    if study.twin is None:
        return rows
    rows += _rows_of_world(study, study.twin, TWIN)
    one, other = (study.drawn.get(world) for world in study.pair)
    for at, headline in enumerate(HEADLINES):
        gaps = one.window[:, at] - other.window[:, at] if one is not None and other is not None else np.zeros(0)
        rows.append(HeadlineRow(headline.name, headline.unit, DIFFERENCE, gaps, float(study.example.change[at])))
    return rows


def _rows_of_world(study: Study, world: str, name: str) -> list[HeadlineRow]:
    drawn, example = study.drawn.get(world), study.example.figures.get(world)
    return [
        HeadlineRow(
            headline.name, headline.unit, name,
            np.zeros(0) if drawn is None else drawn.year[:, at], np.nan if example is None else float(example.year[at]),
        )
        for at, headline in enumerate(HEADLINES)
    ]  # fmt: skip


def _of_baseline(study: Study) -> list[HeadlineRow]:
    """Return what the summary says of the baseline besides: who is listed, what happened, what got out of it."""
    drawn, example = study.drawn.get(study.baseline), study.example.figures.get(study.baseline)
    published = study.published.get(study.baseline, np.zeros(0))
    many = {} if drawn is None else _numbers(drawn, published)
    told = study.example.published.get(study.baseline, np.nan)
    one = {} if example is None else _numbers(example, np.array(told))
    return [
        HeadlineRow(name, unit, BASELINE, np.asarray(many.get(name, np.zeros(0))), float(one.get(name, np.nan)))
        for name, unit in UNITS.items()
    ]


def _numbers(figures: Measured, published: np.ndarray) -> dict[str, np.ndarray]:
    incidents = figures.sums[..., SUMS.index(INCIDENTS)]
    people = figures.people
    return {
        SHARE_LISTED: people[..., GROUPS.index(LISTED)] / people[..., GROUPS.index(ALL)],
        INCIDENTS: incidents,
        PUBLISHED: published,
        PER_THOUSAND: 1000.0
        * np.divide(published, incidents, out=np.full(np.shape(incidents), np.nan), where=incidents > 0),
    }


def values_of(rows: list[HeadlineRow]) -> tuple[np.ndarray, np.ndarray]:
    """Return the figures of each world, float[draws, rows], and which of the rows are differences, bool[rows]."""
    return np.stack([row.drawn for row in rows], axis=1), np.array([row.world == DIFFERENCE for row in rows])


def summary_of(study: Study) -> dict[str, Any]:
    """Return the plain data of `summary.json`: schema, ensemble, judgements, headlines, statements."""
    guesses = judgements()
    return {
        "schema": SCHEMA,
        "ensemble": {"name": study.source, "worlds": study.n_draws, "adapted": study.adapted},
        "judgements": {"parameters": guesses.n, "of": guesses.of, "unanswered": guesses.unanswered},
        "headlines": [_entry(row) for row in (*rows_of(study), *_persons(study))],
        "statements": [dict(statement) for statement in study.statements],
    }


def _persons(study: Study) -> list[HeadlineRow]:
    """Return how many persons are accused: no headline that an example is chosen by, but what the summary says."""
    drawn, example = study.drawn.get(study.baseline), study.example.figures.get(study.baseline)
    at = SUMS.index(ACCUSED)
    many = np.zeros(0) if drawn is None else drawn.sums[:, at]
    own = np.nan if example is None else float(example.sums[at])
    return [HeadlineRow(ACCUSED, "ordinary residents accused at least once in the run", BASELINE, many, own)]


def _entry(row: HeadlineRow) -> dict[str, Any]:
    low, median, high, _ = ranges_of(row.drawn) if len(row.drawn) else (np.nan, np.nan, np.nan, 0)
    numbers = {"example": row.shown, "median": median, "low": low, "high": high}
    return {
        "name": row.name, "unit": row.unit, "world": row.world,
        **{key: None if np.isnan(value) else float(value) for key, value in numbers.items()},
    }  # fmt: skip


def summary_bytes(study: Study) -> bytes:
    """Return `summary.json`."""
    return (json.dumps(summary_of(study), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
