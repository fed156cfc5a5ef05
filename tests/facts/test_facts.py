"""The tables against the census's own sums, and each parameter against what a prior must be."""

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from underwatch.cli import main
from underwatch.errors import InputError, nearest
from underwatch.facts import (
    COUNTRY,
    find_place,
    grounds,
    judgements,
    model_parameters,
    places,
    provinces,
    published_facts,
)
from underwatch.facts.tables import read_rows
from underwatch.world import layout

RULES = {f"S{number}" for number in range(1, 18)}
# Sums printed in the census report.
PROVINCE_TOTALS = {
    "Ryanggang": 719_269,
    "North Hamgyong": 2_327_362,
    "South Hamgyong": 3_066_013,
    "Jagang": 1_299_830,
    "North Pyongan": 2_728_662,
    "South Pyongan": 4_051_696,
    "Pyongyang": 3_255_288,
    "North Hwanghae": 2_113_672,
    "South Hwanghae": 2_310_485,
    "Kangwon": 1_477_582,
}


def test_the_places_hold_every_counted_resident():
    assert len(places()) == 178
    assert sum(len(place.units) for place in places().values()) == len(read_rows("census_2008.csv")) == 208
    assert sum(place.population for place in places().values()) == 23_349_859


def test_the_provinces_sum_to_the_published_totals():
    assert {
        name: sum(place.population for place in members) for name, members in provinces().items()
    } == PROVINCE_TOTALS


@pytest.mark.parametrize("place", places().values(), ids=lambda place: place.slug)
def test_both_sexes_and_both_kinds_of_settlement_sum_to_the_place(place):
    assert place.male + place.female == place.urban + place.rural == place.population
    assert sum(unit.population for unit in place.units) == place.population


def test_residents_are_numbered_without_gap_or_overlap():
    expected = 0
    for place in places().values():
        assert place.first_resident == expected
        expected += place.population
    assert expected == 23_349_859


def test_hoeryong_is_the_city_of_the_report():
    hoeryong = places()["Hoeryong"]
    assert (hoeryong.population, hoeryong.urban, hoeryong.border) == (153_532, 92_494, True)
    assert (hoeryong.province, hoeryong.name_ko) == ("North Hamgyong", "회령시")
    assert (hoeryong.seat_lat, hoeryong.seat_lon) == pytest.approx((42.44, 129.75), abs=0.01)


def test_the_districts_of_three_cities_are_joined():
    joined = {name: place.population for name, place in places().items() if len(place.units) > 1}
    assert joined == {"Chongjin": 667_929, "Hamhung": 768_551, "Pyongyang": 2_794_272}


@pytest.mark.parametrize("place", places().values(), ids=lambda place: place.slug)
def test_each_place_is_found_by_each_of_its_names(place):
    for name in (place.name, place.name.upper(), place.slug, place.name_ko, f"{place.name} county"):
        assert find_place(name) == ("place", place.name, (place,))
        assert find_place(unicodedata.normalize("NFD", name)) == ("place", place.name, (place,))


@pytest.mark.parametrize(
    ("text", "kind", "name", "n_places"),
    [
        ("North Hamgyong", "province", "North Hamgyong", 16),
        ("north-hamgyong", "province", "North Hamgyong", 16),
        ("North Hamgyong Province", "province", "North Hamgyong", 16),
        ("Kim Jong Suk", "place", "Kim Jong Suk County", 1),
        ("pyongyang", "place", "Pyongyang", 1),
        ("Pyongyang province", "province", "Pyongyang", 5),
        ("dprk", "country", COUNTRY, 178),
        ("north korea", "country", COUNTRY, 178),
    ],
)
def test_provinces_the_country_and_shortened_names_are_found(text, kind, name, n_places):
    found_kind, found_name, members = find_place(text)
    assert (found_kind, found_name, len(members)) == (kind, name, n_places)


@pytest.mark.parametrize(
    ("text", "suggestion"), [("Hoeryung", "Hoeryong"), ("hyesen", "Hyesan"), ("Nord Hamgyong", "North Hamgyong")]
)
def test_an_unknown_place_is_refused_with_the_nearest(text, suggestion):
    with pytest.raises(InputError, match=f'"{text}" is not known .did you mean "{suggestion}"'):
        find_place(text)


@pytest.mark.parametrize("text", ["", "  ", "county", "province", "x" * 500, "--"])
def test_a_text_that_names_nothing_is_refused_without_a_guess(text):
    with pytest.raises(InputError, match="is not known; it is a city"):
        find_place(text)


@pytest.mark.parametrize("fact", model_parameters().values(), ids=lambda fact: fact.name)
def test_each_parameter_can_be_a_prior(fact):
    assert fact.low <= fact.central <= fact.high
    assert (fact.low == fact.high == 0) if fact.basis == "policy" else fact.low < fact.high
    assert fact.scale in ("linear", "log")
    assert fact.low > 0 or fact.scale == "linear"
    assert fact.basis in ("stated", "derived", "judgement", "policy")
    assert fact.rule in RULES
    assert all((fact.name.isidentifier(), fact.meaning, fact.unit, fact.source))
    if fact.unit in ("fraction", "probability"):
        assert 0 <= fact.low <= fact.high <= 1


