"""A rehearsal: worlds that are in no bank, told report by report (`reporting`) and coded as two groups would, with their
truth.

As no tally is involved on the way to the package, a rehearsal also judges the tallies of the bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from underwatch.channel.reporting import Observation
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.history import Segment, recorded
from underwatch.evidence.package import Package, new_package
from underwatch.inference.bank.bank import BankPlan
from underwatch.inference.bank.held_out import (
    ACTS,
    ORDINARY,
    HiddenWorld,
    hidden_world,
    leavers_who_met,
    tallied,
    truth_of,
)
from underwatch.record.dates import coarsen
from underwatch.record.tally import N_KINDS
from underwatch.world.draws import rng
from underwatch.world.layout import GROUND_NAMES

ASKED = 200  # people who left and were asked whether somebody had followed them


@dataclass(frozen=True)
class Rehearsal:
    """A package, what is true behind it (float[columns], in the order of an answer's), and its law of fear."""

    package: Package
    truth: np.ndarray
    law: str


def rehearse(plan: BankPlan) -> tuple[Rehearsal, ...]:
    """Return a rehearsal of each of the `per_shard` worlds of a plan; the laws of fear take turns, by its seed."""
    n, generator, worlds = plan.per_shard, rng(plan.seed, "rehearsal"), tallied(plan)
    followed = leavers_who_met(worlds, N_KINDS)
    packages, laws, told_in_all = [], [], np.zeros(n)
    for k in range(n):
        world = hidden_world(plan, k)
        told_in_all[k] = world.expected_told()
        yes = int(generator.binomial(ASKED, followed[k]))
        packages.append(_package(world, world.told(plan.seed + k), yes, generator))
        laws.append(world.law)
    truth = truth_of(worlds, told_in_all)
    return tuple(Rehearsal(packages[k], truth[k], laws[k]) for k in range(n))


def _package(world: HiddenWorld, told: Observation, yes: int, generator: np.random.Generator) -> Package:
    """Return what two groups would code by the last day of the window; copies are known as such with `relay_marked`."""
    plan, days = world.plan, world.records["day"]

    def an_id(what: str, number: int) -> str:
        return id_from("underwatch rehearsal", str(plan.seed), what, str(number))

    def week_of(day: int) -> str:
        return coarsen(plan.window.start + timedelta(days=day), "week")

    lists, reports = (an_id("list", 0), an_id("list", 1)), []
    for at, row in enumerate(told.incident):
        received = int(days[row]) + int(told.delay_days[at])
        copy = not told.first_hand[at] and generator.random() < world.values["relay_marked"]
        ground, week = (*GROUND_NAMES, ORDINARY)[told.ground[at]], week_of(int(days[row]))
        reports.append((
            an_id("report", at), an_id("incident", int(row)), lists[told.list_number[at]], "list" if copy else "none",
            "", "", ACTS[told.kind[at]], ground, week, "week", plan.place, "city", "unknown", "mps", "one_person",
            "witness", "message", "unsure", "possible", "one", week_of(received), "record", "record", "",
        ))  # fmt: skip
    effort = [
        (an_id(f"effort {which}", week), which, week_of(7 * week), plan.place, "open", "usual", "none")
        for which in lists
        for week in range(plan.window.n_weeks)
    ]
    period = f"{week_of(0)}/{week_of(7 * plan.window.n_weeks - 1)}"  # of the window, whose first quarter may be cut
    survey = (an_id("survey", 0), "recent_leavers", period, plan.place, "was_followed", str(ASKED), str(yes))
    package = new_package("synthetic", ("synthetic",)).with_rows("reports", reports)
    package = package.with_rows("effort", effort).with_rows("survey", [survey])
    return recorded(package, an_id("coder", 0), "coding", Segment(an_id("segment", 0)))
