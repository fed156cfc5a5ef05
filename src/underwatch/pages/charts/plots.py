"""Charts as inline SVG, each with the table it was drawn from and a caption that says what its band is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from underwatch.experiments.ensemble.robustness import judge
from underwatch.experiments.study import Study, inside
from underwatch.facts import grounds
from underwatch.pages.charts.svg import DASHES, GRID, INK, MARKERS, SHADE, WORLD_COLOURS, canvas, inline_svg, styled
from underwatch.pages.summary import band, band_words, bands_words, window_words
from underwatch.record.headlines import GROUP_FIGURES, HEADLINE_NAMES, HEADLINES, Headline
from underwatch.record.measures import week_starts
from underwatch.record.ranges import range_of, ranges_of
from underwatch.record.schema import DICTIONARY, GROUP_WORDS, GROUPS, rights_words
from underwatch.texts.numbers import form_of, number, signed


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, what it shows, and its table. `rights` names the articles of the ICCPR it bears on."""

    key: str
    title: str
    caption: str
    rights: str
    svg: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def percent_axis(axis: Any) -> None:
    """Write the shares of an axis as percentages."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(100 * value, 6):g} %"))


def _cells(show: Any, *values: float) -> tuple[str, ...]:
    return tuple(show(float(value)) for value in values)


def _draw_weeks(axis: Any, study: Study, index: int, days: np.ndarray) -> None:
    """Draw each world: its band (the twin's by dotted edges alone), its median, and thin the example."""
    for place, world in enumerate(study.worlds):
        colour, dash, marker = WORLD_COLOURS[place % 2], DASHES[place % 2], MARKERS[place % 2]
        if world in study.drawn:
            low, middle, high = band(study.drawn[world].weekly[:, :, index])
            if place == 0:
                axis.fill_between(days, low, high, color=colour, alpha=0.16, linewidth=0)
            else:
                axis.plot(days, np.stack([low, high], axis=-1), color=colour, linestyle=":", linewidth=1.1)
            axis.plot(days, middle, color=colour, linestyle=dash, linewidth=1.8, marker=marker, label=world,
                      markevery=(2 + place * 3, 8), markersize=4.5)  # fmt: skip
        if world in study.example.figures:
            history = study.example.figures[world].weekly[:, index]
            name = None if world in study.drawn else world
            axis.plot(days, history, color=colour, linestyle=dash, linewidth=0.7, label=name)


@styled
def weekly_chart(study: Study, headline: Headline) -> Chart:
    """Draw one headline week by week, baseline and twin."""
    index = HEADLINE_NAMES.index(headline.name)
    starts = week_starts(study.days)
    days = np.array([study.day(int(day)) for day in starts])
    figure, axis = canvas()
    if study.window is not None and study.twin:
        axis.axvspan(study.day(study.window[0]), study.day(study.window[1]), color=SHADE, linewidth=0, zorder=0)
    _draw_weeks(axis, study, index, days)
    axis.set_ylim(bottom=0)
    if headline.is_share:
        percent_axis(axis.yaxis)
    date_axis(axis)
    figure.legend(loc="outside upper left", ncols=2, handlelength=3.2)
    header = ["Week from"]
    for world in study.worlds:
        header += (f"{world}: median", "low", "high", "n") if world in study.drawn else ()
        header += (f"{world}: one history",) if world in study.example.figures else ()
    rows = [
        (day.isoformat(), *_week_cells(study, index, week, form_of(headline.is_share))) for week, day in enumerate(days)
    ]
    caption = f"By week, {headline.unit}. {_bands_caption(study, index)}"
    svg = inline_svg(
        figure, f"w-{headline.name}", f"{headline.title} by week; the table under the chart has the numbers"
    )
    rights = rights_words(headline.articles)
    return Chart(f"w-{headline.name}", headline.title, caption, rights, svg, tuple(header), tuple(rows))


def _week_cells(study: Study, index: int, week: int, show: Any) -> tuple[str, ...]:
    cells: tuple[str, ...] = ()
    for world in study.worlds:
        if world in study.drawn:
            low, middle, high, n = ranges_of(study.drawn[world].weekly[:, week, index])
            cells += (*_cells(show, float(middle), float(low), float(high)), str(n))
        if world in study.example.figures:
            cells += _cells(show, study.example.figures[world].weekly[week, index])
    return cells


def _bands_caption(study: Study, index: int) -> str:
    thin = "thin line: one possible history"
    shade = f" Grey: {study.change}, {window_words(study)}." if study.window is not None and study.twin else ""
    if not study.n_draws:
        return f"{thin.capitalize()}; {band_words(0)}.{shade}"
    edges = " (dotted edges: the twin's)" if study.twin else ""
    counts = _counts([result.weekly[:, :, index] for result in study.drawn.values()])
    gaps = ", the example, left out where it is outside of the band"
    return f"Band{edges}: {bands_words(study, counts)}; thick line: their median; {thin}{gaps}.{shade}"


def _counts(of_worlds: Sequence[np.ndarray]) -> np.ndarray:
    """Return how many draws have a value behind each range that is drawn."""
    return np.concatenate([ranges_of(draws)[3].ravel() for draws in of_worlds])


def date_axis(axis: Any, most: int = 6) -> None:
    """Give an axis of days at most so many dates."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=most)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


@styled
def silence_chart(study: Study) -> Chart | None:
    """Draw the silence curve: incidents above and the reports published of them below, by strength of watching."""
    points = sorted(study.silence.points, key=lambda point: point.watching)
    if len(points) < 3:
        return None
    watching = [point.watching for point in points]
    figure, (above, below) = canvas(2, 4.1)
    above.plot(watching, [p.incidents for p in points], color=WORLD_COLOURS[0], marker="o", markersize=4.5)
    above.set_title("Incidents", loc="left", fontsize=11)
    below.fill_between(watching, [p.lo for p in points], [p.hi for p in points], color=WORLD_COLOURS[1], alpha=0.16,
                       linewidth=0)  # fmt: skip
    below.plot(watching, [p.published for p in points], color=WORLD_COLOURS[1], linestyle=DASHES[1], marker="s",
               markersize=4.5)  # fmt: skip
    below.set_title("Published reports", loc="left", fontsize=11)
    below.set_xscale("log")
    below.set_xticks(watching, _spaced(watching))
    below.minorticks_off()
    below.set_xlabel("strength of watching, times the scenario's")
    for axis in (above, below):
        axis.set_ylim(bottom=0)
        axis.yaxis.set_major_locator(few_ticks())
        axis.yaxis.set_major_formatter(_thousands())
    caption = (
        "Incidents, and the reports of them that get out, as watching grows. Where the lower curve bends, the same few "
        f"reports stand for a calm place and for a crushed one. Lines: medians{_where(study)}. Band: "
        f"{study.silence.band}. Fewer reports at the strongest watching than at some weaker one: in "
        f"{study.silence.turns} of {study.silence.n} worlds."
    )
    header = ("Watching", "Incidents", "Published", "low", "high", "Published per 1,000 incidents")
    rows = tuple(
        (f"{p.watching:g}", *_cells(number, p.incidents, p.published, p.lo, p.hi),
         number(1000 * p.published / p.incidents if p.incidents else float("nan")))
        for p in points
    )  # fmt: skip
    svg = inline_svg(figure, "silence", "The silence curve; the table under the chart has the numbers")
    return Chart("silence", "What the silence hides", caption, rights_words((19,)), svg, header, rows)


def _where(study: Study) -> str:
    return f", in {study.silence.place}" if study.silence.place else ""


def _spaced(watching: Sequence[float]) -> list[str]:
    """Return labels for a logarithmic axis, left out where the one before is too near."""
    labels: list[str] = []
    last = 0.0
    room = (max(watching) / min(watching)) ** 0.12 if min(watching) > 0 else 1.0
    for value in watching:
        free = value >= last * room
        labels.append(f"{value:g}" if free else "")
        last = value if free else last
    return labels


def few_ticks(most: int = 4) -> Any:
    """Return what sets at most so many ticks on an axis."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most)


def _thousands() -> Any:
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: f"{value:,.10g}")


