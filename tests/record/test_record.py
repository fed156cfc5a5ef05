"""What comes out: sums agree, tables go round, a damaged folder is told in one line, and nobody is in any table."""

import contextlib
import datetime
import hashlib
import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.run_folder import read_run
from underwatch.errors import InputError
from underwatch.experiments.engine.worlds import WorldTotals
from underwatch.record import outputs, provenance
from underwatch.record.headlines import HEADLINE_NAMES, HEADLINES
from underwatch.record.incidents import (
    incident_table,
    kind_counts,
    published_table,
    row_luck,
    sample,
    shares_for,
)
from underwatch.record.measures import (
    SUMS,
    Combined,
    group_cells,
    indicator_table,
    measure,
    stack,
    totals,
)
from underwatch.record.schema import DICTIONARY, GROUND_COLUMNS, GROUPS, RIGHTS, TABLES, data_dictionary
from underwatch.world.layout import GROUND_NAMES, INCIDENT, INCIDENT_NAMES, INDICATORS, N_INDICATORS, ONE
from underwatch.world.scenario_file import parse, scenario_for

START = datetime.date(2024, 7, 1)


def fake_records(n, days, seed=3):
    luck = np.random.default_rng(seed)
    records = np.zeros(n, INCIDENT)
    below = dict.fromkeys(INCIDENT.names, 256) | {
        "day": days, "kind": len(INCIDENT_NAMES), "marks": 128, "subject_contact": 2,
    }  # fmt: skip
    for name, most in below.items():
        records[name] = luck.integers(0, most, n)
    return records


def fake_history(days=30, seed=1, n_records=500, place="Hoeryong"):
    luck = np.random.default_rng(seed)
    residents = luck.integers(0, 400, 64)
    residents[0] = 20000
    cells = luck.poisson(residents[None, :, None] * 0.01, (days, 64, N_INDICATORS)).astype(np.int64)
    for name in ("fear", "distress"):
        cells[:, :, INDICATORS.index(name)] = residents * luck.integers(0, ONE, (days, 64))
    return Combined(place, START, days, cells, residents, residents * 3 // 4, residents // 2,
                       fake_records(n_records, days))  # fmt: skip


def value_of(table, **keys):
    """The values of the rows that match, in order."""
    keep = np.ones(table.num_rows, bool)
    for name, wanted in keys.items():
        keep &= np.asarray(table.column(name).cast(pa.string())) == wanted
    return np.asarray(table.column("value"))[keep]


def test_the_dictionary_names_every_column_of_the_kernel_with_unit_and_a_right():
    assert tuple(DICTIONARY)[: len(INDICATORS)] == INDICATORS
    for indicator in DICTIONARY.values():
        assert indicator.meaning
        assert indicator.unit
        assert set(indicator.articles) <= set(RIGHTS)
        assert indicator.articles or indicator.name == "residents"
        assert bool(indicator.numerator) == bool(indicator.denominator) == (indicator.kind == "ratio")
    assert {article for i in DICTIONARY.values() for article in i.articles} == {9, 12, 17, 19}


def test_the_csv_dictionary_has_every_indicator_and_column_and_the_units_stand_in_the_schema():
    rows = data_dictionary().splitlines()
    for name in DICTIONARY:
        assert sum(row.startswith(f"indicator,{name},") for row in rows) == 1
    for table, schema in TABLES.items():
        for field in schema:
            assert sum(row.startswith(f"{table},{field.name},") for row in rows) == 1
            assert field.metadata[b"unit"]


def test_no_table_has_a_key_of_a_resident():
    persons = ("resident", "person", "who", "id", "household", "unit", "name", "phone", "address", "officer", "subject")
    told = {f.name for schema in TABLES.values() for f in schema}
    assert {"subject_fear", "subject_contact"} < told
    for name in told - {"subject_fear", "subject_contact", *GROUND_COLUMNS}:
        assert not set(name.split("_")) & set(persons), name


def test_listed_and_ordinary_share_the_cells_and_a_ground_is_any_of():
    assert (group_cells("listed") ^ group_cells("ordinary")).all()
    assert group_cells("all").all()
    for bit, name in enumerate(GROUND_NAMES):
        assert np.flatnonzero(group_cells(name)).tolist() == [cell for cell in range(64) if cell >> bit & 1]


