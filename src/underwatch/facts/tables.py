"""The tables of numbers: the model's own parameters (its prior) and the figures read in public sources."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType
from typing import Any, NamedTuple

from underwatch.errors import ByName
from underwatch.shown import Displayed

# Rules that no summary of a published figure reads: how word gets out, and open refusal. A test changes all they have.
RULES_NO_FIGURE_READS = ("S13", "S14")


@dataclass(frozen=True, slots=True, repr=False)
class Fact(Displayed):
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


@dataclass(frozen=True, slots=True, repr=False)
class PublishedFact(Displayed):
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


@dataclass(frozen=True, slots=True)
class RivalForm:
    """One of the forms that a rule can have where its form is a guess; `basis` is what speaks for it."""

    rule: str
    form: str
    meaning: str
    basis: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """A published figure that a summary of the model answers to, on a scale ("log" or "logit") on which errors add up.

    `reading_error` is what sampling and reading leave open, `discrepancy` what the model and the question leave open
    (judgement; both standard deviations on the scale). `figure` is its row in `constraint_candidates.csv` or
    `parameters.csv`, `root` who stands behind it, `use` where it counts ("run", "estimate"); `question` has the
    numbers of the model of the question, if there is one.
    """

    name: str
    figure: str
    summary: str
    scale: str
    mean: float
    reading_error: float
    discrepancy: float
    root: str
    use: tuple[str, ...]
    question: Mapping[str, float]
    why: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the news report in our words: in a world it holds where `measure` lies from `low` to `high`.

    `unit` says what is measured, `scale` ("linear", "log") how it is drawn. `left_out` are the statements that select
    no world when it is judged: it itself, or, of a pattern that selects none, the statement that it is nearest to.
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
    tolerance: str
    why: str


class Judgements(NamedTuple):
    """How many parameters rest on judgement alone, `n` of the `of` that are drawn; no figure answers to `unanswered` of
    these n, and to none of the others alone: a figure answers to a summary, in which many have their part.
    """

    n: int
    of: int
    unanswered: int


def read_rows(table: str, room: str = "underwatch.facts") -> tuple[dict[str, str], ...]:
    """Return the rows of a table that comes with a room of the program ("census_2008.csv") as read, in file order."""
    text = files(room).joinpath(table).read_text(encoding="utf-8")
    return tuple(csv.DictReader(StringIO(text)))


@cache
def model_parameters() -> Mapping[str, Fact]:
    """Return the model's parameters by name, in the order of the table; it is read once."""
    return _facts("model_parameters.csv")


@cache
def judgements() -> Judgements:
    """Count the parameters of the model behind whose range there is nothing but judgement."""
    drawn = [fact for fact in model_parameters().values() if fact.low < fact.high]
    guesses = [fact for fact in drawn if fact.basis == "judgement"]
    return Judgements(len(guesses), len(drawn), sum(fact.rule in RULES_NO_FIGURE_READS for fact in guesses))


@cache
def grounds() -> Mapping[str, Ground]:
    """Return the grounds by name, in the order of the table, which is that of their bits; it is read once."""
    return MappingProxyType({row["name"]: Ground(**row) for row in read_rows("grounds.csv")})


@cache
def rival_forms() -> Mapping[str, tuple[RivalForm, ...]]:
    """Return the forms of each rule that has rival ones, by rule, the central form first; it is read once."""
    forms: dict[str, tuple[RivalForm, ...]] = {}
    for row in read_rows("forms.csv"):
        forms[row["rule"]] = (*forms.get(row["rule"], ()), RivalForm(**row))
    return MappingProxyType(forms)


@cache
def constraints() -> Mapping[str, Constraint]:
    """Return the published figures that condition the model, by name; the table is read once."""
    result = {}
    for row in read_rows("constraints.csv"):
        numbers: dict[str, Any] = {key: float(row[key]) for key in ("mean", "reading_error", "discrepancy")}
        question = {key: float(value) for key, _, value in (word.partition("=") for word in row["question"].split())}
        result[row["name"]] = Constraint(**row | numbers | {"use": tuple(row["use"].split()), "question": question})
    return MappingProxyType(result)


@cache
def described() -> Mapping[str, Statement]:
    """Return the statements of the news report by id, by which worlds are selected."""
    return MappingProxyType({name: each for name, each in _statements().items() if name in each.left_out})


@cache
def patterns() -> Mapping[str, Statement]:
    """Return the patterns that are judged beside the statements and select no world, by id."""
    return MappingProxyType({name: each for name, each in _statements().items() if name not in each.left_out})


@cache
def _statements() -> Mapping[str, Statement]:
    result = {}
    for row in read_rows("described.csv"):
        ends: dict[str, Any] = {"low": float(row["low"] or "-inf"), "high": float(row["high"] or "inf")}
        lists = {key: tuple(row[key].split()) for key in ("rules", "left_out")}
        result[row["id"]] = Statement(**row | ends | lists)
    return MappingProxyType(result)


@cache
def estimate_parameters() -> Mapping[str, Fact]:
    """Return what an estimate draws besides the model's parameters, by name, in the order of the table."""
    return _facts("estimate_parameters.csv")


def _facts(table: str) -> Mapping[str, Fact]:
    known = {row["name"]: Fact(**_with_numbers(row)) for row in read_rows(table)}
    return MappingProxyType(ByName(known, "parameter"))


def _with_numbers(row: dict[str, str]) -> dict[str, Any]:
    """Return a row with its range as numbers, None where there is none."""
    return row | {key: float(row[key]) if row[key] else None for key in ("low", "central", "high")}


@cache
def published_facts() -> Mapping[str, PublishedFact]:
    """Return the published figures by name, in the order of the table; it is read once."""
    rows = read_rows("parameters.csv")
    known = {row["name"]: PublishedFact(**_with_numbers(row)) for row in rows}
    return MappingProxyType(ByName(known, "published figure"))