def ratios(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """Return the world with the change over the one without, in its window: float[H] of the example, and
    float[draws, H]; NaN where undefined, and of the example where it lies outside of the range.
    """
    item, other = study.pair

    def divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.divide(a, b, out=np.full(a.shape, np.nan), where=(b > 0) & (a > 0))

    own = study.example.figures
    nothing = np.full(len(HEADLINES), np.nan)
    example = divide(own[item].window, own[other].window) if item in own and other in own else nothing
    if not study.n_draws:
        return example, np.zeros((0, len(HEADLINES)))
    drawn = divide(study.drawn[item].window, study.drawn[other].window)
    return inside(example, drawn), drawn


@styled
def change_chart(study: Study) -> Chart | None:
    """Draw what the change does to each headline: with it over without it, every draw a dot."""
    if study.twin is None:
        return None
    central, draws = ratios(study)
    figure, axis = canvas(1, 5.0)
    places = np.arange(len(HEADLINES))[::-1]
    axis.axvline(1.0, color=INK, linewidth=0.8)
    for index, y in enumerate(places):
        if len(draws) and not np.isnan(draws[:, index]).all():
            low, _, high = band(draws[:, index])
            axis.plot([low, high], [y, y], color=WORLD_COLOURS[1], linewidth=5, alpha=0.25, solid_capstyle="round")
            axis.plot(
                draws[:, index], np.full(len(draws), y), linestyle="", marker="|", markersize=7, color=WORLD_COLOURS[1]
            )
    axis.plot(central, places, linestyle="", marker="o", markersize=5, color=WORLD_COLOURS[0])
    _ratio_axis(axis, np.concatenate([central, draws.ravel()]))
    axis.set_yticks(places, [headline.label for headline in HEADLINES])
    axis.tick_params(axis="y", length=0, labelsize=10)
    axis.set_xlabel(f"times its value in {study.other}")
    header = ("Figure", *study.pair, "difference", "low", "high", "n", "sign", "example")
    rows = tuple(_change_row(study, index) for index in range(len(HEADLINES)))
    when = f" ({window_words(study)})" if study.window is not None else ""
    caption = (
        f"What {study.change} changes{when}: each figure as a multiple of the same figure in {study.other}, which has "
        "the same residents and the same luck. Dot: the example, one possible history"
        + (
            f"; strokes: each world; bar: {bands_words(study, _counts([_gaps(study)]))}. In the table medians; low and "
            "high are of the differences, world by world; pp: percentage points. A sign is robust when it holds in "
            "90 % of worlds with each form of each rule."
            if study.n_draws
            else f"; {band_words(0)}."
        )
    )
    rights = rights_words((9, 12, 17, 19))
    svg = inline_svg(figure, "change", f"Each figure against {study.other}; the table under the chart has the numbers")
    return Chart("change", f"What {study.change} changes", caption, rights, svg, header, rows)


def _ratio_axis(axis: Any, values: np.ndarray) -> None:
    """Give a ratio a logarithmic axis with plain numbers."""
    known = values[~np.isnan(values)]
    low, high = min(0.8, *known, 1.0) / 1.08, max(1.25, *known, 1.0) * 1.08
    axis.set_xscale("log")
    axis.set_xlim(low, high)
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10, 20, 50, 100, 1000)
    inside = [step for step in steps if low <= step <= high]
    if len(inside) > 7:
        inside = [step for step in inside if step not in (0.02, 0.05, 0.2, 0.8, 1.25, 1.5, 3, 20, 50)]
    axis.set_xticks(inside, [f"×{step:g}" for step in inside])
    axis.minorticks_off()
    axis.grid(axis="y", visible=False)
    axis.grid(axis="x")


