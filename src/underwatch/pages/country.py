"""A run of many places: a table and small multiples by province, and a schematic map of the seats that are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from underwatch.experiments.study import Study
from underwatch.pages.charts.plots import Chart, date_axis, few_ticks, percent_axis
from underwatch.pages.charts.svg import DASHES, INK, MARKERS, WORLD_COLOURS, canvas, inline_svg, styled
from underwatch.record.headlines import HEADLINE_NAMES, HEADLINES, Headline
from underwatch.record.measures import week_starts
from underwatch.record.schema import GROUPS, LISTED, rights_words
from underwatch.texts.numbers import form_of, percent

_IN_TABLE = ("followed", "forgone", "calls_given_up", "arrests", "accused", "distressed_listed", "distressed_ordinary")
_MULTIPLES = ("followed", "accused", "arrests")
_ON_MAP = "forgone"
_COLUMNS = 2
_WIDTH, _PANEL, _MAP_HEIGHT = 4.6, 0.95, 5.5  # inches at 72 points, as all charts of a page
_LARGEST_CIRCLE = 300.0  # points squared
_FAINTEST, _STRONGEST = 0.1, 0.9
_LATITUDE_STRETCH = 1.3  # 1 / cos 40 degrees: a degree of longitude is shorter than one of latitude
_LETTER, _LINE = 0.108, 0.2  # degrees of longitude and of latitude that a letter of a label takes up
_SIZES = (50_000, 350_000)  # residents in the legend of the map


def _headline(name: str) -> tuple[int, Headline, Callable[[float], str]]:
    """Return where a headline stands among all, the headline, and how its numbers are written."""
    index = HEADLINE_NAMES.index(name)
    return index, HEADLINES[index], form_of(HEADLINES[index].is_share)


def province_table(study: Study) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, ...], ...]]:
    """Return header (title and unit) and rows: residents, share listed, and headlines of each province, and of all."""
    shown = [_headline(name) for name in _IN_TABLE]
    header = (("Province", ""), ("Residents", "synthetic"), ("Places", "cities and counties"),
              ("Listed", "share of residents, at the start"),
              *((headline.title, headline.unit) for _, headline, _ in shown))  # fmt: skip
    counts = Counter(part.place.province for part in study.parts)
    rows = []
    for name, result in {**study.provinces, "all together": study.example.figures[study.baseline]}.items():
        people = result.people
        listed = people[GROUPS.index(LISTED)] / people[0] if people[0] else np.nan
        cells = (form(float(result.year[index])) for index, _, form in shown)
        n_places = counts.get(name, len(study.parts))
        rows.append((name, f"{int(people[0]):,}", str(n_places), percent(float(listed)), *cells))
    return header, tuple(rows)


@styled
def multiples(study: Study, name: str) -> Chart:
    """Draw one headline week by week, a small panel for each province, all on one scale."""
    from matplotlib.figure import Figure

    index, headline, form = _headline(name)
    starts = week_starts(study.days)
    days = [study.day(int(day)) for day in starts]
    n = len(study.provinces)
    rows = -(-n // _COLUMNS)
    figure = Figure(figsize=(_WIDTH, 0.3 + _PANEL * rows), layout="constrained")
    figure.patch.set_alpha(0.0)
    panels = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    everybody = study.example.figures[study.baseline].weekly[:, index]
    for panel, (province, result) in zip(panels, study.provinces.items(), strict=False):
        panel.patch.set_alpha(0.0)
        panel.grid(axis="y")
        panel.plot(days, everybody, color=INK, alpha=0.45, linewidth=0.8, linestyle=DASHES[1])
        panel.plot(days, result.weekly[:, index], color=WORLD_COLOURS[0], linewidth=1.2)
        panel.set_title(province, fontsize=9.5, loc="left", pad=2)
        panel.tick_params(labelsize=8.5, length=2)
    for panel in panels[n:]:
        panel.set_axis_off()
    for panel in panels[n - _COLUMNS : n]:
        panel.tick_params(labelbottom=True)
    panels[0].set_ylim(bottom=0)
    panels[0].yaxis.set_major_locator(few_ticks(3))
    date_axis(panels[0], 4)
    if form is percent:
        percent_axis(panels[0].yaxis)
    header = ("Week from", *study.provinces)
    cells = tuple(
        (day.isoformat(), *(form(float(result.weekly[week, index])) for result in study.provinces.values()))
        for week, day in enumerate(days)
    )
    caption = (
        f"By week, {headline.unit}; one scale for all. Line: the province, one possible history, the example "
        "(n = 1, no range); dashes: all provinces together."
    )
    svg = inline_svg(figure, f"m-{name}", f"{headline.title} by week and province; the table has the numbers")
    return Chart(f"m-{name}", headline.title, caption, rights_words(headline.articles), svg, header, cells)


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


@styled
def seat_map(study: Study) -> Chart | None:
    """Draw the seats whose coordinates are known: area by residents, depth of fill by a headline; None without any."""
    known = [part for part in study.parts if part.place.seat_lat is not None and part.place.seat_lon is not None]
    seats = sorted(known, key=lambda part: -part.place.population)
    if len(seats) < 2:
        return None
    index, headline, form = _headline(_ON_MAP)
    values = np.array([part.figures.year[index] for part in seats])
    low, high = (float(edge(values)) for edge in (np.nanmin, np.nanmax))
    figure, axis = canvas(1, _MAP_HEIGHT)
    spots = np.array([(part.place.seat_lon, part.place.seat_lat) for part in seats], float)
    depth = _FAINTEST + (_STRONGEST - _FAINTEST) * np.nan_to_num((values - low) / max(high - low, 1e-12))
    sizes = np.array([_area(part.place.population) for part in seats])
    for border, marker in ((False, MARKERS[0]), (True, MARKERS[1])):
        some = [n for n, part in enumerate(seats) if part.place.border is border]
        _marks(axis, spots[some], sizes[some], depth[some], marker)
    belongs = {
        province: tuple(spots[[n for n, part in enumerate(seats) if part.place.province == province]].mean(axis=0))
        for province in dict.fromkeys(part.place.province for part in seats)
    }
    axis.set_aspect(_LATITUDE_STRETCH)
    radius = np.sqrt(sizes / np.pi) / (72 * _WIDTH / max(6.5, float(np.ptp(spots[:, 0]))))
    for province, spot in label_spots(belongs, spots, radius).items():
        axis.annotate(province, spot, ha="center", va="center", fontsize=9, style="italic")
    axis.margins(0.06)
    axis.set_axis_off()
    _map_legend(figure, axis, (low, high), form)
    rows = tuple((part.place.name, part.place.province, "yes" if part.place.border else "no",
                  f"{part.place.population:,}", form(float(value)))
                 for part, value in zip(seats, values, strict=True))  # fmt: skip
    caption = (
        f"Schematic: the {len(seats)} of {len(study.parts)} cities and counties whose seat's coordinates are "
        f"known{_left_out(study)}; nothing finer is drawn. Area: residents of the 2008 census. "
        f"Fill: {headline.title.lower()}, {headline.unit}, "
        "of synthetic residents in one possible history, the example (n = 1, no range). Seats differ here by "
        "size, by the border and by luck, and by nothing else. Coordinates: GeoNames, CC BY 4.0."
    )
    svg = inline_svg(figure, "seats", "Map of the seats; the table has the numbers")
    header = ("City or county", "province", "on the border", "residents", f"{headline.title}, {headline.unit}")
    return Chart("seats", "The seats on a map", caption, rights_words(headline.articles), svg, header, rows)


def _left_out(study: Study) -> str:
    """Name the largest places that the map has not."""
    rest = sorted(
        (part.place for part in study.parts if part.place.seat_lat is None), key=lambda item: -item.population
    )
    return f" (the largest of the others: {', '.join(place.name for place in rest[:3])})" if rest else ""


def _area(residents: float) -> float:
    return _LARGEST_CIRCLE * residents / _SIZES[-1] + 8


def _marks(axis: Any, spots: np.ndarray, sizes: np.ndarray, depth: np.ndarray, marker: str) -> None:
    """Draw marks with a fill of the colour at a depth of its own."""
    fills = [(WORLD_COLOURS[1], item) for item in depth]
    axis.scatter(spots[:, 0], spots[:, 1], s=sizes, facecolors=fills, edgecolors=INK, linewidths=0.6, marker=marker)


def _map_legend(figure: Any, axis: Any, edges: tuple[float, float], form: Callable[[float], str]) -> None:
    """Say what shape, size and fill of a mark mean."""
    from matplotlib.lines import Line2D

    def mark(label: str, marker: str, residents: float, depth: float) -> Any:
        return Line2D([], [], linestyle="", marker=marker, markersize=float(np.sqrt(_area(residents))),
                      markerfacecolor=(WORLD_COLOURS[1], depth), markeredgecolor=INK,
                      markeredgewidth=0.6, label=label)  # fmt: skip

    small, large = _SIZES
    handles = [
        mark("inland", MARKERS[0], 120_000, 0.0),
        mark("on the border", MARKERS[1], 120_000, 0.0),
        *(mark(f"{size:,} residents", MARKERS[0], size, 0.0) for size in (small, large)),
        mark(form(edges[0]), MARKERS[0], 120_000, _FAINTEST),
        mark(form(edges[1]), MARKERS[0], 120_000, _STRONGEST),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, handletextpad=0.4, columnspacing=1.6)


def country_charts(study: Study) -> tuple[tuple[Chart, ...], Chart | None]:
    """Return the small multiples and the map of a run of many places; nothing for one place."""
    if not study.provinces:
        return (), None
    return tuple(multiples(study, name) for name in _MULTIPLES) if len(study.provinces) > 1 else (), seat_map(study)
