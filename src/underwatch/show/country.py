"""A run of many places: a table and small multiples by province, and a schematic map of the seats that are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from underwatch.record.indicators import HEADLINE_NAMES, HEADLINES, week_starts
from underwatch.record.schema import DICTIONARY, GROUPS, LISTED, rights_words
from underwatch.show.plots import Chart
from underwatch.show.summary import Part, Study, number, percent
from underwatch.show.svg import GRID, INK, WORLD_COLOURS, inline_svg, styled

_IN_TABLE = ("followed", "forgone", "calls_given_up", "arrests", "accused", "distressed_listed", "distressed_ordinary")
_MULTIPLES = ("followed", "accused", "arrests")
_ON_MAP = "arrests"
_COLUMNS = 3
_WIDTH, _PANEL, _MAP_HEIGHT = 4.6, 1.15, 5.4  # inches at 72 points, as all charts of a page
_LARGEST_CIRCLE = 320.0  # points squared
_FAINTEST, _STRONGEST = 0.12, 0.85
_LATITUDE_STRETCH = 1.3  # 1 / cos 40 degrees: a degree of longitude is shorter than one of latitude


def _form(name: str) -> Any:
    return percent if DICTIONARY[HEADLINES[HEADLINE_NAMES.index(name)].indicator].unit == "fraction" else number


def province_table(study: Study) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return header and rows: residents, share listed, and headlines of each province's baseline, and of all."""
    headlines = [HEADLINES[HEADLINE_NAMES.index(name)] for name in _IN_TABLE]
    titles = (f"{one.title}, {one.unit}" for one in headlines)
    header = ("Province", "residents", "places", "on a list at the start", *titles)
    counts: dict[str, int] = {}
    for part in study.parts:
        counts[part.place.province] = counts.get(part.place.province, 0) + 1
    rows = []
    everything = {**study.provinces, "all together": study.central[study.baseline]}
    for name, found in everything.items():
        people = found.people
        listed = people[GROUPS.index(LISTED)] / people[0] if people[0] else np.nan
        cells = (_form(one)(float(found.year[HEADLINE_NAMES.index(one)])) for one in _IN_TABLE)
        n_places = counts.get(name, len(study.parts))
        rows.append((name, f"{int(people[0]):,}", str(n_places), percent(float(listed)), *cells))
    return header, tuple(rows)


