"""The page of an estimate: first in words what is known, what is not, and why; then prior beside posterior."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from underwatch.experiments.engine.tallies import STRENGTHS
from underwatch.inference.bank.quantities import ALL_NAMES, COUNTED
from underwatch.inference.findings import LEVELS, MODEL, WITHHELD, Findings, Row, number, percent, words_of
from underwatch.inference.npe.modes import density
from underwatch.inference.workflow import Answer
from underwatch.pages.charts.chart import Chart
from underwatch.pages.charts.svg import DASHES, INK, SHADE, WORLD_COLOURS, canvas, inline_svg, styled
from underwatch.pages.rendering import page, page_words
from underwatch.record.ranges import of_posterior
from underwatch.record.schema import rights_words

STATEMENT, LIMITS = page_words("estimate")
_ARTICLES = {
    "followed_outings": (12, 17),
    "listed_residents": (9, 17),
    "calls_given_up": (12, 19),
    "accusations": (9, 17),
}
_SHOWN_CURVES = 40


def estimate_page(findings: Findings, truth: Sequence[float] = ()) -> str:
    """Return the page of an answer; the same answer gives the same bytes. `truth` stands beside it in a rehearsal."""
    answer = findings.answer
    reading = answer.question.reading
    window = reading.design.window
    worlds = len(answer.question.bank)
    about = (
        f"{reading.design.place.name}, {window.start} to {window.end}: {worlds:,} simulated worlds, "
        f"{answer.rows:,} simulated packages in round {answer.rounds}. First year: the first half of this window."
    )
    charts = [_curve_chart(answer)] if answer.decision.numbers and answer.side.state != "refuses" else []
    if answer.decision.scale:
        charts += [_density_chart(answer, name) for name in COUNTED]
    return page(
        "estimate.html.j2",
        title=f"What the silence hides: {reading.design.place.name}",
        about=about,
        statement=STATEMENT,
        lines=findings.lines,
        rows=[(*_cells(row), *map(number, truth[index : index + 1])) for index, row in enumerate(findings.rows)],
        rehearsed=bool(len(truth)),
        gates=findings.verdicts,
        expert_prior=answer.question.expert_prior,
        charts=charts,
        limits=LIMITS,
        label=MODEL,
    )


def _cells(row: Row) -> tuple[str, ...]:
    low, middle, high = (number(value) for value in row.prior)
    responses = "–" if row.responses is None else f"{number(row.responses[0])} to {number(row.responses[1])}"
    said = f"{WITHHELD} (gate {row.why})" if row.posterior is None else row.said
    return row.words, row.unit, f"{low} to {high}, median {middle}", said, responses


@styled
def _density_chart(answer: Answer, name: str) -> Chart:
    """Draw prior and posterior of one quantity, both years; humps are left as they are."""
    picture, axes = canvas(2, 3.4)
    table = []
    for axis, year in zip(axes, ("first", "second"), strict=True):
        index = ALL_NAMES.index(f"{name}_{year}_year")
        both = np.concatenate([answer.prior[:, index], answer.draws[:, index]])
        bounds = (float(both.min()), float(both.max()) * (1 + 1e-9))
        for place, (label, draws) in enumerate((("posterior", answer.draws), ("prior", answer.prior))):
            grid, height, _ = density(draws[:, index], bounds, True)
            axis.plot(grid, height, color=WORLD_COLOURS[place], linestyle=DASHES[place], linewidth=1.6, label=label)
            cells = of_posterior(draws[:, index], (0.05, 0.25, 0.5, 0.75, 0.95))
            table.append((f"{label}, {year} year", *(number(float(value)) for value in cells)))
        axis.set_xscale("log")
        axis.set_yticks([])
        axis.set_title(f"{year} year", fontsize=10, loc="left")
    axes[0].legend(loc="upper right")
    title = words_of(f"{name}_first_year").split(",")[0].capitalize()
    svg = inline_svg(picture, f"d-{name}", f"Prior and posterior of {title}; the table has the numbers")
    caption = f"Density over the logarithm, {answer.draws.shape[0]} draws of the posterior; {MODEL}."
    header = ("", "5 %", "25 %", "50 %", "75 %", "95 %")
    return Chart(f"d-{name}", title, caption, rights_words(_ARTICLES[name]), svg, header, tuple(table))


@styled
def _curve_chart(answer: Answer) -> Chart:
    """Draw the silence curve where the evidence puts us on it: reports against watching, from the worlds' own."""
    picture, axis = canvas()
    axis.axvspan(1.0, max(STRENGTHS), color=SHADE, linewidth=0, zorder=0)
    axis.axhline(1.0, color=INK, linewidth=0.6)
    table = []
    for place, (label, curves) in enumerate((("after the evidence", answer.curve), ("before", answer.prior_curve))):
        low, middle, high = of_posterior(curves, LEVELS)
        colour = WORLD_COLOURS[place]
        if place == 0:
            axis.plot(STRENGTHS, curves[:_SHOWN_CURVES].T, color=colour, linewidth=0.4, alpha=0.5)
            axis.fill_between(STRENGTHS, low, high, color=colour, alpha=0.14, linewidth=0)
        axis.plot(STRENGTHS, middle, color=colour, linestyle=DASHES[place], linewidth=1.8, label=label)
        for index, strength in enumerate(STRENGTHS):
            table.append(
                (f"{label}, {strength:g} times the watching", *(f"{x[index]:.2f}" for x in (low, middle, high)))
            )
    axis.set_xscale("log", base=2)
    axis.set_xticks(STRENGTHS, [f"×{strength:g}" for strength in STRENGTHS])
    axis.set_yscale("log")
    axis.set_ylim(0.05, 20)
    axis.legend(loc="upper left")
    caption = (
        "Reports that would come out under weaker and stronger watching, relative to those now: median and middle "
        f"90 % of {len(answer.curve)} simulated worlds like the evidence; thin lines are {_SHOWN_CURVES} of them. "
        f"Falling to the right: more watching, fewer reports (chance {percent(answer.p_terror)}). {MODEL.capitalize()}."
    )
    svg = inline_svg(picture, "silence", "The silence curve; the table under the chart has the numbers")
    header = ("", "5 %", "50 %", "95 %")
    return Chart(
        "silence", "The silence curve, and where we are on it", caption, rights_words((19,)), svg, header, tuple(table)
    )
