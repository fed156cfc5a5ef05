"""Incidents: who speaks for one, whose it is, and what several reports of one come to."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.packages import PLAIN_REPORT, packages
from support.depth import examples
from underwatch.channel.reporting import GRAVER
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.format.table_schemas import REPORTS, TABLES
from underwatch.evidence.format.vocabularies import codes, entries
from underwatch.evidence.same_incident import GRAVEST_FIRST, gravest_first, source_of, speaking
from underwatch.world.layout import INCIDENT_NAMES


def told(number, **cells):
    """One report as a record, of an incident of its own unless told otherwise."""
    own = {"report_id": f"report {number}", "incident_id": f"incident {number}", "source_code": f"source {number}"}
    return PLAIN_REPORT | own | cells


def relay(number, of, **cells):
    return told(number, **{"relayed_from": "list", "relay_of": f"report {of}", "list_id": id_from("other")} | cells)


def speakers(*reports):
    """Who speaks for what, by the numbers of the reports."""
    found = speaking(reports)
    return {name: [report["report_id"].split()[1] for report in group] for name, group in found.items()}


def test_every_act_has_its_place_in_the_order_of_gravity():
    assert sorted(GRAVEST_FIRST) == sorted(codes("act"))


def test_the_order_of_gravity_is_that_of_an_exaggerated_report():
    """What an exaggerated report makes of a kind is no less grave than the kind."""
    kinds = {
        act: INCIDENT_NAMES.index(entry["model_kind"]) for act, entry in entries("act").items() if entry["model_kind"]
    }
    for act, kind in kinds.items():
        for graver, other in kinds.items():
            if other == GRAVER[kind] and other != kind:
                assert GRAVEST_FIRST.index(graver) < GRAVEST_FIRST.index(act), (graver, act)


@pytest.mark.parametrize("same", [{"incident_id": "incident 1"}, {}])
def test_a_relay_says_nothing_beside_its_original(same):
    """Also under another incident's identifier, through chains, and where a report both relays and repeats."""
    first, second = relay(2, 1, **same), relay(3, 2, list_id=id_from("third"), **same)
    both = relay(4, 3, duplicate_of="report 2", **same)
    again = told(5, duplicate_of="report 1", **same)
    further = relay(6, 5, **same)
    assert speakers(told(1), first, second, both, again, further) == {"incident 1": ["1"]}
    lost = told(7, relayed_from="list", incident_id="incident 6")
    assert "incident 6" not in speakers(told(1), again, further | {"incident_id": "incident 6"}, lost)


def test_a_relay_without_its_original_speaks_only_where_nobody_else_does():
    lost = {"relayed_from": "list"}
    assert speakers(told(1), told(2, incident_id="incident 1", **lost)) == {"incident 1": ["1"]}
    assert speakers(told(2, **lost), relay(3, 2, incident_id="incident 2")) == {"incident 2": ["2"]}
    assert speakers(relay(3, "gone")) == {"incident 3": ["3"]}
    among = told(4, incident_id="incident 3", **lost)
    assert speakers(told(1), relay(3, 1), among) == {"incident 1": ["1"]}, "it may pass on what 3 passes on"


def test_reports_in_a_circle_speak_without_a_source():
    first = relay(1, 2)
    second = told(2, duplicate_of="report 1", incident_id="incident 1")
    assert speakers(first, second) == {"incident 1": ["1", "2"]}
    assert {source_of(first), source_of(second)} == {""}


def test_whose_a_report_is():
    assert source_of(told(1)) == "source 1"
    assert source_of(told(1, relayed_from="unknown")) == "source 1"
    assert source_of(told(1, source_code="")) == source_of(told(1, relayed_from="list")) == ""


def test_the_gravest_act_goes_first():
    reports = [
        told(1, act_code="tailing", when="2024-W40", ground="defector_family"),
        told(2, act_code="arrest", when="2024", ground="unknown"),
        told(3, act_code="arrest", when="2024-10", ground="chinese_phone_user"),
    ]
    assert [report["report_id"].split()[1] for report in gravest_first(reports)] == ["3", "2", "1"]


@examples(60)
@given(packages(max_size=8), st.integers(0, 5))
def test_neither_order_of_rows_nor_identifiers_decide(package, seed):
    """The rows as reports of one incident, all of one act: shuffled and renamed they say the same in the same order."""
    rows = [row | {"incident_id": "one", "act_code": "arrest"} for row in package.table(REPORTS).records()]
    luck = random.Random(seed)
    again = [row | {name: str(luck.random()) for name in ("report_id", "list_id", "source_code")} for row in rows]
    luck.shuffle(again)
    names = [column.name for column in TABLES[REPORTS].columns if column.kind not in ("id", "reference")]

    def said(reports):
        return [[report[name] for name in names] for report in speaking(reports).get("one", [])]

    assert said(rows) == said(again)


def test_what_else_a_report_says_goes_before_its_identifier():
    pairs = [(told(1, setting="home"), told(2, setting="phone")), (told(2, setting="home"), told(1, setting="phone"))]
    assert [gravest_first(reversed(pair)) == list(pair) for pair in pairs] == [True, True]
