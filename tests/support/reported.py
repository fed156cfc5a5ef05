"""Small packages of reports on Hoeryong in half a year, for the tests of estimates."""

from datetime import date

from underwatch.evidence.format.ids import new_id
from underwatch.evidence.history import recorded
from underwatch.evidence.package import new_package
from underwatch.facts import places
from underwatch.record.tally import Window

WINDOW = Window(date(2024, 7, 1), 26)
PLACE = places()["Hoeryong"]
A, B = new_id(), new_id()


def report(incident, which, when, act="tailing", relay="none", ground="ordinary", place="hoeryong"):  # noqa: PLR0913 - a cell each, and most are left out
    """One row of reports.csv."""
    precision = "week" if "W" in when else "month" if len(when) == 7 and "Q" not in when else "year"
    return (
        new_id(), incident, which, relay, "", "", act, ground, when, precision, place,
        "city" if place == "hoeryong" else "province", "unknown", "mps", "one_person", "witness", "message", "unsure",
        "possible", "one", "2025-W20", "record", "record", "",
    )  # fmt: skip


def effort_rows(which, cut=()):
    weeks = [f"{day.isocalendar()[0]}-W{day.isocalendar()[1]:02d}" for day in map(WINDOW.thursday, range(26))]
    return [
        (new_id(), which, week, "hoeryong", "cut" if at in cut else "open", "usual", "none")
        for at, week in enumerate(weeks)
    ]


def made_package(reports, cut=(), survey=(), figures=(), effort=(A, B)):
    package = new_package("synthetic", ("synthetic",)).with_rows("reports", reports)
    package = package.with_rows("effort", [row for which in effort for row in effort_rows(which, cut)])
    package = package.with_rows("survey", [(new_id(), *row) for row in survey])
    return recorded(package.with_rows("figures", [(new_id(), *row) for row in figures]), new_id(), "coding")


def some_reports(n=12):
    found = []
    for at in range(n):
        incident, when = new_id(), "2024-08" if at % 2 else "2024-W45"
        found.append(report(incident, A if at % 3 else B, when, "tailing" if at % 4 else "call_given_up"))
        if at == 0:
            found.append(report(incident, A, when, "call_given_up"))
    return found
