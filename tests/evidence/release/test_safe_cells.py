"""Counting for publication, against a recount by brute force that shares no line with it.

Random packages with relays, duplicates, chains, circles, lost originals, several sources, acts, dates and places to an
incident, reports without a code, held or doubted. The recount works on fractions and on tables of its own; the bound of
docs/evidence/limits.md is held by taking every source away with all that belongs to it.
"""

import random
from collections import defaultdict
from datetime import date
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.packages import package_of, report
from support.depth import examples
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.format.table_schemas import REPORTS
from underwatch.evidence.package import new_package
from underwatch.evidence.release.publish import Refused, ReleaseRules, prepare
from underwatch.evidence.release.safe_cells import PARTS, count_cells
from underwatch.evidence.same_incident import GRAVEST_FIRST

LATER = date(2026, 11, 1)
SLOTS = ["2024-Q3", "2024-Q4"]
# What the drawn codes mean: family; days and quarter; province ("" is coarser) and how fine.
ACTS = {"tailing": "following", "arrest": "detention", "search": "detention", "wiretap": "calls", "order": "orders"}
DATES = {
    "2024-W40": (7, "2024-Q4"), "2024-10": (31, "2024-Q4"), "2024-09": (30, "2024-Q3"), "2024-Q3": (92, "2024-Q3"),
    "2024-09/2024-10": (61, ""), "2025-01": (31, "2025-Q1"), "2024": (366, ""), "": (10**6, ""),
}  # fmt: skip
PLACES = {
    "hoeryong": ("north-hamgyong", 0), "hyesan": ("ryanggang", 0), "ryanggang": ("ryanggang", 1),
    "border-provinces": ("", 2), "": ("", 9),
}  # fmt: skip
SOURCES = ("", "s1", "s2", "s3", "s4")


@st.composite
def told(draw, max_size=14):
    """Reports as records: few incidents and sources, so that they meet; two of three are originals."""
    names = [f"r{n}" for n in range(draw(st.integers(1, max_size)))]
    rows = []
    for name in names:
        cells = {
            "report_id": name,
            "incident_id": f"i{draw(st.integers(0, 3))}",
            "list_id": f"l{draw(st.integers(0, 2))}",
            "relayed_from": draw(st.sampled_from(["none", "none", "unknown"])),
            "relay_of": "",
            "duplicate_of": "",
            "act_code": draw(st.sampled_from(["arrest", "arrest", *sorted(ACTS)])),
            "when": draw(st.sampled_from(sorted(DATES))),
            "place_code": draw(st.sampled_from(["hoeryong", "hoeryong", *sorted(PLACES)])),
            "release": draw(st.sampled_from(["aggregate", "record", "hold"])),
            "status": draw(st.sampled_from(["likely", "likely", "possible", "unlikely"])),
            "source_code": draw(st.sampled_from(SOURCES)),
        }
        link = draw(st.sampled_from(["", "", "", "", "relay_of", "duplicate_of", "both", "lost"]))
        others = st.sampled_from([*names, "gone"])
        if link in ("relay_of", "both", "lost"):
            cells["relayed_from"] = "list"
        for column in ("relay_of", "duplicate_of"):
            if link in (column, "both"):
                cells[column] = draw(others)
        rows.append(cells)
    return rows


def package(rows):
    return new_package().with_rows(REPORTS, [report(**row) for row in rows])


def ends(rows):
    """Where each report's chain ends, as the row; the report itself where it goes in a circle."""
    by_id = {row["report_id"]: row for row in rows}

    def step(name):
        row = by_id[name]
        return next((link for link in (row["relay_of"], row["duplicate_of"]) if link in by_id), None)

    found = {}
    for name in by_id:
        here = name
        for _ in rows:
            here = step(here) or here
        found[name] = by_id[name if step(here) else here]
    return found


def first_hand(row):
    return (row["relayed_from"], row["relay_of"], row["duplicate_of"]) in (("none", "", ""), ("unknown", "", ""))


def owner(row):
    """Whose a report is that passes on no other here."""
    return row["source_code"] if first_hand(row) else ""


