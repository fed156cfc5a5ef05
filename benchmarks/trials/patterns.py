"""P1 to P7: what the report describes, as questions asked of small worlds.

Each pattern compares worlds of one synthetic border town that share all luck and
differ in one thing. It is a verdict with the figures behind it; nothing is tuned
to make it hold, and `make study` says in what share of prior draws it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np

from underwatch.channel.episodes import episodes
from underwatch.channel.reporting import expected_published
from underwatch.experiments.silence import watched_values
from underwatch.world import layout as L
from underwatch.world import simulate
from underwatch.world.forms import Forms
from underwatch.world.parameters import Parameters
from underwatch.world.population import InitialConditions
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import scenario_for
from underwatch.world.workers import Workers

TOWN = "hoeryong"
RESIDENTS = 6000
DAYS = 182
START = date(2024, 10, 7)
SETTLED = 56  # days left out while the world settles
WATCHING = (0.05, 0.25, 1.0, 4.0, 16.0)
LISTED = np.arange(L.N_CELLS) >= L.LISTED_CELL


@dataclass(frozen=True)
class Verdict:
    """Whether a pattern holds, and the figures it rests on."""

    holds: bool
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Town:
    """A small border town at given parameters: the worlds that the patterns compare."""

    parameters: Parameters
    seed: int = 1
    residents: int = RESIDENTS
    days: int = DAYS

    def world(
        self,
        changes: Mapping[str, float] | None = None,
        without: frozenset[str] = frozenset(),
        campaign: bool = False,
        workers: Workers | None = None,
        forms: Mapping[str, str] | None = None,
    ) -> simulate.World:
        """One world, with values put in place of parameters from the first day (beyond their range if need be).

        `forms` names the form of a rule where it is not the central one.
        """
        scenario: Scenario = scenario_for(TOWN, start=START.isoformat(), days=self.days, seed=self.seed)
        scenario = scenario.replace(parameters=self.parameters, population=self.residents)
        if not campaign:
            scenario = scenario.without_campaign()
        values = {**self.parameters.to_dict(), **(changes or {})}
        chosen = Forms.central().with_forms(forms or {})
        phases = [replace(p, values=values, without=without, forms=chosen) for p in scenario.phases()]
        place = scenario.places[0]
        where = (self.seed, place.first_resident, self.residents, self.days)
        return simulate.run(simulate.init(InitialConditions.of(phases[0], place.border, *where)), phases, workers)


def count(world: simulate.World, column: int, cells: np.ndarray | slice = slice(None), since: int = SETTLED) -> int:
    """An indicator summed over days and cells."""
    return int(world.history.cells[since:, cells, column].sum())


def share(part: float, whole: float) -> float:
    """A share; 0 of nothing is 0."""
    return part / whole if whole else 0.0


def p1_quota_and_the_ordinary(town: Town) -> Verdict:
    """Raising quotas raises the share of reports that are about ordinary residents."""

    def ordinary(factor: float) -> float:
        v = town.parameters
        quotas = {n: v[n] * factor for n in ("quota_mps_per_week", "quota_mss_per_week")}
        world = town.world(quotas)
        return share(count(world, L.COUNT.reports, ~LISTED), count(world, L.COUNT.reports))

    low, high = ordinary(1.0), ordinary(3.0)
    return Verdict(high > low, {"share_at_quota": low, "share_at_three_times": high})


def p2_silence_curve(town: Town) -> Verdict:
    """As watching rises, incidents rise, published per incident falls, and published first rises, then falls."""
    incidents, published = [], []
    for scale in WATCHING:
        history = town.world(watched_values(town.parameters.to_dict(), scale)).history
        incidents.append(len(history.records))
        told_of = episodes(history.records, history.who, START)
        published.append(expected_published(told_of, town.parameters.to_dict()))
    per = [share(p, n) for p, n in zip(published, incidents, strict=True)]
    top = int(np.argmax(published))
    figures = {f"incidents_{s}": float(n) for s, n in zip(WATCHING, incidents, strict=True)}
    figures |= {f"published_{s}": p for s, p in zip(WATCHING, published, strict=True)}
    rising = all(b > a for a, b in pairwise(incidents))
    falling = all(b < a for a, b in pairwise(per))
    return Verdict(rising and falling and 0 < top < len(WATCHING) - 1, figures)


def p3_family_followed(town: Town) -> Verdict:
    """Under a campaign at least 90 % of the outings of a listed family are followed."""
    world = town.world(campaign=True)
    days = slice(39, 101)  # 15 November to 15 January
    family = LISTED & (np.arange(L.N_CELLS) & 1 == 1)
    cells = world.history.cells[days][:, family]
    made = cells[..., L.COUNT.outings].sum() * adult_share(world, family)
    figure = share(float(cells[..., L.COUNT.followed_outings].sum()), float(made))
    return Verdict(figure >= 0.9, {"share_followed": figure})


def adult_share(world: simulate.World, cells: np.ndarray) -> float:
    """Share of adults among the residents of some cells (only adults are listed and followed)."""
    return share(float(world.history.adults[cells].sum()), float(world.history.residents[cells].sum()))


def p4_distress_of_the_unlisted(town: Town) -> Verdict:
    """Distress rises among the unlisted too."""
    world = town.world()
    unlisted = ~LISTED
    sums = (
        world.history.cells[:, unlisted, L.COUNT.distress].sum(axis=1) / 65535 / world.history.residents[unlisted].sum()
    )
    return Verdict(
        bool(sums[-1] > sums[0]), {"distress_first_day": float(sums[0]), "distress_last_day": float(sums[-1])}
    )


def p5_fewer_real_offences(town: Town) -> Verdict:
    """Where real offences supply 30 % and more of the quota, fewer of them bring more false accusation."""
    v = town.parameters
    full = {"offences_per_adult_per_year": v["offences_per_adult_per_year"]}
    world = town.world(full)
    weeks = town.days / 7
    quota = v["quota_mps_per_week"] * world.town.n_mps + v["quota_mss_per_week"] * world.town.n_mss
    supply = share(count(world, L.COUNT.reports_offence, since=0) / weeks, quota)
    if supply < 0.3:
        needed = full["offences_per_adult_per_year"] * 0.35 / max(supply, 1e-9)
        full = {"offences_per_adult_per_year": needed}
        world = town.world(full)
    fewer = town.world({"offences_per_adult_per_year": full["offences_per_adult_per_year"] / 4})
    a, b = count(world, L.COUNT.false_accusations, since=0), count(fewer, L.COUNT.false_accusations, since=0)
    return Verdict(b > a, {"false_accusations": a, "with_a_quarter_of_the_offences": b, "share_of_quota": supply})


def p6_no_reprimand(town: Town) -> Verdict:
    """Removing the reprimand relieves ordinary residents."""
    with_it, without = town.world(), town.world({"p_reprimand": 0.0})
    a = count(with_it, L.COUNT.reports_routine, ~LISTED)
    b = count(without, L.COUNT.reports_routine, ~LISTED)
    accused = count(with_it, L.COUNT.accusations, ~LISTED), count(without, L.COUNT.accusations, ~LISTED)
    holds = b < a and accused[1] <= accused[0]
    figures = {"routine_reports": a, "without_reprimand": b, "accused": accused[0], "accused_without": accused[1]}
    return Verdict(holds, figures)


def p7_watched_callers(town: Town) -> Verdict:
    """Watched callers' completed calls fall."""
    callers = np.arange(L.N_CELLS) & 2 == 2
    watched = town.world()
    free = town.world(without=frozenset({"S3", "S4", "S5", "S6", "S7", "S8", "S10"}))
    a, b = (
        count(free, L.COUNT.calls_completed, callers & LISTED),
        count(watched, L.COUNT.calls_completed, callers & LISTED),
    )
    return Verdict(b < a, {"calls_unwatched": a, "calls_watched": b})


PATTERNS: Mapping[str, Callable[[Town], Verdict]] = {
    "P1": p1_quota_and_the_ordinary,
    "P2": p2_silence_curve,
    "P3": p3_family_followed,
    "P4": p4_distress_of_the_unlisted,
    "P5": p5_fewer_real_offences,
    "P6": p6_no_reprimand,
    "P7": p7_watched_callers,
}
