"""The charts of a run: headlines week by week and against the twin, groups beside each other, the silence curve."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from underwatch.experiments.ensemble.robustness import CANNOT_SAY, NOT_ROBUST, ROBUST, Robustness, judge
from underwatch.experiments.ensemble.stand_ins import STAND_IN
from underwatch.experiments.study import Study, inside
from underwatch.pages.charts.chart import (
    Chart,
    change_of,
    ensemble_of,
    month_at,
    points,
    range_sentence,
    rights_of,
    shade_sentence,
    shown,
    title_of,
    together,
    unit_of,
    world_of,
)
from underwatch.pages.drawing.axes import LOG
from underwatch.pages.drawing.curves import Curve, curves
from underwatch.pages.drawing.series import DASHES, WORLD_COLOURS, Band, Course, Weeks, courses
from underwatch.pages.drawing.strips import MARKS, Along, Item, Strip, strips
from underwatch.record.headlines import GROUP_FIGURES, HEADLINE_NAMES, HEADLINES, Headline
from underwatch.record.measures import week_starts
from underwatch.record.ranges import FEWEST, quantiles, range_of, ranges_of
from underwatch.record.schema import ALL, DICTIONARY, GROUPS, LISTED, ORDINARY
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH
from underwatch.texts.numbers import number, signed

_STROKES = tuple((n + 0.5) / 20 for n in range(20))  # one for each twentieth of the worlds
Show = Callable[[float], str]
_GAP_COLUMNS = ("figure.difference", "chart.low", "chart.high", "chart.n", "figure.sign", "figure.example")


def _cells(show: Show, *values: float) -> tuple[str, ...]:
    return tuple(show(float(value)) for value in values)


def weekly_chart(study: Study, headline: Headline, language: str = ENGLISH) -> Chart:
    """Draw one headline week by week, baseline and twin."""
    index, show = HEADLINE_NAMES.index(headline.name), shown(language, headline.is_share)
    days = [study.day(int(day)) for day in week_starts(study.days)]
    bands, lines = list[Band](), list[Course]()
    for place, world in enumerate(study.worlds):
        colour, dash, name = WORLD_COLOURS[place % 2], DASHES[place % 2], world_of(language, study, world)
        if world in study.drawn:
            low, middle, high, _ = ranges_of(study.drawn[world].weekly[:, :, index])
            if place == 0:
                bands.append(Band(low, high, colour))
            else:
                lines += [Course(edge, colour, 1.0, (1, 2.4)) for edge in (low, high)]
            lines.append(Course(middle, colour, 1.9, dash, name))
        if world in study.example.figures:
            history = study.example.figures[world].weekly[:, index]
            lines.append(Course(history, colour, 0.7, dash, "" if world in study.drawn else name))
    has_change = study.window is not None and study.twin
    shade = (study.day(study.window[0]), study.day(study.window[1])) if has_change and study.window else None
    picture = courses(Weeks(days, month_at(language), show, shade), bands, lines)
    title, unit = title_of(language, headline), unit_of(language, headline)
    brief = text(language, "figure.weekly", unit=unit)
    is_whole = not any(np.isnan(figures.weekly[:, :, index]).any() for figures in study.drawn.values())
    return Chart(
        key=f"w-{headline.name}",
        title=title,
        caption=f"{brief}\n{_saved_caption(study, language)}",
        rights=rights_of(language, headline.articles),
        svg=picture.svg(text(language, "figure.label", title=title, unit=unit)),
        header=_weekly_header(study, language, is_whole),
        rows=tuple(
            (day.isoformat(), *_week_cells(study, (index, week), show, is_whole)) for week, day in enumerate(days)
        ),
        brief=brief,
        picture=picture,
    )


def weekly_caption(study: Study, language: str = ENGLISH) -> str:
    """Say what every chart by week shows: bands, lines, and the grey days."""
    if not study.n_draws:
        return together(text(language, "figure.history_alone"), shade_sentence(language, study))
    lines = text(language, "figure.lines.twin" if study.twin else "figure.lines")
    gaps = "" if _all_have_values(study) else text(language, "figure.gaps")
    return together(lines, range_sentence(language, study), gaps, shade_sentence(language, study))


def _saved_caption(study: Study, language: str) -> str:
    """Say the same as briefly as can be: it goes with each of many pictures."""
    if study.n_draws < FEWEST:
        return weekly_caption(study, language)
    key = "figure.saved.twin" if study.twin else "figure.saved"
    said = text(language, key, n=study.n_draws, ensemble=ensemble_of(language, study))
    return together(said, shade_sentence(language, study))


def _all_have_values(study: Study) -> bool:
    """Say whether every world has a value in every week."""
    return not any(np.isnan(figures.weekly).any() for figures in study.drawn.values())


def _weekly_header(study: Study, language: str, is_whole: bool) -> tuple[str, ...]:
    header = [text(language, "chart.week")]
    parts = ("low", "high") if is_whole else ("low", "high", "n")
    for world in study.worlds:
        name = world_of(language, study, world)
        if world in study.drawn:
            header.append(text(language, "figure.median_of", world=name))
            header += (text(language, f"chart.{part}") for part in parts)
        if world in study.example.figures:
            header.append(text(language, "chart.history", world=name))
    return tuple(header)


def _week_cells(study: Study, at: tuple[int, int], show: Show, is_whole: bool) -> tuple[str, ...]:
    """Return the cells of a headline in a week; the number of worlds stands there where it is not that of all."""
    index, week = at
    cells: tuple[str, ...] = ()
    for world in study.worlds:
        if world in study.drawn:
            low, middle, high, n = ranges_of(study.drawn[world].weekly[:, week, index])
            cells += _cells(show, float(middle), float(low), float(high))
            cells += () if is_whole else (str(n),)
        if world in study.example.figures:
            cells += _cells(show, study.example.figures[world].weekly[week, index])
    return cells


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


def change_chart(study: Study, language: str = ENGLISH) -> Chart | None:
    """Draw what the change does to each headline: with it over without it, every draw a stroke."""
    if study.twin is None:
        return None
    central, draws = ratios(study)
    rows = []
    for index, headline in enumerate(HEADLINES):
        mine = draws[:, index][~np.isnan(draws[:, index])]
        around = range_of(mine)
        item = Item(float(central[index]), around.low, around.high, "c1" if len(mine) else "c0")
        strokes = quantiles(mine, _STROKES).tolist() if len(mine) >= FEWEST else mine.tolist()
        rows.append(Strip(title_of(language, headline), [item], strokes))
    known = np.concatenate([central, draws.ravel()])
    known = known[~np.isnan(known)]
    low, high = min(0.8, *known, 1.0) / 1.08, max(1.25, *known, 1.0) * 1.08
    steps = [step for step in (0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 100, 1000) if low <= step <= high]
    other = text(language, "figure.change.times_twin" if not study.relief else "figure.change.times_baseline")
    along = Along(low, high, lambda value: f"×{value:g}", LOG, 1.0, other, steps)
    picture = strips(rows, along)
    change = change_of(language, study)
    title = text(language, "figure.change", change=change)
    marks = text(language, "figure.change.marks" if study.n_draws else "figure.change.marks_alone")
    caption = together(marks, range_sentence(language, study), shade_sentence(language, study))
    header = (text(language, "figure.figure"), *(world_of(language, study, world) for world in study.pair),
              *(text(language, key) for key in _GAP_COLUMNS))  # fmt: skip
    label = text(language, "figure.label", title=title, unit=other)
    table = tuple(_change_row(study, index, language) for index in range(len(HEADLINES)))
    return Chart("change", title, caption, rights_of(language, (9, 12, 17, 19)), picture.svg(label), header, table,
                 together(marks, text(language, "figure.change.table") if study.n_draws else ""), picture)  # fmt: skip


def _change_row(study: Study, index: int, language: str) -> tuple[str, ...]:
    headline = HEADLINES[index]
    show = shown(language, headline.is_share)
    gap = partial(points, language=language) if headline.is_share else partial(signed, language=language)
    name = text(language, "figure.figure_unit", title=title_of(language, headline), unit=unit_of(language, headline))
    example = float(study.example.change[index])
    if not study.n_draws:
        own = [float(study.example.figures[world].window[index]) for world in study.pair]
        return (name, *_cells(show, *own), *_cells(gap, example), "–", "–", "0", "–", *_cells(gap, example))
    item, other = (study.drawn[world].window[:, index] for world in study.pair)
    gaps = item - other
    around, finding = range_of(gaps), judge(gaps, study.forms)
    levels = [float(ranges_of(drawn)[1]) for drawn in (item, other)]
    return (
        name,
        *_cells(show, *levels),
        *_cells(gap, float(ranges_of(gaps)[1]), around.low, around.high),
        str(around.n),
        finding_words(language, finding),
        *_cells(gap, example),
    )


def finding_words(language: str, finding: Robustness) -> str:
    """Return whether a sign is robust, in words."""
    if finding.verdict == ROBUST:
        return text(language, "finding.robust")
    if finding.verdict == CANNOT_SAY:
        return text(language, "finding.cannot_say")
    if finding.verdict == NOT_ROBUST or not finding.hinges:
        return text(language, "finding.not_robust")
    return text(language, "finding.hangs", rules=", ".join(hinge.rule for hinge in finding.hinges))


def group_name(language: str, group: str) -> str:
    """Return the name of a group or ground."""
    return text(language, f"group.{group}" if group in (ALL, LISTED, ORDINARY) else f"ground.{group}")


def group_chart(study: Study, index: int, language: str = ENGLISH) -> Chart:
    """Draw one figure over the whole run for all, listed, ordinary and each ground."""
    of_figure = GROUP_FIGURES[index]
    indicator = DICTIONARY[of_figure.indicator]
    show, title = shown(language, indicator.is_share), text(language, f"figure.by_group.{of_figure.indicator}")
    rows, highest = [], [0.0]
    for place, group in enumerate(GROUPS):
        items = [_group_item(study, at, place, index) for at in range(len(study.worlds))]
        highest += [value for item in items for value in (item.middle, item.high or 0.0) if value == value]
        rows.append(Strip(group_name(language, group), items, rule=place == 2))
    names = [(world_of(language, study, world), WORLD_COLOURS[at % 2], MARKS[at % 2])
             for at, world in enumerate(study.worlds)]  # fmt: skip
    picture = strips(rows, Along(0.0, (max(highest) or 1.0) * 1.02, show), names)
    key = f"g-{indicator.name.replace('_', '-')}"
    header, table = _group_rows(study, index, show, language)
    label = text(language, "figure.groups_label", title=title)
    return Chart(key, title, group_caption(study, language),
                 rights_of(language, indicator.articles), picture.svg(label), header, table, " ", picture)  # fmt: skip


def group_caption(study: Study, language: str = ENGLISH) -> str:
    """Say what every chart by group shows."""
    marks = text(language, "figure.groups.marks" if study.n_draws else "figure.history_alone")
    return together(text(language, "figure.groups"), marks, range_sentence(language, study))


def _group_item(study: Study, at: int, place: int, index: int) -> Item:
    """Return the median over worlds with its range, or the one history there is."""
    world, colour, mark = study.worlds[at], WORLD_COLOURS[at % 2], MARKS[at % 2]
    if world in study.drawn:
        low, middle, high, _ = ranges_of(study.drawn[world].groups[:, place, index])
        return Item(float(middle), float(low), float(high), colour, mark, 4.0)
    return Item(float(study.example.figures[world].groups[place, index]), colour=colour, mark=mark)


def _group_rows(
    study: Study, index: int, show: Show, language: str
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    header: tuple[str, ...] = (text(language, "figure.group"), text(language, "figure.residents"))
    for world in study.worlds:
        header += (world_of(language, study, world),)
        header += tuple(text(language, f"chart.{p}") for p in ("low", "high", "n")) if world in study.drawn else ()
    people = (
        ranges_of(study.drawn[study.baseline].people)[1]
        if study.n_draws
        else study.example.figures[study.baseline].people
    )
    rows = []
    for place, group in enumerate(GROUPS):
        row: tuple[str, ...] = (group_name(language, group), f"{people[place]:,.0f}")
        for at, world in enumerate(study.worlds):
            item = _group_item(study, at, place, index)
            row += _cells(show, item.middle)
            if world in study.drawn and item.low is not None and item.high is not None:
                n = range_of(study.drawn[world].groups[:, place, index]).n
                row += (*_cells(show, item.low, item.high), str(n))
        rows.append(row)
    return header, tuple(rows)


def silence_chart(study: Study, language: str = ENGLISH) -> Chart | None:
    """Draw the silence curve: incidents and the reports published of them, by strength of watching."""
    points = sorted(study.silence.points, key=lambda point: point.watching)
    if len(points) < 3:
        return None
    show = partial(number, language=language)
    watching = [point.watching for point in points]
    above = Curve(text(language, "figure.silence.incidents"), [p.incidents for p in points], "c0")
    below = Curve(text(language, "figure.silence.published"), [p.published for p in points], "c1",
                  [p.lo for p in points], [p.hi for p in points])  # fmt: skip
    picture = curves(watching, (above, below), show, text(language, "figure.silence.along"))
    border = "border" if study.place.border else "inland"
    where = text(language, f"figure.silence.where.{border}", n=min(STAND_IN, study.place.residents))
    turns = text(language, "figure.silence.turns", turns=study.silence.turns, n=study.silence.n)
    caption = together(text(language, "figure.silence.caption"), where, turns)
    header = tuple(text(language, f"figure.silence.{part}") for part in ("watching", "incidents", "published"))
    header += tuple(text(language, f"chart.{part}") for part in ("low", "high"))
    rows = tuple((f"{p.watching:g}", *_cells(show, p.incidents, p.published, p.lo, p.hi)) for p in points)
    title = text(language, "figure.silence")
    label = text(language, "figure.label", title=title, unit=text(language, "figure.silence.along"))
    return Chart(
        "silence", title, caption, rights_of(language, (19,)), picture.svg(label), header, rows, caption, picture
    )


def weekly_charts(study: Study, language: str = ENGLISH) -> tuple[Chart, ...]:
    """Draw the headlines that are shown week by week."""
    return tuple(weekly_chart(study, headline, language) for headline in HEADLINES if headline.charted)


def group_charts(study: Study, language: str = ENGLISH) -> tuple[Chart, ...]:
    """Draw every figure that is shown by group."""
    return tuple(group_chart(study, index, language) for index in range(len(GROUP_FIGURES)))
