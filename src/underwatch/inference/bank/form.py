"""What a bank may be: the description in its folder, and the arrays that its worlds must have, before any is unpacked.

A bank may come from somebody else. What its description says is held against ranges, and what its parts hold against
the description, so that it cannot ask for more memory than its bytes are worth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from underwatch.channel.expected_counts import RESPONSES
from underwatch.channel.reporting import STRENGTHS_OF_SILENCE
from underwatch.errors import InputError
from underwatch.experiments.engine.tallies import STRENGTHS
from underwatch.facts import places, rival_forms
from underwatch.inference.bank.priors import world_prior, world_rules
from underwatch.inference.bank.shard import SHORT, Form
from underwatch.record.tally import MOST_PERIODS, N_GROUNDS, N_KINDS, N_NODES, Window, period_ranges
from underwatch.world.scenario import LAST_SEED, MOST_RESIDENTS

if TYPE_CHECKING:
    from underwatch.inference.bank.bank import BankPlan

# What an estimate reads of a world besides its incidents (`quantities`)
INDICATORS_READ = ("followed_outings", "followed_visits", "listed", "calls_abandoned", "accusations")
MOST_WEEKS, MOST_WORLDS_PER_SHARD = 200, 1_000
# The worlds of a bank in memory: 2,000 of two years take 200 MB. A larger bank must be worth it: the shipped one holds
# nine times its packed bytes.
_MOST_BYTES, _MOST_TIMES_PACKED = 160 << 20, 16
_LARGEST_SUM = 1e15
_AGAIN = "take another copy of the bank"


def check_description(description: Mapping[str, Any], where: str) -> None:
    """Raise InputError for a description whose entries are of the wrong kind, or beyond what a bank can be."""
    wanted: dict[str, bool] = {
        "key": isinstance(description.get("key"), str) and bool(re.fullmatch(r"[0-9a-f]{32}", description["key"])),
        "place": isinstance(description.get("place"), str)
        and description["place"] in {place.slug for place in places().values()},
        "first_day": _is_monday(description.get("first_day")),
        "weeks": _within(description.get("weeks"), 1, MOST_WEEKS),
        "seed": _within(description.get("seed"), 0, LAST_SEED),
        "worlds_per_shard": _within(description.get("worlds_per_shard"), 1, MOST_WORLDS_PER_SHARD),
        "population": "population" not in description or _within(description["population"], 1, MOST_RESIDENTS),
    }
    for name, is_right in wanted.items():
        if not is_right:
            raise InputError(f"{where}{name} = {str(description.get(name))[:40]} is not what a bank can have; {_AGAIN}")
    if Window(description["first_day"], description["weeks"]).n_periods > MOST_PERIODS:
        raise InputError(
            f"{where}weeks = {description['weeks']} reach over more than {MOST_PERIODS} quarters; {_AGAIN}"
        )
    for key in ("parameters", "indicators", "forms"):
        names = description.get(key)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise InputError(f"{where}{key} is no list of names; {_AGAIN}")
    if len(set(description["indicators"])) < len(description["indicators"]):
        raise InputError(f"{where}indicators names one twice; {_AGAIN}")
    if missing := set(INDICATORS_READ).difference(description["indicators"]):
        raise InputError(f"{where}indicators lacks {min(missing)}, which an estimate reads; {_AGAIN}")


def _is_monday(day: object) -> bool:
    return isinstance(day, date) and not isinstance(day, datetime) and day.weekday() == 0 and 1970 <= day.year < 2140


def _within(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def form_of(plan: BankPlan) -> Form:
    """Return type and shape of each array of a shard of a bank, in the order in which they are packed."""
    n, weeks, periods = plan.per_shard, plan.window.n_weeks, plan.window.n_periods
    fear = (n, periods, N_KINDS, N_GROUNDS, N_NODES)
    return {
        "counts": ("<u4", (n, weeks, N_KINDS, 2, N_GROUNDS)),
        "subject": (SHORT, fear),
        "others": (SHORT, fear),
        "pairs": (SHORT, (n, periods, N_KINDS, len(RESPONSES), len(STRENGTHS_OF_SILENCE), 2)),
        "weekly": (SHORT, (n, weeks, N_KINDS, N_GROUNDS, 2)),
        "known": (SHORT, (n, periods, N_KINDS)),
        "reached": ("<i8", (n, len(period_ranges(periods)), N_KINDS + 1)),
        "indicators": ("<i8", (n, periods, 2, len(plan.indicators))),
        "residents": ("<i8", (n, 2, 2)),
        "episodes": ("<u4", (n, weeks, N_KINDS, 2, N_GROUNDS)),
        "firsts": ("<u4", (n, weeks, N_KINDS, 2)),
        "curve": (SHORT, (n, len(STRENGTHS), N_KINDS, 1 + 2 * N_NODES)),
        "values": ("<f8", (n, len(world_prior()))),
        "forms": ("|u1", (n, len(world_rules()))),
    }


def room_for(form: Form, shards: Mapping[int, Path], where: str) -> dict[str, np.ndarray]:
    """Return empty arrays for all worlds of a bank; InputError when they want more memory than a bank is worth."""
    kinds = {name: np.dtype(np.float32 if kind == SHORT else kind) for name, (kind, _) in form.items()}
    wanted = len(shards) * sum(math.prod(shape) * kinds[name].itemsize for name, (_, shape) in form.items())
    packed = sum(path.stat().st_size for path in shards.values())
    if wanted > max(_MOST_BYTES, _MOST_TIMES_PACKED * packed):
        raise InputError(f"{where}wants {wanted >> 20:,} MB for {packed >> 20:,} MB of worlds; {_AGAIN}")
    return {name: np.empty((len(shards) * shape[0], *shape[1:]), kinds[name]) for name, (_, shape) in form.items()}


def check_worlds(parts: Mapping[str, np.ndarray], where: str) -> None:
    """Raise InputError for worlds that cannot be: sums below 0 or huge, nobody there, values outside the prior."""
    for name, part in parts.items():
        if name != "values" and part.size and not (part.min() >= 0 and part.max() <= _LARGEST_SUM):
            raise InputError(f"{where}{name} holds a number that no world has; {_AGAIN}")
    if not (parts["residents"].sum(axis=1)[:, 0] > 0).all():
        raise InputError(f"{where}a world has no resident; {_AGAIN}")
    for fact, column in zip(world_prior().values(), parts["values"].T, strict=True):
        slack = 1e-9 * max(abs(fact.low), abs(fact.high))
        if not ((column >= fact.low - slack) & (column <= fact.high + slack)).all():
            raise InputError(f"{where}{fact.name} lies outside of its range of {fact.low:g} to {fact.high:g}; {_AGAIN}")
    for rule, column in zip(world_rules(), parts["forms"].T, strict=True):
        if column.max() >= len(rival_forms()[rule]):
            raise InputError(f"{where}{rule} has a form that is not known; {_AGAIN}")
