# ruff: noqa: E501 - tables are read by the line
"""make study: the whole way on packages whose truth is known, as a section of docs/estimate.md.

Rehearsals (`underwatch.estimate.rehearsal`) are asked with `underwatch estimate`'s own steps, and what is said of each is
held against its truth.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from machine import machine
from sections import put_section

from underwatch.estimate.bank import BankPlan, read_bank, shipped_folder
from underwatch.estimate.findings import first_lines, number, rows, words_of
from underwatch.estimate.observed import read_for
from underwatch.estimate.quantities import COUNTED, SILENCE
from underwatch.estimate.question import ALL_NAMES, Answer, Question, Steps, answer
from underwatch.estimate.rehearsal import ASKED, rehearse

PAGE = Path(__file__).parents[1] / "docs" / "estimate.md"
MARK = "known truth"
CASES, SEED = 6, 77
SHOWN = (*(f"{name}_second_year" for name in COUNTED), SILENCE)


def told_of(found: Answer, truth: np.ndarray) -> tuple[list[str], int, int]:
    """Cells of a case: each shown quantity's range beside its truth; how many of all ranges hold it, and of how many."""
    by_name = {row.name: row for row in rows(found)}
    cells = []
    for name in SHOWN:
        row, true = by_name[name], truth[ALL_NAMES.index(name)]
        cells.append(f"{number(true)}: {'withheld' if row.posterior is None else row.said}")
    low, high = np.quantile(found.draws, [0.05, 0.95], axis=0)
    return cells, int(((low <= truth) & (truth <= high)).sum()), len(truth)


def main() -> None:
    bank, own = read_bank(shipped_folder()), machine()
    plan, lines, shares = BankPlan(seed=SEED, per_shard=CASES), [], []
    for k, rehearsal in enumerate(rehearse(plan)):
        began = time.monotonic()
        reading = read_for(rehearsal.package, plan.scenario().places[0], plan.window)
        found = answer(Question(reading, bank), Steps(None, 600.0, lambda step: None))
        cells, inside, n = told_of(found, rehearsal.truth)
        shares.append(inside / n)
        refused = ", ".join(v.gate for v in found.verdicts if v.state == "refuses") or "none"
        lines.append(
            f"| {k + 1}, {rehearsal.law} law | {reading.n_incidents:,} | {refused} | {' | '.join(cells)} | {inside} of {n} |"
        )
        print(
            lines[-1], f"{time.monotonic() - began:.0f} s", *first_lines(found), sep="\n", file=sys.stderr, flush=True
        )
    head = " | ".join(words_of(name) for name in SHOWN)
    intro = f"{CASES} worlds of Hoeryong that are in no bank, simulated resident by resident, told one by one through channels drawn from the prior, coded as two groups would, with {ASKED} people asked who left (`make study`, {own['cpu']}, {own['date']}). Truth: range of the posterior (90 %)."
    put_section(
        PAGE,
        MARK,
        [
            "## Packages whose truth is known",
            "",
            intro,
            "",
            f"| case | incidents reported | refused by | {head} | 90 % ranges that hold the truth |",
            "| --- " * (len(SHOWN) + 4) + "|",
            *lines,
            "",
            f"Before the gates, {np.mean(shares):.0%} of the ranges hold the truth; the ranges of a case go together, so the standard error over {CASES} cases is {np.std(shares, ddof=1) / np.sqrt(CASES):.0%}.",
        ],
    )


if __name__ == "__main__":
    main()
