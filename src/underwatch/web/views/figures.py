"""What the page draws and tells of a run: charts by week with their bands, the table of changes, the ten lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from underwatch.experiments.study import Study
from underwatch.pages.numbers import form_of, number, percent
from underwatch.pages.report import LIMITS
from underwatch.pages.summary import STATEMENT, band_words, per_thousand, summary_lines
from underwatch.record.headlines import HEADLINE_NAMES, HEADLINES, Headline
from underwatch.record.measures import SUMS, Measured, week_starts
from underwatch.record.ranges import NONE, kind_of, range_of, ranges_of, share_of
from underwatch.record.schema import ALL, GROUP_WORDS, GROUPS, LISTED, rights_words
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
    place = study.place
    return result | {
        "place": {
            "name": place.name,
            "name_ko": place.name_ko,
            "province": place.province,
            "residents": place.residents,
            "census": place.census,
            "border": place.border,
        },
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
    return {
        "name": headline.name,
        "title": headline.title,
        "unit": headline.unit,
        "share": headline.is_share,
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
    row: dict[str, Any] = {
        "name": headline.name,
        "title": headline.title,
        "unit": headline.unit,
        "share": headline.is_share,
        "values": values,
        "year": {w: _list(study.central[w].year[index : index + 1])[0] for w in study.worlds},
        "ranges": {w: _edges(study.ensemble[w].year[:, index]) for w in study.ensemble},
        "difference": None,
        "range": None,
    }
    if study.twin is not None:
        one, other = study.pair
        row["difference"] = _list(
            study.central[one].window[index : index + 1] - study.central[other].window[index : index + 1]
        )[0]
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
    central, draws = study.central[study.baseline], study.ensemble.get(study.baseline)
    result: dict[str, list[str]] = {}
    for index, headline in enumerate(HEADLINES):
        form = form_of(headline.is_share)
        result[headline.name] = _written(
            float(central.year[index]), None if draws is None else draws.year[:, index], form
        )
        if study.twin is not None:
            result[f"change_{headline.name}"] = _difference(study, index)
    result["listed"] = [f"{int(central.people[GROUPS.index(LISTED)]):,}"]
    everybody = central.people[GROUPS.index(ALL)]
    share = None if draws is None else draws.people[:, GROUPS.index(LISTED)] / draws.people[:, GROUPS.index(ALL)]
    result["share_listed"] = _written(float(central.people[GROUPS.index(LISTED)] / everybody), share, percent)
    for ground in GROUND_NAMES:
        result[ground] = [f"{int(central.people[GROUPS.index(ground)]):,}"]
    for name, total in _TOTALS.items():
        index = SUMS.index(total)
        result[name] = _written(float(central.sums[index]), None if draws is None else draws.sums[:, index], number)
    published = np.asarray(study.published[study.baseline], float)
    result["published"] = _written(float(published[0]), published[1:], number)
    rate = per_thousand(study)
    if rate is not None:
        result["per_thousand"] = _written(rate[0], rate[1], number)
    return result


def _difference(study: Study, index: int) -> list[str]:
    from underwatch.pages.numbers import signed

    one, other = study.pair

    def gap(a: Measured, b: Measured) -> np.ndarray:
        return np.asarray(a.window[..., index] - b.window[..., index])

    draws = gap(study.ensemble[one], study.ensemble[other]) if study.n_draws else None
    return _written(float(gap(study.central[one], study.central[other])), draws, signed)


def _written(value: float, draws: np.ndarray | None, form: Any) -> list[str]:
    if draws is None or not len(draws):
        return [form(value)]
    around = range_of(draws)
    edges = [form(around.low), form(around.high)] if around.kind != NONE else ["", ""]
    return [form(value), *edges, *([] if around.n == len(draws) else [str(around.n)])]
