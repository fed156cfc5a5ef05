"""Import: by a mapping or from the template; what is not mapped or dropped by name stops it; nothing is half done."""

import csv
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given

from evidence.packages import CODER, TODAY, identities, package_of, report
from support.depth import examples
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.check.problems import as_text
from underwatch.evidence.edit.importing import import_csv, read_mapping, shipped_mappings
from underwatch.evidence.format.ids import id_from, is_id
from underwatch.evidence.format.table_schemas import REPORTS, TABLES
from underwatch.evidence.package import new_package, to_files

ACLED = Path(__file__).resolve().parents[3] / "examples" / "evidence" / "acled_like.csv"
HEADER = TABLES[REPORTS].names


def as_csv(rows, header=HEADER):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([header, *rows])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def test_a_filled_in_template_comes_in_whole():
    blank = tuple(
        "" if name in ("report_id", "incident_id") else cell for name, cell in zip(HEADER, report(0), strict=True)
    )
    result = import_csv(new_package(), as_csv([blank, report(5)]), None, CODER)
    assert (result.n_rows, result.n_skipped, result.findings) == (2, 0, [])
    rows = result.package.table(REPORTS).rows
    assert report(5) in rows
    (made,) = [row for row in rows if row != report(5)]
    assert made[2:] == report(0)[2:]
    assert is_id(made[0])
    assert is_id(made[1])
    assert check_files(to_files(result.package), TODAY) == []


def test_precision_follows_from_the_date_and_the_place_where_the_file_has_no_column_for_it():
    header = [
        name
        for name in HEADER
        if name not in ("when_precision", "place_precision", "source_code", "relay_of", "duplicate_of")
    ]
    cells = dict(zip(HEADER, report(0), strict=True)) | {
        "when": "2024-Q3",
        "received": "2024-11",
        "place_code": "musan",
    }
    result = import_csv(new_package(), as_csv([[cells[name] for name in header]], header), None, CODER)
    (row,) = result.package.table(REPORTS).records()
    assert (row["when_precision"], row["place_precision"]) == ("quarter", "county")


def test_an_export_like_acleds():
    result = import_csv(new_package(), ACLED.read_bytes(), read_mapping("acled"), CODER)
    assert result.findings == []
    assert (result.n_rows, result.n_skipped) == (2, 1)
    rows = sorted(result.package.table(REPORTS).records(), key=lambda row: row["when"])
    told = [
        (row["act_code"], row["when"], row["when_precision"], row["place_code"], row["place_precision"]) for row in rows
    ]
    assert told == [
        ("arrest", "2024-04", "month", "ryanggang", "province"),
        ("arrest", "2024-W11", "week", "hoeryong", "city"),
    ]
    assert len({row["list_id"] for row in rows}) == 1
    text = b"".join(to_files(result.package)[name] for name in ("reports.csv", "changes.csv")).decode()
    for word in ("Invented", "42.0", "SYN", "12 March", "Somewhere"):
        assert word not in text
    assert [one for one in check_files(to_files(result.package), TODAY) if one.level == "error"] == []


def test_a_column_that_is_neither_mapped_nor_dropped_stops_it():
    data = ACLED.read_bytes().replace(b"tags,timestamp", b"tags,phone_of_witness")
    with pytest.raises(InputError, match="number 31 speaks of a person") as caught:
        import_csv(new_package(), data, read_mapping("acled"), CODER)
    assert "witness" not in str(caught.value)
    with pytest.raises(InputError, match="neither mapped nor dropped"):
        import_csv(new_package(), as_csv([(*report(0), "x")], [*HEADER, "colour"]), None, CODER)


MAPPING = """
[columns]
when = "date"
place_code = "town"
act_code = "what"
[constants]
list_id = "new"
relayed_from = "unknown"
ground = "unknown"
setting = "unknown"
actor_type = "unknown"
affected_band = "not_stated"
source_connection = "unknown"
material = "unknown"
reliability = "unknown"
status = "unknown"
independent_sources = "unknown"
consent = "none"
release = "hold"
[dates]
formats = ["%d.%m.%Y"]
precision = "month"
[values.act_code]
"taken" = "arrest"
[drop]
columns = ["remark"]
"""


def mapping(tmp_path, text=MAPPING):
    path = tmp_path / "map.toml"
    path.write_text(text)
    return read_mapping(path)


