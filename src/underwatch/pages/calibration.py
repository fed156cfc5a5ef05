"""The proof of calibration as tables and pictures that a reader can judge, and the table of what would sharpen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from underwatch import __version__
from underwatch.evidence.folder import PRIVATE_FILE
from underwatch.files.writing import csv_bytes, write_atomically
from underwatch.inference.bank.quantities import ALL_NAMES, COUNTED
from underwatch.inference.checks.proof import LEVELS, Proof
from underwatch.inference.options import Option
from underwatch.inference.wording import in_words_of_columns, number, percent, words_of
from underwatch.pages.answers import Section
from underwatch.pages.charts.chart import Chart
from underwatch.pages.charts.svg import DASHES, INK, MARKERS, WORLD_COLOURS, canvas, inline_svg, styled
from underwatch.pages.rendering import page, page_words

STATEMENT, LIMITS = page_words("calibration")
_COLUMNS = ("package", "quantity", "rank p", *(f"coverage {level:.0%}" for level in LEVELS),
            *(f"90 %, reports quarter {k}" for k in range(1, 5)), "CRPS (log)", "width 90 % (log)")  # fmt: skip
_SHOWN = tuple(f"{name}_second_year" for name in COUNTED)


def proof_rows(proof: Proof) -> list[tuple[str, ...]]:
    """Return a row for each quantity: p of its ranks, coverage, coverage by number of reports, CRPS and width."""
    from underwatch.inference.checks.calibration import rank_p_values

    p = rank_p_values(proof.ranks)
    rows = []
    for index, name in enumerate(ALL_NAMES):
        shares = [proof.coverage[level][index] for level in LEVELS] + list(proof.by_reports[:, index])
        cells = (
            f"{p[index]:.3f}",
            *(f"{share:.3f}" for share in shares),
            f"{proof.crps[index]:.3f}",
            f"{proof.width[index]:.2f}",
        )
        rows.append((proof.kind, name, *cells))
    return rows


def write_proofs(folder: Path, proofs: Sequence[Proof], key: str) -> None:
    """Write table, verdicts, page and manifest of the proofs into a folder."""
    rows = [row for proof in proofs for row in proof_rows(proof)]
    verdicts = [
        (p.kind, v.gate, v.state, f"{v.figure:.4g}", f"{v.bar:.4g}", in_words_of_columns(v.sentence))
        for p in proofs
        for v in p.verdicts
    ]
    write_atomically(folder / "calibration.csv", csv_bytes([_COLUMNS, *rows]))
    header = ("package", "gate", "state", "figure", "bar", "sentence")
    write_atomically(folder / "verdicts.csv", csv_bytes([header, *verdicts]))
    write_atomically(folder / "report.html", proofs_page(proofs).encode())
    manifest = {
        "what": "calibrate", "version": __version__, "bank": key, "worlds": proofs[0].n_worlds,
        "nlpd": {proof.kind: round(proof.nlpd, 3) for proof in proofs},
        "rows_by_reports": {proof.kind: proof.rows_by_reports.tolist() for proof in proofs},
    }  # fmt: skip
    write_atomically(folder / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())


def proofs_page(proofs: Sequence[Proof]) -> str:
    """Return the page of the proofs."""
    sections = []
    for index, proof in enumerate(proofs):
        charts = (_ranks_chart(proof, index), _reports_chart(proof, index), _terror_chart(proof, index))
        words = f"{len(proof.ranks)} simulated cases, each judged by a posterior that has not seen its world."
        sections.append(Section(proof.kind.capitalize(), words, charts))
    lines = [
        f"{proof.kind.capitalize()}: {verdict.gate} {verdict.state}. {in_words_of_columns(verdict.sentence)}"
        for proof in proofs
        for verdict in proof.verdicts
    ]
    return page(
        "answer.html.j2", title="Proof of calibration", about="Ranks, coverage and the chance of terror.", lines=lines,
        sections=sections, statement=STATEMENT, limits=LIMITS,
    )  # fmt: skip


@styled
def _ranks_chart(proof: Proof, number: int) -> Chart:
    """Draw the ranks of the truth: even bars are right, a bowl is too narrow, a hill too wide."""
    picture, axes = canvas(2, 3.6)
    table = []
    for axis, name in zip(axes, (_SHOWN[0], _SHOWN[3]), strict=True):
        counts, edges = np.histogram(proof.ranks[:, ALL_NAMES.index(name)], 20, (0, 1))
        axis.bar(edges[:-1], counts, width=0.048, align="edge", color=WORLD_COLOURS[1], alpha=0.6)
        expected = len(proof.ranks) / 20
        axis.axhline(expected, color=INK, linewidth=0.8)
        axis.axhspan(expected - 2 * np.sqrt(expected), expected + 2 * np.sqrt(expected), color=INK, alpha=0.08)
        axis.set_title(words_of(name), fontsize=9, loc="left")
        table.append((words_of(name), *(str(count) for count in counts)))
    svg = inline_svg(picture, f"r{number}", "Ranks of the truth; the table has the counts")
    caption = (
        "Cases by the rank of the truth among the draws, in twenty steps; grey: two standard deviations of chance."
    )
    return Chart(f"r{number}", "Where the truth falls", caption, "", svg, ("", *map(str, range(1, 21))), tuple(table))


@styled
def _reports_chart(proof: Proof, number: int) -> Chart:
    """Draw 90 % coverage by number of reports."""
    picture, axis = canvas()
    axis.axhspan(0.85, 0.95, color=INK, alpha=0.08)
    table = []
    for index, name in enumerate(_SHOWN):
        share = proof.by_reports[:, ALL_NAMES.index(name)]
        axis.plot(
            range(1, 5),
            share,
            color=WORLD_COLOURS[index % 2],
            linestyle=DASHES[index // 2],
            marker=MARKERS[index % 2],
            label=COUNTED[index].replace("_", " "),
        )
        table.append((words_of(name), *(f"{item:.3f}" for item in share)))
    table.append(("cases", *(str(int(n)) for n in proof.rows_by_reports)))
    axis.set_xticks(range(1, 5))
    axis.set_ylim(0.7, 1.0)
    axis.legend(loc="lower right", fontsize=8)
    svg = inline_svg(picture, f"q{number}", "Coverage by number of reports; the table has the numbers")
    caption = (
        "How often the 90 % range holds the truth, by quarter of the number of reports, fewest first; grey: the bar."
    )
    return Chart(f"q{number}", "Few reports and many", caption, "", svg, ("", "1", "2", "3", "4"), tuple(table))


@styled
def _terror_chart(proof: Proof, number: int) -> Chart:
    """Draw the reliability of the chance of terror."""
    picture, axis = canvas()
    said = proof.said
    axis.plot([0, 1], [0, 1], color=INK, linewidth=0.8)
    axis.errorbar(said.said, said.came, yerr=2 * said.error, color=WORLD_COLOURS[0], marker=MARKERS[0], capsize=2)
    table = tuple(
        (f"{s:.2f}", f"{c:.2f}", f"{2 * e:.2f}", str(int(n)))
        for s, c, e, n in zip(said.said, said.came, said.error, said.rows, strict=True)
    )
    svg = inline_svg(picture, f"t{number}", "Reliability of the chance of terror; the table has the numbers")
    caption = "Said chance that more watching brings fewer reports, and how often it was so; bars: two standard errors."
    return Chart(
        f"t{number}", "The chance of terror", caption, "article 19", svg, ("said", "came", "± 2 se", "cases"), table
    )


def design_rows(options: Sequence[Option]) -> list[tuple[str, ...]]:
    """Return a row for each option: upper over lower of each counted quantity, the gain, and their coverage."""
    rows = []
    for option in options:
        cells = [option.name]
        for name in _SHOWN:
            index = ALL_NAMES.index(name)
            gain, error = 1.0 - option.against[index], option.against[index] * option.error[index]
            way = f"{percent(abs(gain))} {'narrower' if gain >= 0 else 'wider'}"
            change = "as wide" if abs(gain) <= 2 * error else f"{way} (± {percent(2 * error)})"
            cells.append(
                f"{words_of(name)}: {number(option.ratio[index])} times"
                + (f", {change}" if option is not options[0] else "")
            )
        covered = option.coverage[[ALL_NAMES.index(n) for n in _SHOWN]].mean()
        rows.append((*cells, f"these ranges held the truth in {percent(covered)}"))
    return rows


def write_design(folder: Path, result: Sequence[Option]) -> None:
    """Write the table of options, for its owner alone to read: a row for each option and quantity."""
    header = ("added", "quantity", "upper over lower", "width against none added", "standard error of its log",
              "90 % covers", "cases")  # fmt: skip
    rows = [
        (item.name, name, f"{item.ratio[index]:.4g}", f"{item.against[index]:.3f}", f"{item.error[index]:.4f}",
         f"{item.coverage[index]:.3f}", str(item.n))
        for item in result
        for index, name in enumerate(ALL_NAMES)
    ]  # fmt: skip
    write_atomically(folder / "design.csv", csv_bytes([header, *rows]), PRIVATE_FILE)
