"""The format: identifiers, periods, places, vocabularies, descriptor, schemas, and the documents made from them."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.packages import TODAY, good_package, identifiers, packages
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files, examine
from underwatch.evidence.format import ids
from underwatch.evidence.format.descriptor import descriptor, dictionary_csv, json_schema, own_words
from underwatch.evidence.format.gazetteer import gazetteer, place_at
from underwatch.evidence.format.periods import coarsen, parse_period, quarters
from underwatch.evidence.format.table_schemas import TABLES
from underwatch.evidence.format.vocabularies import codes, entries, vocabulary_files
from underwatch.evidence.package import parse_package, to_files
from underwatch.facts import grounds, places

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[2] / "docs" / "evidence"


def test_identifiers_are_random_consonants():
    made = {ids.new_id() for _ in range(2_000)}
    assert len(made) == 2_000
    assert ids.not_ids(made) == set()
    assert not set("".join(made)) & set("aeiouy0123456789")


@given(identifiers("any"), st.integers(0, 13), st.sampled_from(ids.ALPHABET))
def test_one_wrong_letter_is_always_noticed(name, place, letter):
    wrong = name[:place] + letter + name[place + 1 :]
    assert ids.is_id(wrong) == (wrong == name)


@given(identifiers("any"), st.integers(0, 12))
def test_two_neighbours_swapped_are_always_noticed(name, place):
    wrong = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    assert ids.is_id(wrong) == (wrong == name)


def test_an_identifier_made_by_hand_is_refused_396_times_of_397():
    hand_made = ["".join(letters) for letters in zip(*[iter("bcdfghjklmnpqrstvwxz" * 70_000)] * 14, strict=False)]
    tried = {name[:k] + letter + name[k + 1 :] for name in set(hand_made) for k in range(14) for letter in ids.ALPHABET}
    share = 1 - len(ids.not_ids(tried)) / len(tried)
    assert share == pytest.approx(1 / ids.CHECK_PRIME, abs=0.004)


@given(st.text(max_size=20))
def test_no_other_text_is_an_identifier(text):
    assert ids.not_ids([text]) == (set() if ids.is_id(text) else {text})
    assert ids.not_hashes([text]) == {text}


@given(st.dates(date(1945, 1, 8), date(2199, 12, 20)), st.sampled_from(["week", "month", "quarter", "year"]))
def test_a_day_lies_in_its_period_and_the_next_period_starts_after_it(day, precision):
    period = parse_period(coarsen(day, precision))
    assert period.precision == precision
    assert period.first <= day <= period.last
    after = parse_period(coarsen(period.last + timedelta(days=1), precision))
    assert after is None or after.first == period.last + timedelta(days=1)


@pytest.mark.parametrize(
    "text",
    ["2024-12-01", "2024-13", "2024-W54", "2023-W53", "2024-Q5", "24-12", "2024-1", "12/2024", "2024-12/2024-11",
     "2024-12/2024-12", "2024/2024-12", "2024-12/2025-01/2025-02", "1200", "2024-12T10:00",
     "２０２４", "", "Dec-24", "2024-12 "],
)  # fmt: skip
def test_what_is_no_period(text):
    assert parse_period(text) is None


def test_quarters_of_a_span():
    assert quarters("2023-Q3", "2024-Q2") == ["2023-Q3", "2023-Q4", "2024-Q1", "2024-Q2"]
    assert quarters("2024-Q2", "2024-Q1") == []


def test_the_gazetteer_is_the_census_and_nothing_finer():
    finest = [place for place in gazetteer().values() if place.level in ("city", "county")]
    assert len(finest) == len(places()) == 178
    assert {place.level for place in gazetteer().values()} == set(codes("place_precision")) - {"unknown"}
    assert place_at("hoeryong", "province") == "north-hamgyong"
    assert place_at("hoeryong", "region") == "border-provinces"
    assert place_at("north-hamgyong", "city") == ""
    assert place_at("pyongyang", "province") == "pyongyang-province"


def test_every_huridocs_code_of_the_scales_has_a_label_of_our_own():
    ours = {
        (row["huridocs_list"], row["huridocs_code"])
        for name in ("source_connection", "status", "reliability", "when_precision")
        for row in entries(name).values()
    }
    with open(HERE / "huridocs_codes.csv", encoding="utf-8") as file:
        theirs = {(row["list"], row["code"]) for row in csv.DictReader(file)}
    assert theirs == ours - {("", "")}


@pytest.mark.parametrize("name", sorted(vocabulary_files()))
def test_a_vocabulary_has_codes_and_labels_and_no_stray_cell(name):
    rows = list(csv.reader(vocabulary_files()[name].decode("utf-8").splitlines()))
    assert rows[0][:2] == ["code", "label"]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len({row[0] for row in rows}) == len(rows)
    assert all(row[0] and row[1] for row in rows)


def test_acts_map_to_the_models_incidents():
    from underwatch.world.layout import INCIDENT_NAMES

    kinds = {row["model_kind"] for row in entries("act").values()} - {""}
    assert kinds == set(INCIDENT_NAMES)
    assert {row["family"] for row in entries("act").values()} == set(codes("act_family"))


def test_the_vocabulary_of_grounds_has_those_of_the_model_in_order():
    assert list(entries("ground")) == [*grounds(), "ordinary", "other", "unknown"]
    assert all(entries("ground")[name]["label"] == one.reported for name, one in grounds().items())


def test_every_code_column_has_its_vocabulary():
    for form in TABLES.values():
        for column in form.columns:
            assert column.kind != "code" or codes(column.source)


def test_the_documents_are_those_of_the_code():
    assert (DOCS / "dictionary.csv").read_bytes() == dictionary_csv()
    assert json.loads((DOCS / "schema.json").read_text("utf-8")) == {name: json_schema(name) for name in TABLES}


def test_the_descriptor_is_a_frictionless_tabular_package():
    told = json.loads(descriptor("evidence", (), tuple(TABLES)))
    assert told["profile"] == "tabular-data-package"
    names = [resource["name"] for resource in told["resources"]]
    assert len(set(names)) == len(names)
    files = to_files(good_package())
    present = {resource["path"] for resource in json.loads(files["datapackage.json"])["resources"]}
    assert present == set(files) - {"datapackage.json"}
    for resource in told["resources"]:
        fields = {field["name"] for field in resource["schema"]["fields"]}
        key = resource["schema"]["primaryKey"]
        assert fields >= set([key] if isinstance(key, str) else key)


@given(packages())
def test_schema_and_check_agree_on_valid_rows(package):
    import re

    for name, table in package.tables.items():
        for record in table.records():
            for column, rule in json_schema(name)["properties"].items():
                options = rule.get("anyOf", [rule])
                value = record[column]
                assert any(
                    value == option.get("const", None)
                    or (
                        value in option["enum"]
                        if "enum" in option
                        else "type" in option and re.search(option.get("pattern", ""), value)
                    )
                    for option in options
                ), (name, column)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"underwatch": 3}', '{"underwatch": {"format": 2, "kind": "evidence", "declares": []}}',
     '{"underwatch": {"format": 1, "kind": "Kim", "declares": []}}',
     '{"underwatch": {"format": true, "kind": "evidence", "declares": []}}',
     '{"underwatch": {"format": 1, "kind": ["evidence"], "declares": []}}',
     '{"underwatch": {"format": 1, "kind": "evidence", "declares": "x"}}',
     '{"underwatch": {"format": 1, "kind": "evidence", "declares": [["x"]]}}',
     "[" * 100_000, '{"underwatch": {"format": ' + "9" * 5000 + "}}"],
)  # fmt: skip
def test_a_foreign_descriptor_is_told_in_one_line(text):
    with pytest.raises(ValueError, match=r"datapackage\.json") as caught:
        own_words(text.encode())
    assert "Kim" not in str(caught.value)


@given(packages())
def test_files_and_back(package):
    files = to_files(package)
    assert to_files(parse_package(files)) == files
    assert not [found for found in check_files(files, TODAY) if found.level == "error"]


@given(packages(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_does_not_matter(package, luck):
    files = to_files(package)
    mixed = dict(files)
    for name in TABLES:
        if f"{name}.csv" in files:
            rows = list(csv.reader(files[f"{name}.csv"].decode().splitlines()))
            order = list(range(len(rows[0])))
            luck.shuffle(order)
            body = rows[1:]
            luck.shuffle(body)
            text = "\ufeff" + "".join(
                ",".join('"' + row[at].replace('"', '""') + '"' for at in order) + "\r\n" for row in [rows[0], *body]
            )
            mixed[f"{name}.csv"] = text.encode("utf-8")
    assert to_files(parse_package(mixed)) == files
    assert examine(mixed, TODAY).fingerprint == examine(files, TODAY).fingerprint == package.fingerprint

    def told(found):
        return sorted((one.file, one.column, one.code) for one in found if one.code != "file-form")

    assert told(check_files(mixed, TODAY)) == told(check_files(files, TODAY))


def test_a_package_without_its_files_is_refused_in_one_line():
    with pytest.raises(InputError, match="underwatch evidence new"):
        parse_package({})
