"""A run of many places: a table and small multiples by province, and a schematic map of the seats that are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from underwatch.experiments.study import Part, Study
from underwatch.pages.charts.chart import Chart, month_at, rights_of, shown, title_of, together, unit_of
from underwatch.pages.drawing.picture import NARROW, SMALL, Picture, width_of
from underwatch.pages.drawing.series import DASHES, Course, Weeks, courses, highest_of
from underwatch.record.headlines import HEADLINE_NAMES, HEADLINES, Headline
from underwatch.record.measures import week_starts
from underwatch.record.schema import GROUPS, LISTED
from underwatch.texts.catalogue import text, translated
from underwatch.texts.languages import ENGLISH
from underwatch.texts.numbers import percent

_IN_TABLE = ("followed", "forgone", "calls_given_up", "arrests", "accused", "distressed_listed", "distressed_ordinary")
_MULTIPLES = ("followed", "accused", "arrests")
_ON_MAP = "forgone"
_COLUMNS, _PANEL, _GAP = 2, 58.0, 12.0
_LARGEST_CIRCLE = 9.8  # radius of a mark, in units of the picture
_LATITUDE_STRETCH = 1.3  # 1 / cos 40 degrees: a degree of longitude is shorter than one of latitude
_LETTER, _LINE = 0.125, 0.2  # degrees of longitude and of latitude that a letter of a label takes up
_SIZES = (50_000, 350_000)  # residents in the legend of the map
_SMALL = SMALL


def _headline(name: str, language: str) -> tuple[int, Headline, Callable[[float], str]]:
    """Return where a headline stands among all, the headline, and how its numbers are written."""
    index = HEADLINE_NAMES.index(name)
    return index, HEADLINES[index], shown(language, HEADLINES[index].is_share)


def _province(language: str, name: str) -> str:
    return translated(language, f"province.{name}", name)


def province_table(
    study: Study, language: str = ENGLISH
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, ...], ...]]:
    """Return header (title and unit) and rows: residents, share listed, and headlines of each province, and of all."""
    drawn = [_headline(name, language) for name in _IN_TABLE]
    keys = (("province", ""), ("residents", ".unit"), ("places", ".unit"), ("listed", ".unit"))
    header = tuple(
        (text(language, f"figure.provinces.{key}"), text(language, f"figure.provinces.{key}{unit}") if unit else "")
        for key, unit in keys
    )
    header += tuple((title_of(language, headline), unit_of(language, headline)) for _, headline, _ in drawn)
    counts = Counter(part.place.province for part in study.parts)
    rows = []
    everything = text(language, "figure.provinces.all")
    for name, result in {**study.provinces, everything: study.example.figures[study.baseline]}.items():
        people = result.people
        listed = people[GROUPS.index(LISTED)] / people[0] if people[0] else np.nan
        cells = (form(float(result.year[index])) for index, _, form in drawn)
        n_places = counts.get(name, len(study.parts))
        rows.append(
            (_province(language, name), f"{int(people[0]):,}", str(n_places), percent(float(listed), language), *cells)
        )
    return header, tuple(rows)


def multiples(study: Study, name: str, language: str = ENGLISH) -> Chart:
    """Draw one headline week by week, a small panel for each province, all on one scale."""
    index, headline, form = _headline(name, language)
    days = [study.day(int(day)) for day in week_starts(study.days)]
    everybody = study.example.figures[study.baseline].weekly[:, index]
    of_provinces = {key: result.weekly[:, index] for key, result in study.provinces.items()}
    top = highest_of([everybody, *of_provinces.values()])
    room = (NARROW - _GAP) / _COLUMNS
    panels = []
    for province, values in of_provinces.items():
        lines = [Course(everybody, "axis", 0.9, DASHES[1]), Course(values, "c0", 1.3)]
        weeks = Weeks(days, month_at(language), form, top=top)
        panels.append((_province(language, province), courses(weeks, [], lines, (room, _PANEL))))
    tall = max(panel.height for _, panel in panels) + 16
    picture = Picture(NARROW, tall * -(-len(panels) // _COLUMNS))
    for n, (words, panel) in enumerate(panels):
        corner = ((n % _COLUMNS) * (room + _GAP), (n // _COLUMNS) * tall)
        picture.text((corner[0], corner[1] + 11), words, _SMALL, bold=True)
        picture.put(panel, (corner[0], corner[1] + 12))
    title, brief = title_of(language, headline), text(language, "figure.weekly", unit=unit_of(language, headline))
    caption = together(brief, text(language, "figure.multiples"))
    header = (text(language, "chart.week"), *(_province(language, province) for province in study.provinces))
    cells = tuple(
        (day.isoformat(), *(form(float(values[week])) for values in of_provinces.values()))
        for week, day in enumerate(days)
    )
    svg = picture.svg(text(language, "figure.label", title=title, unit=brief))
    return Chart(
        f"m-{name}", title, caption, rights_of(language, headline.articles), svg, header, cells, picture=picture
    )


def label_spots(
    labels: Mapping[str, tuple[float, float]], seats: np.ndarray, radius: np.ndarray
) -> dict[str, tuple[float, float]]:
    """Return where each label goes, in degrees: near where it belongs, off the seats and off the other labels.

    `labels` are the middles of what they name, `seats` float[n, 2] longitude and latitude, `radius` float[n] of each
    mark in degrees of longitude.
    """
    result: dict[str, tuple[float, float]] = {}
    steps = np.array([(x, y) for x in np.arange(-1.6, 1.65, 0.1) for y in np.arange(-1.2, 1.25, 0.08)])
    for name, middle in labels.items():
        half, spots = len(name) * _LETTER / 2, np.array(middle) + steps
        gap = np.abs(spots[:, None] - seats[None]) - np.array([half, _LINE / 2])
        away = np.hypot(np.maximum(gap[..., 0], 0), _LATITUDE_STRETCH * np.maximum(gap[..., 1], 0))
        cost = np.hypot(steps[:, 0], _LATITUDE_STRETCH * steps[:, 1])
        cost += 4.0 * np.maximum(radius + 0.04 - away, 0).sum(axis=1) / radius.mean()
        for other, where in result.items():
            near = np.abs(spots - np.array(where)) < (half + len(other) * _LETTER / 2 + _LETTER, _LINE)
            cost += 20.0 * near.all(axis=1)
        x, y = spots[int(np.argmin(cost))].tolist()
        result[name] = (x, y)
    return result


def seat_map(study: Study, language: str = ENGLISH) -> Chart | None:
    """Draw the seats whose coordinates are known: area by residents, depth of fill by a headline; None without any."""
    with_seat = [part for part in study.parts if part.place.seat_lat is not None and part.place.seat_lon is not None]
    seats = sorted(with_seat, key=lambda part: -part.place.population)
    if len(seats) < 2:
        return None
    index, headline, form = _headline(_ON_MAP, language)
    values = np.array([part.figures.year[index] for part in seats])
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (np.nan, np.nan)
    picture = _map(seats, np.nan_to_num((values - low) / max(high - low, 1e-12)), language, (form(low), form(high)))
    title, unit = title_of(language, headline), unit_of(language, headline)
    yes_no = {border: text(language, f"figure.map.{'border' if border else 'inland'}") for border in (True, False)}
    rows = tuple(
        (part.place.name if language == ENGLISH else part.place.name_ko, _province(language, part.place.province),
         yes_no[part.place.border], f"{part.place.population:,}", form(float(value)))
        for part, value in zip(seats, values, strict=True)
    )  # fmt: skip
    caption = text(language, "figure.map.caption", n=len(seats), all=len(study.parts), title=title, unit=unit)
    rest = sorted((p.place for p in study.parts if p.place.seat_lat is None), key=lambda place: -place.population)
    if rest:
        largest = ", ".join(place.name if language == ENGLISH else place.name_ko for place in rest[:3])
        caption = together(caption, text(language, "figure.map.rest", names=largest))
    header = tuple(text(language, f"figure.map.{part}") for part in ("place", "province", "where", "residents"))
    header += (text(language, "figure.figure_unit", title=title, unit=unit),)
    name = text(language, "figure.map")
    svg = picture.svg(text(language, "figure.label", title=name, unit=title))
    return Chart("seats", name, caption, rights_of(language, headline.articles), svg, header, rows, picture=picture)


def _map(seats: Sequence[Part], share: np.ndarray, language: str, ends: tuple[str, str]) -> Picture:
    """Draw the marks, the names of the provinces, and what shape, size and fill mean."""
    spots = np.array([(part.place.seat_lon, part.place.seat_lat) for part in seats], float)
    (west, south), (east, north) = spots.min(axis=0) - 0.25, spots.max(axis=0) + 0.25
    unit = NARROW / (east - west)
    tall = (north - south) * _LATITUDE_STRETCH * unit
    picture = Picture(NARROW, tall + 44)
    radii = np.array([_radius(part.place.population) for part in seats])

    def at(lon: float, lat: float) -> tuple[float, float]:
        return (lon - west) * unit, (north - lat) * _LATITUDE_STRETCH * unit

    for part, spot, radius, depth in zip(seats, spots, radii, share, strict=True):
        _mark(picture, at(*spot), radius, part.place.border, float(depth))
    belongs = {
        province: tuple(spots[[n for n, part in enumerate(seats) if part.place.province == province]].mean(axis=0))
        for province in dict.fromkeys(part.place.province for part in seats)
    }
    for province, spot in label_spots(belongs, spots, radii / unit).items():
        words, (x, y) = _province(language, province), at(*spot)
        half = width_of(words, _SMALL) / 2
        picture.text((min(max(x, half), NARROW - half), y), words, _SMALL, "middle", "soft")
    x, y = 6.0, tall + 14
    entries = [
        (0.0, False, 6.0, text(language, "figure.map.inland")),
        (0.0, True, 6.0, text(language, "figure.map.border")),
    ]
    entries += [(0.0, False, _radius(size), text(language, "figure.map.size", n=size)) for size in _SIZES]
    entries += [(0.0, False, 6.0, ends[0]), (1.0, False, 6.0, ends[1])]
    for depth, border, radius, words in entries:
        wide = 26 + width_of(words, _SMALL)
        if x + wide > NARROW:
            x, y = 6.0, y + 20
        _mark(picture, (x + 8, y), radius, border, depth)
        picture.text((x + 21, y + 3.5), words, _SMALL)
        x += wide + 6
    picture.height = y + 14
    return picture


def _radius(residents: float) -> float:
    return float(np.sqrt(_LARGEST_CIRCLE**2 * residents / _SIZES[-1] + 2.5))


def _mark(picture: Picture, at: tuple[float, float], radius: float, border: bool, share: float) -> None:
    """Draw a seat: round inland, square on the border, filled the deeper the higher its figure."""
    alpha = 0.1 + 0.8 * share
    x, y = at
    if border:
        half = radius * 0.886
        picture.box((x - half, y - half), (2 * half, 2 * half), "card", stroke="ink")
        picture.box((x - half, y - half), (2 * half, 2 * half), "c1", alpha)
    else:
        picture.rings([at], radius, "ink", 0.8)
        picture.dots([at], radius - 0.8, "c1", alpha)


def country_charts(study: Study, language: str = ENGLISH) -> tuple[tuple[Chart, ...], Chart | None]:
    """Return the small multiples and the map of a run of many places; nothing for one place."""
    if not study.provinces:
        return (), None
    drawn = tuple(multiples(study, name, language) for name in _MULTIPLES) if len(study.provinces) > 1 else ()
    return drawn, seat_map(study, language)
