"""A package read for an estimate: nothing hangs on identifiers or the order of rows, and words mean what they say."""

from dataclasses import astuple, fields
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.packages import TODAY, package_of
from evidence.packages import report as plain
from support.depth import examples
from support.reported import PLACE, WINDOW, A, B, made_package, report, some_reports
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.check.overview import summarise
from underwatch.evidence.format.ids import id_from, new_id
from underwatch.evidence.format.table_schemas import TABLES
from underwatch.evidence.format.vocabularies import entries
from underwatch.evidence.package import new_package, to_files
from underwatch.evidence.release.safe_cells import count_cells
from underwatch.inference.bank.summaries import arrests, row_of
from underwatch.inference.inputs.observed import read_for
from underwatch.record.tally import Window

SLOTS = ["2024-Q3", "2024-Q4"]
_WHENS = ["2024-W30", "2024-W45", "2024-08", "2024-Q4", "2024", "2024-W30/2024-W45", "2024-10/2024-11", "2023-05", ""]
_ACTS = ["tailing", "arrest", "call_given_up", "listing", "search", "report"]


@st.composite
def crowded(draw):
    """A package in which rows share incidents, lists, sources and weeks, so that there is much to be settled."""
    rows = []
    for number in range(draw(st.integers(1, 9))):
        earlier = draw(st.sampled_from([None, None, *rows])) if rows else None
        is_relay = earlier is not None and draw(st.booleans())
        rows.append(
            {
                "incident_id": id_from("incident", str(draw(st.integers(0, 3)))),
                "list_id": id_from("list", str(draw(st.integers(0, 3)))),
                "relayed_from": "list" if is_relay else draw(st.sampled_from(["none", "none", "none", "unknown"])),
                "relay_of": earlier["report_id"] if is_relay else "",
                "duplicate_of": earlier["report_id"] if earlier and not is_relay else "",
                "act_code": draw(st.sampled_from(_ACTS)),
                "ground": draw(st.sampled_from(["defector_family", "chinese_phone_user", "ordinary", "unknown"])),
                "when": draw(st.sampled_from(_WHENS)),
                "place_code": draw(st.sampled_from(["hoeryong", "hoeryong", "hyesan", "north-hamgyong"])),
                "status": draw(st.sampled_from(["likely", "possible", "unlikely"])),
                "source_code": draw(st.sampled_from(["", *(id_from("source", str(n)) for n in range(3))])),
                "report_id": id_from("report", str(number)),
            }
        )
    weeks = st.sampled_from(["2024", "2024-08", "2024-W30/2024-W45"])
    effort = st.tuples(
        st.integers(0, 3).map(lambda n: id_from("list", str(n))), weeks, st.just("hoeryong"),
        st.sampled_from(["open", "cut", "limited"]), st.sampled_from(["high", "low", "unknown"]),
        st.sampled_from(["none", "campaign"]),
    )  # fmt: skip
    asked = st.tuples(
        st.just("leavers"), st.sampled_from(SLOTS), st.just("hoeryong"),
        st.sampled_from(["was_followed", "gave_up_call"]), st.just("40"), st.integers(0, 40).map(str),
    )  # fmt: skip
    counted = st.tuples(
        st.just("arrests_calls"), st.sampled_from([*SLOTS, "2024-08"]), st.just("hoeryong"), st.just("0"),
        st.integers(10, 12).map(str), st.just("persons"), st.just("independent"),
    )  # fmt: skip
    tables = {
        name: draw(st.lists(one, max_size=3))
        for name, one in (("effort", effort), ("survey", asked), ("figures", counted))
    }
    package = new_package().with_rows("reports", [plain(**{"when_precision": "week", **row}) for row in rows])
    for name, some in tables.items():
        package = package.with_rows(name, [(id_from(name, str(at)), *row) for at, row in enumerate(some)])
    return package


def renamed(package, seed):
    """The same package with every identifier replaced by a fresh one, and so its rows in another order."""
    for name, form in TABLES.items():
        at = [number for number, column in enumerate(form.columns) if column.kind in ("id", "reference")]
        rows = [
            tuple(id_from(seed, cell) if number in at and cell else cell for number, cell in enumerate(row))
            for row in package.table(name).rows
        ]
        package = package.with_rows(name, rows)
    return package


def plainly(thing):
    """A reading as plain values, every field of it."""
    found = {}
    for part in fields(thing):
        value = getattr(thing, part.name)
        found[part.name] = value.tolist() if isinstance(value, np.ndarray) else value
    return found


def all_said(package):
    cells = count_cells(package, SLOTS, "province", 2)
    try:
        read = read_for(package, PLACE, WINDOW)
    except InputError as error:
        return str(error), summarise(package), cells.counts
    said = plainly(read) | {"design": plainly(read.design), "observed": plainly(read.observed)}
    said["row"] = row_of(read.observed, read.design).tolist()
    return said, list(read.set_aside.items()), summarise(package), cells.counts


