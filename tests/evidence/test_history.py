"""The history: whoever changes, loses, moves or adds a line or row outside the tool is found out."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.packages import CODER, TODAY, good_package, package_of, packages, report
from support.depth import examples
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.format.ids import ALPHABET, id_from, letters_of
from underwatch.evidence.format.table_schemas import CHANGES
from underwatch.evidence.history import Segment, heads, recorded
from underwatch.evidence.package import to_files


def codes_of(package):
    return {one.code for one in check_files(to_files(package), TODAY)}


def test_a_recorded_package_holds_and_recording_again_adds_nothing():
    package = good_package()
    assert codes_of(package) == set()
    assert recorded(package, CODER, "correction") is package


def test_the_chain_is_the_checksum_of_the_line_before_and_this_one():
    lines = good_package().table(CHANGES).rows
    last = ""
    for line in lines:
        assert line[-1] == letters_of(f"{last},{','.join(line[:-1])}".encode())
        last = line[-1]


def test_change_and_removal_are_lines_of_their_own():
    package = package_of(report(0), report(1))
    changed = recorded(
        package.with_rows("reports", [report(0, act_code="listing")]), CODER, "correction", Segment(id_from("b"))
    )
    lines = {(line[1], line[6]) for line in changed.table(CHANGES).rows if line[0] == id_from("b")}
    assert {action for _, action in lines} == {"change", "remove"}
    assert codes_of(changed) == set()
    again = recorded(changed.with_rows("reports", [report(0, act_code="listing"), report(1)]), CODER, "update")
    assert codes_of(again) == set()
    assert len(again.table(CHANGES).rows) == 5


@examples(200)
@given(st.data())
def test_any_change_of_one_letter_in_the_history_is_found(data):
    package = good_package()
    lines = [list(line) for line in package.table(CHANGES).rows]
    line = data.draw(st.integers(0, len(lines) - 1))
    cell = data.draw(st.sampled_from([0, 2, 5, 8, 9]))
    at = data.draw(st.integers(0, len(lines[line][cell]) - 1))
    letter = data.draw(st.sampled_from(ALPHABET).filter(lambda letter: letter != lines[line][cell][at]))
    lines[line][cell] = lines[line][cell][:at] + letter + lines[line][cell][at + 1 :]
    assert codes_of(package.with_rows(CHANGES, map(tuple, lines)))


@given(st.integers(0, 4))
def test_a_lost_line_is_found(at):
    package = good_package()
    lines = list(package.table(CHANGES).rows)
    assert codes_of(package.with_rows(CHANGES, lines[:at] + lines[at + 1 :])) & {"history-broken", "history-behind"}


def test_two_lines_swapped_are_found():
    package = good_package()
    lines = [list(line) for line in package.table(CHANGES).rows]
    lines[0][1], lines[1][1] = lines[1][1], lines[0][1]
    assert "history-broken" in codes_of(package.with_rows(CHANGES, map(tuple, lines)))


def test_a_row_edited_added_or_deleted_outside_the_tool_is_found():
    package = package_of(report(0), report(1))
    assert codes_of(package.with_rows("reports", [report(0, ground="other"), report(1)])) == {"history-behind"}
    assert codes_of(package.with_rows("reports", [report(0), report(1), report(2)])) == {"history-behind"}
    assert codes_of(package.with_rows("reports", [report(0)])) == {"history-lost-row"}
    assert codes_of(package) == set()


def test_the_code_of_the_source_is_outside_the_checksum():
    package = package_of(report(0))
    assert codes_of(package.with_rows("reports", [report(0, source_code="")])) == set()


def test_two_changes_that_do_not_know_of_each_other_are_found():
    package = package_of(report(0))
    one = recorded(package.with_rows("reports", [report(0, ground="other")]), CODER, "update", Segment(id_from("b")))
    two = recorded(package.with_rows("reports", [report(0, ground="unknown")]), CODER, "update", Segment(id_from("c")))
    lines = set(one.table(CHANGES).rows) | set(two.table(CHANGES).rows)
    forked = one.with_rows(CHANGES, lines)
    assert codes_of(forked) == {"history-forked"}
    with pytest.raises(InputError, match="do not know of each other"):
        recorded(forked, CODER, "update")


def test_a_chain_cut_at_its_end_needs_the_fingerprint():
    """What the docs say cannot be seen: a chain cut off together with its rows. The fingerprint tells."""
    before = package_of(report(0))
    after = recorded(before.with_rows("reports", [report(0), report(1)]), CODER, "coding", Segment(id_from("b")))
    cut = after.with_rows("reports", [report(0)]).with_rows(CHANGES, before.table(CHANGES).rows)
    assert codes_of(cut) == set()
    assert cut.fingerprint != after.fingerprint


@given(packages())
def test_every_row_has_one_head_with_its_content(package):
    known = heads(package.table(CHANGES).rows)
    assert all(len(found) == 1 for found in known.values())
    rows = {(name, row[0]) for name, table in package.tables.items() if name != CHANGES for row in table.rows}
    assert set(known) == rows


def test_kind_and_limits_are_part_of_the_fingerprint():
    package = good_package()
    assert dataclasses.replace(package, kind="synthetic").fingerprint != package.fingerprint
