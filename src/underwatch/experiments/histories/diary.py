"""The diary of one synthetic resident: what happened on the days around an episode, in plain sentences.

The resident is one of the model's own. The world of the run is simulated again with a trace; no number goes out.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from underwatch.errors import InputError, nearest
from underwatch.experiments.engine.worlds import init_world
from underwatch.experiments.studies.kept_run import example_of_manifest
from underwatch.facts.tables import read_rows
from underwatch.shown import Displayed
from underwatch.texts.catalogue import text, translated
from underwatch.texts.languages import ENGLISH, all_texts
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.layout import EPISODE
from underwatch.world.scenario import Scenario
from underwatch.world.workers import Workers

_TOLD = {L.EPISODES.index(row["episode"]): row for row in read_rows("tables/episodes.csv", "underwatch.experiments")}
LIKE = {row["like"]: (kind, row["who"]) for kind, row in _TOLD.items() if row["like"]}
COUNTED = tuple((kind, row["counted"]) for kind, row in _TOLD.items() if row["counted"])
_OF_THE_HOUSE = (
    EPISODE.visit, EPISODE.visit_followed, EPISODE.visit_noticed, EPISODE.visit_avoided, EPISODE.journey,
    EPISODE.permit_refused, EPISODE.lodging,
)  # fmt: skip
_FOLLOWER = {
    L.BY_OPEN_ROLE: "a neighbour",
    L.BY_COVERT: "a neighbour who secretly informs",
    L.BY_MPS_OFFICER: "the beat officer",
    L.BY_MSS_OFFICER: "the field officer of state security",
}
FOLLOWERS = ("neighbour", "informant", "mps_officer", "mss_officer")  # by who it was, as the catalogue names them
_REPORTED_KM = 6  # the visit of the report
_PREFERRED = {EPISODE.visit_noticed: _REPORTED_KM}
_PATIENCE = 28  # days to wait for the preferred distance after the first hit


@dataclass(frozen=True, repr=False)
class Diary(Displayed):
    """Days of one synthetic resident: sentences by date around the episode, and how often what in the whole run."""

    place: str
    like: str
    start: datetime.date
    end: datetime.date
    days: tuple[tuple[datetime.date, tuple[str, ...]], ...]
    year: tuple[str, ...]
    language: str = ENGLISH


def traced_weeks(scenario: Scenario) -> Iterator[tuple[simulate.World, np.ndarray]]:
    """Simulate the world again, and yield it with the trace rows of each week."""
    world = init_world(scenario, scenario.places[0], scenario.seed)
    history = world.history
    for _ in simulate.weeks(world, scenario.phases(), Workers(trace_who=-1)):
        rows = history.trace
        history.trace_blocks.clear()
        history.forget_incidents()
        yield world, rows


def _find(scenario: Scenario, kind: int) -> tuple[int, int]:
    """Return day and resident of the first episode of a kind; of a visit, one of 6 km is preferred."""
    first: tuple[int, int] | None = None
    for world, rows in traced_weeks(scenario):
        hits = rows[rows["kind"] == kind]
        hits = hits[np.lexsort((hits["who"], hits["day"]))]
        wanted = hits[hits["value"] == _PREFERRED[kind]] if kind in _PREFERRED else hits
        if len(wanted):
            return int(wanted[0]["day"]), int(wanted[0]["who"])
        if len(hits) and first is None:
            first = int(hits[0]["day"]), int(hits[0]["who"])
        if first is not None and world.day - world.counted > first[0] + _PATIENCE:
            break
    if first is None:
        raise InputError("this does not happen to anybody in this run; take another --like, or a larger place")
    return first


def rows_about(town: L.Town, rows: np.ndarray, who: int) -> np.ndarray:
    """Return the trace rows that are about a resident, with what the household did together."""
    house = int(np.searchsorted(town.house_start, who, side="right")) - 1
    together = (rows["who"] == town.house_start[house]) & np.isin(rows["kind"], _OF_THE_HOUSE)
    return rows[(rows["who"] == who) | together]


def _by(follower: int) -> str:
    return _FOLLOWER.get(follower, "somebody")


def _km(value: int) -> str:
    return f"{value} km away" if value > 0 else "close by"


def sentences_in(rows: np.ndarray, language: str) -> tuple[str, ...]:
    """Return the sentences of one day in a language; another than English has one for each row."""
    if language == ENGLISH:
        return sentences_of(rows)
    texts, said = all_texts(language), []
    for _, kind, _, other, value in rows.tolist():
        key = f"event.{L.EPISODES[kind]}"
        by = translated(language, f"by.{FOLLOWERS[other]}", "") if 0 <= other < len(FOLLOWERS) else ""
        said.append(texts[f"{key}.km" if value > 0 and f"{key}.km" in texts else key].format(by=by, km=value))
    return tuple(dict.fromkeys(said))


def sentences_of(rows: np.ndarray) -> tuple[str, ...]:
    """Return the sentences of one day in English; rows of one outing run into one sentence."""
    said: list[str] = []
    followed: Counter[str] = Counter()
    noticed = 0
    for _, kind, _, other, value in rows.tolist():
        if kind == EPISODE.followed:
            followed[_by(other)] += 1
        elif kind == EPISODE.noticed:
            noticed += 1
        elif said and kind in _TOLD and _TOLD[kind]["continues"]:
            said[-1] += f"; {_TOLD[kind]['continues'].format(by=_by(other))}"
        else:
            said.append(_sentence(kind, value))
        if kind == EPISODE.accused and not value:
            said[-1] += ", though there was no offence"
    if followed:
        n = sum(followed.values())
        times = "" if n == 1 else f" {n} times"
        who = " and ".join(followed)
        seen = "the resident noticed" if noticed else "it went unnoticed"
        said.append(f"went out{times}; {who} followed; {seen}")
    return tuple(f"{text[0].upper()}{text[1:]}." for text in said)


def _sentence(kind: int, value: int) -> str:
    """Return how a sentence about a row begins."""
    if kind == EPISODE.visit_avoided:
        return f"meant to visit kin {_km(value)} and stayed at home" if value else "meant to travel and stayed at home"
    how_long = "for some time" if value > 0 else "for good"
    return _TOLD[kind]["begins"].format(km=_km(value), how_long=how_long) if kind in _TOLD else "something happened"


def _times(n: int) -> str:
    return "once" if n == 1 else "twice" if n == 2 else f"{n} times"


def make_diary(run: str | Path | Scenario, like: str, around: int = 14, language: str = ENGLISH) -> Diary:
    """Return the diary of the first synthetic resident of a run, a folder or a scenario, to whom it happens, `around`
    days to both sides.
    """
    if like not in LIKE:
        raise InputError(f'--like "{like:.40}" is not known{nearest(like, LIKE)}; one of {", ".join(LIKE)}')
    scenario = run if isinstance(run, Scenario) else example_of_manifest(Path(run))
    day, who = _find(scenario, LIKE[like][0])
    rows = np.concatenate([rows_about(world.town, some, who) for world, some in traced_weeks(scenario)])
    shown = []
    for item in range(max(0, day - around), min(scenario.days, day + around + 1)):
        if sentences := sentences_in(rows[rows["day"] == item], language):
            shown.append((scenario.start + datetime.timedelta(item), sentences))
    counts = Counter(rows["kind"].tolist())
    year = tuple(_counted(kind, words, counts[kind], language) for kind, words in COUNTED if counts[kind])
    place = scenario.places[0]
    name = place.name if language == ENGLISH else place.name_ko
    return Diary(name, like, scenario.start, scenario.end, tuple(shown), year, language)


def _counted(kind: int, words: str, n: int, language: str) -> str:
    """Say how often something happened."""
    if language == ENGLISH:
        return f"{words} {_times(n)}"
    return text(language, "diary.times", what=translated(language, f"kind.{L.EPISODES[kind]}", words), n=n)


def diary_lines(diary: Diary) -> list[str]:
    """Return a diary as lines to read."""
    say = partial(text, diary.language)
    lines = [say(f"diary.of.{diary.like}", place=diary.place), say("diary.statement"), ""]
    lines += [say("diary.day", day=day, said=" ".join(sentences)) for day, sentences in diary.days]
    lines += ["", say("diary.left_out")]
    if diary.year:
        lines.append(say("diary.year", first=diary.start, last=diary.end, counts=", ".join(diary.year)))
    return lines


def diary_record(diary: Diary) -> dict[str, object]:
    """Return a diary as plain JSON."""
    return {
        "synthetic": True,
        "statement": text(diary.language, "diary.statement"),
        "place": diary.place,
        "like": diary.like,
        "days": [{"date": day.isoformat(), "sentences": list(said)} for day, said in diary.days],
        "whole_run": list(diary.year),
    }
