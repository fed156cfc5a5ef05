"""The check: for each code of a finding a package that has it, and the same package without it, which is clean."""

import csv
import dataclasses
import io
import json
import re
from datetime import date

import pytest

from evidence.packages import PLAIN_REPORT, TODAY, good_package, package_of, report
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files, examine, read_package
from underwatch.evidence.check.problems import as_json, as_text, exit_code, finding_codes
from underwatch.evidence.folder import LARGEST_FILE, Oversized, read_files, write_files, zip_bytes
from underwatch.evidence.format.ids import id_from, new_id
from underwatch.evidence.package import to_files


def change(files, name, row, column, value):
    """The files with one cell changed; the row is counted as a spreadsheet counts it."""
    rows = list(csv.reader(io.StringIO(files[name].decode("utf-8"), newline="")))
    rows[row - 1][rows[0].index(column)] = value
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return files | {name: text.getvalue().encode("utf-8")}


def found_in(files, today=TODAY):
    return {(one.file, one.row, one.column, one.code) for one in check_files(files, today)}


R0, R1, R2, R3 = (id_from("report", str(n)) for n in range(4))
I0 = id_from("incident", "0")
OTHER_LIST = id_from("list", "1")

# Code -> one cell that is wrong: file, row, column, what stands there. Row 2 is the first row of the sorted file.
CELLS = {
    "cell-empty": ("reports.csv", 3, "ground", ""),
    "cell-formula": ("reports.csv", 2, "act_code", "=1+1"),
    "cell-space": ("reports.csv", 2, "act_code", " arrest"),
    "code-unknown": ("reports.csv", 4, "setting", "kitchen"),
    "id-malformed": ("reports.csv", 2, "incident_id", "bcdfghjklmnpqr"),
    "date-malformed": ("reports.csv", 2, "when", "2024-12-01"),
    "number-malformed": ("survey.csv", 2, "n_asked", "1.5"),
    "address-malformed": ("bibliography.csv", 2, "address", "ftp"),
    "hash-malformed": ("changes.csv", 2, "content", "bb"),
    "identity-name": ("reports.csv", 2, "actor_type", "김철수"),
    "identity-phone": ("reports.csv", 2, "material", "+86 138 0000 1111"),
    "identity-email": ("reports.csv", 2, "source_code", "kim@example.org"),
    "identity-address": ("reports.csv", 2, "ground", "https://news.example"),
    "identity-coordinates": ("figures.csv", 2, "low", "42.4356"),
    "identity-digits": ("figures.csv", 2, "high", "8501012345678"),
    "identity-text": ("effort.csv", 2, "event", "the office was raided"),
    "survey-small": ("survey.csv", 2, "n_asked", "19"),
    "survey-more-yes": ("survey.csv", 2, "n_yes", "41"),
    "figure-range": ("figures.csv", 2, "low", "400"),
    "figure-share": ("figures.csv", 2, "unit", "share"),
    "figure-unit": ("figures.csv", 2, "measure", "arrests_calls_rate"),
    "figure-rate": ("figures.csv", 2, "unit", "per_resident_year"),
    "figure-whole": ("figures.csv", 2, "high", "300.5"),
    "survey-question": ("survey.csv", 2, "question", "arrests_all"),
    "date-future": ("effort.csv", 2, "period", "2027"),
    "release-beyond-consent": ("reports.csv", 2, "release", "record"),
    "confirmed-one-source": ("reports.csv", 2, "status", "confirmed"),
    "received-early": ("reports.csv", 2, "received", "2024-W39"),
    "date-precision": ("reports.csv", 2, "when_precision", "month"),
    "place-precision": ("reports.csv", 2, "place_precision", "province"),
    "reference-unknown": ("reports.csv", 2, "relay_of", id_from("nobody")),
    "history-behind": ("reports.csv", 2, "ground", "other"),
}