def test_dates_are_coarsened_and_places_found_by_name(tmp_path):
    data = (
        b"date,town,what,remark\n03.02.2024,Hyesan,taken,x\n29.02.2024,\xed\x9a\x8c\xeb\xa0\xb9\xec\x8b\x9c,taken,y\n"
    )
    result = import_csv(new_package(), data, mapping(tmp_path), CODER)
    rows = {(row["when"], row["place_code"], row["place_precision"]) for row in result.package.table(REPORTS).records()}
    assert rows == {("2024-02", "hyesan", "city"), ("2024-02", "hoeryong", "city")}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("30.02.2024,Hyesan,taken,x", "date-malformed"),
        ("03.02.2024,Atlantis,taken,x", "code-unknown"),
        ("03.02.2024,Hyesan,sang,x", "code-unknown"),
        ("03.02.2024,Hyesan,Kim Chol-su,x", "identity-name"),
        ("03.02.2024,02-381-1234,taken,x", "identity-phone"),
        ("03.02.2024,Hyesan", "row-length"),
    ],
)
def test_one_wrong_row_stops_all_and_is_told_by_its_place(tmp_path, line, code):
    good = "03.02.2024,Hyesan,taken,x"
    package = package_of(report(0))
    data = "\n".join(["date,town,what,remark", good, line, good, ""]).encode()
    result = import_csv(package, data, mapping(tmp_path), CODER)
    assert [(one.row, one.code) for one in result.findings if one.code == code] == [(3, code)]
    assert result.package is package
    assert not any(cell in as_text(result.findings) for cell in line.split(",") if len(cell) > 4)
    control = "\n".join(["date,town,what,remark", good, good, ""]).encode()
    assert import_csv(package, control, mapping(tmp_path), CODER).n_rows == 2


@examples(100)
@given(identities)
def test_no_identity_comes_in_through_a_mapped_column(text):
    for column in ("act_code", "place_code", "when", "list_id", "source_code"):
        cells = dict(zip(HEADER, report(0), strict=True)) | {column: text}
        result = import_csv(new_package(), as_csv([tuple(cells.values())]), None, CODER)
        assert result.n_rows == 0
        assert any(one.code.startswith("identity-") for one in result.findings)
        assert text not in as_text(result.findings)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[columns]", "[colums]", "unknown section"),
        ('when = "date"', 'whn = "date"', "reports.csv has not"),
        ('act_code = "what"', 'act_code = "victim_name"', "speaks of a person"),
        ('release = "hold"', "", "leaves out: release"),
        ("[dates]", "[dates", "no TOML"),
        ("[columns]", "columns = 3\n[drop]", "wrong form|no TOML"),
        ('columns = ["remark"]', "columns = 3", "wrong form"),
    ],
)
def test_a_bad_mapping_is_one_line(tmp_path, old, new, says):
    with pytest.raises(InputError, match=says):
        mapping(tmp_path, MAPPING.replace(old, new))


def test_mappings_are_found_by_name():
    assert shipped_mappings() == ["acled"]
    with pytest.raises(InputError, match="did you mean"):
        read_mapping("acle")


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"a,a\n1,2\n", b'"open', b"\0"])
def test_what_is_no_csv_is_one_line(data):
    with pytest.raises(InputError):
        import_csv(new_package(), data, None, CODER)


def places_of(result):
    return [(one.file, one.row, one.column, one.code) for one in result.findings]


@pytest.mark.parametrize(
    ("wrong", "column", "code"),
    [
        ({"when_precision": "month"}, "when_precision", "date-precision"),
        ({"received": "2024-W39"}, "received", "received-early"),
        ({"when": "2026-W40", "received": ""}, "when", "date-future"),
        ({"place_precision": "province"}, "place_precision", "place-precision"),
        ({"release": "record"}, "release", "release-beyond-consent"),
        ({"relayed_from": "list", "relay_of": id_from("nobody")}, "relay_of", "reference-unknown"),
        ({"report_id": id_from("report", "7")}, "report_id", "id-double"),
    ],
)
def test_what_makes_no_sense_is_told_by_the_row_of_the_file(wrong, column, code):
    """Not by the row of the sorted table that would have been written, which nobody has ever seen."""
    package = package_of(*(report(n, when="2024-W30") for n in range(5, 9)))
    good = [report(n, act_code="listing") for n in range(20, 26)]
    control = import_csv(package, as_csv(good), None, CODER, TODAY)
    assert (control.n_rows, control.findings) == (6, [])
    cells = dict(zip(HEADER, report(50), strict=True)) | wrong
    result = import_csv(package, as_csv([*good[:4], tuple(cells.values()), *good[4:]]), None, CODER, TODAY)
    assert places_of(result) == [("the file", 6, column, code)]
    assert result.package is package


@pytest.mark.parametrize(("changed", "code"), [({}, "row-again"), ({"status": "possible"}, "row-judged")])
def test_an_identifier_of_its_own_does_not_make_a_row_another_report(changed, code):
    """As when the table of a package is brought into another one: only the identifiers differ."""
    package = package_of(report(0))
    result = import_csv(package, as_csv([report(9, **changed)]), None, CODER, TODAY)
    assert [one.code for one in result.findings] == [code]
    assert import_csv(package, as_csv([report(9, **changed)]), None, CODER, TODAY, True).n_alike == 1


