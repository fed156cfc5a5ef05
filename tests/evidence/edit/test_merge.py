"""Joining packages: commutative, associative, refused where only people can decide; and what another group may have."""

import dataclasses

import pytest
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st

from evidence.packages import CODER, TODAY, good_package, package_of, packages, report, reports
from support.depth import examples
from underwatch.cli.evidence import evidence
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files, read_package
from underwatch.evidence.edit.alike import met_in_merging
from underwatch.evidence.edit.merge import merge
from underwatch.evidence.folder import write_files
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.format.table_schemas import BIBLIOGRAPHY, CHANGES, EFFORT, RELEASES, REPORTS
from underwatch.evidence.history import Segment, recorded
from underwatch.evidence.package import to_files
from underwatch.evidence.release.share import shareable


def edited(package, rows, segment):
    return recorded(package.with_rows(REPORTS, rows), CODER, "update", Segment(id_from(segment)))


@st.composite
def three_groups(draw):
    """Three packages that grew from one: each edits rows of its own, removes others, and adds new ones."""
    base_rows = draw(reports(max_size=6))
    base = package_of(*base_rows, segment="base")
    order = draw(st.permutations(base_rows))
    groups = []
    for number in range(3):
        mine = set(order[number::3])
        kept = []
        for row in base_rows:
            fate = draw(st.sampled_from(["keep", "change", "remove"])) if row in mine else "keep"
            if fate == "keep":
                kept.append(row)
            elif fate == "change":
                kept.append((*row[:7], "other" if row[7] != "other" else "unknown", *row[8:]))
        fresh = draw(reports(max_size=2))
        known = {row[0] for row in base_rows}
        assume(not known & {row[0] for row in fresh})
        groups.append(edited(base, kept + fresh, f"group {number}") if draw(st.booleans()) else base)
    names = [row[0] for group in groups for row in group.table(REPORTS).rows if row[0] not in {r[0] for r in base_rows}]
    assume(len(set(names)) == len(names))
    return groups


@examples(60)
@given(three_groups())
def test_merging_is_commutative_associative_and_idempotent(groups):
    a, b, c = groups
    left = to_files(merge(merge(a, b), c))
    assert left == to_files(merge(a, merge(b, c)))
    assert left == to_files(merge(merge(c, a), b))
    assert to_files(merge(a, a)) == to_files(a)
    assert [one for one in check_files(left, TODAY) if one.level == "error"] == []


@examples(25)
@given(packages(segment="one"), packages(segment="another"))
def test_packages_without_anything_in_common_are_added_up(a, b):
    shared = {row[0] for name in a.tables for row in a.table(name).rows} & {
        row[0] for name in b.tables for row in b.table(name).rows
    }
    assume(not shared)
    both = merge(a, b)
    for name in a.tables:
        assert len(both.table(name).rows) == len(a.table(name).rows) + len(b.table(name).rows)


def test_the_later_state_wins_on_either_side():
    base = package_of(report(0), report(1))
    later = edited(base, [report(0, ground="other")], "later")
    assert merge(base, later).table(REPORTS).rows == (report(0, ground="other"),)
    assert merge(later, base) == merge(base, later)


def test_two_changes_of_one_row_are_refused_and_the_same_change_twice_is_not():
    base = package_of(report(0))
    a = edited(base, [report(0, ground="other")], "a")
    b = edited(base, [report(0, ground="unknown")], "b")
    with pytest.raises(InputError, match=report(0)[0]):
        merge(a, b)
    same = edited(base, [report(0, ground="other")], "c")
    assert merge(a, same).table(REPORTS).rows == (report(0, ground="other"),)
    removed = edited(base, [], "d")
    with pytest.raises(InputError):
        merge(a, removed)


def test_a_chain_continued_in_two_ways_is_refused():
    base = package_of(report(0), segment="same")
    other = package_of(report(1), segment="same")
    with pytest.raises(InputError, match="continued in two ways"):
        merge(base, other)


def test_a_row_outside_the_history_is_refused():
    base = package_of(report(0))
    smuggled = base.with_rows(REPORTS, [report(0), report(1)])
    with pytest.raises(InputError, match="not in the history"):
        merge(base, smuggled)


def test_a_row_that_neither_package_holds_as_its_history_says_is_refused():
    """Both were changed by hand after the last note in the history: neither is what the history's last line says."""
    base = package_of(*good_package().table(REPORTS).rows, segment="base")
    first, *rest = base.table(REPORTS).rows
    cells = ("other", "unknown") if first[7] not in ("other", "unknown") else ("arrest", "search")
    torn = [base.with_rows(REPORTS, [(*first[:7], cell, *first[8:]), *rest]) for cell in cells]
    with pytest.raises(InputError, match="1 rows were changed by both or are not in the history"):
        merge(*torn)


def test_synthetic_is_never_mixed_with_real():
    with pytest.raises(InputError, match="synthetic"):
        merge(package_of(report(0)), package_of(report(1), kind="synthetic"))


def test_declared_limits_add_up():
    a, b = dataclasses.replace(package_of(report(0)), declares=("effort_unknown",)), package_of(report(1), segment="b")
    assert merge(a, b).declares == ("effort_unknown",)