@examples(150)
@given(crowded(), st.integers(0, 10**6))
def test_no_answer_hangs_on_an_identifier_or_on_the_order_of_rows(package, seed):
    assert all_said(renamed(package, f"fresh {seed}")) == all_said(package)


def of_one_kind(figure):
    """A package of two lists with equally many incidents that differ in `when` alone, or in effort alone."""
    whens = {A: "2024-08", B: "2024-11" if figure == "when" else "2024-08"}
    package = made_package([report(new_id(), which, whens[which]) for which in (A, B) for _ in range(2)], effort=())
    states = {A: ("open", "low", "none"), B: ("open", "low", "none")}
    states[B] = {"state": ("limited", "low", "none"), "event": ("open", "low", "campaign")}.get(figure, states[B])
    rows = [(new_id(), which, "2024", "hoeryong", *state) for which, state in states.items()]
    if figure == "capacity":  # two rows about the same weeks
        rows += [(new_id(), A, "2024", "north-korea", "open", "high", "campaign")]
    return package.with_rows("effort", rows)


@pytest.mark.parametrize("figure", ["when", "state", "event", "capacity"])
def test_of_lists_that_told_as_much_the_first_is_the_same_whatever_they_are_called(figure):
    package = of_one_kind(figure)
    said = [all_said(renamed(package, f"name {n}")) for n in range(8)]
    assert said[0][0]["design"]["lists"] == 2
    assert all(one == said[0] for one in said)


def two_rows(*names):
    """One incident that a report gives two acts and two grounds, as the coding page asks."""
    grounds = {"tailing": "defector_family", "arrest": "chinese_phone_user"}
    incident = new_id()
    return [report(incident, A, "2024-08", act, ground=grounds[act]) for act in names]


@pytest.mark.parametrize("names", [("tailing", "arrest"), ("arrest", "tailing")])
def test_one_incident_in_two_rows_is_its_gravest_act_and_the_first_ground_that_a_record_would_hold(names):
    for _ in range(4):
        read = read_for(made_package(two_rows(*names)), PLACE, WINDOW)
        assert (read.n_incidents, read.n_reports) == (1, 2)
        assert read.observed.by_kind.sum(axis=0).tolist() == [0, 0, 0, 1, 0, 0, 0]
        assert read.observed.by_ground.tolist() == [1, 0, 0, 0, 0, 0]


def test_what_is_dated_to_the_year_is_in_no_count_by_kind_ground_or_relay_as_in_a_simulated_package():
    window, incident = Window(date(2024, 1, 1), 52), new_id()
    told = [report(incident, A, "2024"), report(incident, B, "2024", relay="list"), report(new_id(), A, "2024-08")]
    read = read_for(made_package(told), PLACE, window)
    assert read.observed.by_year.tolist() == [1]
    assert (read.observed.by_kind.sum(), read.observed.by_ground.sum(), read.observed.relays) == (1, 1, 0)


def test_an_incident_that_no_list_has_at_first_hand_makes_no_second_list():
    told = [report(new_id(), A, "2024-08"), report(new_id(), B, "2024-08", relay="list")]
    assert read_for(made_package(told), PLACE, WINDOW).design.lists == 1


@pytest.mark.parametrize(
    ("when", "where"),
    [
        ("2024-W40/2025-W20", None), ("2024-10/2025-05", None), ("2024-Q4/2025-Q2", None), ("2024/2025", None),
        ("2024-W20/2024-W45", "2024"), ("2024-05/2024-11", "2024"), ("2024-Q2/2024-Q4", "2024"), ("2024", "2024"),
        ("2024-W27/2024-W39", "2024-Q3"), ("2024-07/2024-09", "2024-Q3"), ("2024-Q3", "2024-Q3"),
        ("2024-W40", "2024-Q4"), ("2025-W01", "2025-Q1"), ("2024-W01", "2024-Q1"), ("", None),
    ],
)  # fmt: skip
def test_a_date_is_as_fine_as_it_is_whatever_it_is_a_range_of(when, where):
    window = Window(date(2024, 1, 1), 78)
    read = read_for(made_package([report(new_id(), A, when), report(new_id(), A, "2024-02")]), PLACE, window)
    by_list, names = read.observed.by_list.sum(axis=0), window.of_weeks("quarter")[1]
    by_list[0] -= 1  # the other report
    dated = {name: n for name, n in zip(names, by_list.tolist(), strict=True) if n}
    dated |= {"2024": read.observed.by_year[0]} if read.observed.by_year[0] else {}
    assert dated == ({where: 1} if where else {})
    assert read.set_aside == ({} if where else {"of another window, or dated too coarsely": 1})


