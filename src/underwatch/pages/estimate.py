"""The page of an estimate: first in words what is known, what is not, and why; then prior beside posterior."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from underwatch.experiments.engine.tallies import STRENGTHS
from underwatch.inference.bank.quantities import ALL_NAMES, COUNTED
from underwatch.inference.findings import LEVELS, Findings, Row
from underwatch.inference.lines import place_of
from underwatch.inference.npe.modes import density
from underwatch.inference.wording import Chance, in_any_year, number, unit_of_column, words_of
from underwatch.inference.workflow import Answer
from underwatch.pages.charts.chart import Chart, rights_of
from underwatch.pages.charts.svg import DASHES, INK, SHADE, WORLD_COLOURS, canvas, inline_svg, styled
from underwatch.pages.rendering import page, page_words
from underwatch.record.ranges import of_posterior
from underwatch.record.schema import rights_words
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH

_ARTICLES = {
    "followed_outings": (12, 17),
    "listed_residents": (9, 17),
    "calls_given_up": (12, 19),
    "accusations": (9, 17),
}
_SHOWN_CURVES = 40


def estimate_page(findings: Findings, truth: Sequence[float] = (), language: str = ENGLISH) -> str:
    """Return the page of an answer; the same answer gives the same bytes. `truth` stands beside it in a rehearsal."""
    answer, say = findings.answer, partial(text, language)
    window, place, words = answer.question.reading.design.window, place_of(answer), page_words("estimate", language)
    about = say(
        "estimate.about", place=place, first=str(window.start), last=str(window.end),
        worlds=len(answer.question.bank), rows=answer.rows, round=str(answer.rounds),
    )  # fmt: skip
    charts = [_curve_chart(answer, language)] if answer.decision.numbers and answer.side.state != "refuses" else []
    if answer.decision.scale:
        charts += [_density_chart(answer, name, language) for name in COUNTED]
    rows = [(*_cells(row, language), *map(number, truth[at : at + 1])) for at, row in enumerate(findings.rows)]
    return page(
        "estimate.html.j2",
        language,
        title=say("estimate.title", place=place),
        about=about,
        statement=words.statement,
        lines=[told.said(language) for told in findings.told],
        rows=rows,
        rehearsed=bool(len(truth)),
        gates=[(gate, say(f"estimate.state.{state}"), told.said(language)) for gate, state, told in findings.gates],
        expert_prior=answer.question.expert_prior,
        charts=charts,
        limits=words.limits,
    )


def _cells(row: Row, language: str) -> tuple[str, ...]:
    """Return the cells of a quantity: in words, its unit, before the evidence, after it, over the laws of fear."""
    say = partial(text, language)
    low, middle, high = (number(value) for value in row.prior)
    before = say("estimate.range.median", low=low, high=high, middle=middle)
    least, most = map(number, row.responses or (np.nan, np.nan))
    responses = "–" if row.responses is None else say("estimate.range", low=least, high=most)
    said = say("estimate.withheld_by", gate=row.why) if row.posterior is None else row.told.said(language)
    return words_of(row.name, language), unit_of_column(row.name, language), before, said, responses


def _rights(articles: tuple[int, ...], language: str) -> str:
    """Return the articles that a chart concerns, as the page of that language names them."""
    return rights_words(articles) if language == ENGLISH else rights_of(language, articles)


@styled
def _density_chart(answer: Answer, name: str, language: str) -> Chart:
    """Draw prior and posterior of one quantity, both years; humps are left as they are."""
    picture, axes = canvas(2, 3.4)
    table, say = [], partial(text, language)
    for axis, year in zip(axes, ("first", "second"), strict=True):
        index = ALL_NAMES.index(f"{name}_{year}_year")
        both = np.concatenate([answer.prior[:, index], answer.draws[:, index]])
        bounds = (float(both.min()), float(both.max()) * (1 + 1e-9))
        for place, (which, draws) in enumerate((("posterior", answer.draws), ("prior", answer.prior))):
            label = say(f"estimate.{which}")
            grid, height, _ = density(draws[:, index], bounds, True)
            axis.plot(grid, height, color=WORLD_COLOURS[place], linestyle=DASHES[place], linewidth=1.6, label=label)
            cells = of_posterior(draws[:, index], (0.05, 0.25, 0.5, 0.75, 0.95))
            table.append((say(f"estimate.row.{year}", which=label), *(number(float(value)) for value in cells)))
        axis.set_xscale("log")
        axis.set_yticks([])
        axis.set_title(say(f"estimate.year.{year}"), fontsize=10, loc="left")
    axes[0].legend(loc="upper right")
    title = in_any_year(name).said(language).split(",")[0]
    svg = inline_svg(picture, f"d-{name}", say("estimate.density.label", title=title))
    caption = say("estimate.density.caption", n=str(answer.draws.shape[0]))
    header = ("", "5 %", "25 %", "50 %", "75 %", "95 %")
    return Chart(f"d-{name}", title, caption, _rights(_ARTICLES[name], language), svg, header, tuple(table))


@styled
def _curve_chart(answer: Answer, language: str) -> Chart:
    """Draw the silence curve where the evidence puts us on it: reports against watching, from the worlds' own."""
    picture, axis = canvas()
    axis.axvspan(1.0, max(STRENGTHS), color=SHADE, linewidth=0, zorder=0)
    axis.axhline(1.0, color=INK, linewidth=0.6)
    table, say = [], partial(text, language)
    for place, (which, curves) in enumerate((("after", answer.curve), ("before", answer.prior_curve))):
        low, middle, high = of_posterior(curves, LEVELS)
        label, colour = say(f"estimate.curve.{which}"), WORLD_COLOURS[place]
        if place == 0:
            axis.plot(STRENGTHS, curves[:_SHOWN_CURVES].T, color=colour, linewidth=0.4, alpha=0.5)
            axis.fill_between(STRENGTHS, low, high, color=colour, alpha=0.14, linewidth=0)
        axis.plot(STRENGTHS, middle, color=colour, linestyle=DASHES[place], linewidth=1.8, label=label)
        for index, strength in enumerate(STRENGTHS):
            times = say("estimate.curve.times", which=label, strength=f"{strength:g}")
            table.append((times, *(f"{x[index]:.2f}" for x in (low, middle, high))))
    axis.set_xscale("log", base=2)
    axis.set_xticks(STRENGTHS, [f"×{strength:g}" for strength in STRENGTHS])
    axis.set_yscale("log")
    axis.set_ylim(0.05, 20)
    axis.legend(loc="upper left")
    caption = say(
        "estimate.curve.caption", n=str(len(answer.curve)), thin=str(_SHOWN_CURVES), chance=Chance(answer.p_terror)
    )
    svg = inline_svg(picture, "silence", say("estimate.curve.label"))
    header, title = ("", "5 %", "50 %", "95 %"), say("estimate.curve.title")
    return Chart("silence", title, caption, _rights((19,), language), svg, header, tuple(table))