def test_a_file_imported_twice_does_not_double_what_happened():
    blank = tuple(
        "" if name in ("report_id", "incident_id") else cell for name, cell in zip(HEADER, report(0), strict=True)
    )
    other = [cell.replace("2024-W40", "2024-W38") for cell in blank]
    first = import_csv(new_package(), as_csv([blank, blank]), None, CODER, TODAY)
    assert first.n_rows == 2, "two like rows of one file are two incidents"
    again = import_csv(first.package, as_csv([other, blank]), None, CODER, TODAY)
    assert places_of(again) == [("the file", 3, "", "row-again")]
    assert again.package is first.package
    assert import_csv(first.package, as_csv([other]), None, CODER, TODAY).n_rows == 1
    assert import_csv(first.package, as_csv([other, blank]), None, CODER, TODAY, again=True).n_rows == 2


def test_an_export_imported_twice_is_met_although_its_list_gets_a_fresh_name():
    first = import_csv(new_package(), ACLED.read_bytes(), read_mapping("acled"), CODER)
    again = import_csv(first.package, ACLED.read_bytes(), read_mapping("acled"), CODER)
    assert {code for *_, code in places_of(again)} == {"row-again"}
    assert len(again.findings) == first.n_rows


def as_filled_in(number=0, **cells):
    """A row as a coder fills it in: without identifiers of its own."""
    return report(number, report_id="", incident_id="", **cells)


JUDGEMENTS = [
    {"status": "possible"}, {"reliability": "unsure"}, {"independent_sources": "unknown"}, {"release": "hold"},
    {"consent": "public", "release": "record"}, {"status": "possible", "reliability": "unsure", "release": "hold"},
]  # fmt: skip


@pytest.mark.parametrize("judged", JUDGEMENTS, ids=str)
def test_a_row_that_is_there_but_for_how_it_was_judged_is_no_second_incident_without_a_word(judged):
    first = import_csv(
        new_package(), as_csv([as_filled_in(act_code=act) for act in ("arrest", "listing")]), None, CODER
    )
    data = as_csv([as_filled_in(act_code="search"), as_filled_in(**judged)])
    stopped = import_csv(first.package, data, None, CODER, TODAY)
    assert places_of(stopped) == [("the file", 3, "", "row-judged")]
    assert stopped.package is first.package
    added = import_csv(first.package, data, None, CODER, TODAY, again=True)
    assert (added.n_rows, added.n_alike, added.findings) == (2, 1, [])


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"source_code": ""}, "row-again"), ({"source_code": id_from("source", "1")}, None),
        ({"when": "2024-W41"}, None), ({"list_id": id_from("list", "1")}, None), ({"relayed_from": "unknown"}, None),
        ({"status": "possible", "source_code": id_from("source", "1")}, None),
        ({"status": "possible", "when": "2024-W41"}, None),
    ],
    ids=str,
)  # fmt: skip
def test_what_differs_otherwise_is_another_report(cells, code):
    first = import_csv(new_package(), as_csv([as_filled_in()]), None, CODER, TODAY)
    result = import_csv(first.package, as_csv([as_filled_in(**cells)]), None, CODER, TODAY)
    assert [one.code for one in result.findings] == ([code] if code else [])


def decomposed(text):
    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize("form", [str, decomposed])
def test_hangul_is_the_same_composed_and_decomposed(tmp_path, form):
    """In cells, in headers, in the mapping's columns, values and dropped columns."""
    text = MAPPING.replace('"town"', '"지역"').replace('"what"', '"행위"').replace('"taken"', '"체포"')
    text = text.replace('columns = ["remark"]', 'columns = ["비고"]')
    data = form("date,지역,행위,비고\n03.02.2024,회령시,체포,x\n03.02.2024,무산군,체포,y\n")
    for written in (text, decomposed(text)):
        result = import_csv(new_package(), data.encode(), mapping(tmp_path, written), CODER)
        assert result.findings == []
        assert sorted(result.package.table(REPORTS).column("place_code")) == ["hoeryong", "musan"]


@pytest.mark.parametrize("form", [str, decomposed])
def test_a_column_that_speaks_of_a_person_does_so_decomposed_too(tmp_path, form):
    with pytest.raises(InputError, match="speaks of a person"):
        mapping(tmp_path, MAPPING.replace('act_code = "what"', form('act_code = "이름"')))
    with pytest.raises(InputError, match="number 25 speaks of a person"):
        import_csv(new_package(), as_csv([(*report(0), "x")], [*HEADER, form("손전화")]), None, CODER)


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_marks_than_commas_are_named(mark, word):
    data = as_csv([report(0)]).replace(b",", mark.encode())
    with pytest.raises(InputError, match=f"separated by {word}"):
        import_csv(new_package(), data, None, CODER)