def figure(period, low="7", high="7", unit="persons", measure="arrests_calls"):
    return (measure, period, "hoeryong", low, high, unit, "independent")


def asked(period, question="was_followed"):
    return ("leavers", period, "hoeryong", question, "100", "30")


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2024-08", "2024-08-01", "2024-08-29"), ("2024-W33", "2024-08-15", "2024-08-15"),
        ("2024-Q3", "2024-07-04", "2024-09-26"), ("2024-07/2024-09", "2024-07-04", "2024-09-26"),
        ("2024-W27/2024-W39", "2024-07-04", "2024-09-26"), ("2024-W50/2024-W52", "2024-12-12", "2024-12-26"),
        ("2024-Q3/2024-Q4", "2024-07-04", "2024-12-26"), ("2024-06", None, None), ("2025-W01", None, None),
        ("2024", None, None),
    ],
)  # fmt: skip
def test_a_count_is_held_against_the_weeks_of_the_time_it_is_about(period, first, last):
    read = read_for(made_package(some_reports(), figures=[figure(period)]), PLACE, WINDOW)
    counts = np.random.default_rng(1).integers(0, 9, (3, WINDOW.n_weeks, 6, 2, 6))
    if first is None:
        assert read.design.counts == ()
        assert read.set_aside == {"figures of another measure, place or window": 1}
        return
    (count,) = read.design.counts
    inside = [
        at for at in range(WINDOW.n_weeks)
        if date.fromisoformat(first) <= WINDOW.thursday(at) <= date.fromisoformat(last)
    ]  # fmt: skip
    true = counts[1:, inside, 3].sum(axis=(1, 2, 3))
    assert arrests(SimpleNamespace(counts=counts), np.array([1, 2]), count.weeks).tolist() == true.tolist()


@pytest.mark.parametrize(
    ("period", "quarters"),
    [
        ("2024-Q3", (0, 0)), ("2024-07/2024-09", (0, 0)), ("2024-W27/2024-W39", (0, 0)), ("2024-Q3/2024-Q4", (0, 1)),
        ("2024-W27/2024-W52", (0, 1)), ("2024-10/2024-12", (1, 1)), ("2024-08", None), ("2024-W33", None),
        ("2024-07/2024-10", None), ("2024-W28/2024-W39", None), ("2024-W27/2024-W40", None), ("2024-08/2024-09", None),
    ],
)  # fmt: skip
def test_a_survey_is_about_whole_quarters_or_set_aside(period, quarters):
    read = read_for(made_package(some_reports(), survey=[asked(period)]), PLACE, WINDOW)
    assert [one.periods for one in read.design.surveys] == ([] if quarters is None else [quarters])
    assert any("part of a quarter" in why for why in read.set_aside) == (quarters is None)


def test_a_week_at_the_turn_of_the_year_is_in_one_quarter():
    window = Window(date(2024, 7, 1), 52)
    read = read_for(
        made_package(some_reports(), survey=[asked("2025-W01")], figures=[figure("2025-W01")]), PLACE, window
    )
    assert read.design.surveys == ()
    assert [window.thursday(at) for at in read.design.counts[0].weeks] == [date(2025, 1, 2)] * 2


def test_a_count_of_a_month_cannot_exceed_that_of_its_quarter():
    figures = [figure("2024-08", "20", "30"), figure("2024-Q3", "5", "9")]
    with pytest.raises(InputError, match="contradicts itself"):
        read_for(made_package(some_reports(), figures=figures), PLACE, WINDOW)
    figures = [figure("2024-08", "5", "9"), figure("2024-Q3", "20", "30")]
    assert len(read_for(made_package(some_reports(), figures=figures), PLACE, WINDOW).design.counts) == 2


# By hand, not from the vocabulary.
UNIT = dict.fromkeys(entries("measure"), "share") | {
    "arrests_calls": "persons", "arrests_all": "persons", "arrests_calls_rate": "per_resident_year",
}  # fmt: skip
FIT = {"share": ("0.1", "0.2"), "persons": ("3", "4"), "per_resident_year": ("0.0003", "0.002")}


@pytest.mark.parametrize("unit", sorted(FIT))
def test_a_figure_has_the_unit_of_its_measure_and_a_survey_asks_for_a_share(unit):
    for measure, own in UNIT.items():
        package = package_of(
            plain(0),
            figures=[(id_from("figure"), *figure("2024", *FIT[unit], unit, measure))],
            survey=[(id_from("survey"), *asked("2024", measure))],
        )
        found = [(one.file, one.code) for one in check_files(to_files(package), TODAY) if one.level == "error"]
        assert (("figures.csv", "figure-unit") in found) == (unit != own), measure
        assert (("survey.csv", "survey-question") in found) == (own != "share"), measure
        assert len(found) == (unit != own) + (own != "share")
        if unit != own:
            (told,) = [one for one in check_files(to_files(package), TODAY) if one.code == "figure-unit"]
            assert (told.row, told.column, f"`{own}`" in told.remedy) == (2, "unit", True)