@pytest.mark.parametrize("every", [1, 7, 30, 365])
def test_counts_add_up_over_groups_and_days(every):
    history = fake_history()
    table = indicator_table(history, "baseline", every_days=every)
    for column, name in enumerate(INDICATORS):
        whole = value_of(table, group="all", ground="all", indicator=name)
        parts = sum(value_of(table, group=g, ground="all", indicator=name) for g in ("listed", "ordinary"))
        np.testing.assert_allclose(parts, whole, rtol=1e-12)
        if DICTIONARY[name].kind == "count":
            assert whole.sum() == history.cells[:, :, column].sum()
            assert totals(history)[name] == whole.sum()


def test_a_stock_is_a_mean_of_days_and_fear_lies_between_0_and_1():
    history = fake_history()
    summed = totals(history, 3, 10, "listed")
    inside = group_cells("listed")
    assert summed["detained"] == history.cells[3:10, inside, INDICATORS.index("detained")].sum() / 7
    assert summed["residents"] == history.residents[inside].sum()
    fear = history.cells[3:10, inside, INDICATORS.index("fear")].sum() / ONE / (7 * history.residents[inside].sum())
    assert summed["fear_mean"] == pytest.approx(fear)
    assert 0 < summed["fear_mean"] < 1


def test_ratios_are_ratios_of_sums_and_the_floor_of_private_complaint_holds():
    history = fake_history()
    got = totals(history, floor=0.9)
    assert got["share_outings_followed"] == got["followed_outings"] / got["outings"]
    assert got["share_calls_given_up"] == (got["calls_avoided"] + got["calls_abandoned"]) / got["calls_intended"]
    assert got["private_complaint_share"] == pytest.approx(1 - 0.1 * got["fear_mean"])
    assert got["share_watched"] == history.watched.sum() / history.residents.sum()


def test_a_ratio_without_cases_is_null_and_not_a_number_made_up():
    history = fake_history()
    quiet = replace(history, cells=np.zeros_like(history.cells))
    table = indicator_table(quiet, "baseline")
    shares = table.filter(pa.compute.equal(table.column("indicator").cast(pa.string()), "share_outings_followed"))
    assert shares.column("value").null_count == shares.num_rows == 30 * len(GROUPS)


def test_headlines_of_the_whole_run_the_window_and_the_weeks_agree_with_the_totals():
    history = fake_history(days=30)
    got = measure(history, (7, 14))
    week = got.weekly[1]
    np.testing.assert_allclose(got.window, week)
    assert got.weekly.shape == (5, len(HEADLINES))
    at = HEADLINE_NAMES.index("followed")
    listed = totals(history, group="listed")
    assert got.year[at] == pytest.approx(listed["followed_outings"] / listed["residents"] / (30 / 7))
    at = HEADLINE_NAMES.index("calls")
    everybody = totals(history)
    assert got.year[at] == pytest.approx(everybody["calls_completed"] * 1000 * 365 / 30 / everybody["residents"])
    assert got.sums[SUMS.index("incidents")] == 500
    assert got.sums[SUMS.index("accused_ordinary")] == totals(history, group="ordinary")["accusations"]
    assert got.people.tolist() == [history.residents[group_cells(group)].sum() for group in GROUPS]
    assert stack([got, got, got]).weekly.shape == (3, 5, len(HEADLINES))


def test_places_added_up_are_their_sum():
    pair = fake_history(seed=1), fake_history(seed=2, place="Onsong")
    one, other = (WorldTotals(h.cells, h.residents, h.adults, h.watched, np.array([500, 0.25])) for h in pair)
    both = Combined("two places", START, pair[0].days, *one.plus(other)[:4], pair[0].records)
    for name in ("outings", "calls_completed", "fear", "residents"):
        parts = totals(pair[0])[name] + totals(pair[1])[name]
        assert totals(both)[name] == pytest.approx(parts, rel=1e-12)
    assert one.plus(other).numbers.tolist() == [1000, 0.5]


