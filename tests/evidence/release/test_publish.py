"""Publishing: the gate, and the attacks on what it lets through.

The attacker has the whole table with its totals, knows the rules and the program, and solves the linear system exactly
(SciPy's linear programming, which shares no line with the program's own flow). Two releases are differenced.
What is counted, and what one source can change, is in test_safe_cells.py; the law of the noise in test_noise.py.
"""

import csv
import io
import json
import math
from collections import defaultdict
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from evidence.packages import TODAY, good_package, package_of, report
from support.depth import examples
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.edit.work import start_work
from underwatch.evidence.folder import read_files, write_files
from underwatch.evidence.format.ids import id_from, letters_of, new_id
from underwatch.evidence.format.table_schemas import REPORTS
from underwatch.evidence.history import recorded
from underwatch.evidence.package import parse_package, to_files
from underwatch.evidence.release.publish import Refused, ReleaseRules, prepare, publish
from underwatch.evidence.release.safe_cells import count_cells, slot_of
from underwatch.evidence.release.suppression import hide, room, with_totals
from underwatch.evidence.samples.example import example_package
from underwatch.evidence.samples.synthetic import synthetic_package

LATER = date(2026, 11, 1)
PERIOD = {"start": "2023-Q3", "end": "2024-Q4"}


@pytest.fixture(scope="module")
def synthetic():
    return synthetic_package()[0]


def rows_of(release):
    return list(csv.DictReader(io.StringIO(release.table.decode())))


def bounds(counts, hidden, cell, ceiling=None):
    """The least and greatest value of a hidden cell that fits what is shown, by linear programming.

    Unknown: the inner cells. Every shown cell, inner or total, is an equation. `ceiling` is what an attacker may add
    about single cells.
    """
    n, m = counts.n_rows, counts.n_columns

    def line(where):
        i, j = where
        weights = np.zeros((n, m))
        weights[slice(None) if i == n else i, slice(None) if j == m else j] = 1
        return weights.ravel()

    shown = [where for where in counts.value if where not in hidden]
    equations = np.array([line(where) for where in shown]) if shown else None
    values = np.array([counts.value[where] for where in shown]) if shown else None
    found = []
    for sign in (1, -1):
        solved = linprog(sign * line(cell), A_eq=equations, b_eq=values, bounds=(0, ceiling), method="highs")
        found.append(math.inf if solved.status == 3 else sign * solved.fun)
    return found


def assert_protected(counts, hidden, primary, smallest):
    for cell in primary:
        least, greatest = bounds(counts, hidden, cell)
        value = counts.value[cell]
        if value < smallest:
            assert least <= 1e-6, (cell, least)
            assert greatest >= smallest - 1 - 1e-6, (cell, greatest)
        else:
            assert least <= max(0, value - smallest) + 1e-6
            assert greatest >= value + smallest - 1e-6


tables = st.integers(1, 4).flatmap(
    lambda m: st.lists(
        st.lists(st.one_of(st.integers(0, 12), st.integers(0, 300)), min_size=m, max_size=m), min_size=1, max_size=4
    )
)


@examples(120)
@given(tables, st.data())
def test_no_hidden_small_count_can_be_worked_out_from_totals(inner, data):
    counts = with_totals(inner)
    primary = {cell for cell, n in counts.value.items() if n < 10}
    few = data.draw(st.sets(st.sampled_from(sorted(counts.value)), max_size=2))
    hidden = hide(counts, primary | few, 10)
    assert primary | few <= hidden
    assert_protected(counts, hidden, primary | few, 10)


@examples(100)
@given(tables, st.data())
def test_the_flow_and_the_linear_programme_agree(inner, data):
    counts = with_totals(inner)
    hidden = data.draw(st.sets(st.sampled_from(sorted(counts.value)), min_size=1))
    cell = data.draw(st.sampled_from(sorted(hidden)))
    least, greatest = bounds(counts, hidden, cell)
    value = counts.value[cell]
    assert room(counts, hidden, cell, -1, 10_000) == value - round(least)
    assert room(counts, hidden, cell, 1, 10_000) == (10_000 if math.isinf(greatest) else round(greatest) - value)


def test_without_further_cells_the_attack_succeeds():
    """The control: hide only the small cell, and the attacker reads it off. So the attack is a real one."""
    counts = with_totals([[3, 40, 50], [60, 70, 80]])
    assert bounds(counts, {(0, 0)}, (0, 0)) == [3, 3]
    hidden = hide(counts, {(0, 0)}, 10)
    assert len(hidden) > 1
    least, greatest = bounds(counts, hidden, (0, 0))
    assert least == 0
    assert greatest >= 9


