"""What ships: the example package checked clean, and the door for an estimate."""

import csv
import re
from collections import Counter
from datetime import date

import example_package as coding
import pytest

from evidence.packages import good_package, package_of, report
from underwatch.evidence import reading
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.check.problems import exit_code
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.format.periods import Period
from underwatch.evidence.format.table_schemas import BIBLIOGRAPHY, EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.package import to_files
from underwatch.evidence.samples.example import example_package
from underwatch.facts import published_facts

LATER = date(2026, 11, 23)


def coded():
    text = (coding.HERE / "coded_reports.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_what_ships_is_what_was_coded():
    made = coding.coded_package()
    for name in (REPORTS, EFFORT, BIBLIOGRAPHY, SURVEY, FIGURES):
        assert made.table(name) == example_package().table(name)


def test_the_example_is_checked_clean_and_declares_what_it_is():
    package = example_package()
    found = check_files(to_files(package), LATER)
    assert exit_code(found) == 0
    assert {(one.level, one.code) for one in found} == {("note", "zeros-unknown-effort")}
    assert "search_driven_sample" in package.declares
    assert b"no rate series" in to_files(package)["datapackage.json"]


def test_the_example_keeps_what_was_coded():
    rows, source = example_package().table(REPORTS).records(), coded()
    assert len(rows) == len(source) == 198
    assert len({row["incident_id"] for row in rows}) == len({row["original"] for row in source}) == 164
    assert Counter(row["act_code"] for row in rows) == Counter(row["act"] for row in source)
    assert Counter(row["ground"] for row in rows) == Counter(row["ground"] for row in source)
    assert Counter(row["actor_type"] for row in rows) == Counter(row["organ"] for row in source)
    assert Counter(row["relayed_from"] for row in rows) == {"list": 70, "unknown": 128}
    assert sum(row["independent_sources"] == "two_or_more" for row in rows) == sum(
        row["sources"] == "more" for row in source
    )
    by_id = {id_from("underwatch example package", "report", row["report_id"]): row for row in source}
    for row in rows:
        before = by_id[row["report_id"]]
        assert row["received"] == before["published"]
        if re.fullmatch(r"\d{4}-\d\d", before["event_start"]) and before["event_start"] == before["event_end"]:
            assert row["when"] == before["event_start"]
        if before["place"] and ";" not in before["place"]:
            assert row["place_code"] == before["place"].lower().replace(" ", "-")


def test_relays_point_to_the_original_in_another_list_and_duplicates_stay_in_one():
    rows = {row["report_id"]: row for row in example_package().table(REPORTS).records()}
    relays = [row for row in rows.values() if row["relay_of"]]
    assert relays
    for row in relays:
        origin = rows[row["relay_of"]]
        assert origin["incident_id"] == row["incident_id"]
        assert origin["list_id"] != row["list_id"]
        assert origin["relayed_from"] != "list"
    doubles = [row for row in rows.values() if row["duplicate_of"]]
    assert doubles
    assert all(rows[row["duplicate_of"]]["list_id"] == row["list_id"] for row in doubles)


def test_the_example_has_no_effort_no_source_and_addresses_apart():
    package = example_package()
    assert set(package.table(EFFORT).column("state")) == {"unknown"}
    assert set(package.table(EFFORT).column("list_id")) == set(package.table(REPORTS).column("list_id"))
    assert set(package.table(REPORTS).column("source_code")) == {""}
    assert len(package.table(BIBLIOGRAPHY).rows) == 193
    assert b"http" not in to_files(package)["reports.csv"]


def test_survey_rows_are_whole_numbers_of_people_at_the_published_share():
    shares = {
        "contact_with_kin": (0.47, 414),
        "knows_punished_media": (0.35, 200),
        "knows_penalty": (0.98, 200),
        "private_complaint": (35 / 36, 36),
    }
    for row in example_package().table(SURVEY).records():
        share, n = shares[row["question"]]
        assert int(row["n_asked"]) == n
        assert round(int(row["n_yes"]) / n, 2) == round(share, 2)


def test_figures_are_those_of_the_fact_base():
    facts = published_facts()
    figures = {
        (row["measure"], row["period"], row["place_code"]): row for row in example_package().table(FIGURES).records()
    }
    for key, name in (
        (("contact_with_kin", "2018", "north-korea"), "contact_share_2018"),
        (("knows_punished_media", "2010", "north-korea"), "know_punished"),
        (("arrests_calls", "2020/2022", "hoeryong"), "chinese_phone_arrests_hoeryong"),
        (("arrests_calls", "2021", "ryanggang"), "chinese_phone_arrests_ryanggang_2021"),
        (("arrests_calls_rate", "2020/2022", "border-provinces"), "arrest_rate_border_phone"),
    ):
        assert (float(figures[key]["low"]), float(figures[key]["high"])) == pytest.approx(
            (facts[name].low, facts[name].high)
        )
    arrests = [row for row in figures.values() if row["measure"].startswith("arrests")]
    assert {row["independence"] for row in arrests} == {"same_lists"}, (
        "arrest figures of the same outlets are no anchor"
    )


def test_reading_for_an_estimate():
    package = package_of(
        report(0),
        report(
            1,
            relay_of=id_from("report", "0"),
            relayed_from="list",
            list_id=id_from("list", "1"),
            incident_id=id_from("incident", "0"),
        ),
        report(
            2,
            act_code="lecture",
            when="",
            when_precision="unknown",
            received="",
            relayed_from="unknown",
            independent_sources="two_or_more",
        ),
    )
    rows = {one.act + str(one.list_number) + str(one.is_relay): one for one in reading.reports(package)}
    lists = reading.list_numbers(package)
    own, relay, other = (
        rows[f"{act}{lists[id_from('list', which)]}{is_relay}"]
        for act, which, is_relay in (("arrest", "0", False), ("arrest", "1", True), ("lecture", "0", None))
    )
    assert own.incident == relay.incident != other.incident
    assert reading.reports(package)[relay.relay_of] == own
    assert (own.kind, other.kind) == ("arrest", "")
    assert own.when == Period(date(2024, 9, 30), date(2024, 10, 6), "week")
    assert (other.when, other.received, other.is_corroborated) == (None, None, True)
    assert own.received == Period(date(2024, 10, 7), date(2024, 10, 13), "week")


def test_reading_effort_survey_and_figures():
    package = good_package()
    (effort,) = reading.effort(package)
    assert effort.period == Period(date(2024, 1, 1), date(2024, 12, 31), "year")
    assert (effort.state, effort.list_number) == ("open", 0)
    (answer,) = reading.survey(package)
    assert (answer.question, answer.n_asked, answer.n_yes) == ("gave_up_call", 40, 13)
    (figure,) = reading.figures(package)
    assert (figure.low, figure.high, figure.is_anchor) == (100.0, 300.0, True)
    assert [one.is_anchor for one in reading.figures(example_package()) if one.measure == "arrests_calls"] == [
        False
    ] * 5
    assert not hasattr(reading.Report, "source_code")


def test_the_example_reads():
    rows = reading.reports(example_package())
    assert sum(bool(row.kind) for row in rows) == 75
    window = [row for row in rows if row.when and date(2023, 7, 1) <= row.when.first <= date(2025, 6, 30)]
    hoeryong = {row.incident for row in window if row.place_code == "hoeryong"}
    modelled = {row.incident for row in window if row.place_code == "hoeryong" and row.kind}
    assert len(modelled) < len(hoeryong) <= 20, "two years of the best covered city: too little for a scale"
