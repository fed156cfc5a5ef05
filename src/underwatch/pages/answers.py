"""Pages of questions about many worlds: what an intervention changes, how wide a sweep is, which unknowns matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
import pyarrow as pa

from underwatch.experiments.compare import ENSEMBLE, FIGURES, LUCK, Comparison
from underwatch.experiments.ensemble.stand_ins import STAND_IN
from underwatch.experiments.ledger.entries import ACTS
from underwatch.experiments.ledger.ledger import Ledger
from underwatch.experiments.sensitivity import Indices, SensitivityPlan, ask_first
from underwatch.experiments.sweep import PRIOR, Sweep
from underwatch.pages.charts.chart import Chart
from underwatch.pages.charts.ledger import ledger_chart, ledger_lines
from underwatch.pages.charts.relieving import relief_figure
from underwatch.pages.charts.svg import INK, MARKERS, WORLD_COLOURS, canvas, inline_svg, styled
from underwatch.pages.rendering import page
from underwatch.pages.report import LIMITS
from underwatch.pages.summary import STATEMENT, fixed_words, sentence, worlds_words
from underwatch.record.headlines import HEADLINES, headline_of
from underwatch.record.ranges import FEWEST, range_name
from underwatch.record.schema import ALL, DICTIONARY, GROUP_WORDS, rights_words
from underwatch.texts.numbers import form_of

_ROW = 0.34  # inches for a row of a chart
_TALL_ROW = 0.42  # with words in two lines
_LABEL = 36  # characters in a line of words beside a bar
_MOST_BARS = 8
_SPREADS = {"prior": "the prior", "luck": "luck alone"}
_DRAWN = {"prior": ("draw", "draws"), "luck": ("world", "worlds")}
_PAIRS = ("pair", "pairs")
_OVER = {ENSEMBLE: "the ensemble", LUCK: "luck"}


@dataclass(frozen=True)
class Section:
    """A heading, what to know about the charts under it, and the charts."""

    title: str
    words: str
    charts: tuple[Chart, ...]
    narrow: str = ""  # its one chart for a small screen, where that is another


def _answer(title: str, about: str, lines: Sequence[str], sections: Sequence[Section]) -> str:
    return page(
        "answer.html.j2", title=title, about=about, lines=lines, sections=sections, statement=STATEMENT,
        limits=LIMITS,
    )  # fmt: skip


# --- compare ----------------------------------------------------------------------------------------------------


def compare_page(result: Comparison, kept: Ledger | None = None) -> str:
    """Return the page of a comparison: the changes of each intervention by group and ground, and a ledger if kept."""
    question, rows = result.question, result.changes().to_pylist()
    scenario = question.scenario
    spread = ENSEMBLE if question.draws else LUCK
    sections = []
    words = {item.name: item.words for item, _ in question.dated}
    for name in result.names:
        mine = [row for row in rows if row["intervention"] == name]
        charts = tuple(_change_chart(name, index, mine) for index in range(len(FIGURES)))
        dated = f"{words.get(name, 'All of them at once.')} From {mine[0]['first_day']} to {scenario.end}."
        sections.append(Section(name, dated, charts))
    relief = result.relief()
    if relief:
        chart, narrow = relief_figure(relief)
        sections.insert(
            0, Section("In short", "Each intervention beside the same worlds without it.", (chart,), narrow)
        )
    lines = _change_lines(result, rows, spread)
    if kept is not None:
        charts = tuple(ledger_chart(kept, act) for act in ACTS)
        sections.insert(0, Section("The chilling ledger", "What did not happen, and why. It adds up exactly.", charts))
        lines += ledger_lines(kept)
    about = (
        f"{scenario.name}, {scenario.residents:,} synthetic residents, {scenario.start} to {scenario.end}: pairs of "
        f"twins that share every resident and all luck, {question.replicates} over luck at the scenario's own "
        f"parameters and {question.draws} over {worlds_words(question.ensemble, question.is_adapted)}, in places of "
        f"{min(STAND_IN, scenario.residents):,} residents.{sentence(fixed_words(len(scenario.fixed())))}"
    )
    return _answer(f"What would relieve people: {scenario.name}", about, lines, sections)


def _change_lines(result: Comparison, rows: list[dict[str, Any]], spread: str) -> list[str]:
    """Say of each intervention which figures surely move to the better, and which to the worse."""
    lines = []
    for name in result.names:
        mine = [row for row in rows if row["intervention"] == name and row["group"] == ALL and row["ground"] == ALL
                and row["spread"] == spread and row["n"] > 1]  # fmt: skip
        better = [row for row in mine if row["p_relief"] is not None and row["p_relief"] >= 0.9]
        worse = [row for row in mine if row["change"] and _p_worse(row) >= 0.9]
        n = max((row["n"] for row in mine), default=0)
        said = [f"{_label(row)} ({_interval(row)}{_finding(row)})" for row in better[:4]]
        line = f"{name}: relief in at least 9 of 10 pairs for {', '.join(said) if said else 'no figure'}"
        if worse:
            line += f"; the worse in at least 9 of 10 pairs for {', '.join(_label(row) for row in worse[:4])}"
        over = "luck"
        if spread == ENSEMBLE:
            over = worlds_words(result.question.ensemble, result.question.is_adapted)
        what = f"in brackets the median, the {range_name(n, *_PAIRS)}"
        robust = " and whether the sign is robust over the rules' forms" if spread == ENSEMBLE else ""
        lines.append(f"{line} (n = {n} pairs over {over}; {what}{robust}).")
    return lines


def _finding(row: dict[str, Any]) -> str:
    return f"; {row['finding']}" if row["finding"] else ""


def _p_worse(row: dict[str, Any]) -> float:
    positive = row["p_positive"] or 0.0
    return positive if row["better"] == "lower" else 1.0 - positive if row["low"] is not None and row["high"] < 0 else 0


def _label(row: dict[str, Any]) -> str:
    return DICTIONARY[row["indicator"]].meaning.split(",")[0].split(";")[0].rstrip(".")


def _interval(row: dict[str, Any]) -> str:
    show = form_of(DICTIONARY[row["indicator"]].is_share)
    if row["low"] is None:
        return show(row["change"])
    return f"{show(row['change'])}, {show(row['low'])} to {show(row['high'])}"


@styled
def _change_chart(name: str, index: int, rows: list[dict[str, Any]]) -> Chart:
    """Draw the change of one figure: groups and grounds below one another, bars over the ensemble, marks over luck."""
    figure_of = FIGURES[index]
    mine = [row for row in rows if row["indicator"] == figure_of.indicator]
    labels = list(dict.fromkeys((row["group"], row["ground"]) for row in mine))
    by_spread = {(row["group"], row["ground"], row["spread"]): row for row in mine}
    picture, axis = canvas(1, 1.1 + _ROW * len(labels))
    axis.axvline(0.0, color=INK, linewidth=0.8)
    show = form_of(figure_of.is_share)
    for y, key in enumerate(labels[::-1]):
        for place, spread in enumerate((ENSEMBLE, LUCK)):
            row, height = by_spread.get((*key, spread)), y + (0.16 if place == 0 else -0.16)
            if row is None or row["change"] is None:
                continue
            if row["low"] is not None:
                axis.plot([row["low"], row["high"]], [height, height], color=WORLD_COLOURS[place], linewidth=4,
                          alpha=0.35, solid_capstyle="round")  # fmt: skip
            label = f"over {_OVER[spread]}" if y == len(labels) - 1 else None
            axis.plot(row["change"], height, linestyle="", marker=MARKERS[place], markersize=4.5,
                      color=WORLD_COLOURS[place], label=label)  # fmt: skip
    table = []
    for key in labels:
        for row in (row for row in mine if (row["group"], row["ground"]) == key):
            cells = _cells(row, show, ("baseline", "change", "low", "high"))
            rises = "–" if row["p_positive"] is None else f"{row['p_positive']:.2f}"
            table.append((_group_words(*key), row["spread"], *cells, rises, str(row["n"]), row["finding"] or "–"))
    axis.set_yticks(range(len(labels)), [_group_words(*key) for key in labels[::-1]])
    axis.tick_params(axis="y", length=0, labelsize=9)
    if figure_of.is_share:
        percents(axis)
    picture.legend(loc="outside upper left", ncols=2)
    unit = "percentage points" if figure_of.is_share else figure_of.unit_of_any_group
    caption = (
        f"Change in {unit}; {figure_of.better} is relief. Mark: median over pairs; bar: {_bars(mine)}. "
        "Listed and ordinary are those of the baseline at the start; a resident can have several grounds."
    )
    tag = f"c-{name}-{index}"
    svg = inline_svg(picture, tag, f"Change of {figure_of.indicator}; the table under the chart has the numbers")
    header = ("group", "spread", "now", "change", "low", "high", "rises", "n", "sign")
    title = figure_of.indicator.replace("_", " ")
    return Chart(tag, title, caption, rights_words(figure_of.articles), svg, header, tuple(table))


def _bars(rows: list[dict[str, Any]]) -> str:
    """Say what the bars of a chart are, over the ensemble and over luck."""
    said = []
    for spread in (ENSEMBLE, LUCK):
        counts = [row["n"] for row in rows if row["spread"] == spread]
        if counts:
            some = f", of the n in the table where that is less (under {FEWEST} the full range)"
            over = f"over {_OVER[spread]}, {range_name(max(counts), *_PAIRS)}"
            said.append(over + (some if min(counts) < max(counts) else ""))
    return "; ".join(said)


def _group_words(group: str, ground: str) -> str:
    return GROUP_WORDS.get(ground if ground != ALL else group, group)


# --- sweep ------------------------------------------------------------------------------------------------------


def sweep_page(sweep: Sweep, bands: pa.Table, n_failed: int) -> str:
    """Return the page of a sweep: the band of every headline over the prior, and over luck beside it."""
    rows = bands.to_pylist()
    scenario = sweep.scenario
    about = (
        f"{scenario.name}, {scenario.residents:,} synthetic residents, {scenario.start} to {scenario.end}: "
        f"{_sweep_words(sweep)}, "
        f"{sweep.replicates} of each, every one with luck of its own; {n_failed} worlds without a result."
        f"{sentence(fixed_words(len(scenario.fixed())))}"
    )
    lines = [_band_line(row) for row in rows if row["spread"] == PRIOR and row["n"]]
    charts = tuple(_band_chart(headline.name, rows) for headline in HEADLINES)
    words = "Each bar is what the stated ranges allow. It does not say that the truth lies inside."
    return _answer(f"What is not known: {scenario.name}", about, lines, [Section("Bands", words, charts)])


def _sweep_words(sweep: Sweep) -> str:
    """Say what was drawn, and from where."""
    if sweep.ensemble == PRIOR:
        return f"{sweep.draws} draws of every uncertain parameter from its stated range ({sweep.sampler})"
    return f"{sweep.draws} settings of {worlds_words(sweep.ensemble, sweep.is_adapted)}"


def _band_line(row: dict[str, Any]) -> str:
    headline = headline_of(row["headline"])
    low, middle, high = _cells(row, form_of(headline.is_share), ("low", "q50", "high"))
    if row["low"] is None:
        return f"{headline.title}: {middle} {headline.unit} ({range_name(row['n'])})."
    return f"{headline.title}: {low} to {high} {headline.unit} ({range_name(row['n'])}; median {middle})."


def percents(axis: Any, decimals: int | None = None) -> None:
    """Write the shares along an axis as percentages, with as many decimals as tell them apart or so many."""
    from matplotlib.ticker import PercentFormatter

    axis.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=decimals, symbol=" %"))


def _cells(row: dict[str, Any], show: Any, keys: Sequence[str]) -> tuple[str, ...]:
    """Write some figures of a row, a dash for one that is missing."""
    return tuple("–" if row[key] is None else show(row[key]) for key in keys)


@styled
def _band_chart(name: str, rows: list[dict[str, Any]]) -> Chart:
    headline = headline_of(name)
    show = form_of(headline.is_share)
    mine = [row for row in rows if row["headline"] == name and row["n"]]
    picture, axis = canvas(1, 1.5)
    for y, row in enumerate(mine[::-1]):
        place = 0 if row["spread"] == PRIOR else 1
        centre = 0.0 if place == 0 else next((item["q50"] for item in mine if item["spread"] == PRIOR), 0.0)
        colour = WORLD_COLOURS[place]
        for low, high, width, alpha in (("low", "high", 2, 1.0), ("q25", "q75", 7, 0.4)):
            if row[low] is not None:
                edges = [centre + row[low], centre + row[high]]
                axis.plot(edges, [y, y], color=colour, linewidth=width, alpha=alpha)
        axis.plot(centre + row["q50"], y, marker=MARKERS[place], color=colour, markersize=5)
    axis.set_yticks(range(len(mine)), [_SPREADS[row["spread"]] for row in mine[::-1]])
    axis.set_ylim(-0.6, max(0.6, len(mine) - 0.4))
    if headline.is_share:
        percents(axis)
    header = ("spread", "n", "low", "25 %", "50 %", "75 %", "high")
    table = tuple(
        (row["spread"], str(row["n"]), *_cells(row, show, ("low", "q25", "q50", "q75", "high"))) for row in mine
    )
    thin = (
        "; ".join(f"of {_SPREADS[row['spread']]} {range_name(row['n'], *_DRAWN[row['spread']])}" for row in mine)
        or "none"
    )
    caption = (
        f"{headline.unit.capitalize()}. Thick: middle half; mark: median; thin: {thin}. Luck alone: how far a world "
        "lies from the mean of its draw, corrected for how few its replicates are, and set at the median."
    )
    svg = inline_svg(picture, f"b-{name}", f"Band of {headline.title}; the table has the numbers")
    return Chart(f"b-{name}", headline.title, caption, rights_words(headline.articles), svg, header, table)


# --- sensitivity ------------------------------------------------------------------------------------------------


def sensitivity_page(question: SensitivityPlan, screened: Indices, divided: Indices, meanings: dict[str, str]) -> str:
    """Return the page of what matters: which unknowns to ask about first, and their share in each figure."""
    scenario = question.scenario
    about = (
        f"{scenario.name}: Morris over {len(screened.factors)} uncertain parameters, {screened.n_runs} runs of "
        f"{scenario.residents:,} synthetic residents; then Sobol over {len(divided.factors)}, {divided.n_runs} runs of "
        f"{question.town.residents:,}, all with the same luck. {screened.n_failed + divided.n_failed} runs left out."
        f"{sentence(fixed_words(len(scenario.fixed())))}"
    )
    charts = tuple(_share_chart(divided, t, meanings) for t in range(len(divided.targets)))
    words = (
        "Bar: the total index ST, the share of a figure's variance in which an unknown has a part, alone or together "
        "with others (so bars may add up to more than 100 %). Stroke: its 95 % interval by bootstrap."
    )
    sections = [Section("Which unknown drives which figure", words, charts)]
    return _answer(f"What matters: {scenario.name}", about, ask_lines(divided, meanings), sections)


def ask_lines(divided: Indices, meanings: dict[str, str]) -> list[str]:
    """Say which two or three unknowns to ask about first."""
    lines = []
    for index, (name, share) in enumerate(ask_first(divided)):
        best = int(np.argmax(np.nan_to_num(divided.total[:, divided.factors.index(name)])))
        place = divided.factors.index(name)
        half = divided.total_half[best, place]
        headline = headline_of(divided.targets[best])
        lines.append(
            f"Ask {('first', 'second', 'third')[index]} about {name} ({meanings[name].rstrip('.')}): it has a part in "
            f"{share:.0%} of the variance of the figures on average, most in {headline.title.lower()} "
            f"({divided.total[best, place]:.0%}, give or take {half:.0%} in 95 % of resamples)."
        )
    return lines


@styled
def _share_chart(divided: Indices, t: int, meanings: dict[str, str]) -> Chart:
    """Draw the total indices of one figure, the unknowns in words; the table beside it has their names."""
    headline = headline_of(divided.targets[t])
    total, half = divided.total[t], divided.total_half[t]
    first, first_half = divided.main[t], divided.main_half[t]
    order = np.argsort(-np.nan_to_num(total), kind="stable")[:_MOST_BARS][::-1]
    picture, axis = canvas(1, 0.9 + _TALL_ROW * len(order))
    places = np.arange(len(order))
    axis.barh(places, np.nan_to_num(total[order]), color=WORLD_COLOURS[1], alpha=0.55, height=0.62)
    axis.errorbar(np.nan_to_num(total[order]), places, xerr=np.nan_to_num(half[order]), fmt="none", ecolor=INK,
                  elinewidth=1.0, capsize=2)  # fmt: skip
    axis.set_yticks(places, [fill(meanings[divided.factors[f]].rstrip("."), _LABEL) for f in order])
    axis.tick_params(axis="y", length=0, labelsize=7.5)
    axis.set_xlim(left=0)
    percents(axis, 0)
    axis.locator_params(axis="x", nbins=4)
    header = ("unknown", "ST", "± 95 %", "S1", "± 95 %")
    table = tuple(
        (divided.factors[f], *(_share(value[f]) for value in (total, half, first, first_half))) for f in order[::-1]
    )
    caption = (
        f"Share of the variance of {headline.title.lower()} ({headline.unit}) in which each unknown has a part; "
        f"n = {divided.n_runs - divided.n_failed} runs."
    )
    svg = inline_svg(picture, f"s-{headline.name}", f"Total indices for {headline.title}; the table has the numbers")
    return Chart(f"s-{headline.name}", headline.title, caption, rights_words(headline.articles), svg, header, table)


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"