def records_of(table):
    """The records of an incident table; the other way round of `incident_table`."""
    records = np.zeros(table.num_rows, INCIDENT)
    column = {name: np.asarray(table.column(name).combine_chunks()) for name in table.column_names}
    records["day"] = (column["date"].astype("datetime64[D]") - np.datetime64(START, "D")).astype(np.int64)
    records["kind"] = [INCIDENT_NAMES.index(kind) for kind in table.column("kind").to_pylist()]
    for bit, name in enumerate((*GROUND_COLUMNS, "listed", "listed_at_start")):
        records["marks"] |= column[name].astype(np.uint8) << np.uint8(bit)
    for who in ("subject", "kin", "neighbours"):
        records[f"{who}_fear"] = np.rint(column[f"{who}_fear"] * np.float32(255))
        records[f"{who}_contact"] = column[f"{who}_contact"]
    for name in ("kin", "neighbours", "hearsay"):
        records[name] = column[name]
    return records


@given(st.integers(0, 200), st.integers(0, 1000))
def test_records_go_to_a_table_and_back(n, seed):
    records = fake_records(n, 365, seed)
    table = incident_table(records, START, "Hoeryong", "baseline")
    assert (records_of(table) == records).all()
    assert table.schema.equals(TABLES["incidents"])


def test_the_columns_of_an_incident_say_what_the_record_packs():
    packed = [3, 2 << 8 | 1 << 6 | 0 << 5 | 0b00011, 255 << 8 | 1, 4, 2 << 8 | 51, 6, 0, 9]
    record = np.array(packed, np.uint16).view(INCIDENT)
    row = incident_table(record, START, "Hoeryong", "baseline").to_pylist()[0]
    assert row["date"] == datetime.date(2024, 7, 4)
    assert row["kind"] == INCIDENT_NAMES[2]
    assert [row[name] for name in GROUND_COLUMNS] == [True, True, False, False, False]
    assert (row["listed_at_start"], row["listed"]) == (True, False)
    assert (row["subject_fear"], row["subject_contact"]) == (1.0, True)
    assert (row["kin"], row["kin_contact"], row["neighbours"], row["hearsay"]) == (4, 2, 6, 9)
    assert row["kin_fear"] == pytest.approx(0.2)
    assert row["weight"] == 1.0


def test_a_sample_is_kept_by_content_alone_and_its_weights_estimate_the_counts():
    records = np.concatenate([fake_records(40000, 365), fake_records(50, 365, 4)])
    shares = shares_for(kind_counts(records), 6000)
    kept, weights = sample(records, shares)
    assert len(kept) == pytest.approx(6000, rel=0.05)
    estimate = np.bincount(kept["kind"], weights=weights, minlength=6)
    np.testing.assert_allclose(estimate, kind_counts(records), rtol=0.1)
    again = np.random.default_rng(0).permutation(records)
    assert sorted(map(bytes, sample(again, shares)[0])) == sorted(map(bytes, kept))


def test_equal_rows_have_luck_of_their_own_and_a_kind_that_is_rare_is_kept_whole():
    twice = np.repeat(fake_records(1, 10), 5000, axis=0)
    luck = row_luck(twice)
    assert len(set(luck)) == 5000
    assert luck.mean() == pytest.approx(0.5, abs=0.02)
    assert shares_for(np.array([10, 1000, 0, 100]), 510).tolist() == [1.0, 0.4, 1.0, 1.0]
    assert shares_for(np.array([10, 20]), 100).tolist() == [1.0, 1.0]


def published(n=3):
    return published_table({
        "date": [START + datetime.timedelta(day) for day in range(n)],
        "place": ["Hoeryong"] * n, "world": ["baseline"] * n, "kind": ["arrest"] * n, "ground": ["none"] * n,
        "listed": [True] * n, "delay_days": np.arange(n), "list": ["A"] * n, "relay": [False] * n,
    })  # fmt: skip


def test_published_reports_with_a_wrong_column_are_refused():
    assert published().schema.equals(TABLES["published"])
    with pytest.raises(InputError, match=r"wrong: .*outlet"):
        published_table({"outlet": ["x"], "date": [START]})


SCENARIO = scenario_for("hoeryong", population=500, days=5)
NOTES = {"worlds": ["baseline", "counter-world"], "draws": 8}


def tables_of_a_run():
    history = fake_history()
    indicators = [indicator_table(history, world) for world in ("baseline", "counter-world")]
    return {
        "indicators": outputs.joined("indicators", indicators),
        "incidents": incident_table(history.records, START, "Hoeryong", "baseline"),
        "published": published(),
    }


