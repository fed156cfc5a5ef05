"""The synthetic package: what ships is what its world tells, its truth is that world's, and it is coded as it says."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from synthetic_package import CUT_WEEKS, FIRST_DAY, N_WEEKS, coded_package, lines_of, reports_told

from underwatch.evidence.check.checking import check_files
from underwatch.evidence.format.table_schemas import EFFORT, FIGURES, REPORTS, SURVEY
from underwatch.evidence.package import to_files
from underwatch.evidence.samples.synthetic import synthetic_package
from underwatch.inference.bank.bank import WINDOW, BankPlan
from underwatch.inference.bank.held_out import bank_of, hidden_world, truth_of
from underwatch.inference.bank.quantities import ALL_NAMES

PACKAGE, TRUTH = synthetic_package()
LINES = reports_told()
P = "p_tell_at_no_fear"


def world(place):
    found = hidden_world(BankPlan(place, seed=TRUTH["seed"], per_shard=1))
    return replace(found, values={**found.values, P: TRUTH["parameters"][P]})


def test_it_is_the_same_each_time_and_clean():
    assert len(PACKAGE.table(REPORTS).rows) == len(LINES) == 5_000
    assert to_files(PACKAGE) == to_files(synthetic_package()[0])
    assert check_files(to_files(PACKAGE), date(2026, 1, 1)) == []
    assert PACKAGE.kind == "synthetic"
    assert (WINDOW.start, WINDOW.n_weeks) == (FIRST_DAY, N_WEEKS)


def test_what_ships_is_what_was_coded():
    made = coded_package()
    for name in (REPORTS, EFFORT, SURVEY, FIGURES):
        assert made.table(name) == PACKAGE.table(name)


def test_what_ships_is_what_a_world_of_the_model_tells():
    """The smallest place told again: each line, and every incident behind the lines."""
    places, found = TRUTH["places"], world("pochon")
    at = places.index("pochon")
    again = lines_of(found, found.observe(len(places) * TRUTH["luck"] + at, np.array(TRUTH["effort"])))
    assert again == tuple(line for line in LINES if line.place == "pochon")
    incidents = np.zeros((N_WEEKS, len(TRUTH["acts"])), int)
    np.add.at(incidents, (found.records["day"] // 7, found.records["kind"]), 1)
    assert incidents.tolist() == [week[at] for week in TRUTH["incidents"]]


@pytest.mark.deep
def test_its_truth_is_that_worlds():
    first = world(TRUTH["places"][0])
    told_in_all = np.array([first.expected_told(np.array(TRUTH["effort"]))])
    found = truth_of(bank_of(first.plan), told_in_all)[0]
    assert dict(zip(ALL_NAMES, found.tolist(), strict=True)) == pytest.approx(TRUTH["hidden"], rel=1e-4)
    reported = {line.incident for line in LINES if line.place == first.plan.place}
    assert len(reported) == pytest.approx(told_in_all[0], abs=5 * np.sqrt(told_in_all[0]))


def test_a_list_that_is_cut_hears_nothing_itself():
    own = [line for line in LINES if line.copy_of < 0]
    assert own
    assert not [line for line in own if line.week in range(*CUT_WEEKS[line.list_number])]
    assert {row["state"] for row in PACKAGE.table(EFFORT).records()} == {"open", "limited", "cut"}


def test_copies_are_known_as_such_as_often_as_the_truth_says():
    copies, marked = TRUTH["n_relays"], TRUTH["parameters"]["relay_marked"]
    known = [row for row in PACKAGE.table(REPORTS).records() if row["relayed_from"] == "list"]
    assert copies == sum(line.copy_of >= 0 for line in LINES)
    assert abs(len(known) - copies * marked) < 4 * np.sqrt(copies * marked * (1 - marked))
    by_id = {row["report_id"]: row for row in PACKAGE.table(REPORTS).records()}
    for row in known:
        origin = by_id[row["relay_of"]]
        assert origin["incident_id"] == row["incident_id"]
        assert origin["list_id"] != row["list_id"]


def test_its_anchors_are_about_the_first_place():
    assert {row["place_code"] for row in PACKAGE.table(SURVEY).records()} == {TRUTH["places"][0]}
    (figure,) = TRUTH["figures"]
    low, high = int(figure[3]), int(figure[4])
    arrests = sum(week[0][TRUTH["acts"].index("arrest")] for week in TRUTH["incidents"][N_WEEKS // 2 :])
    assert low / 3 < arrests < high * 3