@given(packages(max_size=8))
def test_what_is_shared_has_no_source_effort_address_or_history(package):
    rows = list(package.table(REPORTS).rows)
    shared = shareable(package)
    assert set(shared.table(REPORTS).column("source_code")) <= {""}
    for name in (EFFORT, BIBLIOGRAPHY, RELEASES):
        assert shared.table(name).rows == ()
    assert set(shared.table(REPORTS).column("report_id")) == {row[0] for row in rows if row[22] == "record"}
    assert {line[3] for line in shared.table(CHANGES).rows} <= {"shared"}
    theirs, ours = set(shared.table(CHANGES).column("segment")), set(package.table(CHANGES).column("segment"))
    assert not theirs & ours
    assert [one for one in check_files(to_files(shared), TODAY) if one.level == "error"] == []


def test_links_to_what_stays_do_not_leave():
    kept = report(1, consent="record", release="record", duplicate_of=report(0)[0], incident_id=report(0)[1])
    shared = shareable(package_of(report(0), kept))
    assert shared.table(REPORTS).column("duplicate_of") == [""]
    assert b"bcdf" not in to_files(shared)["effort.csv"]


def test_a_shared_package_merges_back_and_the_source_stays_where_it_was():
    package = package_of(report(0, consent="record", release="record"))
    back = merge(package, shareable(package))
    assert back.table(REPORTS).rows == package.table(REPORTS).rows
    assert merge(shareable(package), package).table(REPORTS).rows == package.table(REPORTS).rows
    assert good_package().kind == "evidence"


def test_the_command_joins_into_a_folder_named_after_both(tmp_path):
    for name in ("north", "south"):
        write_files(tmp_path / name, to_files(good_package()))
    words = ["merge", str(tmp_path / "north"), str(tmp_path / "south"), "--today", "2026-06-30"]
    CliRunner().invoke(evidence, words, standalone_mode=False, catch_exceptions=False)
    assert read_package(tmp_path / "north-south", TODAY).fingerprint == good_package().fingerprint


def brought_in(*rows, segment):
    """A package into which these rows were brought, each with identifiers made for it."""
    made = [
        (id_from(segment, "report", str(at)), id_from(segment, "incident", str(at)), *row[2:])
        for at, row in enumerate(rows)
    ]
    return package_of(*made, segment=segment)


OTHER_LIST = {"list_id": id_from("list", "1")}


@pytest.mark.parametrize(
    ("ours", "theirs", "codes"),
    [
        ([{}], [{}], ["row-twice"]),
        ([{}], [{"status": "possible"}], ["row-twice-judged"]),
        ([{}], [{"reliability": "unsure", "release": "hold"}], ["row-twice-judged"]),
        ([{}], [{"source_code": ""}], ["row-twice"]),
        ([{}], [{"source_code": id_from("source", "1")}], []),
        ([{}], [{"when": "2024-W39"}], []),
        ([{}], [OTHER_LIST], ["row-twice-lists"]),
        ([{}, {}, {}], [{}, {}], ["row-twice", "row-twice"]),
        ([{}, {}], [{}, {"status": "possible"}], ["row-twice", "row-twice-judged"]),
        ([{"source_code": ""}] * 2, [{}, {}, {}], ["row-twice", "row-twice"]),
        ([{}, {}], [], []),
    ],
    ids=str,
)
def test_merging_tells_of_reports_that_both_brought_in(ours, theirs, codes):
    a = brought_in(*(report(0, **cells) for cells in ours), segment="a")
    b = brought_in(*(report(0, **cells) for cells in theirs), segment="b")
    both = merge(a, b)
    assert len(both.table(REPORTS).rows) == len(ours) + len(theirs), "nothing is dropped"
    found = met_in_merging(a, b, both)
    assert sorted(one.code for one in found) == codes
    assert found == met_in_merging(b, a, merge(b, a))
    rows = both.table(REPORTS).rows
    for one in found:
        if one.row:
            other = int(one.remedy.split("row ")[1].split()[0])
            sides = [{row[0] for row in a.table(REPORTS).rows} & {rows[at - 2][0]} for at in (one.row, other)]
            assert sorted(map(len, sides)) == [0, 1], "a pair has one row of each package"


def test_what_both_hold_from_before_or_have_joined_is_not_told_again():
    base = package_of(report(0), report(1), segment="base")
    later = edited(base, [report(0), report(1), report(2, act_code="listing")], "later")
    assert met_in_merging(base, later, merge(base, later)) == []
    joined = package_of(report(5, incident_id=report(0)[1]), segment="joined")
    assert met_in_merging(base, joined, merge(base, joined)) == []


def test_the_command_tells_of_them_and_ends_with_one(tmp_path):
    for name in ("a", "b"):
        write_files(tmp_path / name, to_files(brought_in(report(0), segment=name)))
    words = ["merge", str(tmp_path / "a"), str(tmp_path / "b"), "--today", "2026-06-30"]
    result = CliRunner().invoke(evidence, words, standalone_mode=False, catch_exceptions=False)
    assert result.return_value == 1
    assert "row-twice (1)" in result.output
    assert "2 reports" in result.output
    assert len(read_package(tmp_path / "a-b", TODAY).table(REPORTS).rows) == 2