def test_a_table_without_small_counts_is_shown_whole():
    assert hide(with_totals([[10, 20], [30, 40]]), set(), 10) == set()


@pytest.mark.parametrize("grain", ["province", "region"])
def test_the_synthetic_release_withstands_recovery_from_its_totals(synthetic, grain):
    rules = ReleaseRules(**PERIOD, place_grain=grain)
    release = prepare(synthetic, rules, LATER)
    truth = count_cells(synthetic, rules.slots(), grain, rules.source_cap)
    places, families = truth.grid.places, truth.grid.families
    rows = rows_of(release)
    assert any(row["shown"] == "yes" for row in rows)
    for slot in truth.grid.slots:
        inner = [[truth.counts[slot, place, family] for family in families] for place in places]
        counts = with_totals(inner)
        hidden, primary = set(), set()
        for row in rows:
            if row["period"] != slot:
                continue
            i = len(places) if row["place_code"] == "all" else places.index(row["place_code"])
            j = len(families) if row["act_family"] == "all" else families.index(row["act_family"])
            if row["shown"] == "yes":
                assert int(row["n_incidents"]) == counts.value[i, j] >= 10
            else:
                assert row["n_incidents"] == ""
                hidden.add((i, j))
                if counts.value[i, j] < 10:
                    primary.add((i, j))
        assert_protected(counts, hidden, primary, 10)


def one_more(package, **cells):
    """The package after one more report reached it."""
    late = report(99_999, list_id=package.table(REPORTS).column("list_id")[0], **cells)
    return recorded(package.with_rows(REPORTS, [*package.table(REPORTS).rows, late]), new_id(), "coding")


LATE = {
    "when": "2024-W20",
    "received": "2025-W01",
    "act_code": "tailing",
    "source_code": id_from("source", "late"),
    "consent": "record",
    "release": "record",
}


def test_two_releases_cannot_be_differenced(synthetic, tmp_path):
    write_files(tmp_path / "p", to_files(synthetic))
    publish(tmp_path / "p", tmp_path / "one", ReleaseRules(**PERIOD), LATER)
    grown = one_more(parse_package(read_files(tmp_path / "p")), **LATE)
    write_files(tmp_path / "p", to_files(grown), fresh=False)
    overlapping = [PERIOD, {"start": "2024-Q2", "end": "2024-Q2"}, {"start": "2024-Q4", "end": "2025-Q1"}]
    others = [PERIOD | other for other in ({"place_grain": "country"}, {"method": "noise"}, {"min_cell": 11})]
    for rules in (*overlapping, *others):
        with pytest.raises(Refused, match="published before"):
            publish(tmp_path / "p", tmp_path / "two", ReleaseRules(**rules), LATER)
    with pytest.raises(Refused, match="published before"):
        publish(tmp_path / "p", tmp_path / "two", ReleaseRules("2023-Q1", "2024-Q4", time_grain="year"), LATER)
    assert not (tmp_path / "two").exists()
    second = publish(tmp_path / "p", tmp_path / "two", ReleaseRules("2025-Q1", "2025-Q2"), LATER)
    assert second.record["version"] == 2
    assert second.record["change_note"] == "further periods; those released before are unchanged"
    first_rows = list(csv.DictReader(io.StringIO((tmp_path / "one" / "safe_table.csv").read_text())))
    assert not {row["period"] for row in first_rows} & {row["period"] for row in rows_of(second)}
    assert check_files(read_files(tmp_path / "p"), TODAY) == []


def test_without_the_list_of_releases_differencing_would_succeed(synthetic):
    """The control: were the period published again, the difference would be exactly the late report."""
    before, after = (
        rows_of(prepare(package, ReleaseRules(**PERIOD, source_cap=20), LATER))
        for package in (synthetic, one_more(synthetic, **LATE))
    )
    cells = {
        (old["place_code"], old["act_family"]): int(new["n_incidents"]) - int(old["n_incidents"])
        for old, new in zip(before, after, strict=True)
        if old["shown"] == new["shown"] == "yes" and old["n_incidents"] != new["n_incidents"]
    }
    assert cells
    assert set(cells.values()) == {1}
    assert {("north-hamgyong", "all"), ("all", "following")} <= set(cells), "where and what it was"