def voices(rows):
    """The reports that may be counted, by incident."""
    end = ends(rows)
    by_incident = defaultdict(list)
    for row in rows:
        by_incident[row["incident_id"]].append(row)
    found = {}
    for name, group in by_incident.items():
        own = [row for row in group if first_hand(row)]
        if not any(first_hand(end[row["report_id"]]) for row in group):
            own = [row for row in group if end[row["report_id"]] is row]
        own = [row for row in own if row["release"] != "hold" and row["status"] != "unlikely"]
        if own:
            found[name] = own
    return found


def cell(rows):
    """The cell of reports of one incident; None when it is none of the table's."""
    order = sorted(
        rows,
        key=lambda row: (
            GRAVEST_FIRST.index(row["act_code"]), DATES[row["when"]][0], row["when"], PLACES[row["place_code"]][1],
            row["place_code"],
        ),
    )  # fmt: skip
    slots = [DATES[row["when"]][1] for row in order if DATES[row["when"]][1]]
    places = [PLACES[row["place_code"]][0] for row in order if PLACES[row["place_code"]][0]]
    if not slots or not places or slots[0] not in SLOTS:
        return None
    return slots[0], places[0], ACTS[order[0]["act_code"]]


def standing(rows):
    """The incidents of each cell, and the known sources behind it: for hidden cells."""
    incidents, sources = defaultdict(set), defaultdict(set)
    for name, group in voices(rows).items():
        where = cell(group)
        if where:
            incidents[where].add(name)
            sources[where] |= {owner(row) for row in group} - {""}
    return incidents, sources


def capped(rows, cap):
    """What each cell comes to, in incidents, for hidden cells."""
    tellers = {name: {owner(row) for row in group} for name, group in voices(rows).items() if cell(group)}
    n = {source: sum(source in some for some in tellers.values()) for source in SOURCES}
    weight = defaultdict(Fraction)
    for where, names in standing(rows)[0].items():
        for name in names:
            weight[where] += min(1, sum(min(Fraction(1), Fraction(cap, n[source])) for source in tellers[name]))
    return weight


def steadied(rows, cap):
    """What each cell comes to, in incidents, for noise."""
    votes = {}
    for name, group in voices(rows).items():
        for source in set(SOURCES) - {""}:
            own = [row for row in group if owner(row) == source]
            if own and cell(own):
                votes[name, source] = cell(own)
    n = {source: sum(other == source for _, other in votes) for source in SOURCES}
    weight = defaultdict(Fraction)
    for incident in {name for name, _ in votes}:
        by_cell = defaultdict(Fraction)
        for (name, source), where in votes.items():
            if name == incident:
                by_cell[where] += min(Fraction(1), Fraction(cap, n[source]))
        for where, most in by_cell.items():
            lead = most - max((other for at, other in by_cell.items() if at != where), default=0)
            weight[where] += max(0, min(1, lead))
    return weight


def in_parts(weight, table):
    return {where: weight.get(where, 0) * PARTS for where in table.grid.cells}


@examples(150)
@given(told(), st.integers(1, 4))
def test_cells_hold_distinct_incidents_and_known_sources(rows, cap):
    table = count_cells(package(rows), SLOTS, "province", cap)
    incidents, sources = standing(rows)
    weight = capped(rows, cap)
    assert table.parts == in_parts(weight, table)
    assert table.sources == {where: sources.get(where, set()) for where in table.grid.cells}
    for where, n in table.counts.items():
        assert floor(weight[where]) <= n <= ceil(weight[where]) <= len(incidents[where])
    assert sum(table.counts.values()) == floor(sum(weight.values()) + Fraction(1, 2))
    everything = count_cells(package(rows), SLOTS, "province", 20).counts
    assert everything == {where: len(incidents.get(where, ())) for where in everything}


@examples(150)
@given(told(), st.integers(1, 4))
def test_a_steady_table_holds_what_is_beyond_dispute(rows, cap):
    table = count_cells(package(rows), SLOTS, "province", cap, steady=True)
    assert table.parts == in_parts(steadied(rows, cap), table)


@examples(100)
@given(told(max_size=20), st.integers(1, 4), st.sampled_from(["province", "region", "country"]))
def test_taking_a_source_away_with_all_that_is_its_changes_a_steady_table_by_the_cap_at_most(rows, cap, grain):
    """Over all cells of all periods together; reports whose source is unknown change nothing at all."""
    end = ends(rows)
    whole = count_cells(package(rows), SLOTS, grain, cap, steady=True).parts
    for source in SOURCES:
        rest = [row for row in rows if owner(end[row["report_id"]]) != source]
        parts = count_cells(package(rest), SLOTS, grain, cap, steady=True).parts
        change = sum(abs(whole[where] - parts[where]) for where in whole)
        assert change <= (cap * PARTS if source else 0)


