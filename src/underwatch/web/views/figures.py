"""What the page draws and tells of a run: charts by week with bands, the table of changes, the ten lines, two runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from underwatch.errors import InputError
from underwatch.experiments.study import Study
from underwatch.pages.numbers import form_of, number, percent, signed
from underwatch.pages.report import LIMITS
from underwatch.pages.summary import STATEMENT, Figures, WithDraws, band_words, summary_lines
from underwatch.record.headlines import HEADLINE_NAMES, HEADLINES, Headline
from underwatch.record.measures import week_starts
from underwatch.record.ranges import NONE, kind_of, range_of, ranges_of, share_of
from underwatch.record.schema import GROUP_WORDS, GROUPS, LISTED, rights_words
from underwatch.web.session.request import RunRequest
from underwatch.web.session.studio_run import OVER, StudioRun
from underwatch.world.layout import GROUND_NAMES

# Numbers of the whole run that a line of the summary names
_TOTALS = {
    "incidents": "incidents",
    "accused_n": "accused_ordinary",
    "falsely_n": "falsely_accused_ordinary",
    "avoided_n": "calls_avoided",
    "turned_back_n": "calls_turned_back",
    "stopped_n": "calls_stopped",
    "arrests_n": "arrests",
}
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
    }
    if study is None:
        return result
    return result | {
        "place": {name: getattr(study.place, name) for name in _OF_A_PLACE},
        "start": study.start.isoformat(),
        "days": study.days,
        "worlds": list(study.worlds),
        "n_draws": study.n_draws,
        "band": band_words(study.n_draws),
        "range": _range(study.n_draws),
        "n_set": study.n_set,
        "complete": run.state in OVER,
        "summary": list(summary_lines(study)),
        "figures": _figures(study),
        "charts": [_chart(study, headline) for headline in HEADLINES if headline.charted],
        "changes": [_change(study, index) for index in range(len(HEADLINES))],
        "groups": _groups(study),
        "silence": _silence(study),
    }


def _list(values: np.ndarray) -> list[float | None]:
    """Return floats with six digits that count, None where there is no value."""
    return [None if np.isnan(value) else float(f"{value:.6g}") for value in values.tolist()]


def titled(headline: Headline) -> dict[str, Any]:
    """Return how a headline is called, and whether it is a share."""
    return {"name": headline.name, "title": headline.title, "unit": headline.unit, "share": headline.is_share}


def _chart(study: Study, headline: Headline) -> dict[str, Any]:
    """Return one headline by week: each world's one history, and its draws' low, median and high."""
    index = HEADLINE_NAMES.index(headline.name)
    worlds = {}
    for world in study.worlds:
        worlds[world] = {"history": _list(study.central[world].weekly[:, index])}
        if world in study.ensemble:
            *edges, n = ranges_of(study.ensemble[world].weekly[:, :, index])
            worlds[world] |= {key: _list(edge) for key, edge in zip(("low", "median", "high"), edges, strict=True)}
            worlds[world]["n"] = n.tolist()
    return titled(headline) | {
        "rights": rights_words(headline.articles),
        "articles": list(headline.articles),
        "week_starts": week_starts(study.days).tolist(),
        "worlds": worlds,
    }


def _edges(draws: np.ndarray) -> list[float | None]:
    """Return low, high and the number of draws behind them."""
    around = range_of(draws)
    return [*_list(np.array([around.low, around.high])), around.n]


def _change(study: Study, index: int) -> dict[str, Any]:
    """Return a row of the table: the figure in each world and the difference, in the days of the change."""
    headline = HEADLINES[index]
    values = {w: _list(study.central[w].window[index : index + 1])[0] for w in study.worlds}
    row: dict[str, Any] = titled(headline) | {
        "values": values,
        "year": {w: _list(study.central[w].year[index : index + 1])[0] for w in study.worlds},
        "ranges": {w: _edges(study.ensemble[w].year[:, index]) for w in study.ensemble},
        "difference": None,
        "range": None,
    }
    if study.twin is not None:
        one, other = study.pair
        gap = study.central[one].window - study.central[other].window
        row["difference"] = _list(gap[index : index + 1])[0]
        if study.n_draws:
            row["range"] = _edges(study.ensemble[one].window[:, index] - study.ensemble[other].window[:, index])
    return row


def _groups(study: Study) -> list[dict[str, Any]]:
    people = study.central[study.baseline].people
    return [{"name": g, "words": GROUP_WORDS[g], "residents": int(people[index])} for index, g in enumerate(GROUPS)]


def _silence(study: Study) -> dict[str, Any]:
    points = [
        {"watching": p.watching, "incidents": p.incidents, "published": p.published, "low": low, "high": high}
        for p in study.silence
        for low, high in [_list(np.array([p.lo, p.hi]))]
    ]
    return {"points": points, "band": study.silence_band, "range": _range(study.silence[0].n if points else 0)}


def _range(n: int) -> dict[str, Any]:
    """Return what a range of n draws is, for a page in another language: its kind, its share and n."""
    return {"kind": kind_of(n), "share": share_of(n), "n": n}


def _figures(study: Study) -> dict[str, list[str]]:
    """Return the numbers of the ten lines, written out: for a summary in another language.

    Each is value, low and high, and the number of draws behind them where that is not all.
    """
    of = Figures(study)
    result = {item.name: _written(of.headline(item.name), form_of(item.is_share)) for item in HEADLINES}
    if study.twin is not None:
        result |= {f"change_{name}": _written(of.difference(name), signed) for name in HEADLINE_NAMES}
    result |= {name: [f"{of.count(name):,}"] for name in (LISTED, *GROUND_NAMES)}
    result["share_listed"] = _written(of.share_of_people(LISTED), percent)
    result |= {name: _written(of.total(total), number) for name, total in _TOTALS.items()}
    for name, told in (("published", of.published()), ("per_thousand", of.per_thousand())):
        if told is not None:
            result[name] = _written(told, number)
    return result


def _written(told: WithDraws, form: Any) -> list[str]:
    value, draws = told
    if draws is None or not len(draws):
        return [form(value)]
    around = range_of(draws)
    edges = [form(around.low), form(around.high)] if around.kind != NONE else ["", ""]
    return [form(value), *edges, *([] if around.n == len(draws) else [str(around.n)])]


def compared(one: StudioRun, other: StudioRun) -> dict[str, Any]:
    """Return the baselines of two runs side by side: what was asked differently, and each headline with its range."""
    if one.study is None or other.study is None:
        raise InputError("one of the two runs has no figures yet; wait until both are done")
    studies = (one.study, other.study)
    rows = [titled(item) | {"values": [_with_ends(study, item.name) for study in studies]} for item in HEADLINES]
    return {"runs": [one.number, other.number], "asked": _asked(one.question, other.question), "rows": rows}


def _with_ends(study: Study, name: str) -> dict[str, float | None]:
    value, draws = Figures(study).headline(name)
    around = range_of(() if draws is None else draws)
    ends = {"value": value, "low": around.low, "high": around.high}
    return {key: None if np.isnan(end) else end for key, end in ends.items()}


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
        "without": (", ".join(sorted(a.without)), ", ".join(sorted(b.without))),
        "interventions": (" ".join(i.name for i, _ in one.dated), " ".join(i.name for i, _ in other.dated)),
    }
    parts |= {name: (value, b.parameters[name]) for name, value in a.parameters.items()}
    return [{"name": name, "values": list(both)} for name, both in parts.items() if both[0] != both[1]]