def test_the_period_counts_as_published_before_the_table_appears(synthetic, tmp_path, monkeypatch):
    write_files(tmp_path / "p", to_files(synthetic))

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path / "p", tmp_path / "out", ReleaseRules(**PERIOD), LATER)
    monkeypatch.undo()
    assert not (tmp_path / "out").exists()
    with pytest.raises(Refused, match="published before"):
        publish(tmp_path / "p", tmp_path / "out", ReleaseRules(**PERIOD), LATER)


def test_the_real_example_is_too_thin_and_says_so(tmp_path):
    for method in ("suppression", "noise"):
        for grain in ("province", "country"):
            with pytest.raises(Refused, match=r"too thin to publish anything.*search-driven"):
                prepare(example_package(), ReleaseRules("2024-Q1", "2024-Q4", grain, method=method), LATER)


def test_few_reports_are_refused_for_their_number_alone():
    package = package_of(*(report(n) for n in range(9)))
    for method in ("suppression", "noise"):
        with pytest.raises(Refused, match="too thin"):
            prepare(package, ReleaseRules("2024-Q1", "2024-Q4", method=method), LATER)


def many(n, n_sources, **cells):
    """Reports of n incidents from so many sources in turn."""
    return [report(k, source_code=id_from("source", str(k % n_sources)), **cells) for k in range(n)]


FILLER = {"following": "tailing", "listing": "listing", "calls": "wiretap", "movement": "checkpoint", "orders": "order"}


def filled():
    """Sixty incidents from sixty sources in every family but detention, so that nothing else is small."""
    return [
        report(1_000 * n + k, act_code=act, source_code=id_from("filler", str(k)))
        for n, act in enumerate(FILLER.values(), 1)
        for k in range(60)
    ]


def shown(*rows, **rules):
    """What the table shows for detention among a full table."""
    release = prepare(
        package_of(*filled(), *rows), ReleaseRules("2024-Q4", "2024-Q4", "country", source_cap=20, **rules), LATER
    )
    (cell,) = [
        row for row in rows_of(release) if (row["place_code"], row["act_family"]) == ("north-korea", "detention")
    ]
    return cell["n_incidents"]


def counted(*rows, cap=5):
    """How many incidents of detention are counted before anything is hidden."""
    found = count_cells(package_of(*rows), ["2024-Q4"], "country", cap)
    return found.counts["2024-Q4", "north-korea", "detention"]


def test_small_counts_are_hidden_and_ten_is_shown():
    assert shown(*many(10, 10)) == "10"
    assert shown(*many(9, 9)) == ""
    assert shown(*many(14, 14), min_cell=15) == ""
    assert shown(*many(15, 15), min_cell=15) == "15"


def test_counts_from_fewer_than_three_sources_are_hidden():
    assert shown(*many(30, 3)) == "30"
    assert shown(*many(30, 2)) == ""


def test_one_source_adds_no_more_than_the_cap():
    base = many(30, 10)
    loud = [report(100 + k, source_code=id_from("loud")) for k in range(200)]
    assert counted(*base) == 30
    assert counted(*base, *loud) == 35
    nameless = [report(100 + k, source_code="") for k in range(200)]
    assert counted(*base, *nameless) == 35, "whoever has no code counts as one source"


def test_consent_decision_relays_and_doubt():
    base = many(20, 10)
    others = [report(500 + k, source_code=id_from("s", str(k))) for k in range(20)]
    assert counted(*base, *others) == 40
    held = [report(500 + k, source_code=id_from("s", str(k)), release="hold") for k in range(20)]
    assert counted(*base, *held) == 20
    doubted = [report(500 + k, source_code=id_from("s", str(k)), status="unlikely") for k in range(20)]
    assert counted(*base, *doubted) == 20
    told_twice = {"list_id": id_from("other"), "relayed_from": "list"}
    relays = [
        report(500 + k, incident_id=base[k][1], source_code=id_from("s", str(k)), **told_twice) for k in range(20)
    ]
    assert counted(*base, *relays) == 20, "an incident told twice is one"


def test_a_week_belongs_to_the_quarter_of_its_thursday():
    assert slot_of("2024-W40", "quarter") == "2024-Q4"
    assert slot_of("2025-W01", "year") == "2025"
    assert slot_of("2020-W53", "year") == "2020"
    assert slot_of("2024-09/2024-10", "quarter") == ""
    assert slot_of("2024-10/2024-12", "quarter") == "2024-Q4"
    assert slot_of("2024", "quarter") == slot_of("", "year") == ""