def incident(number, source, **cells):
    """A report of an incident of this number."""
    own = {"report_id": f"{source} {number} {cells.get('act_code', '')}", "incident_id": f"i{number}"}
    return {**report_cells(source), **own, **cells}


def report_cells(source):
    return {"source_code": source, "when": "2024-10", "when_precision": "month", "place_code": "hoeryong"}


def test_the_bound_is_reached_and_counting_as_for_hidden_cells_would_break_it():
    """The control: one source whose word moves thirty incidents that others told too."""
    others = [incident(n, f"other {n}", act_code="tailing") for n in range(30)]
    mine = [incident(n, "mine", act_code="arrest") for n in range(30)]

    def change(steady):
        whole, rest = (
            count_cells(package(rows), SLOTS, "province", 5, steady).parts for rows in (others + mine, others)
        )
        return Fraction(sum(abs(whole[where] - rest[where]) for where in whole), PARTS)

    assert change(steady=True) == 5
    assert change(steady=False) == 60


def test_a_source_beyond_the_cap_counts_in_part_wherever_it_tells():
    """Ten incidents in each of two quarters and two families come to five, spread evenly; none is picked."""
    rows = [
        incident(f"{n} {when}", "s", when=when, act_code=act)
        for n in range(10)
        for when, act in (("2024-09", "tailing"), ("2024-10", "arrest"))
    ]
    table = count_cells(package(rows), SLOTS, "province", 5)
    filled = {where: n for where, n in table.counts.items() if n}
    assert sum(filled.values()) == 5
    assert {where[0] for where in filled} == set(SLOTS)
    assert sorted(table.parts.values())[-2:] == [PARTS * 5 // 2] * 2


def test_parts_are_rounded_to_the_nearest_whole():
    """Three incidents of one source under a cap of one, one of them told by another too: 1 + 1/3 + 1/3."""
    rows = [incident(n, "s", when=when) for n, when in enumerate(("2024-09", "2024-10", "2024-10"))]
    table = count_cells(package([*rows, incident(0, "t", when="2024-09")]), SLOTS, "province", 1)
    assert sum(table.parts.values()) == PARTS * 5 // 3
    assert sorted(n for n in table.counts.values() if n) == [1, 1]


@examples(60)
@given(told(), st.integers(1, 3), st.integers(0, 3))
def test_neither_identifiers_nor_the_order_of_rows_decide(rows, cap, seed):
    luck = random.Random(seed)
    fresh = defaultdict(lambda: id_from(str(luck.random())), {"": ""})
    names = ("report_id", "incident_id", "list_id", "relay_of", "duplicate_of", "source_code")
    again = [row | {name: fresh[row[name]] for name in names} for row in rows]
    luck.shuffle(again)
    for steady in (False, True):
        old, new = (count_cells(package(some), SLOTS, "province", cap, steady) for some in (rows, again))
        assert (old.parts, old.counts) == (new.parts, new.counts)
        assert {where: len(some) for where, some in old.sources.items()} == {
            where: len(some) for where, some in new.sources.items()
        }


def shown(rows, start="2023-Q3", end="2023-Q3"):
    """The shown cells of a release, or 'refused'."""
    try:
        table = prepare(package(rows), ReleaseRules(start, end), LATER).table.decode()
    except Refused:
        return "refused"
    return {tuple(line.split(",")[:3]): int(line.split(",")[3]) for line in table.splitlines() if ",yes," in line}


AUGUST = {"when": "2023-08", "when_precision": "month", "act_code": "tailing", "received": "2023-09"}


def test_one_source_relayed_by_two_lists_is_one_source():
    originals = [incident(n, "s", **AUGUST) for n in range(12)]
    for source, marked in (("", "list"), ("another", "list"), ("third", "none")):
        link = "relay_of" if marked == "list" else "duplicate_of"
        copies = [
            incident(n, f"{source} {n % 2}" if source else "", **AUGUST)
            | {"report_id": f"copy {n}", "list_id": f"l{n % 2}", "relayed_from": marked}
            | {link: originals[n]["report_id"]}
            for n in range(8)
        ]
        assert shown(originals + copies) == "refused"
        again = [copy | {"report_id": f"again {n}", "relay_of": f"copy {n}"} for n, copy in enumerate(copies)]
        assert shown(originals + copies + again) == "refused"
        lost = [copy | {"relay_of": "", "duplicate_of": "", "relayed_from": "list"} for copy in copies]
        assert shown(originals + lost) == "refused"
    assert shown([incident(n, f"s{n % 3}", **AUGUST) for n in range(12)]) != "refused", "the control"


def test_reports_without_a_code_are_no_further_source():
    rows = [incident(n, f"s{n % 2}", **AUGUST) for n in range(10)]
    nameless = [incident(n, "", **AUGUST) | {"report_id": f"x{n}", "list_id": f"l{n}"} for n in range(10, 15)]
    assert shown(rows + nameless) == "refused"


@pytest.mark.parametrize(("n", "expected"), [(6, "refused"), (9, "refused"), (12, {("2023-Q3", "all", "all"): 12})])
def test_incidents_coded_with_several_acts_places_and_periods_count_once(n, expected):
    rows = []
    for number in range(n):
        first = incident(number, f"s{number}", **AUGUST)
        for k, other in enumerate(({}, {"act_code": "arrest"}, {"place_code": "hyesan"}, {"when": "2023-09"})):
            rows.append(first | other | {"report_id": f"{number} {k}"})
    assert shown(rows) == expected
    if n == 12:
        both = shown(rows, "2023-Q2", "2023-Q4")
        assert both == expected, "and in one period alone"


def test_a_relay_dated_elsewhere_counts_where_its_original_does():
    rows = []
    for number in range(12):
        original = incident(number, f"s{number}", **AUGUST)
        elsewhere = {"report_id": f"relay {number}", "relayed_from": "list", "relay_of": original["report_id"]}
        rows += [original, original | elsewhere | {"when": "2023-10", "place_code": "hyesan", "act_code": "arrest"}]
    assert shown(rows, "2023-Q3", "2023-Q4") == {("2023-Q3", "all", "all"): 12}
    assert shown(rows, "2023-Q4", "2023-Q4") == "refused"
    other = [row | ({"incident_id": row["report_id"]} if "relay_of" in row else {}) for row in rows]
    assert shown(other, "2023-Q3", "2023-Q4") == {("2023-Q3", "all", "all"): 12}, "under an identifier of its own too"


@pytest.mark.parametrize("withheld", [{"release": "hold"}, {"status": "unlikely"}])
@pytest.mark.parametrize("link", [True, False])
def test_no_relay_publishes_what_its_original_may_not(withheld, link):
    rows = []
    for number in range(12):
        original = incident(number, f"s{number}", **AUGUST) | withheld
        copy = {"report_id": f"relay {number}", "relayed_from": "list", "release": "record", "status": "likely"}
        rows += [original, original | copy | ({"relay_of": original["report_id"]} if link else {})]
    assert shown(rows) == "refused"
    free = [row | {"release": "record", "status": "likely"} for row in rows]
    assert shown(free) == {("2023-Q3", "all", "all"): 12}, "the control"


def test_what_is_held_does_not_decide_the_cell():
    rows = [incident(1, "s"), incident(1, "s", act_code="arrest") | {"release": "hold", "when": "2024-09"}]
    rows[0]["act_code"] = "tailing"
    counts = count_cells(package(rows), SLOTS, "province", 5).counts
    assert {where for where, n in counts.items() if n} == {("2024-Q4", "north-hamgyong", "following")}


def test_whether_noise_is_too_great_is_judged_by_the_noisy_counts():
    """Else the refusal would be an exact answer: here the counts are just under the least, and luck decides."""
    rows = [report(n, source_code=id_from("s", str(n))) for n in range(55)]
    rules = ReleaseRules("2024-Q4", "2024-Q4", "country", method="noise", source_cap=20, epsilon="2.0")
    outcomes = set()
    for seed in range(12):
        try:
            outcomes.add(bool(prepare(package_of(*rows), rules, LATER, random.Random(seed).randrange)))
        except Refused:
            outcomes.add(False)
    assert outcomes == {True, False}
