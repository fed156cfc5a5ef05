"""What the shipped ensembles say of each statement of the report, for `summary.json` and for whoever shows it."""

from __future__ import annotations

from importlib.resources import files
from typing import TypedDict

from underwatch.facts import described

NOT_JUDGED = "not judged"
_SHIPPED = "statements.parquet"


class StatementRow(TypedDict):
    """A statement by id: the share of worlds in which it holds, of those fitted without it and of the prior's."""

    id: str
    share_of_worlds: float | None
    share_prior: float | None
    verdict: str


def statement_rows(is_adapted: bool) -> tuple[StatementRow, ...]:
    """Return the verdict on each statement; in an adapted scenario, and where none ships, it is not judged.

    The shares are those of the default scenario: they say whether the model can be what the report describes.
    """
    path = files("underwatch.experiments.ensemble").joinpath("shipped", _SHIPPED)
    if is_adapted or not path.is_file():
        return tuple(
            StatementRow(id=name, share_of_worlds=None, share_prior=None, verdict=NOT_JUDGED) for name in described()
        )
    import pyarrow.parquet as pq

    with path.open("rb") as stream:
        rows = pq.read_table(stream).to_pylist()
    return tuple(
        StatementRow(id=row["id"], share_of_worlds=row["without"], share_prior=row["prior"], verdict=row["verdict"])
        for row in rows
    )
