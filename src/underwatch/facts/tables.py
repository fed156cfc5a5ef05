"""The tables of numbers: the model's own parameters (its prior) and the figures read in public sources."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """A parameter of the model: the rule it belongs to, its range and central value, and what these rest on.

    `scale` says how the range is read as a prior: "linear" or "log". `basis` is "stated", "derived",
    "judgement", or "policy": what could be done and is not, so that its range is one value and the prior leaves it.
    """

    name: str
    rule: str
    meaning: str
    unit: str
    low: float
    central: float
    high: float
    scale: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class PublishedFact:
    """A figure read in a public source; the numbers are None where the source gives a direction and no size.

    `source_kind` is "read" or "general-knowledge" (to be verified); `constraint` is how tight the figures lie.
    """

    name: str
    meaning: str
    unit: str
    low: float | None
    central: float | None
    high: float | None
    source: str
    source_kind: str
    note: str
    basis: str
    constraint: str


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground for the list: what a household or an adult is held to be, and the organ whose list it leads to.

    `inland` is "same" as at the border, "none", or "own": a share of its own. `words` go into sentences, `label` beside
    a bar, `reported` is what a coder reads. Its shares and what lets it off are rows of the model's parameters.
    """

    name: str
    holder: str  # household, adult
    organ: str  # mps, mss, both
    inland: str
    words: str
    label: str
    reported: str

    def share(self, border: bool) -> str | None:
        """Return the parameter that says how many have it, or None where nobody does."""
        if border or self.inland == "same":
            return f"share_{self.name}"
        return f"share_{self.name}_inland" if self.inland == "own" else None

    @property
    def let_off(self) -> str:
        """The parameter that takes it from the list."""
        return f"let_off_{self.name}"


def read_rows(table: str, room: str = "underwatch.facts") -> tuple[dict[str, str], ...]:
    """Return the rows of a table that comes with a room of the program ("census_2008.csv") as read, in file order."""
    text = files(room).joinpath(table).read_text(encoding="utf-8")
    return tuple(csv.DictReader(StringIO(text)))


@cache
def model_parameters() -> Mapping[str, Fact]:
    """Return the model's parameters by name, in the order of the table; it is read once."""
    return _facts("model_parameters.csv")


@cache
def grounds() -> Mapping[str, Ground]:
    """Return the grounds by name, in the order of the table, which is that of their bits; it is read once."""
    return MappingProxyType({row["name"]: Ground(**row) for row in read_rows("grounds.csv")})


@cache
def estimate_parameters() -> Mapping[str, Fact]:
    """Return what an estimate draws besides the model's parameters, by name, in the order of the table."""
    return _facts("estimate_parameters.csv")


def _facts(table: str) -> Mapping[str, Fact]:
    return MappingProxyType({row["name"]: Fact(**_with_numbers(row)) for row in read_rows(table)})


def _with_numbers(row: dict[str, str]) -> dict[str, Any]:
    """Return a row with its range as numbers, None where there is none."""
    return row | {key: float(row[key]) if row[key] else None for key in ("low", "central", "high")}


@cache
def published_facts() -> Mapping[str, PublishedFact]:
    """Return the published figures by name, in the order of the table; it is read once."""
    rows = read_rows("parameters.csv")
    return MappingProxyType({row["name"]: PublishedFact(**_with_numbers(row)) for row in rows})