@pytest.mark.parametrize(
    ("measure", "unit", "low", "high", "code"),
    [
        ("arrests_calls", "persons", "0", "0", None),
        ("arrests_calls", "persons", "0", "3", None),
        ("arrests_calls", "persons", "4", "3", "figure-range"),
        ("arrests_calls", "persons", "-1", "3", "number-malformed"),
        ("arrests_calls", "persons", "nan", "3", "number-malformed"),
        ("arrests_calls", "persons", "0", "inf", "number-malformed"),
        ("arrests_calls", "persons", "0.0003", "0.002", "figure-whole"),
        ("arrests_calls", "persons", "1", "2.5", "figure-whole"),
        ("contact_with_kin", "share", "0", "1", None),
        ("contact_with_kin", "share", "0.5", "1.1", "figure-share"),
        ("arrests_calls_rate", "per_resident_year", "0", "0.002", None),
        ("arrests_calls_rate", "per_resident_year", "0.5", "7", "figure-rate"),
    ],
)
def test_a_figure_can_be_what_its_unit_can_be(measure, unit, low, high, code):
    package = package_of(plain(0), figures=[(id_from("figure"), *figure("2024", low, high, unit, measure))])
    found = {one.code for one in check_files(to_files(package), TODAY) if one.level == "error"}
    assert found - {"history-lost-row"} == ({code} if code else set())


@pytest.mark.parametrize("unit", ["share", "per_resident_year"])
def test_a_rate_is_never_read_as_persons(unit):
    read = read_for(made_package(some_reports(), figures=[figure("2024-Q3", *FIT[unit], unit)]), PLACE, WINDOW)
    assert read.design.counts == ()
    assert "figure" not in read.anchors
    assert read.set_aside == {"figures in another unit than their measure's": 1}


def test_zero_is_a_count_and_more_is_more():
    seen = []
    for low, high in (("0", "0"), ("0", "3"), ("1", "3"), ("7", "7"), ("700", "700")):
        read = read_for(made_package(some_reports(), figures=[figure("2024-Q3", low, high)]), PLACE, WINDOW)
        seen.append(read.observed.figures[0])
        assert astuple(read.design.counts[0])[1:] == (float(low), float(high))
    assert seen[0] == pytest.approx(np.log(0.5))
    assert seen[3] == pytest.approx(np.log(7.5))
    assert seen == sorted(set(seen))


def judged(row, status):
    at = TABLES["reports"].position("status")
    return (*row[:at], status, *row[at + 1 :])


def test_what_is_judged_unlikely_is_set_aside_and_counted_as_that():
    sure, doubted, mixed = new_id(), new_id(), new_id()
    told = [
        report(sure, A, "2024-08"),
        judged(report(doubted, A, "2024-08", "arrest"), "unlikely"),
        judged(report(mixed, A, "2024-08", "arrest"), "unlikely"),
        report(mixed, A, "2024-11", "call_given_up"),
        judged(report(new_id(), A, "2024-08"), "confirmed_no_violation"),
    ]
    read = read_for(made_package(told), PLACE, WINDOW)
    assert (read.n_incidents, read.n_reports) == (3, 3)
    assert read.set_aside == {"judged unlikely": 2}
    assert read.observed.by_kind.sum(axis=0).tolist() == [2, 0, 1, 0, 0, 0, 0]
    assert read.observed.by_list.sum(axis=0).tolist() == [2, 1]
    assert (
        "2 reports are judged unlikely; an estimate and a safe table set them aside."
        in summarise(made_package(told), exact=True).sentences
    )


def test_a_report_passed_on_says_nothing_of_its_own():
    """Neither date nor place nor act of a relay counts, and it does not outlive an original that is judged unlikely."""
    first, doubted = new_id(), new_id()
    origin, doubt = report(first, A, "2024-08"), judged(report(doubted, A, "2024-08"), "unlikely")
    relays = []
    for original in (origin, doubt):
        row = list(report(original[1], B, "2024-11", "arrest", relay="list"))
        row[4] = original[0]
        relays.append(tuple(row))
    read = read_for(made_package([origin, doubt, *relays]), PLACE, WINDOW)
    assert (read.n_incidents, read.n_reports, read.observed.relays) == (1, 2, 1)
    assert read.observed.by_list.sum(axis=0).tolist() == [1, 0]
    assert read.observed.by_kind.sum(axis=0).tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert read.set_aside == {"judged unlikely": 1, "that pass on a report which is set aside": 1}