@styled
def multiples(study: Study, name: str) -> Chart:
    """Draw one headline week by week, a small panel for each province, all on one scale."""
    from matplotlib.figure import Figure

    at = HEADLINE_NAMES.index(name)
    headline, form = HEADLINES[at], _form(name)
    weeks = week_starts(study.days)
    rows = -(-len(study.provinces) // _COLUMNS)
    figure = Figure(figsize=(_WIDTH, 0.35 + _PANEL * rows), layout="constrained")
    figure.patch.set_alpha(0.0)
    panels = np.atleast_2d(figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False))
    everybody = study.central[study.baseline].weekly[:, at]
    for panel, (province, found) in zip(panels.flat, study.provinces.items(), strict=False):
        panel.patch.set_alpha(0.0)
        panel.plot(weeks, everybody, color=GRID, linewidth=1.0)
        panel.plot(weeks, found.weekly[:, at], color=WORLD_COLOURS[0], linewidth=1.0)
        panel.set_title(province, fontsize=8.5, loc="left", pad=2)
        panel.tick_params(labelsize=8)
        panel.set_xticks([])
    for panel in panels.flat[len(study.provinces) :]:
        panel.set_axis_off()
    panels[0, 0].set_ylim(bottom=0)
    if form is percent:
        from matplotlib.ticker import PercentFormatter

        panels[0, 0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    header = ("Week from", *study.provinces)
    cells = [(study.day(int(day)).isoformat(), *(form(float(found.weekly[week, at])) for found in
              study.provinces.values())) for week, day in enumerate(weeks)]  # fmt: skip
    caption = (
        f"{headline.unit.capitalize()}, by week from {study.start.isoformat()}, one scale for all. Line: the province, "
        "one possible history at central values (n = 1, no range); grey: all provinces together."
    )
    svg = inline_svg(figure, f"m-{name}", f"{headline.title} by week and province; the table has the numbers")
    return Chart(f"m-{name}", headline.title, caption, rights_words(headline.articles), svg, header, tuple(cells))


def _seats(study: Study) -> list[Part]:
    return [part for part in study.parts if part.place.seat_lat is not None and part.place.seat_lon is not None]


@styled
def seat_map(study: Study) -> Chart | None:
    """Draw the seats whose coordinates are known: area by residents, depth of fill by a headline; None without any."""
    from matplotlib.figure import Figure

    seats = sorted(_seats(study), key=lambda part: -part.place.population)
    if len(seats) < 2:
        return None
    at = HEADLINE_NAMES.index(_ON_MAP)
    headline, form = HEADLINES[at], _form(_ON_MAP)
    values = np.array([part.figures.year[at] for part in seats])
    top = np.nanmax(values) or 1.0
    depth = _FAINTEST + (_STRONGEST - _FAINTEST) * np.sqrt(np.nan_to_num(values) / top)
    figure = Figure(figsize=(_WIDTH, _MAP_HEIGHT), layout="constrained")
    figure.patch.set_alpha(0.0)
    axis = figure.subplots()
    axis.patch.set_alpha(0.0)
    lon, lat = (np.array([getattr(part.place, name) for part in seats], float) for name in ("seat_lon", "seat_lat"))
    largest = max(part.place.population for part in seats)
    for border, marker in ((False, "o"), (True, "s")):
        some = [n for n, part in enumerate(seats) if part.place.border is border]
        axis.scatter(lon[some], lat[some],
                     s=[_LARGEST_CIRCLE * seats[n].place.population / largest + 8 for n in some],
                     facecolors=[(*_rgb(WORLD_COLOURS[1]), depth[n]) for n in some], edgecolors=INK, linewidths=0.6,
                     marker=marker, label="on the border" if border else "inland")  # fmt: skip
    for province in study.provinces:
        mine = [n for n, part in enumerate(seats) if part.place.province == province]
        if mine:
            centre = float(lon[mine].mean()), float(lat[mine].mean())
            axis.annotate(province, centre, ha="center", va="center", fontsize=8, style="italic")
    axis.set_aspect(_LATITUDE_STRETCH)
    axis.set_axis_off()
    figure.legend(loc="outside lower center", ncols=2, handletextpad=0.3)
    rows = tuple((part.place.name, part.place.province, "yes" if part.place.border else "no",
                  f"{part.place.population:,}", form(float(value)))
                 for part, value in zip(seats, values, strict=True))  # fmt: skip
    caption = (
        f"Schematic: the {len(seats)} of {len(study.parts)} cities and counties whose seat's coordinates are known; "
        "nothing finer is drawn. Area: residents of the 2008 census; squares: on the border; the deeper the fill, the "
        f"more {headline.title.lower()}, {headline.unit} (0 to {form(float(top))}), of synthetic residents in one "
        "possible history at central values. Seats: GeoNames, CC BY 4.0."
    )
    svg = inline_svg(figure, "seats", "Map of the seats; the table has the numbers")
    header = ("City or county", "province", "on the border", "residents", f"{headline.title}, {headline.unit}")
    return Chart("seats", "The seats on a map", caption, rights_words(headline.articles), svg, header, rows)


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def country_charts(study: Study) -> tuple[tuple[Chart, ...], Chart | None]:
    """Return the small multiples and the map of a run of many places; nothing for one place."""
    if not study.provinces:
        return (), None
    return tuple(multiples(study, name) for name in _MULTIPLES) if len(study.provinces) > 1 else (), seat_map(study)
