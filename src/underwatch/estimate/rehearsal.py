"""A rehearsal: worlds that are in no bank, told report by report and coded as two groups would, with their truth.

A world is simulated resident by resident, its incidents are told one by one through a channel drawn from the prior, and
two groups code what reaches them until the last day of the window. No tally is involved on the way to the package, so a
rehearsal also judges the tallies of the bank; the truth is counted on a tally of the same world.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from underwatch.estimate.bank import Bank, BankPlan, build, read_bank
from underwatch.estimate.priors import channel_prior, draw, world_of
from underwatch.estimate.quantities import hidden, with_derived
from underwatch.evidence.history import Segment, recorded
from underwatch.evidence.ids import id_from
from underwatch.evidence.package import Package, new_package
from underwatch.record.tally import N_KINDS, period_ranges
from underwatch.testimony.channel import Told, expected_incidents_told, tell
from underwatch.testimony.tallied import LAWS
from underwatch.whatif.tallies import records_of_window
from underwatch.world.draws import stream
from underwatch.world.layout import GROUND_NAMES

ASKED = 200  # people who left and were asked whether somebody had followed them
_ACTS = ("tailing", "followed_visit", "call_given_up", "arrest", "listing", "report")


@dataclass(frozen=True)
class Rehearsal:
    """A package, what is true behind it (float[columns], in the order of an answer's), and its law of fear."""

    package: Package
    truth: np.ndarray
    law: str


def rehearse(plan: BankPlan) -> tuple[Rehearsal, ...]:
    """Return a rehearsal of each of the `per_shard` worlds of a plan; the laws of fear take turns, by its seed."""
    n, luck = plan.per_shard, stream(plan.seed, "rehearsal")
    worlds, channels = _tallied(plan), draw(channel_prior(), n, plan.seed, "known truth")
    drawn, law = plan.rows(0), (plan.seed + np.arange(n)) % len(LAWS)
    every_quarter = period_ranges(plan.window.n_periods).index((0, plan.window.n_periods - 1))
    met = worlds.reached[:, every_quarter, N_KINDS] / worlds.residents[:, :, 1].sum(axis=1)
    share = np.clip(met * channels["leavers_ratio"], 0.0, 0.999)
    packages, told_in_all = [], np.zeros(n)
    for k in range(n):
        values, channel = ({name: float(column[k]) for name, column in one.items()} for one in (drawn, channels))
        scenario = world_of(plan.scenario(), plan.window, values)
        records = records_of_window(scenario, plan.seed + k)
        fixed: dict[str, Any] = {**scenario.phases()[0].values, **channel}
        border = scenario.places[0].border
        told = tell(records, fixed, plan.seed + k, LAWS[law[k]], border=border)
        told_in_all[k] = expected_incidents_told(records, fixed, LAWS[law[k]], border=border)
        yes = int(luck.binomial(ASKED, share[k]))
        packages.append(_package(plan, records[:, 0], told, channel["relay_marked"], yes, luck))
    truth = with_derived(hidden(worlds, np.arange(n), channels, law, told_in_all))
    return tuple(Rehearsal(packages[k], truth[k], LAWS[law[k]]) for k in range(n))


def _tallied(plan: BankPlan) -> Bank:
    """Return the worlds of a plan as a bank of their own."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as executor:
        build(plan, Path(folder), plan.per_shard, executor, 2, lambda worlds: None)
        return read_bank(Path(folder))


def _package(
    plan: BankPlan, days: np.ndarray, told: Told, marked: float, yes: int, luck: np.random.Generator
) -> Package:
    """Return what two groups would code by the last day of the window; `marked` copies of all are known as such."""

    def an_id(what: str, number: int) -> str:
        return id_from("underwatch rehearsal", str(plan.seed), what, str(number))

    def week_of(day: int) -> str:
        year, week, _ = (plan.window.start + timedelta(days=day)).isocalendar()
        return f"{year}-W{week:02d}"

    lists, reports = (an_id("list", 0), an_id("list", 1)), []
    for at, row in enumerate(told.incident):
        received = int(days[row]) + int(told.delay_days[at])
        copy = not told.first_hand[at] and luck.random() < marked
        if received >= 7 * plan.window.n_weeks:
            continue
        ground, week = (*GROUND_NAMES, "ordinary")[told.ground[at]], week_of(int(days[row]))
        reports.append((
            an_id("report", at), an_id("incident", int(row)), lists[told.list_number[at]], "list" if copy else "none",
            "", "", _ACTS[told.kind[at]], ground, week, "week", plan.place, "city", "unknown", "mps", "one_person",
            "witness", "message", "unsure", "possible", "one", week_of(received), "record", "record", "",
        ))  # fmt: skip
    effort = [
        (an_id(f"effort {which}", week), which, week_of(7 * week), plan.place, "open", "usual", "none")
        for which in lists
        for week in range(plan.window.n_weeks)
    ]
    names = plan.window.of_weeks("quarter")[1]
    period = f"{names[0]}/{names[-1]}"
    survey = (an_id("survey", 0), "recent_leavers", period, plan.place, "was_followed", str(ASKED), str(yes))
    package = new_package("synthetic", ("synthetic",)).with_rows("reports", reports)
    package = package.with_rows("effort", effort).with_rows("survey", [survey])
    return recorded(package, an_id("coder", 0), "coding", Segment(an_id("segment", 0)))
