# ruff: noqa: E501 - tables are read by the line
"""make study: the whole way on packages whose truth is known, as a section of docs/estimate.md.

Worlds that are in no bank are simulated resident by resident; their incidents are told one by one through channels drawn
from the prior, coded as two groups would, and asked with `underwatch estimate`'s own steps. No tally is involved on the
way to the package, so this also judges the tallies of the bank.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from machine import machine
from sections import put_section

from underwatch.estimate.bank import Bank, BankPlan, build, read_bank, shipped_folder
from underwatch.estimate.findings import first_lines, number, rows, words_of
from underwatch.estimate.observed import Reading, read_for
from underwatch.estimate.priors import channel_prior, draw, world_of
from underwatch.estimate.quantities import COUNTED, SILENCE, hidden, with_derived
from underwatch.estimate.question import ALL_NAMES, Answer, Question, Steps, answer
from underwatch.evidence.ids import new_id
from underwatch.evidence.package import Package, new_package
from underwatch.record.tally import N_KINDS, period_ranges
from underwatch.testimony.channel import Told, tell
from underwatch.testimony.tallied import LAWS
from underwatch.whatif.tallies import SETTLING
from underwatch.whatif.worlds import begin
from underwatch.world import simulate
from underwatch.world.draws import stream
from underwatch.world.layout import GROUND_NAMES

PAGE = Path(__file__).parents[1] / "docs" / "estimate.md"
MARK = "known truth"
CASES, SEED, ASKED = 6, 77, 200
ACTS = ("tailing", "followed_visit", "call_given_up", "arrest", "listing", "report")
SHOWN = (*(f"{name}_second_year" for name in COUNTED), SILENCE)
Values = dict[str, float]


def records_of(plan: BankPlan, values: Values, seed: int) -> np.ndarray:
    """The incidents of a world within the window, uint16[n, 8], days counted from its first."""
    scenario = world_of(plan.scenario(), plan.window, values)
    world = simulate.run(begin(scenario, scenario.places[0], seed), scenario.phases(), simulate.Hands(2))
    records = world.history.records
    records = records[records[:, 0] >= 7 * SETTLING].copy()
    records[:, 0] -= np.uint16(7 * SETTLING)
    return records


def week_of(plan: BankPlan, day: int) -> str:
    """The ISO week of a day of the window."""
    year, week, _ = (plan.window.start + timedelta(days=day)).isocalendar()
    return f"{year}-W{week:02d}"


def package_of(
    plan: BankPlan, days: np.ndarray, told: Told, values: Values, yes: int, luck: np.random.Generator
) -> Package:
    """What two groups would code by the last day of the window: copies are marked as often as `relay_marked` says."""
    lists, ids, end, reports = (new_id(), new_id()), {}, 7 * plan.window.n_weeks, []
    for at, row in enumerate(told.incident):
        received = int(days[row]) + int(told.delay_days[at])
        marked = not told.first_hand[at] and luck.random() < values["relay_marked"]
        if received >= end:
            continue
        ground = (*GROUND_NAMES, "ordinary")[told.ground[at]]
        reports.append((
            new_id(), ids.setdefault(int(row), new_id()), lists[told.list_number[at]], "list" if marked else "none", "", "",
            ACTS[told.kind[at]], ground, week_of(plan, int(days[row])), "week", plan.place, "city", "unknown", "mps",
            "one_person", "witness", "message", "unsure", "possible", "one", week_of(plan, received), "record", "record", "",
        ))  # fmt: skip
    effort = [
        (new_id(), which, week_of(plan, 7 * week), plan.place, "open", "usual", "none")
        for which in lists
        for week in range(plan.window.n_weeks)
    ]
    names = plan.window.of_weeks("quarter")[1]
    survey = (new_id(), "recent_leavers", f"{names[0]}/{names[-1]}", plan.place, "was_followed", str(ASKED), str(yes))
    package = new_package("synthetic", ("synthetic",)).with_rows("reports", reports)
    return package.with_rows("effort", effort).with_rows("survey", [survey])


def truths(worlds: Bank, channels: dict[str, np.ndarray], law: np.ndarray, told: np.ndarray) -> np.ndarray:
    """What is hidden in the worlds, float[cases, columns]; the incidents told are counted, not expected."""
    return with_derived(hidden(worlds, np.arange(CASES), channels, law, told.astype(float)))


def cases() -> tuple[list[Reading], np.ndarray, list[str]]:
    """Readings of the packages, what is true of each, and the law of fear behind it."""
    plan = BankPlan(seed=SEED, per_shard=CASES)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as executor:
        build(plan, Path(folder), CASES, executor, 2, lambda worlds: None)
        worlds = read_bank(Path(folder))
    drawn, channels = plan.rows(0), draw(channel_prior(), CASES, SEED, "known truth")
    law, luck = np.arange(CASES) % len(LAWS), stream(SEED, "known truth")
    reached = worlds.reached[:, period_ranges(plan.window.n_periods).index((0, plan.window.n_periods - 1)), N_KINDS]
    share = np.clip(reached / worlds.residents[:, :, 1].sum(axis=1) * channels["leavers_ratio"], 0.0, 0.999)
    readings, told_in_all = [], []
    for k in range(CASES):
        values = {name: float(column[k]) for name, column in drawn.items()}
        channel = {name: float(column[k]) for name, column in channels.items()}
        records = records_of(plan, values, plan.seed + k)
        fixed: dict[str, Any] = {**world_of(plan.scenario(), plan.window, values).phases()[0].values, **channel}
        told = tell(records, fixed, SEED + k, LAWS[law[k]])
        told_in_all.append(len(np.unique(told.incident)))
        package = package_of(plan, records[:, 0], told, channel, int(luck.binomial(ASKED, share[k])), luck)
        readings.append(read_for(package, plan.scenario().places[0], plan.window))
    return readings, truths(worlds, channels, law, np.array(told_in_all)), [LAWS[one] for one in law]


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
    readings, truth, laws = cases()
    lines, shares = [], []
    for k, reading in enumerate(readings):
        began = time.monotonic()
        found = answer(Question(reading, bank), Steps(None, 600.0, lambda step: None))
        cells, inside, n = told_of(found, truth[k])
        shares.append(inside / n)
        refused = ", ".join(v.gate for v in found.verdicts if v.state == "refuses") or "none"
        lines.append(
            f"| {k + 1}, {laws[k]} law | {reading.n_incidents:,} | {refused} | {' | '.join(cells)} | {inside} of {n} |"
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
