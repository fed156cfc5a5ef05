"""What the silence hides, world by world: how many reports came out of each, and how much lay behind them."""

from __future__ import annotations

import numpy as np

from underwatch.experiments.study import Study
from underwatch.pages.charts.chart import Chart, range_sentence, rights_of, together
from underwatch.pages.drawing.picture import Picture
from underwatch.pages.drawing.world_panels import WorldShown, dot_stands_for, outcome_frames, outcome_panels, spread_out
from underwatch.record.measures import SUMS
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH


def outcomes_of(study: Study, language: str = ENGLISH) -> list[WorldShown]:
    """Return some worlds that stand for all, each with its reports (the number to be expected, whole) and incidents."""
    if not study.n_draws or study.baseline not in study.published:
        return []
    published = study.published[study.baseline]
    incidents = study.drawn[study.baseline].sums[:, SUMS.index("incidents")]
    found = []
    for world in spread_out(published):
        n, behind = round(float(published[world])), float(incidents[world])
        came = text(language, "report.silence.none" if n == 0 else "report.silence.came", n=two_digits(n))
        found.append(WorldShown(n, behind, (came, text(language, "report.silence.behind", n=two_digits(behind)))))
    return found


def two_digits(value: float) -> int:
    """Return a count with two digits that count."""
    digits = len(str(round(abs(value))))
    return int(np.round(value, min(0, 2 - digits)))


def outcomes_chart(study: Study, language: str = ENGLISH) -> tuple[Chart, Picture] | None:
    """Return the worlds side by side as a chart, and one after another for the screen; None without any."""
    outcomes = outcomes_of(study, language)
    if not outcomes:
        return None
    one_dot = dot_stands_for([outcome.incidents for outcome in outcomes])
    picture = outcome_panels(outcomes, one_dot)
    title = text(language, "report.silence.worlds.title")
    brief = text(language, "report.silence.worlds.caption", n=len(outcomes), all=study.n_draws, dot=int(one_dot))
    caption = together(brief, range_sentence(language, study))
    header = tuple(text(language, f"report.silence.{part}") for part in ("world", "reports", "incidents"))
    rows = tuple((str(n), *outcome.words) for n, outcome in enumerate(outcomes, 1))
    label = text(language, "report.silence.worlds.label")
    svg = picture.svg(label)
    chart = Chart("outcomes", title, caption, rights_of(language, (19,)), svg, header, rows, brief, picture)
    return chart, outcome_frames(outcomes, one_dot)
