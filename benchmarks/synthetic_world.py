"""make study: the synthetic world behind the package of `underwatch evidence new DIR --synthetic`, and its truth.

Nine places live under the orders and the channel of one draw from the prior, the first for which 5,000 reports can be
expected at all: that number is a condition, as it is for whoever holds a package, and the chance of telling is what it
makes it. Two lists hear, each with weeks in which it could not. What reached them, and what is true, ships as two
files; `synthetic_package` codes the one as two groups would.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from synthetic_package import TOLD, SyntheticReport, effort_weeks, lines_of

from underwatch.channel.effort import effort_factors
from underwatch.evidence.samples.synthetic import TRUTH_FILE
from underwatch.facts import model_parameters
from underwatch.files.writing import write_atomically
from underwatch.inference.bank.bank import WINDOW, BankPlan
from underwatch.inference.bank.held_out import (
    ACTS,
    HiddenWorld,
    bank_of,
    hidden_world,
    leavers_who_met,
    truth_of,
)
from underwatch.inference.bank.quantities import ALL_NAMES
from underwatch.inference.checks.recovery import ASKED
from underwatch.record.tally import N_KINDS
from underwatch.world.draws import rng
from underwatch.world.layout import KIND

N_REPORTS = 5_000
PLACES = (
    "hoeryong", "onsong", "musan", "kyongwon", "kimchaek", "hyesan", "pochon", "sinuiju", "pyongsong",
)  # fmt: skip
TELLING = "p_tell_at_no_fear"
TRIES = 8  # tellings of which the mean is taken
DATA = Path(__file__).parents[1] / "src" / "underwatch" / "evidence" / "samples" / "data"


def effort_of(world: HiddenWorld) -> np.ndarray:
    """What each list hears week by week, float[lists, weeks]: no luck, as every week's effort is recorded."""
    quarter, _ = WINDOW.of_weeks("quarter")
    values = {name: np.array([value]) for name, value in world.values.items()}
    luck = rng(world.plan.seed, "effort")
    return np.concatenate([effort_factors(weeks, quarter, values, luck, luck) for weeks in effort_weeks()])


def worlds_of(seed: int) -> list[HiddenWorld]:
    """The nine places under one draw of orders and channel, telling as readily as 5,000 reports need."""
    worlds = [hidden_world(BankPlan(place, seed=seed, per_shard=1)) for place in PLACES]
    for _ in range(4):
        mean = np.mean([sum(len(one.incident) for one in told_by(worlds, luck)) for luck in range(TRIES)])
        p = worlds[0].values[TELLING] * N_REPORTS / max(float(mean), 0.1)
        print(
            f"seed {seed}, {worlds[0].response} law: {mean:,.0f} reports; {TELLING} {p:.3g}",
            file=sys.stderr,
            flush=True,
        )
        worlds = [replace(world, values={**world.values, TELLING: min(p, 1.0)}) for world in worlds]
    return worlds


def told_by(worlds: list[HiddenWorld], luck: int) -> list[Any]:
    """What reaches the lists from each place."""
    return [world.observe(len(PLACES) * luck + at, effort_of(world)) for at, world in enumerate(worlds)]


def main() -> None:
    fact = model_parameters()[TELLING]
    for seed in itertools.count(1):
        worlds = worlds_of(seed)
        if fact.low <= worlds[0].values[TELLING] <= fact.high:
            break
    for luck in itertools.count(TRIES):
        heard = told_by(worlds, luck)
        if sum(len(one.incident) for one in heard) == N_REPORTS:
            break
    lines = [line for world, one in zip(worlds, heard, strict=True) for line in lines_of(world, one)]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([SyntheticReport._fields, *lines])
    write_atomically(TOLD, text.getvalue().encode())
    truth = truth_behind(worlds, luck, lines)
    write_atomically(DATA / TRUTH_FILE, (json.dumps(truth, separators=(",", ":")) + "\n").encode())


def truth_behind(worlds: list[HiddenWorld], luck: int, lines: list[SyntheticReport]) -> dict[str, Any]:
    """What is true of the worlds, with the answers of people who left the first place and an independent count."""
    first, draws = worlds[0], rng(worlds[0].plan.seed, "synthetic anchors")
    bank = bank_of(first.plan)
    names = WINDOW.of_weeks("quarter")[1]
    half = len(names) // 2
    period, second = f"{names[0]}/{names[-1]}", f"{names[half]}/{names[-1]}"
    survey = []
    for question, column in (("was_followed", N_KINDS), ("gave_up_call", KIND.call_given_up)):
        yes = draws.binomial(ASKED, leavers_who_met(bank, column)[0])
        survey.append(["recent_leavers", period, first.plan.place, question, str(ASKED), str(int(yes))])
    incidents = np.zeros((WINDOW.n_weeks, len(PLACES), len(ACTS)), np.int64)
    for at, world in enumerate(worlds):
        np.add.at(incidents, (world.records["day"] // 7, at, world.records["kind"]), 1)
    quarter = WINDOW.of_weeks("quarter")[0]
    arrests = incidents[quarter >= half, 0, KIND.arrest].sum()
    count = float(np.exp(np.log(arrests + 0.5) + first.values["figure_log_sd"] * draws.standard_normal()))
    low, high = str(round(count * 0.8)), str(round(count * 1.25))
    told = first.expected_told(effort_of(first))
    hidden = truth_of(bank, np.array([told]))[0]
    return {
        "says": "synthetic: drawn from a world of the model; nothing here is about a real place",
        "first_day": WINDOW.start.isoformat(),
        "places": list(PLACES),
        "acts": list(ACTS),
        "seed": first.plan.seed,
        "luck": luck,
        "law_of_fear": first.response,
        "parameters": dict(first.values),
        "effort": effort_of(first).tolist(),
        "survey": survey,
        "figures": [["arrests_calls", second, first.plan.place, low, high, "persons", "independent"]],
        "hidden": {name: float(f"{value:.6g}") for name, value in zip(ALL_NAMES, hidden, strict=True)},
        "n_relays": sum(line.copy_of >= 0 for line in lines),
        "n_incidents": int(incidents.sum()),
        "n_reported": len({(line.place, line.incident) for line in lines}),
        "incidents": incidents.tolist(),
    }


if __name__ == "__main__":
    main()
