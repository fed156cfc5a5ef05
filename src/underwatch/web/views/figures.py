"""What the page tells of a run: its summary, charts by week with bands, and two runs side by side."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from underwatch.errors import InputError
from underwatch.experiments.study import Study
from underwatch.pages.report import LIMITS
from underwatch.pages.summary import STATEMENT, band, band_words, summary_of_run
from underwatch.record.headlines import HEADLINE_NAMES, HEADLINES, Headline
from underwatch.record.measures import week_starts
from underwatch.record.ranges import NONE, kind_of, range_of, ranges_of, share_of
from underwatch.record.schema import GROUP_WORDS, GROUPS, rights_words
from underwatch.texts.languages import LANGUAGES
from underwatch.web.session.exports import taken_of
from underwatch.web.session.request import RunRequest
from underwatch.web.session.studio_run import OVER, StudioRun

_OF_A_PLACE = ("name", "name_ko", "province", "residents", "census", "border")


def run_view(run: StudioRun) -> dict[str, Any]:
    """Return all that the page shows of a run but the map and the lives."""
    study = run.study
    result: dict[str, Any] = {
        "run": run.number,
        "state": run.state,
        "error": run.error,
        "same": run.digest == run.same_as if run.same_as and run.digest else None,
        "question": run.question.record(),
        "change": run.question.change if len(run.worlds) > 1 else None,
        "interventions": [{"name": item.name, "from": day.isoformat()} for item, day in run.question.dated],
        "window": run.question.window,
        "limits": list(LIMITS),
        "statement": STATEMENT,
        "files": list(taken_of(run)),
    }
    if study is None:
        return result
    return result | {
        "place": {name: getattr(study.place, name) for name in _OF_A_PLACE},
        "start": study.start.isoformat(),
        "days": study.days,
        "worlds": list(study.worlds),
        "n_draws": study.n_draws,
        "ensemble": study.source,
        "adapted": study.adapted,
        "example": {"draw": study.example.draw, "left_out": study.example.left_out, "figures": study.example.n_figures},
        "band": band_words(study.n_draws, study.source),
        "range": _range(study.n_draws),
        "n_set": study.n_set,
        "complete": run.state in OVER,
        "summary": _summary(study),
        "charts": [_chart(study, headline) for headline in HEADLINES if headline.charted],
        "year": {name: _middle(study, study.baseline, "year", at) for at, name in enumerate(HEADLINE_NAMES)},
        "groups": _groups(study),
        "reports": {world: _reports(drawn) for world, drawn in study.published.items()},
        "silence": _silence(study),
    }


def _list(values: np.ndarray) -> list[float | None]:
    """Return floats with six digits that count, None where there is no value."""
    return [None if np.isnan(value) else float(f"{value:.6g}") for value in values.tolist()]


def titled(headline: Headline) -> dict[str, Any]:
    """Return how a headline is called, and whether it is a share."""
    return {"name": headline.name, "title": headline.title, "unit": headline.unit, "share": headline.is_share}


def _chart(study: Study, headline: Headline) -> dict[str, Any]:
    """Return one headline by week: each world's median, low and high over its draws, and its example."""
    index = HEADLINE_NAMES.index(headline.name)
    worlds = {}
    for world in study.worlds:
        worlds[world] = {"history": _list(study.example.figures[world].weekly[:, index])}
        if world in study.drawn:
            *edges, n = ranges_of(study.drawn[world].weekly[:, :, index])
            worlds[world] |= {key: _list(edge) for key, edge in zip(("low", "median", "high"), edges, strict=True)}
            worlds[world]["n"] = n.tolist()
    return titled(headline) | {
        "rights": rights_words(headline.articles),
        "articles": list(headline.articles),
        "week_starts": week_starts(study.days).tolist(),
        "worlds": worlds,
    }


def _middle(study: Study, world: str, part: str, index: int) -> float | None:
    if world in study.drawn:
        return _list(np.array([band(getattr(study.drawn[world], part)[:, index])[1]]))[0]
    return _list(getattr(study.example.figures[world], part)[index : index + 1])[0]


def _people(study: Study) -> np.ndarray:
    """Return the residents of each group at the start, the median over draws."""
    if study.n_draws:
        return band(study.drawn[study.baseline].people)[1]
    return study.example.figures[study.baseline].people


def _reports(published: np.ndarray) -> list[int]:
    """Return how many reports come out in the worlds of an ensemble, whole ones: low, high, and how many worlds."""
    around = range_of(published)
    if around.kind == NONE:
        return [0, 0, 0]
    return [math.floor(around.low), math.ceil(around.high), around.n]


def _groups(study: Study) -> list[dict[str, Any]]:
    people = _people(study)
    return [{"name": g, "words": GROUP_WORDS[g], "residents": int(people[index])} for index, g in enumerate(GROUPS)]


def _silence(study: Study) -> dict[str, Any]:
    silence = study.silence
    points = [
        {"watching": p.watching, "incidents": p.incidents, "published": p.published, "low": low, "high": high}
        for p in silence.points
        for low, high in [_list(np.array([p.lo, p.hi]))]
    ]
    n = silence.points[0].n if points else 0
    return {"points": points, "band": silence.band, "range": _range(n), "turns": silence.turns, "n": silence.n}


def _range(n: int) -> dict[str, Any]:
    """Return what a range of n draws is, for a page in another language: its kind, its share and n."""
    return {"kind": kind_of(n), "share": share_of(n), "n": n}


def _summary(study: Study) -> dict[str, Any]:
    """Return the summary in every language: its head, and rows of what each finding is about and what is found."""
    return {language: summary_of_run(study, language)._asdict() for language in LANGUAGES}


def compared(one: StudioRun, other: StudioRun) -> dict[str, Any]:
    """Return the baselines of two runs side by side: what was asked differently, and each headline's range."""
    if one.study is None or other.study is None:
        raise InputError("one of the two runs has no figures yet; wait until both are done")
    studies = (one.study, other.study)
    rows = [
        titled(item) | {"values": [_with_ends(study, at) for study in studies]} for at, item in enumerate(HEADLINES)
    ]
    return {"runs": [one.number, other.number], "asked": _asked(one.question, other.question), "rows": rows}


def _with_ends(study: Study, index: int) -> dict[str, float | None]:
    if study.n_draws:
        ends = zip(("low", "value", "high"), band(study.drawn[study.baseline].year[:, index]), strict=True)
        return {name: None if np.isnan(end) else float(end) for name, end in ends}
    value = float(study.example.figures[study.baseline].year[index])
    return {"value": None if np.isnan(value) else value, "low": None, "high": None}


def _asked(one: RunRequest, other: RunRequest) -> list[dict[str, Any]]:
    """Return what two questions do not share, name by name."""
    a, b = one.scenario, other.scenario
    parts: dict[str, tuple[object, object]] = {
        "place": (a.name, b.name),
        "residents": (a.residents, b.residents),
        "start": (a.start.isoformat(), b.start.isoformat()),
        "end": (a.end.isoformat(), b.end.isoformat()),
        "seed": (a.seed, b.seed),
        "draws": (one.draws, other.draws),
        "ensemble": (one.ensemble, other.ensemble),
        "without": (", ".join(sorted(a.without)), ", ".join(sorted(b.without))),
        "interventions": (" ".join(i.name for i, _ in one.dated), " ".join(i.name for i, _ in other.dated)),
    }
    parts |= {rule: (form, b.forms[rule]) for rule, form in a.forms.items()}
    parts |= {name: (value, b.parameters[name]) for name, value in a.parameters.items()}
    return [{"name": name, "values": list(both)} for name, both in parts.items() if both[0] != both[1]]
