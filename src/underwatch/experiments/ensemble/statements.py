"""What the shipped ensembles say of each statement of the report, for `summary.json` and for whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, NamedTuple, TypedDict

from underwatch.facts import Statement, constraints, described, patterns

NOT_JUDGED = "not judged"
N_DOTS = 50
DOT_SHARES = tuple((dot + 0.5) / N_DOTS for dot in range(N_DOTS))
_SHIPPED = "statements.parquet"


class StatementRow(TypedDict):
    """A statement by id: the share of worlds in which it holds, of those fitted without it and of the prior's."""

    id: str
    share_of_worlds: float | None
    share_prior: float | None
    verdict: str


class StatementDots(NamedTuple):
    """A statement with its measure over worlds as dots: quantiles at `DOT_SHARES`, so that each dot stands for 2 %.

    It holds where the measure lies from `low` to `high` (infinite where there is no end). `unit` says in words what is
    measured, `scale` ("linear", "log") how it is drawn; on a log scale a dot may be 0 and lies at its left end.
    `without` are worlds fitted to the figures and to all statements but those in `left_out`, `effective` of them,
    `prior` those of the prior; NaN where no world has the measure. The shares are of worlds in which it holds.
    `is_selected_on` says that the described ensemble was selected on it (the patterns P3 and P7 select nothing),
    `has_figure` that a published figure answers to its measure: else all rests on judgement.
    """

    id: str
    statement: str
    rules: tuple[str, ...]
    measure: str
    unit: str
    scale: str
    low: float
    high: float
    left_out: tuple[str, ...]
    without: tuple[float, ...]
    prior: tuple[float, ...]
    share_without: float
    share_known: float
    share_prior: float
    effective: float
    is_selected_on: bool
    has_figure: bool
    verdict: str


def statement_rows(is_adapted: bool) -> tuple[StatementRow, ...]:
    """Return the verdict on each statement; in an adapted scenario, and where none ships, it is not judged.

    The shares are those of the default scenario: they say whether the model can be what the report describes.
    """
    rows = {} if is_adapted else _shipped()
    if not rows:
        return tuple(
            StatementRow(id=name, share_of_worlds=None, share_prior=None, verdict=NOT_JUDGED) for name in described()
        )
    return tuple(
        StatementRow(id=name, share_of_worlds=row["without"], share_prior=row["prior"], verdict=row["verdict"])
        for name, row in rows.items()
        if name in described()
    )


def statement_dots() -> tuple[StatementDots, ...]:
    """Return the dots of each statement and of the patterns P3 and P7, in their order; none where none ship.

    They are of the default scenario: an adapted one is not judged.
    """
    known = {**described(), **patterns()}
    return tuple(_dots_of(known[name], row) for name, row in _shipped().items())


def _dots_of(said: Statement, row: Mapping[str, Any]) -> StatementDots:
    return StatementDots(
        id=said.id,
        statement=said.statement,
        rules=said.rules,
        measure=said.measure,
        unit=said.unit,
        scale=said.scale,
        low=said.low,
        high=said.high,
        left_out=said.left_out,
        without=tuple(row["dots_without"]),
        prior=tuple(row["dots_prior"]),
        share_without=row["without"],
        share_known=row["known"],
        share_prior=row["prior"],
        effective=row["effective"],
        is_selected_on=said.id in described(),
        has_figure=said.measure in {figure.summary for figure in constraints().values()},
        verdict=row["verdict"],
    )


def _shipped() -> dict[str, dict[str, Any]]:
    """Return the rows that ship, by id; none where there is no file."""
    path = files("underwatch.experiments.ensemble").joinpath("shipped", _SHIPPED)
    if not path.is_file():
        return {}
    import pyarrow.parquet as pq

    with path.open("rb") as stream:
        return {row["id"]: row for row in pq.read_table(stream).to_pylist()}