def test_noise_comes_from_the_systems_source_and_differs_each_time(synthetic):
    rules = ReleaseRules(**PERIOD, method="noise", epsilon="2.0")
    first, second = prepare(synthetic, rules, LATER), prepare(synthetic, rules, LATER)
    assert first.table != second.table
    difference = [
        int(a["n_incidents"]) - int(b["n_incidents"]) for a, b in zip(rows_of(first), rows_of(second), strict=True)
    ]
    scale = rules.source_cap / 2
    assert np.std(difference) == pytest.approx(2 * scale, rel=0.25), "two draws of variance 2 scale squared each"


def test_noise_covers_the_whole_grid_zeros_too(synthetic):
    rows = rows_of(prepare(synthetic, ReleaseRules(**PERIOD, method="noise", epsilon="2.0"), LATER))
    assert len(rows) == 6 * 10 * 6
    assert len({(row["period"], row["place_code"], row["act_family"]) for row in rows}) == len(rows)
    assert {row["shown"] for row in rows} == {"noise"}
    assert "all" not in {row["place_code"] for row in rows}


def test_the_record_says_what_was_done_and_no_count_that_was_not_published(synthetic, tmp_path):
    write_files(tmp_path / "p", to_files(synthetic))
    release = publish(tmp_path / "p", tmp_path / "out", ReleaseRules(**PERIOD), LATER)
    told = json.loads((tmp_path / "out" / "release.json").read_text())
    assert told["checksum"] == letters_of((tmp_path / "out" / "safe_table.csv").read_bytes())
    assert (told["version"], told["period"]) == (1, "2023-Q3/2024-Q4")
    assert "synthetic" not in told["table"]
    assert "known truth" in told["kind"]
    text = json.dumps(told)
    assert not [n for n in release.inside.values() if f" {n}" in text or f": {n}," in text]
    (noted,) = parse_package(read_files(tmp_path / "p")).table("releases").records()
    assert (noted["checksum"], noted["method"], noted["min_cell"]) == (told["checksum"], "suppression", "10")
    names = set(synthetic.table(REPORTS).column("list_id")) | set(synthetic.table(REPORTS).column("source_code")) - {""}
    everything = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    assert not [name for name in names if name in everything]


def test_privacy_loss_adds_up_over_releases(synthetic, tmp_path):
    write_files(tmp_path / "p", to_files(synthetic))
    rules = {"method": "noise", "epsilon": "1.5", "source_cap": 2}
    publish(tmp_path / "p", tmp_path / "one", ReleaseRules("2023-Q3", "2023-Q4", **rules), LATER)
    second = publish(tmp_path / "p", tmp_path / "two", ReleaseRules("2024-Q1", "2024-Q2", **rules), LATER)
    assert second.record["epsilon_of_all_releases"] == "3"
    assert check_files(read_files(tmp_path / "p"), TODAY) == []


@pytest.mark.parametrize(
    "wrong",
    [{"min_cell": 9}, {"delay_days": 30}, {"source_cap": 0}, {"source_cap": 100}, {"method": "noise", "epsilon": "9"},
     {"method": "noise", "epsilon": "0"}, {"method": "noise", "epsilon": "x"}, {"place_grain": "city"},
     {"time_grain": "week"},
     {"method": "none"}, {"start": "2024-01"}, {"start": "2025-Q1"}, {"time_grain": "year"}],
)  # fmt: skip
def test_rules_that_protect_too_little_are_refused(synthetic, wrong):
    with pytest.raises(InputError):
        prepare(synthetic, ReleaseRules(**{**PERIOD, **wrong}), LATER)


def test_a_recent_period_waits(synthetic):
    with pytest.raises(Refused, match="too recent"):
        prepare(synthetic, ReleaseRules(**PERIOD), date(2025, 6, 28))
    assert prepare(synthetic, ReleaseRules(**PERIOD), date(2025, 6, 29))


def test_a_working_copy_must_be_saved_first(synthetic, tmp_path):
    write_files(tmp_path / "p", to_files(good_package()))
    start_work(tmp_path / "p").close()
    with pytest.raises(InputError, match="working copy"):
        publish(tmp_path / "p", tmp_path / "out", ReleaseRules(**PERIOD), LATER)


def test_weekly_cells_are_too_small_to_publish(synthetic):
    """Why the grain is a quarter: of the cells by week 98 % and more are under the ten that a shown one must have.

    Word comes in waves, so that a few weeks have more (99 % and more where it does not).
    """
    cells = defaultdict(int)
    for row in synthetic.table(REPORTS).records():
        if row["when_precision"] == "week" and row["place_code"]:
            cells[row["when"], row["place_code"], row["act_code"]] += 1
    assert sum(n < ReleaseRules(**PERIOD).min_cell for n in cells.values()) / len(cells) >= 0.98
