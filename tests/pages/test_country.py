"""The page of many places: provinces side by side, the seats that are known, and nothing finer."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest

from pages.test_report import NAMESPACE, fake_measured, fake_model, fake_study, read
from underwatch.experiments.study import Part, PlaceFacts
from underwatch.facts import places, provinces
from underwatch.pages.charts.country import label_spots, province_table, seat_map
from underwatch.pages.report import render_report
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH
from underwatch.texts.numbers import number, percent


def fake_country():
    """A study of all 178 places, each with figures of its own, and of their provinces."""
    luck = np.random.default_rng(5)
    parts = tuple(Part(place, fake_measured(luck, True, 0.5 + 0.003 * n)) for n, place in enumerate(places().values()))
    of_provinces = {name: fake_measured(luck, True, 1.0) for name in provinces()}
    country = PlaceFacts("North Korea", "", "", 23349859, 23349859, 14155393, True, len(parts))
    return replace(fake_study(2, twin=False), place=country, provinces=of_provinces, parts=parts, stand_in=40000)


@pytest.fixture(scope="module")
def country_page():
    return render_report(fake_model(fake_country()))


def test_the_page_of_the_country_has_its_provinces_and_seats(country_page):
    tags = read(country_page)
    ids = [a["id"] for _, a, _ in tags if "id" in a]
    assert len(ids) == len(set(ids))
    section = country_page
    for name in (*provinces(), "all together"):
        assert f'<th scope="row">{name}</th>' in section
    assert "GeoNames, CC BY 4.0" in section
    assert "the 76 of 178 cities and counties" in section
    assert {"m-followed", "m-accused", "m-arrests", "seats"} <= set(ids)
    assert "http" not in country_page.replace("http-equiv", "").replace(NAMESPACE, "")
    assert text(ENGLISH, "report.year.left_out") in html.unescape(country_page)


def test_no_district_is_shown_apart(country_page):
    for name in ("Pyongyang", "Chongjin", "Hamhung"):
        for unit in places()[name].units:
            assert unit.name_ko not in country_page
            assert re.search(rf"<th[^>]*>{re.escape(unit.name)}</th>", country_page) is None, unit.name


def test_the_table_and_the_map_have_the_numbers_of_their_places():
    study = fake_country()
    header, rows = province_table(study)
    assert {len(row) for row in rows} == {len(header)}
    at = HEADLINE_NAMES.index("arrests")
    column = [title for title, _ in header].index("Arrests")
    assert [row[column] for row in rows[:-1]] == [number(float(f.year[at])) for f in study.provinces.values()]
    assert [int(row[2]) for row in rows] == [*(len(members) for members in provinces().values()), 178]
    chart = seat_map(study)
    figures = {part.place.name: part.figures.year[HEADLINE_NAMES.index("forgone")] for part in study.parts}
    known = [place for place in places().values() if place.seat_lat is not None]
    assert len(known) == len(chart.rows) == 76
    assert {row[0]: row[4] for row in chart.rows} == {p.name: percent(float(figures[p.name])) for p in known}


def test_labels_of_the_map_keep_off_each_other():
    at = (127.0, 40.0)
    spots = label_spots(dict.fromkeys(("North Hamgyong", "Kangwon", "Jagang"), at), np.array([at]), np.array([0.1]))
    assert len(set(spots.values())) == 3
    for name, (x, y) in spots.items():
        assert abs(x - at[0]) < 2 > abs(y - at[1])
        for other, (u, v) in spots.items():
            half = 0.108 * (len(name) + len(other)) / 2
            assert other == name or abs(x - u) >= half or abs(y - v) >= 0.2
