"""The chilling ledger in words, and as a picture: from the acts of one life down to those of the other."""

from __future__ import annotations

import numpy as np

from underwatch.record.schema import ALL, GROUPS, LISTED, ORDINARY, rights_words
from underwatch.show.plots import Chart
from underwatch.show.summary import number, percent
from underwatch.show.svg import INK, WORLD_COLOURS, canvas, inline_svg, styled
from underwatch.whatif.entries import ACTS, GAINED, REASONS
from underwatch.whatif.ledger import Ledger

REASON_WORDS = {
    "barred": "barred: held, or the permit refused",
    "direct": "direct: turned back by a follower",
    "anticipatory": "anticipatory: listed, followed or held before",
    "spill_over": "spill-over: none of these; hearsay",
    "gained": "gained: only in the watched life",
}
_SHORT = ("barred", "direct", "anticipatory", "spill-over", "gained")
_SHADES = (0.9, 0.7, 0.5, 0.3)
_ARTICLES = {"outings": (12, 17), "visits": (12, 17), "journeys": (12,), "calls": (17, 19)}
_PEOPLE = (ALL, LISTED, ORDINARY)
CAPTION = (
    "Twins share every resident and all luck; each act that one life has and the other has not is put down to the "
    "first reason that holds for that resident on that day. It says under what circumstances an act is missing, and "
    "is not what a person would say; fear stands behind all of them."
)


def ledger_lines(kept: Ledger) -> list[str]:
    """Say for each act how many are missing and why."""
    entries, totals, _ = kept.by_group()
    lines = []
    for a, act in enumerate(ACTS):
        had, other = totals[:, 0, 0, a].mean(), totals[:, 0, 1, a].mean()
        counts = entries[:, 0, a].mean(axis=0)
        missing = counts[:GAINED].sum()
        shares = ", ".join(
            f"{name} {percent(float(count / missing)) if missing else number(0)}"
            for name, count in zip(_SHORT, counts[:GAINED], strict=False)
        )
        lines.append(
            f"{act.capitalize()}: {number(float(other))} in the {kept.worlds[1]} life, {number(float(had))} in the "
            f"{kept.worlds[0]}; {number(float(missing))} are missing ({shares}) and "
            f"{number(float(counts[GAINED]))} gained (mean of n = {len(totals)})."
        )
    return lines


@styled
def ledger_chart(kept: Ledger, act: str) -> Chart:
    """Draw one act: of 100 in the other life, how many are missing for which reason, by group."""
    a = ACTS.index(act)
    entries, totals, _ = kept.by_group()
    picture, axis = canvas(1, 2.6)
    rows = []
    for y, group in enumerate(_PEOPLE[::-1]):
        g = GROUPS.index(group)
        base = totals[:, g, 1, a].sum()
        if not base:
            continue
        shares = entries[:, g, a].sum(axis=0) / base
        left = 0.0
        for r, shade in enumerate(_SHADES):
            label = _SHORT[r] if y == len(_PEOPLE) - 1 else None
            axis.barh(y, -shares[r], left=-left, color=WORLD_COLOURS[0], alpha=shade, height=0.6, label=label)
            left += shares[r]
        label = _SHORT[GAINED] if y == len(_PEOPLE) - 1 else None
        axis.barh(y, shares[GAINED], color=WORLD_COLOURS[1], alpha=0.6, height=0.6, label=label)
    for group in _PEOPLE:
        g = GROUPS.index(group)
        base = totals[:, g, 1, a].astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = entries[:, g, a] / base[:, None]
        for r, reason in enumerate(REASONS):
            if base.all():
                cells = (percent(float(parts[:, r].mean())), percent(float(parts[:, r].min())),
                         percent(float(parts[:, r].max())))  # fmt: skip
            else:
                cells = ("–", "–", "–")
            rows.append((group, REASON_WORDS[reason], number(float(entries[:, g, a, r].mean())), *cells))
        for w, world in enumerate(kept.worlds):
            rows.append((group, f"all of the {world} life", number(float(totals[:, g, w, a].mean())), "", "", ""))
    axis.axvline(0.0, color=INK, linewidth=0.8)
    axis.set_yticks(range(len(_PEOPLE)), _PEOPLE[::-1])
    axis.tick_params(axis="y", length=0)
    from matplotlib.ticker import PercentFormatter

    axis.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    picture.legend(loc="outside lower center", ncols=3, fontsize=9)
    header = ("group", "entry", "acts", "share", "low", "high")
    caption = (
        f"{act.capitalize()} missing (left) and gained (right), as a share of those of the {kept.worlds[1]} life; low "
        f"and high are of n = {len(totals)} replicates, the same parameters with other luck. {CAPTION}"
    )
    svg = inline_svg(picture, f"l-{act}", f"Ledger of {act}; the table under the picture has the numbers")
    title = f"{act.capitalize()} that did not happen"
    return Chart(f"l-{act}", title, caption, rights_words(_ARTICLES[act]), svg, header, tuple(rows))