def _gaps(study: Study) -> np.ndarray:
    """Return the world with the change less the one without, in its window, draw by draw: float[draws, headlines]."""
    item, other = (study.drawn[world].window for world in study.pair)
    return item - other


def _points(value: float) -> str:
    """Return a difference of shares in percentage points."""
    return f"{signed(100.0 * value)}\u00a0pp"


def _change_row(study: Study, index: int) -> tuple[str, ...]:
    headline, show = HEADLINES[index], form_of(HEADLINES[index].is_share)
    gap = _points if headline.is_share else signed
    name, example = f"{headline.title} ({headline.unit})", float(study.example.change[index])
    if not study.n_draws:
        own = [float(study.example.figures[world].window[index]) for world in study.pair]
        return (name, *_cells(show, *own), *_cells(gap, example), "–", "–", "0", "–", *_cells(gap, example))
    levels = [float(band(study.drawn[world].window[:, index])[1]) for world in study.pair]
    gaps = _gaps(study)[:, index]
    around, finding = range_of(gaps), judge(gaps, study.forms)
    return (
        name,
        *_cells(show, *levels),
        *_cells(gap, float(band(gaps)[1]), around.low, around.high),
        str(around.n),
        finding.words,
        *_cells(gap, example),
    )


_GROUP_LABELS = {group: group for group in GROUPS} | {name: ground.label for name, ground in grounds().items()}