def write_run(folder, digest="ab" * 32):
    files = outputs.run_files(SCENARIO, tables_of_a_run(), "<!doctype html>")
    return provenance.write_results(folder, "run", files, outputs.run_entries(SCENARIO, digest, NOTES))


def test_a_run_folder_goes_round_and_tells_nothing_of_the_machine(tmp_path):
    manifest = write_run(tmp_path)
    back = read_run(tmp_path)
    for name, table in tables_of_a_run().items():
        assert back.tables[name].equals(table.combine_chunks()), name
    assert {name: getattr(back, name) for name in manifest} == manifest
    assert (back.report, back.digest, back.worlds) == ("<!doctype html>", "ab" * 32, NOTES["worlds"])
    assert (back.population, back.days, back.seed) == (500, 5, 1)
    assert parse(back.scenario) == parse(back.parameters_toml) == SCENARIO
    assert back.parameters == SCENARIO.parameters.to_dict()
    text = (tmp_path / "manifest.json").read_text()
    assert str(tmp_path) not in text
    assert "/" not in json.dumps({key: value for key, value in manifest.items() if key != "scenario"})
    for name, entry in manifest["files"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == entry["sha256"]
    assert {path.name for path in tmp_path.iterdir()} == {"manifest.json", *manifest["files"]}


def test_the_same_run_has_the_same_hashes(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert write_run(tmp_path / "one") == write_run(tmp_path / "two")


def test_a_mark_tells_questions_and_versions_apart(monkeypatch):
    mine = provenance.mark({"a": 1, "b": 2})
    assert mine == provenance.mark({"b": 2, "a": 1})
    assert mine != provenance.mark({"a": 1, "b": 3})
    monkeypatch.setattr(provenance, "made_by", lambda: "another version")
    assert mine != provenance.mark({"a": 1, "b": 2})


def test_a_run_is_not_overwritten_and_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    write_run(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match="nothing is overwritten"):
        write_run(tmp_path, "cd" * 32)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    (tmp_path / "full").mkdir()

    def fail_at_incidents(path, data):
        if path.name == "incidents.parquet":
            raise OSError(28, "No space left on device")
        path.write_bytes(data)

    monkeypatch.setattr(provenance, "write_atomically", fail_at_incidents)
    with pytest.raises(OSError, match="No space"):
        write_run(tmp_path / "full")
    assert list((tmp_path / "full").iterdir()) == []


@pytest.mark.parametrize("name", ["manifest.json", "indicators.parquet", "incidents.parquet", "published.parquet",
                                  "parameters.toml", "data_dictionary.csv", "report.html"])  # fmt: skip
@pytest.mark.parametrize("harm", ["missing", "cut", "changed", "empty"])
def test_a_missing_or_damaged_file_is_told_in_one_line(tmp_path, name, harm):
    write_run(tmp_path)
    path = tmp_path / name
    data = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes({"cut": data[: len(data) // 2], "changed": b"\xff" + data[1:], "empty": b""}[harm])
    with pytest.raises(InputError) as told:
        read_run(tmp_path)
    assert name in str(told.value)
    assert "\n" not in str(told.value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
                    max_leaves=5),
       st.sampled_from(["what", "schema_version", "population", "days", "seed", "digest", "software", "scenario",
                        "parameters", "files"]))  # fmt: skip
def test_a_manifest_with_any_entry_spoilt_is_read_or_told_in_one_line(tmp_path_factory, spoilt, key):
    manifest = {"what": "underwatch run", "schema_version": 1, "population": 5, "days": 3, "seed": 1, "digest": "a",
                "software": {}, "scenario": "", "parameters": {}, "files": {}}  # fmt: skip
    path = tmp_path_factory.mktemp("m") / "manifest.json"
    path.write_text(json.dumps({**manifest, key: spoilt}))
    with contextlib.suppress(InputError):
        assert outputs.read_manifest(path)["what"] == "underwatch run"


@given(st.binary(max_size=60))
def test_any_bytes_for_a_manifest_are_told_in_one_line(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("m") / "manifest.json"
    path.write_bytes(data)
    with pytest.raises(InputError):
        outputs.read_manifest(path)


def test_what_is_not_a_run_is_told(tmp_path):
    with pytest.raises(InputError, match="not a run folder"):
        read_run(tmp_path / "nothing")
    with pytest.raises(InputError, match="missing"):
        read_run(tmp_path)