@pytest.mark.parametrize("table", ["model_parameters.csv", "parameters.csv"])
def test_names_are_unique_and_no_row_is_cut_short(table):
    rows = read_rows(table)
    assert len({row["name"] for row in rows}) == len(rows)
    assert all(None not in row and None not in row.values() for row in rows)


def test_published_figures_have_ordered_ranges_and_a_source():
    for fact in published_facts().values():
        if fact.central is not None:
            assert fact.low <= fact.central <= fact.high, fact.name
        assert fact.source, fact.name
        assert fact.source_kind in ("read", "general-knowledge"), fact.name


def test_the_tables_cannot_be_changed_by_who_reads_them():
    with pytest.raises(TypeError):
        model_parameters()["quota_mps_per_week"] = None
    with pytest.raises(AttributeError):
        places()["Hoeryong"].population = 1


def test_nearest_is_silent_when_nothing_is_like_it():
    assert nearest("zzzz", ["alpha", "beta"]) == ""
    assert nearest("ALPA", ["alpha", "beta"]) == ' (did you mean "alpha"?)'


def test_the_command_shows_every_parameter_with_its_range():
    result = CliRunner().invoke(main, ["facts"])
    assert result.exit_code == 0
    assert all(name in result.stdout for name in model_parameters())


def test_guesses_are_counted_and_said():
    rows = [row for row in read_rows("model_parameters.csv") if row["low"] != row["high"]]
    guesses = [row for row in rows if row["basis"] == "judgement"]
    assert judgements()[:2] == (len(guesses), len(rows))
    assert 0 < judgements().unanswered < judgements().n < judgements().of
    said = " ".join(CliRunner().invoke(main, ["facts"]).stdout.split())
    assert f"{len(guesses)} of the {len(rows)} that are drawn rest on judgement alone" in said


def test_the_command_shows_a_parameter_with_its_source():
    result = CliRunner().invoke(main, ["facts", "quota-mps-per-week"])
    fact = model_parameters()["quota_mps_per_week"]
    assert result.exit_code == 0
    assert fact.source in result.stdout
    assert fact.meaning in result.stdout


def test_the_command_gives_json_for_scripts():
    rows = json.loads(CliRunner().invoke(main, ["facts", "--json"]).stdout)
    assert [row["name"] for row in rows] == list(model_parameters())
    city = json.loads(CliRunner().invoke(main, ["facts", "hoeryong", "--json"]).stdout)
    assert (city["place"]["population"], city["place"]["urban"]) == (153_532, 92_494)


def test_districts_are_never_shown_apart():
    for flags in ([], ["--json"]):
        shown = CliRunner().invoke(main, ["facts", "Pyongyang", *flags]).stdout
        assert not [unit.name for unit in places()["Pyongyang"].units if unit.name in shown]


def test_the_command_refuses_an_unknown_name_in_one_line():
    result = CliRunner().invoke(main, ["facts", "quota_mps_per_wek"])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert 'did you mean "quota_mps_per_week"?' in result.stderr


def test_the_grounds_are_what_the_model_can_draw_and_each_has_its_parameters():
    known = list(grounds().values())
    assert {one.holder for one in known} <= {"household", "adult"}
    assert {one.organ for one in known} <= {"mps", "mss", "both"}
    assert {one.inland for one in known} <= {"same", "none", "own"}
    assert sum(one.holder == "household" for one in known) <= 3  # draws that are left of a household, and of an adult
    assert sum(one.holder == "adult" for one in known) <= 8
    for one in known:
        assert one.words
        assert one.label
        assert one.reported
        rows = {one.share(True), one.share(False), one.let_off} - {None}
        assert {model_parameters()[name].rule for name in rows} == {"S2", "S3"}
    let_off = {name for name in model_parameters() if name.startswith("let_off_")}
    assert let_off == {"let_off_all", *(one.let_off for one in known)}


def test_the_bits_of_a_resident_are_as_many_as_there_is_room_for():
    assert layout.NEW_GROUND < 1 << 16
    assert layout.MARK_LISTED_AT_START < 1 << 8
    assert (layout.FAMILY, layout.WAS_DETAINED, layout.NEW_GROUND) == (1 << 1, 1 << 6, 1 << 15)
    assert (layout.GROUNDS, layout.LISTED_CELL, layout.N_CELLS, layout.CELL_SHIFT) == (62, 32, 64, 4)


def test_a_ground_for_which_there_is_no_bit_is_told_of():
    more = {**grounds(), "one_more": replace(grounds()["former_detainee"], name="one_more")}
    code = Path(layout.__file__).read_text(encoding="utf-8").replace("from underwatch.facts import grounds", "")
    with pytest.raises(ImportError, match="16 bits and 11 are taken: 6 grounds do not fit"):
        exec(compile(code, layout.__file__, "exec"), {"__name__": "layout", "grounds": lambda: more})