@pytest.mark.parametrize("code", sorted(CELLS))
def test_one_wrong_cell_is_found_where_it_is(code):
    clean = to_files(good_package())
    assert check_files(clean, TODAY) == []
    file, row, column, value = CELLS[code]
    wrong = change(clean, file, row, column, value)
    found = check_files(wrong, TODAY)
    assert exit_code(found) == 1
    told = [one for one in found if one.code == code]
    where = {(one.file, one.row) for one in told}
    assert (file, row) in where
    if code not in ("history-behind", "figure-share", "figure-rate", "figure-unit"):
        assert column in {one.column for one in told}
    if code.startswith("identity-"):
        assert value not in as_text(found) + as_json(found)


PAIRS = {
    "id-double": ([report(0), report(0, act_code="listing")], [report(0), report(1)]),
    "relay-contradiction": (
        [report(0), report(1, relay_of=R0, list_id=OTHER_LIST, incident_id=I0)],
        [report(0), report(1, relay_of=R0, relayed_from="list", list_id=OTHER_LIST, incident_id=I0)],
    ),
    "relay-same-list": (
        [report(0), report(1, relay_of=R0, relayed_from="list", incident_id=I0)],
        [report(0), report(1, relay_of=R0, relayed_from="list", list_id=OTHER_LIST, incident_id=I0)],
    ),
    "relay-other-incident": (
        [report(0), report(1, duplicate_of=R0)],
        [report(0), report(1, duplicate_of=R0, incident_id=I0)],
    ),
    "duplicate-other-list": (
        [report(0), report(1, duplicate_of=R0, list_id=OTHER_LIST, incident_id=I0)],
        [report(0), report(1, duplicate_of=R0, incident_id=I0)],
    ),
    "cycle-duplicates": (
        [report(0, duplicate_of=R2), report(1, duplicate_of=R0),
         report(2, duplicate_of=R1), report(3, duplicate_of=R2)],
        [report(0), report(1, duplicate_of=R0), report(2, duplicate_of=R1), report(3, duplicate_of=R2)],
    ),
    "cycle-relays": (
        [report(0, relay_of=R1, relayed_from="list"), report(1, relay_of=R0, relayed_from="list", list_id=OTHER_LIST)],
        [report(0), report(1, relay_of=R0, relayed_from="list", list_id=OTHER_LIST)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(PAIRS))
def test_rows_that_do_not_fit_each_other(code):
    wrong, right = (to_files(package_of(*rows)) for rows in PAIRS[code])
    assert code in {one.code for one in check_files(wrong, TODAY)}
    assert code not in {one.code for one in check_files(right, TODAY)}


def test_only_the_reports_in_the_circle_are_named():
    files = to_files(package_of(*PAIRS["cycle-duplicates"][0]))
    rows = files["reports.csv"].decode().splitlines()
    named = {rows[one.row - 1].split(",")[0] for one in check_files(files, TODAY) if one.code == "cycle-duplicates"}
    assert named == {R0, R1, R2}


def test_a_report_that_repeats_itself_is_a_circle():
    files = to_files(package_of(report(0, duplicate_of=R0)))
    assert ("reports.csv", 2, "duplicate_of", "cycle-duplicates") in found_in(files)


def months(spread):
    """Sixty-odd reports over the months of a year, so many in each."""
    rows = []
    for month, n in enumerate(spread, 1):
        rows += [
            report(len(rows) + k, when=f"2024-{month:02d}", when_precision="month", received="2025-01")
            for k in range(n)
        ]
    return to_files(package_of(*rows))


def test_heaped_dates():
    assert "dates-heaped" in {one.code for one in check_files(months([40] + [4] * 11), TODAY)}
    assert "dates-heaped" not in {one.code for one in check_files(months([9, 4, 8, 5, 9, 6, 7, 8, 5, 9, 6, 8]), TODAY)}
    assert "dates-heaped" not in {one.code for one in check_files(months([20] + [1] * 11), TODAY)}, "too few to say"


def test_weeks_without_report_or_known_effort_are_counted_over_all_lists():
    rows = [report(0, when="2024-W10", received="2024-W20"), report(1, when="2024-W14", received="2024-W20")]
    effort = (id_from("e"), PLAIN_REPORT["list_id"], "2024-W12", "north-korea", "cut", "usual", "none")
    unknown = (id_from("u"), PLAIN_REPORT["list_id"], "2024-W13", "north-korea", "unknown", "usual", "none")
    (found,) = check_files(to_files(package_of(*rows, effort=[effort, unknown])), TODAY)
    assert (found.code, found.level) == ("zeros-unknown-effort", "warning")
    assert found.remedy.startswith("2 of 5 weeks")
    whole = (id_from("w"), PLAIN_REPORT["list_id"], "2024-Q1/2024-Q2", "north-korea", "open", "usual", "none")
    assert check_files(to_files(package_of(*rows, effort=[whole])), TODAY) == []


def test_a_declared_limit_is_a_note_and_no_finding():
    rows = [report(0, when="2024-W10", received="2024-W20"), report(1, when="2024-W14", received="2024-W20")]
    silent = package_of(*rows)
    declared = dataclasses.replace(silent, declares=("effort_unknown",))
    assert exit_code(check_files(to_files(silent), TODAY)) == 1
    found = check_files(to_files(declared), TODAY)
    assert [one.level for one in found] == ["note"]
    assert exit_code(found) == 0


FILES = {
    "file-missing": lambda files: {name: data for name, data in files.items() if name != "effort.csv"},
    "file-unexpected": lambda files: files | {"photo.jpg": b"x"},
    "file-oversized": lambda files: files | {"reports.csv": Oversized()},
    "file-encoding": lambda files: files | {"reports.csv": files["reports.csv"].decode().encode("utf-16")},
    "file-csv": lambda files: files | {"reports.csv": files["reports.csv"] + b'"open quote\n'},
    "file-columns": lambda files: files | {"effort.csv": files["effort.csv"].replace(b"capacity", b"size")},
    "file-changed": lambda files: files | {"vocab/act.csv": files["vocab/act.csv"] + b"new,new,orders,\n"},
    "file-form": lambda files: files | {"reports.csv": files["reports.csv"].replace(b"\n", b"\r\n")},
    "descriptor": lambda files: files | {"datapackage.json": b"{}"},
    "row-length": lambda files: files | {"survey.csv": files["survey.csv"] + b"a,b\n"},
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(FILES))
def test_files_that_are_wrong(code):
    clean = to_files(good_package())
    assert code not in {one.code for one in check_files(clean, TODAY)}
    assert code in {one.code for one in check_files(FILES[code](clean), TODAY)}


def test_marks_of_a_spreadsheet_are_a_note_only():
    files = to_files(good_package())
    marked = files | {"reports.csv": b"\xef\xbb\xbf" + files["reports.csv"].replace(b"\n", b"\r\n")}
    assert exit_code(check_files(marked, TODAY)) == 0


def test_a_table_with_semicolons_is_one_finding_and_has_no_fingerprint():
    """And its rows are not told as lost: they stand there, only not readable."""
    files = to_files(good_package())
    assert [one.code for one in found_in(files)] == []
    assert examine(files, TODAY).fingerprint
    examined = examine(files | {"reports.csv": files["reports.csv"].replace(b",", b";")}, TODAY)
    found, fingerprint = examined.findings, examined.fingerprint
    assert [(one.code, one.file, one.row) for one in found if one.file != "bibliography.csv"] == [
        ("file-columns", "reports.csv", 1)
    ]
    assert "separated by semicolons" in found[-1].remedy
    assert fingerprint == ""


def test_free_text_in_the_descriptor_is_refused():
    files = to_files(good_package())
    told = json.loads(files["datapackage.json"])
    told["description"] = "collected by our friend in Hyesan"
    wrong = files | {"datapackage.json": json.dumps(told, indent=1).encode()}
    assert ("datapackage.json", 0, "", "file-changed") in found_in(wrong)


def test_the_name_of_a_file_or_column_is_not_repeated_when_it_looks_like_a_person():
    files = to_files(good_package()) | {"김철수.csv": b"x", "kim_chol_su.txt": b"y"}
    text = as_text(check_files(files, TODAY)) + as_json(check_files(files, TODAY))
    assert "철수" not in text
    assert "chol" not in text
    assert text.count("file-unexpected") >= 2
    header = files["reports.csv"].replace(b"ground", b"Pak Yong Hui", 1)
    found = check_files(to_files(good_package()) | {"reports.csv": header}, TODAY)
    assert "Pak" not in as_text(found)
    assert {one.code for one in found} >= {"file-columns", "identity-name"}


def test_every_code_has_a_test():
    history, imported = {"history-broken", "history-lost-row", "history-forked"}, {"row-again", "row-judged"}
    merged = {"row-twice", "row-twice-judged", "row-twice-lists"}
    tested = {*CELLS, *PAIRS, *FILES, *history, *imported, *merged, "dates-heaped", "zeros-unknown-effort"}
    assert tested == set(finding_codes())


def test_a_mistyped_code_gets_the_nearest_of_ours():
    files = change(to_files(good_package()), "reports.csv", 2, "act_code", "Arrrest")
    (found,) = [one for one in check_files(files, TODAY) if one.column == "act_code"]
    assert 'did you mean "arrest"' in found.remedy
    capital = change(to_files(good_package()), "reports.csv", 2, "act_code", "Arrest")
    assert {one.code for one in check_files(capital, TODAY)} >= {"code-unknown"}


def test_many_wrong_rows_are_counted_not_listed():
    files = to_files(package_of(*(report(n) for n in range(1_000))))
    wrong = files | {"reports.csv": files["reports.csv"].replace(b",ordinary,", b",ordinari,")}
    found = check_files(wrong, TODAY)
    assert len([one for one in found if one.code == "code-unknown"]) == 201
    assert any("800 further rows" in one.remedy for one in found)
    assert len(as_text(found).splitlines()) < 40


def test_future_is_judged_by_the_day_of_the_check():
    files = to_files(good_package())
    assert check_files(files, date(2024, 10, 7)) == []
    assert "date-future" in {one.code for one in check_files(files, date(2024, 9, 29))}


def test_folder_zip_and_what_is_neither(tmp_path):
    package = good_package()
    write_files(tmp_path / "p", to_files(package))
    (tmp_path / "p.zip").write_bytes(zip_bytes(to_files(package)))
    assert [check_files(read_files(tmp_path / name), TODAY) for name in ("p", "p.zip")] == [[], []]
    assert read_package(tmp_path / "p", TODAY).fingerprint == package.fingerprint
    (tmp_path / "x.zip").write_bytes(b"PK nothing")
    for bad in ("x.zip", "none", "p.zip/x"):
        with pytest.raises((InputError, NotADirectoryError)):
            read_files(tmp_path / bad)
    write_files(tmp_path / "q", change(to_files(package), "bibliography.csv", 2, "address", "ftp"))
    with pytest.raises(InputError, match="underwatch check"):
        read_package(tmp_path / "q", TODAY)


def test_a_large_file_is_not_read(tmp_path):
    write_files(tmp_path / "p", to_files(good_package()))
    with open(tmp_path / "p" / "reports.csv", "r+b") as file:
        file.truncate(LARGEST_FILE + 1)
    assert ("reports.csv", 0, "", "file-oversized") in found_in(read_files(tmp_path / "p"))


def test_remedies_are_plain_words():
    for _, remedy in finding_codes().values():
        assert re.match(r"[A-Z{]|(when|low|release|place_code|relay_of|duplicate_of) ", remedy)
        assert len(remedy) < 125


def test_a_link_in_the_folder_is_not_followed(tmp_path):
    write_files(tmp_path / "p", to_files(good_package()))
    secret = tmp_path / "secret"
    secret.write_text("report_id")
    (tmp_path / "p" / "survey.csv").unlink()
    (tmp_path / "p" / "survey.csv").symlink_to(secret)
    assert read_files(tmp_path / "p")["survey.csv"] == b""


def test_fresh_identifiers_are_not_taken_for_persons():
    rows = [report(n, report_id=new_id(), incident_id=new_id(), source_code=new_id()) for n in range(50)]
    assert check_files(to_files(package_of(*rows)), TODAY) == []
