"""The parameter-recovery test: held-out worlds, simulated report by report (`channel.reporting`), coded as two groups
would, with their truth.

As no tally is involved on the way to the package, it also judges the tallies of the bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from underwatch.channel.reporting import Observation
from underwatch.evidence.format.ids import id_from
from underwatch.evidence.format.table_schemas import REPORTS, TABLES
from underwatch.evidence.history import Segment, recorded
from underwatch.evidence.package import Package, new_package
from underwatch.inference.bank.bank import BankPlan
from underwatch.inference.bank.held_out import (
    ACTS,
    ORDINARY,
    HiddenWorld,
    bank_of,
    hidden_world,
    leavers_who_met,
    truth_of,
)
from underwatch.record.dates import coarsen
from underwatch.record.tally import N_KINDS
from underwatch.world.draws import rng
from underwatch.world.layout import GROUND_NAMES

_AS_CODED = {
    "when_precision": "week", "place_precision": "city", "setting": "unknown", "actor_type": "mps",
    "affected_band": "one_person", "source_connection": "witness", "material": "message", "reliability": "unsure",
    "status": "possible", "independent_sources": "one", "consent": "record", "release": "record",
}  # fmt: skip
ASKED = 200  # people who left and were asked whether somebody had followed them


@dataclass(frozen=True)
class RecoveryCase:
    """A package, what is true behind it (float[columns], in the order of an answer's), and its response function."""

    package: Package
    truth: np.ndarray
    response: str


def recovery_cases(plan: BankPlan) -> tuple[RecoveryCase, ...]:
    """Return a case of each of the `per_shard` worlds of a plan; the response functions take turns, by its seed."""
    n, generator, worlds = plan.per_shard, rng(plan.seed, "rehearsal"), bank_of(plan)
    followed = leavers_who_met(worlds, N_KINDS)
    packages, responses, told_in_all = [], [], np.zeros(n)
    for k in range(n):
        world = hidden_world(plan, k)
        told_in_all[k] = world.expected_told()
        yes = int(generator.binomial(ASKED, followed[k]))
        packages.append(package_of_world(world, world.observe(plan.seed + k), (yes, ASKED), generator))
        responses.append(world.response)
    truth = truth_of(worlds, told_in_all)
    return tuple(RecoveryCase(packages[k], truth[k], responses[k]) for k in range(n))


def package_of_world(
    world: HiddenWorld, observation: Observation, answers: tuple[int, int], generator: np.random.Generator
) -> Package:
    """Return what two groups would code by the last day of the window; copies are known as such with `relay_marked`.

    `answers` are how many who left say that they were followed, and how many were asked.
    """
    plan, days = world.plan, world.records["day"]

    def an_id(what: str, number: int) -> str:
        return id_from("underwatch rehearsal", str(plan.seed), what, str(number))

    def week_of(day: int) -> str:
        return coarsen(plan.window.start + timedelta(days=day), "week")

    lists, reports = (an_id("list", 0), an_id("list", 1)), []
    for index, row in enumerate(observation.incident):
        received = int(days[row]) + int(observation.delay_days[index])
        copy = not observation.first_hand[index] and generator.random() < world.values["relay_marked"]
        cells = {
            "report_id": an_id("report", index), "incident_id": an_id("incident", int(row)),
            "list_id": lists[observation.list_number[index]], "relayed_from": "list" if copy else "none",
            "act_code": ACTS[observation.kind[index]], "ground": (*GROUND_NAMES, ORDINARY)[observation.ground[index]],
            "when": week_of(int(days[row])), "received": week_of(received), "place_code": plan.place, **_AS_CODED,
        }  # fmt: skip
        reports.append(tuple(cells.get(name, "") for name in TABLES[REPORTS].names))
    effort = [
        (an_id(f"effort {which}", week), which, week_of(7 * week), plan.place, "open", "usual", "none")
        for which in lists
        for week in range(plan.window.n_weeks)
    ]
    period = f"{week_of(0)}/{week_of(7 * plan.window.n_weeks - 1)}"  # of the window, whose first quarter may be cut
    survey = (
        an_id("survey", 0),
        "recent_leavers",
        period,
        plan.place,
        "was_followed",
        str(answers[1]),
        str(answers[0]),
    )
    package = new_package("synthetic", ("synthetic",)).with_rows("reports", reports)
    package = package.with_rows("effort", effort).with_rows("survey", [survey] if answers[1] else [])
    return recorded(package, an_id("coder", 0), "coding", Segment(an_id("segment", 0)))
