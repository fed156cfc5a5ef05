"""The tripwire: whatever looks like a person is refused wherever it stands, and is never repeated."""

import json
import unicodedata

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from evidence.check.test_check import change
from evidence.packages import TODAY, coordinates, digit_runs, emails, good_package, identities, names, phones, texts
from support.depth import examples
from underwatch.cli.evidence import evidence
from underwatch.evidence.check.cells import check_cells
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.check.problems import as_json, as_text
from underwatch.evidence.folder import read_files, write_files
from underwatch.evidence.format.gazetteer import gazetteer
from underwatch.evidence.format.table_schemas import TABLES
from underwatch.evidence.format.vocabularies import codes, vocabulary_files
from underwatch.evidence.package import Sheet, to_files
from underwatch.files.tripwire import column_tripped, tripped

CLEAN = to_files(good_package())
PLACES = [
    (form.file, column.name)
    for form in TABLES.values()
    for column in form.columns
    if form.file in CLEAN and column.kind != "address"
]


@examples(300)
@given(identities, st.sampled_from(PLACES), st.integers(0, 10))
@example("김철수", ("reports.csv", "source_code"), 0)
@example("42.4333", ("figures.csv", "low"), 0)
@example("01012345678", ("survey.csv", "n_asked"), 0)
def test_any_identity_anywhere_is_an_error_that_does_not_repeat_it(text, place, at):
    file, column = place
    row = 2 + at % (len(CLEAN[file].splitlines()) - 1)
    found = check_files(change(CLEAN, file, row, column, text), TODAY)
    here = [one for one in found if (one.file, one.row, one.column) == (file, row, column)]
    assert any(one.level == "error" and one.code.startswith("identity-") for one in here)
    assert text not in as_text(found)
    assert text not in json.loads(as_json(found)).__repr__()


def test_the_clean_control_has_nothing():
    assert check_files(CLEAN, TODAY) == []


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("identity-name", names),
        ("identity-phone", phones),
        ("identity-email", emails),
        ("identity-coordinates", coordinates),
        ("identity-digits", digit_runs),
        ("identity-text", texts),
    ],
)
def test_the_kind_of_danger_is_named(kind, made):
    @given(made)
    def named(text):
        assert tripped(text) == kind

    named()


def test_our_own_words_and_numbers_do_not_trip_it():
    words = {code for name in vocabulary_files() for code in codes(name[:-4])}
    # The county named after a person is a place of the census; the check knows places before it asks the tripwire.
    tolerated = {code for code in gazetteer() if code.startswith(("kim-", "unsan-south"))}
    for word in words | set(gazetteer()) - tolerated:
        assert tripped(word) == "" or "-" in word, word
    for text in ("2024-12", "2024-W50", "2024-Q4", "2024", "2024-11/2025-01", "0.0003", "900", "414", "0.218", "12.5"):
        assert tripped(text) == ""


def test_every_place_passes_as_a_place():
    for code, place in gazetteer().items():
        files = change(CLEAN, "reports.csv", 2, "place_code", code)
        found = check_files(change(files, "reports.csv", 2, "place_precision", place.level), TODAY)
        assert {one.code for one in found} <= {"history-behind"}


@pytest.mark.parametrize(
    "name", ["notes", "latitude", "Phone number", "이름", "victim_name", "contact", "email", "비고", "dob"]
)
def test_columns_about_a_person_are_known_by_their_name(name):
    assert column_tripped(name)


@pytest.mark.parametrize("name", TABLES["reports"].names)
def test_our_own_columns_are_not(name):
    assert not column_tripped(name)


def test_the_command_repeats_nothing_and_writes_nothing(tmp_path):
    secret = "Pak Yong Hui"
    write_files(tmp_path / "p", change(CLEAN, "reports.csv", 2, "source_code", secret))
    before = dict(read_files(tmp_path / "p").items())
    listing = sorted(path.name for path in tmp_path.rglob("*"))
    for arguments in (["check", str(tmp_path / "p")], ["check", "--json", str(tmp_path / "p")]):
        result = CliRunner().invoke(evidence, [*arguments, "--today", "2026-06-30"], standalone_mode=False)
        assert result.return_value == 1
        assert "identity-name" in result.output
        assert "Pak" not in result.output
    assert read_files(tmp_path / "p") == before
    assert sorted(path.name for path in tmp_path.rglob("*")) == listing


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_korean_name_of_a_place_is_a_slip_and_a_persons_name_is_none(form):
    for place in gazetteer().values():
        if place.name_ko:
            name = unicodedata.normalize(form, place.name_ko)
            (found,) = check_cells(TABLES["survey"], sheet_of("survey", place_code=name))[0]
            assert (found.code, f'"{place.place_code}"' in found.remedy) == ("code-unknown", True)
            assert name not in found.remedy
    for person in ("김철수", "박영희"):
        name = unicodedata.normalize(form, person)
        (found,) = check_cells(TABLES["survey"], sheet_of("survey", place_code=name))[0]
        assert found.code == "identity-name"
    for column in ("이름", "주소", "휴대폰 번호", "증인 전화"):
        assert column_tripped(unicodedata.normalize(form, column))


def sheet_of(table, **cells):
    """The good package's one row of a table with other cells."""
    header = TABLES[table].names
    row = dict(zip(header, good_package().table(table).rows[0], strict=True)) | cells
    return Sheet(header, tuple([cell] for cell in row.values()), [2], (), True)
