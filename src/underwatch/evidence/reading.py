"""Reading a package for an estimate: reports with their dates, kinds, relays and lists; effort; surveys; figures.

This is the one door for whoever computes. Lists are numbered, never named; sources are not handed on at all. The
numbers and the order of rows follow random identifiers: nothing may hang on them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from underwatch.evidence.format.periods import Period, parse_period
from underwatch.evidence.format.table_schemas import EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.format.vocabularies import entries
from underwatch.evidence.package import Package
from underwatch.evidence.same_incident import Record, passed_on, speaking


@dataclass(frozen=True, slots=True)
class Report:
    """A coded report. `kind` is the model's kind of incident, or '' where the act is unmodelled (the model makes none).

    `when` is the period in which it happened, `received` that in which it reached the list; None when unknown.
    `relay_of` is the position of the report it passes on, `duplicate_of` of the one it repeats, None when there is none
    in the package. `is_relay` is None where nobody knows.
    """

    incident: int
    list_number: int
    act: str
    kind: str
    ground: str
    when: Period | None
    place_code: str
    received: Period | None
    is_relay: bool | None
    relay_of: int | None
    duplicate_of: int | None
    is_corroborated: bool
    status: str
    reliability: str

    @property
    def is_original(self) -> bool:
        """Whether it passes on no other report and repeats none, as far as is known."""
        return self.is_relay is not True and self.relay_of is None and self.duplicate_of is None


@dataclass(frozen=True, slots=True)
class Incident:
    """What happened, as it is told: the reports that speak for it, the gravest act first (`same_incident`), and
    those that pass one of them on or repeat it.
    """

    speaking: tuple[Report, ...]
    passed_on: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """When and where a list could hear. State, capacity and event are codes of the vocabularies; unknown is one."""

    list_number: int
    period: Period
    place_code: str
    state: str
    capacity: str
    event: str


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """How many of a group that was asked said yes."""

    period: Period
    place_code: str
    question: str
    n_asked: int
    n_yes: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A count or range. `is_anchor` is True only where it is independent of the lists."""

    measure: str
    period: Period
    place_code: str
    low: float
    high: float
    unit: str
    is_anchor: bool


def reports(package: Package) -> list[Report]:
    """Return the reports in the order of their random identifiers; incidents and lists numbered from 0."""
    rows = package.table(REPORTS).records()
    position = {row["report_id"]: index for index, row in enumerate(rows)}
    incident_numbers, lists = _numbers(row["incident_id"] for row in rows), list_numbers(package)
    return [
        Report(
            **_told(Report, row),
            incident=incident_numbers[row["incident_id"]],
            list_number=lists[row["list_id"]],
            act=row["act_code"],
            kind=entries("act")[row["act_code"]]["model_kind"],
            when=parse_period(row["when"]),
            received=parse_period(row["received"]),
            is_relay={"none": False, "list": True}.get(row["relayed_from"]),
            relay_of=position.get(row["relay_of"]),
            duplicate_of=position.get(row["duplicate_of"]),
            is_corroborated=row["independent_sources"] == "two_or_more",
        )
        for row in rows
    ]


def incidents(package: Package, coded: Sequence[Report]) -> list[Incident]:
    """Return the incidents of a package; `coded` are its `reports`."""
    rows = package.table(REPORTS).records()
    by_id = dict(zip((row["report_id"] for row in rows), coded, strict=True))
    copies = passed_on(rows)

    def read(some: Iterable[Record]) -> tuple[Report, ...]:
        return tuple(by_id[row["report_id"]] for row in some)

    return [Incident(read(own), read(_others(copies.get(name, ()), own))) for name, own in speaking(rows).items()]


def _others(rows: Iterable[Record], own: Iterable[Record]) -> list[Record]:
    """Return the rows that do not speak: where no original is there, what passes it on speaks itself."""
    names = {row["report_id"] for row in own}
    return [row for row in rows if row["report_id"] not in names]


def list_numbers(package: Package) -> dict[str, int]:
    """Return the number of each list, from 0, over reports and effort."""
    return _numbers(name for table in (REPORTS, EFFORT) for name in package.table(table).column("list_id"))


def effort(package: Package) -> list[Effort]:
    """Return the effort; a list, week and place without a row is unknown."""
    lists = list_numbers(package)
    return [
        Effort(**_told(Effort, row), list_number=lists[row["list_id"]], period=_period(row["period"]))
        for row in package.table(EFFORT).records()
    ]


def survey(package: Package) -> list[SurveyAnswer]:
    """Return the survey rows."""
    return [
        SurveyAnswer(
            **_told(SurveyAnswer, row),
            period=_period(row["period"]),
            n_asked=int(row["n_asked"]),
            n_yes=int(row["n_yes"]),
        )
        for row in package.table(SURVEY).records()
    ]


def figures(package: Package) -> list[Figure]:
    """Return the figures, each with whether it can be an anchor."""
    return [
        Figure(
            **_told(Figure, row),
            period=_period(row["period"]),
            low=float(row["low"]),
            high=float(row["high"]),
            is_anchor=row["independence"] == "independent",
        )
        for row in package.table(FIGURES).records()
    ]


def _told(form: type, row: Record) -> dict[str, Any]:
    """Return the cells that a form holds as texts, under the names that they have in the table."""
    return {part.name: row[part.name] for part in fields(form) if part.type is str and part.name in row}


def _numbers(names: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(sorted(set(names)))}


def _period(text: str) -> Period:
    period = parse_period(text)
    if period is None:
        raise ValueError("a package is read only after its check; this one holds a malformed period")
    return period
