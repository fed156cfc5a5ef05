"""The chilling ledger in words, and as a picture: from the acts of one life down to those of the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from underwatch.experiments.ledger.entries import ACTS, GAINED, REASONS
from underwatch.experiments.ledger.ledger import Ledger
from underwatch.pages.charts.chart import Chart
from underwatch.pages.charts.svg import GRID, WORLD_COLOURS, canvas, inline_svg, styled
from underwatch.record.ranges import range_name, range_of
from underwatch.record.schema import ALL, GROUPS, LISTED, ORDINARY, rights_words
from underwatch.texts.numbers import number, percent

REASON_WORDS = {
    "barred": "barred: held, or no permit",
    "direct": "direct: turned back by a follower",
    "stopped": "stopped: calls no more since a turn-back or an arrest",
    "anticipatory": "anticipatory: listed, followed or held before",
    "spill_over": "spill-over: none of these; hearsay",
    "gained": "gained: only in the watched life",
}
_SHORT = ("barred", "direct", "stopped", "anticipatory", "spill-over", "gained")
# Parts of a bar: its words, colour, how strongly it is filled, and a hatch, because colour alone is not enough
_PARTS = (
    ("in both lives", GRID, 0.5, ""),
    ("barred", WORLD_COLOURS[0], 1.0, ""),
    ("direct", WORLD_COLOURS[0], 0.35, "////"),
    ("stopped", WORLD_COLOURS[0], 0.6, "\\\\\\\\"),
    ("anticipatory", WORLD_COLOURS[0], 0.2, "...."),
    ("spill-over", WORLD_COLOURS[0], 0.0, ""),
    ("gained", WORLD_COLOURS[1], 0.35, "xxxx"),
)
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
    """Draw one act: what is left of 100 in the other life, and for which reason the rest is missing, by group."""
    a = ACTS.index(act)
    picture, axis = canvas(1, 2.7)
    axis.grid(visible=False)
    _draw_bars(axis, kept, a)
    axis.set_yticks(range(len(_PEOPLE)), _PEOPLE[::-1])
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(f"of 100 {act} in the {kept.worlds[1]} life")
    picture.legend(loc="outside lower center", ncols=3, fontsize=9)
    header = ("group", "entry", "acts", "share", "low", "high", "n")
    caption = (
        f"Of 100 {act} in the {kept.worlds[1]} life: those left in the {kept.worlds[0]} life, those missing by reason, "
        f"and beyond them those gained; low and high are of n = {len(kept.totals)} replicates, the same parameters "
        f"with other luck ({range_name(len(kept.totals), 'replicate', 'replicates')}). {CAPTION}"
    )
    svg = inline_svg(picture, f"l-{act}", f"Ledger of {act}; the table under the picture has the numbers")
    title = f"{act.capitalize()} that did not happen"
    return Chart(f"l-{act}", title, caption, rights_words(_ARTICLES[act]), svg, header, tuple(_rows(kept, a)))


def _draw_bars(axis: Any, kept: Ledger, a: int) -> None:
    """Draw a bar for each group: from what both lives have over each reason to the whole of the other life."""
    entries, totals, _ = kept.by_group()
    named, far = False, 100.0
    for y, group in enumerate(_PEOPLE[::-1]):
        g = GROUPS.index(group)
        base = totals[:, g, 1, a].sum()
        if not base:
            continue
        shares = 100.0 * entries[:, g, a].sum(axis=0) / base
        both = 100.0 - shares[:GAINED].sum()
        left = 0.0
        for width, (label, colour, alpha, hatch) in zip((both, *shares), _PARTS, strict=True):
            axis.barh(y, width, left=left, height=0.62, color=(colour, alpha), edgecolor=colour, hatch=hatch,
                      linewidth=0.6 if width else 0.0, label=None if named else label)  # fmt: skip
            left += width
        named, far = True, max(far, left)
        axis.text(1.0, y + 0.36, f"{number(float(shares[:GAINED].sum()))} missing", fontsize=9, ha="right",
                  transform=axis.get_yaxis_transform())  # fmt: skip
    axis.set_xlim(0, 1.01 * far)
    axis.set_ylim(-0.5, len(_PEOPLE) - 0.25)


def _rows(kept: Ledger, a: int) -> Iterator[tuple[str, ...]]:
    """Give the rows of the table under a picture: every entry of each group, then all that each life has."""
    entries, totals, _ = kept.by_group()
    for group in _PEOPLE:
        g = GROUPS.index(group)
        base = totals[:, g, 1, a].astype(float)
        for r, reason in enumerate(REASONS):
            counts = entries[:, g, a, r]
            shares = np.divide(counts, base, out=np.full(len(base), np.nan), where=base > 0)
            around = range_of(shares)
            mean = float(np.nanmean(shares)) if around.n else np.nan
            cells = [*map(percent, (mean, around.low, around.high)), str(around.n)]
            yield group, REASON_WORDS[reason], number(float(counts.mean())), *cells
        for w, world in enumerate(kept.worlds):
            yield group, f"all of the {world} life", number(float(totals[:, g, w, a].mean())), "", "", "", ""