@styled
def group_chart(study: Study, index: int) -> Chart:
    """Draw one figure over the whole run for all, listed, ordinary and each ground."""
    shown, title = DICTIONARY[GROUP_FIGURES[index].indicator], GROUP_FIGURES[index].title
    show = form_of(shown.is_share)
    figure, axis = canvas(1, 3.3)
    places = np.arange(len(GROUPS))[::-1].astype(float)
    for place, world in enumerate(study.worlds):
        y = places + (0.16 if place == 0 else -0.16) * (len(study.worlds) > 1)
        colour, marker = WORLD_COLOURS[place % 2], MARKERS[place % 2]
        if world in study.drawn:
            low, _, high = band(study.drawn[world].groups[:, :, index])
            axis.hlines(y, low, high, color=colour, linewidth=4, alpha=0.25)
        marks = _group_marks(study, world, index)
        axis.plot(marks, y, linestyle="", marker=marker, markersize=5, color=colour, label=world)
    axis.set_yticks(places, [_GROUP_LABELS[group] for group in GROUPS])
    axis.tick_params(axis="y", length=0)
    axis.axhline(places[2] - 0.5, color=GRID, linewidth=0.8)
    axis.set_xlim(left=0)
    axis.grid(axis="y", visible=False)
    axis.grid(axis="x")
    axis.xaxis.set_major_locator(few_ticks())
    percent_axis(axis.xaxis) if shown.is_share else axis.xaxis.set_major_formatter(_thousands())
    figure.legend(loc="outside upper left", ncols=2, handletextpad=0.2)
    header, rows = _group_rows(study, index, show)
    counts = _counts([result.groups[:, :, index] for result in study.drawn.values()] or [np.zeros((0, 1))])
    what = f"medians; bars: {bands_words(study, counts)}" if study.n_draws else f"one possible history; {band_words(0)}"
    caption = (
        f"Over the whole run. Groups are those of the start; a ground is 'any of', so grounds overlap. Marks: {what}."
    )
    key = f"g-{shown.name.replace('_', '-')}"
    svg = inline_svg(figure, key, f"{title} by group; the table under the chart has the numbers")
    return Chart(key, title, caption, rights_words(shown.articles), svg, header, rows)


def _group_marks(study: Study, world: str, index: int) -> np.ndarray:
    """Return what is marked for each group: the median over worlds, or the one history there is."""
    if world in study.drawn:
        return band(study.drawn[world].groups[:, :, index])[1]
    return study.example.figures[world].groups[:, index]


def _group_rows(study: Study, index: int, show: Any) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    header: tuple[str, ...] = ("Group", "Residents")
    for world in study.worlds:
        header += (world, "low", "high", "n") if world in study.drawn else (world,)
    people = band(study.drawn[study.baseline].people)[1] if study.n_draws else _people(study)
    rows = []
    for place, group in enumerate(GROUPS):
        row: tuple[str, ...] = (GROUP_WORDS[group], f"{people[place]:,.0f}")
        for world in study.worlds:
            row += _cells(show, _group_marks(study, world, index)[place])
            if world in study.drawn:
                around = range_of(study.drawn[world].groups[:, place, index])
                row += (*_cells(show, around.low, around.high), str(around.n))
        rows.append(row)
    return header, tuple(rows)


def _people(study: Study) -> np.ndarray:
    return study.example.figures[study.baseline].people


def weekly_charts(study: Study) -> tuple[Chart, ...]:
    """Draw the headlines that are shown week by week."""
    return tuple(weekly_chart(study, headline) for headline in HEADLINES if headline.charted)


def group_charts(study: Study) -> tuple[Chart, ...]:
    """Draw every figure that is shown by group."""
    return tuple(group_chart(study, index) for index in range(len(GROUP_FIGURES)))
