"""A year in that city: days of a household and a caller beside their twins, and a neighbourhood; all are invented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from underwatch.experiments.histories.story import BEFORE, DAYS, TWIN, WITHIN, Story, ToldLife
from underwatch.pages.charts.chart import Chart
from underwatch.pages.drawing.neighbours import View, neighbourhood
from underwatch.pages.drawing.timeline import Mark, TimelineDay, timeline
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH
from underwatch.world.layout import EPISODE, EPISODES

# What is drawn of a day: the episode, its mark and colour, in the order in which they stand
_MARKS = (
    ("followed", "dot", "c0"), ("noticed", "ring", "c0"), ("home_visit", "house", "c0"), ("report", "triangle", "c0"),
    ("visit_avoided", "cross", "c0"), ("visit", "square", "c1"), ("journey", "square", "c1"),
    ("visit_followed", "dot", "c0"), ("permit_refused", "cross", "c0"), ("call_avoided", "cross", "c0"),
    ("call_set_out", "square", "c1"), ("call_followed", "dot", "c0"), ("call_given_up", "cross", "c0"),
    ("calling_stopped", "cross", "c0"), ("call_completed", "square", "c1"), ("lodging", "triangle", "c0"),
    ("accused", "triangle", "c0"), ("listed", "triangle", "c0"), ("arrest", "triangle", "c0"),
    ("release", "square", "c1"), ("delisted", "square", "c1"), ("protest", "square", "c1"),
)  # fmt: skip


def story_charts(story: Story, language: str = ENGLISH) -> tuple[Chart, ...]:
    """Return the timelines of the household and of the caller, where there is one, and the neighbourhood."""
    found = []
    for name in ("household", "caller"):
        lived = getattr(story, name)
        if lived is not None:
            found.append(_life(story, name, lived, language))
    return (*found, _neighbours(story, language))


def short_day(language: str) -> Callable[[date], str]:
    """Return how a day is written where there is little room."""
    return lambda day: text(language, "date.short", day=day.day, month=text(language, f"month.{day.month}"))


def days_between(first: date, last: date, language: str) -> str:
    """Return the days from one to another, as short as can be."""
    show = short_day(language)
    if first == last:
        return show(first)
    if (first.year, first.month) == (last.year, last.month):
        month = text(language, f"month.{first.month}")
        return text(language, "report.year.days.month", first=first.day, last=last.day, month=month)
    return text(language, "report.year.days", first=show(first), last=show(last))


def _life(story: Story, name: str, lived: ToldLife, language: str) -> Chart:
    """Draw the days of one life beside those of the other; days without anything in either are put together."""
    show = short_day(language)
    days, rows = list[TimelineDay](), []
    quiet: list[date] = []

    def close() -> None:
        if quiet:
            days.append(TimelineDay(days_between(quiet[0], quiet[-1], language), ((), ())))
            quiet.clear()

    for n in range(DAYS):
        day = story.start + timedelta(n)
        first, second = (marks_of(of[of["day"] == story.first + n], language) for of in lived.rows.values())
        if not first and not second:
            quiet.append(day)
            continue
        close()
        days.append(TimelineDay(show(day), (first, second)))
        rows.append((show(day), *("; ".join(mark.words for mark in marks) or "–" for marks in (first, second))))
    close()
    heads = (text(language, "report.year.with"), text(language, "report.year.without"))
    picture = timeline(heads, days)
    title = text(language, f"report.year.{name}.title", n=lived.n_residents)
    caption = text(language, f"report.year.{name}.caption")
    label = text(language, "report.year.label", title=title)
    header = (text(language, "report.year.day"), *heads)
    return Chart(f"year-{name}", title, caption, "", picture.svg(label), header, tuple(rows), caption, picture)


def marks_of(rows: np.ndarray, language: str) -> tuple[Mark, ...]:
    """Return the marks of one day, the same thing several times as one."""
    counts = Counter(rows["kind"].tolist())
    marks = []
    for name, shape, colour in _MARKS:
        kind = EPISODES.index(name)
        n = counts[kind]
        if not n or (kind == EPISODE.noticed and counts[EPISODE.followed]):
            continue
        key = f"report.mark.{name}"
        if kind == EPISODE.followed:
            key += ".noticed" if counts[EPISODE.noticed] else ""
        marks.append(Mark(shape, colour, text(language, key, n=n)))
    return tuple(marks)


def _neighbours(story: Story, language: str) -> Chart:
    """Draw the neighbourhood before the campaign, in it, and on the same days of the twin."""
    of, end = story.neighbours, timedelta(DAYS - 1)
    starts = {BEFORE: story.before, WITHIN: story.start, TWIN: story.start}
    views, rows = [], []
    for name in (BEFORE, WITHIN, TWIN):
        listed, followed = of.listed[name], of.followed[name]
        days = days_between(starts[name], starts[name] + end, language)
        head = text(language, f"report.year.view.{name}", days=days)
        words = text(language, "report.year.view.words", listed=int(listed.sum()), followed=int(followed.sum()))
        views.append(View(head, words, listed, followed))
        rows.append((head, str(len(listed)), str(int(listed.sum())), str(int(followed.sum()))))
    picture = neighbourhood(views)
    title = text(language, "report.year.neighbours.title", n=len(views[0].listed))
    caption = text(language, "report.year.neighbours.caption")
    header = tuple(text(language, f"report.year.{part}") for part in ("when", "residents", "listed", "followed"))
    label = text(language, "report.year.label", title=title)
    return Chart("year-neighbours", title, caption, "", picture.svg(label), header, tuple(rows), caption, picture)
