"""Reading a package for an estimate: reports with their dates, kinds, relays and lists; effort; surveys; figures.

This is the one door for whoever computes. Lists are numbered, never named; sources are not handed on at all. The
numbers and the order of rows follow random identifiers: nothing may hang on them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from underwatch.evidence.format.periods import parse_period
from underwatch.evidence.format.table_schemas import EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.format.vocabularies import entries
from underwatch.evidence.package import Package
from underwatch.evidence.same_incident import Record, passed_on, speaking


@dataclass(frozen=True, slots=True)
class Report:
    """A coded report. `kind` is the model's kind of incident, or '' where the model makes none of this act.

    `first` and `last` are the first and last day of the period in which it happened, None when unknown;
    `received_first` and `received_last` likewise. `relay_of` is the position of the report it passes on,
    `duplicate_of` of the one it repeats, None when there is none in the package. `is_relay` is None where nobody
    knows.
    """

    incident: int
    list_number: int
    act: str
    kind: str
    ground: str
    first: date | None
    last: date | None
    when_precision: str
    place_code: str
    place_precision: str
    received_first: date | None
    received_last: date | None
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
    first: date
    last: date
    place_code: str
    state: str
    capacity: str
    event: str


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """How many of a group that was asked said yes."""

    respondents: str
    first: date
    last: date
    place_code: str
    question: str
    n_asked: int
    n_yes: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A count or range. `is_anchor` is True only where it is independent of the lists."""

    measure: str
    first: date
    last: date
    place_code: str
    low: float
    high: float
    unit: str
    independence: str
    is_anchor: bool
    does_not_measure: str


def reports(package: Package) -> list[Report]:
    """Return the reports in the order of their random identifiers; incidents and lists numbered from 0."""
    rows = package.table(REPORTS).records()
    position = {row["report_id"]: at for at, row in enumerate(rows)}
    incidents, lists = _numbers(row["incident_id"] for row in rows), list_numbers(package)
    found = []
    for row in rows:
        first, last = _days(row["when"])
        received_first, received_last = _days(row["received"])
        found.append(
            Report(
                incidents[row["incident_id"]],
                lists[row["list_id"]],
                row["act_code"],
                entries("act")[row["act_code"]]["model_kind"],
                row["ground"],
                first,
                last,
                row["when_precision"],
                row["place_code"],
                row["place_precision"],
                received_first,
                received_last,
                {"none": False, "list": True}.get(row["relayed_from"]),
                position.get(row["relay_of"]),
                position.get(row["duplicate_of"]),
                row["independent_sources"] == "two_or_more",
                row["status"],
                row["reliability"],
            )
        )
    return found


def incidents(package: Package) -> list[Incident]:
    """Return the incidents of a package."""
    rows = package.table(REPORTS).records()
    by_id = dict(zip((row["report_id"] for row in rows), reports(package), strict=True))
    copies = passed_on(rows)

    def read(some: Iterable[Record]) -> tuple[Report, ...]:
        return tuple(by_id[row["report_id"]] for row in some)

    return [Incident(read(told), read(_others(copies.get(name, ()), told))) for name, told in speaking(rows).items()]


def _others(rows: Iterable[Record], told: Iterable[Record]) -> list[Record]:
    """Return the rows that are not among those told: where no original is there, what passes it on speaks itself."""
    names = {row["report_id"] for row in told}
    return [row for row in rows if row["report_id"] not in names]


def list_numbers(package: Package) -> dict[str, int]:
    """Return the number of each list, from 0, over reports and effort."""
    names = (name for table in (REPORTS, EFFORT) for name in package.table(table).column("list_id"))
    return _numbers(names)


def effort(package: Package) -> list[Effort]:
    """Return the effort; a list, week and place without a row is unknown."""
    lists = list_numbers(package)
    found = []
    for row in package.table(EFFORT).records():
        first, last = _period(row["period"])
        state = (row["state"], row["capacity"], row["event"])
        found.append(Effort(lists[row["list_id"]], first, last, row["place_code"], *state))
    return found


def survey(package: Package) -> list[SurveyAnswer]:
    """Return the survey rows."""
    return [
        SurveyAnswer(
            row["respondents"],
            *_period(row["period"]),
            row["place_code"],
            row["question"],
            int(row["n_asked"]),
            int(row["n_yes"]),
        )
        for row in package.table(SURVEY).records()
    ]


def figures(package: Package) -> list[Figure]:
    """Return the figures, each with whether it can be an anchor and what it does not measure."""
    return [
        Figure(
            row["measure"],
            *_period(row["period"]),
            row["place_code"],
            float(row["low"]),
            float(row["high"]),
            row["unit"],
            row["independence"],
            row["independence"] == "independent",
            entries("measure")[row["measure"]]["does_not_measure"],
        )
        for row in package.table(FIGURES).records()
    ]


def _numbers(names: Iterable[str]) -> dict[str, int]:
    return {name: at for at, name in enumerate(sorted(set(names)))}


def _days(text: str) -> tuple[date | None, date | None]:
    period = parse_period(text)
    return (period.first, period.last) if period else (None, None)


def _period(text: str) -> tuple[date, date]:
    period = parse_period(text)
    if period is None:
        raise ValueError("a package is read only after its check; this one holds a malformed period")
    return period.first, period.last
