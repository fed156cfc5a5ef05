# ruff: noqa: E501 - tables are read by the line
"""make study: the proof of calibration of the bank that comes with the program, as a section of docs/calibration.md."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from machine import machine, peak_bytes
from sections import put_section

from underwatch.inference.bank.bank import Bank, read_bank, shipped_folder
from underwatch.inference.bank.quantities import ALL_NAMES
from underwatch.inference.checks.calibration import rank_p_values
from underwatch.inference.checks.proof import Proof, prove, reference_designs
from underwatch.inference.wording import in_words_of_columns, words_of

PAGE = Path(__file__).parents[1] / "docs" / "calibration.md"
MARK = "release bank"


def table(proof: Proof) -> list[str]:
    """Coverage of each quantity, all told and by number of reports."""
    sizes = ", ".join(f"{n:,}" for n in proof.rows_by_reports)
    lines = [
        f"### {proof.kind.capitalize()}",
        "",
        f"| quantity | 50 % covers | 90 % covers | 90 %, by quarter of the report count, fewest first ({sizes} cases) | rank p | 90 % range, upper over lower (mean of logs) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    p = rank_p_values(proof.ranks)
    for at, name in enumerate(ALL_NAMES):
        quarters = ", ".join(f"{share:.2f}" if np.isfinite(share) else "none" for share in proof.by_reports[:, at])
        width = f"{np.exp(proof.width[at]):.1f}x" if "slope" not in name else f"{proof.width[at]:.2f} wide"
        lines.append(
            f"| {words_of(name)} | {proof.coverage[0.5][at]:.3f} | {proof.coverage[0.9][at]:.3f} | {quarters} | {p[at]:.2f} | {width} |"
        )
    said = [
        f"{s:.2f} said, {c:.2f} came ({n})"
        for s, c, n in zip(proof.said.said, proof.said.came, proof.said.rows, strict=True)
    ]
    lines += ["", f"NLPD {proof.nlpd:.2f} nats against an even spread. Chance of terror: {'; '.join(said)}.", ""]
    lines += [
        f"- {verdict.gate} {verdict.state}: {in_words_of_columns(verdict.sentence)}" for verdict in proof.verdicts
    ]
    return [*lines, ""]


def intro(bank: Bank, seconds: float) -> str:
    """What the bank is, and what proving it took."""
    own, plan = machine(), bank.plan
    return (
        f"{len(bank):,} worlds of Hoeryong, {plan.window.n_weeks} weeks from {plan.window.start}, {plan.resident_days:,} resident-days each. "
        f"Every case is judged by nets that have seen no run of its world (5 folds). Proved in {seconds:.0f} s with {peak_bytes() / 2**20:.0f} MiB at the peak on {own['cpu']}, {own['cores']} cores, {own['date']}."
    )


def main() -> None:
    bank, began = read_bank(shipped_folder()), time.monotonic()
    lines = [line for kind, design in reference_designs(bank).items() for line in table(prove(bank, kind, design))]
    put_section(PAGE, MARK, ["## The bank that ships", "", intro(bank, time.monotonic() - began), "", *lines])


if __name__ == "__main__":
    main()
