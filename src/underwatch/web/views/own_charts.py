"""Charts that the studio alone has, to be saved: the map, the outsider's weeks, one life's fear, the ledger."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from underwatch.errors import InputError
from underwatch.pages.charts.chart import Chart, month_at, world_of
from underwatch.pages.drawing.picture import NARROW, Picture, Point
from underwatch.pages.drawing.series import DASHES, WORLD_COLOURS, Course, Weeks, courses, legend
from underwatch.texts.catalogue import text
from underwatch.texts.numbers import number, percent
from underwatch.web.session.studio_run import StudioRun
from underwatch.web.views.outsider import seen_from_outside
from underwatch.web.views.town_map import days_of, places_of

_MAP = 520.0
# State, colour and name of the dots, in the order in which they are drawn; some are larger, so that colour is not all
_STATES = ((0, "dim", "calm"), (1, "c1", "followed"), (2, "c0", "listed"))
_DIFFERENT = ((1, "dim", "same"), (2, "c1", "better"), (0, "c0", "worse"))
_LARGE = ("listed", "worse")
_DIFFERENCE = 2
_MOST_REPORTS, _ROW = 60, 7.0
_ACTS = ("outings", "visits", "journeys", "calls")
# Of each part of a bar its colour, how strong, and how far its stripes are apart, because colour alone is not enough
_REASONS = {
    "kept": ("dim", 1.0, 0), "barred": ("ink", 1.0, 0), "direct": ("c0", 1.0, 4), "stopped": ("soft", 1.0, 6),
    "anticipatory": ("c1", 1.0, 8), "spill_over": ("c0", 0.4, 12),
}  # fmt: skip


def map_chart(run: StudioRun, language: str, world: int, day: int) -> Chart:
    """Draw the map of a day, from 1, of a world by its number; 2 is who fares otherwise in the twin."""
    study = run.study
    if study is None or not 1 <= day <= study.days or not 0 <= world <= _DIFFERENCE:
        raise InputError(f"there is no map of world {world} on day {day}")
    sides = days_of(run)
    states = [_state(listed, followed, day) for listed, followed in (sides[0], sides[-1])]
    places = (places_of(run.unit_start, run.question.scenario.seed).T * (_MAP - 10) + 5).astype(float)
    dot = max(0.45, 0.3 * _MAP / np.sqrt(max(len(places), 1)))
    if world == _DIFFERENCE:
        state = 1 + np.sign(states[0].astype(int) - states[1])
        keys, name = _DIFFERENT, text(language, "world.difference")
    else:
        state, keys = states[world], _STATES
        name = world_of(language, study, study.worlds[min(world, len(study.worlds) - 1)])
    picture = Picture(_MAP, _MAP + 22)
    x = 0.0
    for n, colour, key in keys:
        at: list[Point] = [(px, py) for px, py in places[state == n].tolist()]
        picture.dots(at, dot * (1.5 if key in _LARGE else 1.0), colour)
        words = f"{text(language, f'map.{key}')} {len(at):,}"
        picture.dots([(x + 5, _MAP + 14)], 4.0, colour)
        picture.text((x + 13, _MAP + 18), words)
        x += _MAP / 3
    title = text(language, "figure.map_of", world=name, day=study.day(day - 1))
    return Chart("map", title, text(language, "look.schematic"), "", "", (), (), picture=picture)


def _state(listed: np.ndarray, followed: np.ndarray, day: int) -> np.ndarray:
    """Return 0 calm, 1 followed by then, 2 listed by then; 0 in the days is never."""
    is_listed, is_followed = ((days > 0) & (days <= day) for days in (listed, followed))
    return np.where(is_listed, 2, is_followed.astype(int))


def incidents_chart(run: StudioRun, language: str) -> Chart:
    """Draw incidents by week in both worlds, and under them each report from its incident to its publication."""
    study, seen = run.study, seen_from_outside(run)
    if study is None:
        raise InputError("the run has no figures yet")
    own = seen[study.baseline]
    starts = own["week_starts"]
    whole = [n for n, start in enumerate(starts) if start + 7 <= study.days or study.days < 7]
    lines = [
        Course(np.array([sum(weeks[n] for weeks in seen[world]["incidents"].values()) for n in whole], float),
               WORLD_COLOURS[at], 1.8, DASHES[at], world_of(language, study, world))
        for at, world in enumerate(study.worlds)
    ]  # fmt: skip
    days = [study.day(starts[n]) for n in whole]
    picture = courses(Weeks(days, month_at(language), lambda value: number(value, language)), (), lines)
    reports = [one for one in own["reports"] if not one["relay"]][:_MOST_REPORTS]
    last = max([study.days, *(one["day"] + 1 for one in reports)])
    top = picture.height + 8
    for row, one in enumerate(reports):
        y = top + row * _ROW
        begun, out = (40 + (NARROW - 48) * one[part] / last for part in ("incident_day", "day"))
        picture.line([(begun, y), (out, y)], "axis", 1.0)
        picture.rings([(begun, y)], 2.6, "c0")
        picture.box((out - 2.2, y - 2.2), (4.4, 4.4), "c1")
    picture.height = top + len(reports) * _ROW + 4
    said = text(language, "outside.reports_caption", n=own["published"]) if own["published"] else text(
        language, "outside.no_report"
    )  # fmt: skip
    caption = f"{said} {text(language, 'outside.incidents_caption')}"
    return Chart("incidents", text(language, "outside.incidents_title"), caption, "", "", (), (), picture=picture)


def fear_chart(run: StudioRun, language: str, who: int) -> Chart:
    """Draw the fear of a resident who was chosen, week by week in both worlds."""
    study, told = run.study, run.lives.get(who)
    if study is None or told is None:
        raise InputError(f"resident {who} has not been chosen on the page")
    weeks = {world: told["weeks"][world] for world in study.worlds}
    days = [run.question.scenario.start + timedelta(int(week[0])) for week in weeks[study.baseline]]
    lines = [
        Course(np.array([week[1] for week in weeks[world]], float), WORLD_COLOURS[at], 1.8, DASHES[at],
               world_of(language, study, world))
        for at, world in enumerate(study.worlds)
    ]  # fmt: skip
    picture = courses(Weeks(days, month_at(language), lambda value: number(value, language), top=1.0), (), lines)
    caption = f"{text(language, 'life.statement')} {text(language, 'life.fear_caption')}"
    return Chart("fear", text(language, "life.fear"), caption, "", "", (), (), picture=picture)


def ledger_bars(run: StudioRun, language: str, group: str) -> Chart:
    """Draw the chilling ledger of a group: of each act what is kept, and why the rest is missing."""
    counts = {(row["act"], row["entry"]): row["count"] for row in run.ledger if row["group"] == group}
    if not counts:
        raise InputError(f'the ledger has no group "{group[:40]}"')
    picture = Picture(NARROW, 0)
    names = [(text(language, f"entry.{entry}"), colour, ()) for entry, (colour, *_) in _REASONS.items()]
    y = legend(picture, names) + 4
    for act in _ACTS:
        free = counts.get((act, "unwatched"), 0)
        missing = {entry: counts.get((act, entry), 0) for entry in _REASONS if entry != "kept"}
        lost = sum(missing.values())
        picture.text((0, y + 11), text(language, f"act.{act}"), bold=True)
        if free:
            share = text(language, "ledger.missing", share=percent(lost / free, language))
            picture.text((NARROW, y + 11), share, anchor="end", colour="soft")
        x = 0.0
        for entry, count in {"kept": free - lost, **missing}.items():
            colour, alpha, apart = _REASONS[entry]
            wide = NARROW * count / free if free else 0.0
            picture.box((x, y + 16), (wide, 16), colour, alpha, stroke="card")
            for stripe in np.arange(x + apart, x + wide, apart).tolist() if apart else ():
                picture.line([(stripe, y + 16), (stripe - 3, y + 32)], "card", 1.2)
            x += wide
        y += 42
    picture.height = y
    title = f"{text(language, 'ledger.title')}: {text(language, f'group.{group}')}"
    return Chart("ledger", title, text(language, "ledger.caption"), "", "", (), (), picture=picture)
