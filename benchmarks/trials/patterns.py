"""P1 to P7: what the report describes, as questions asked of small worlds.

Each pattern compares settled worlds of one synthetic border town that share all luck and differ in one thing. It is a
verdict with the figures behind it; nothing is tuned to make it hold, and `make study` says in what share of prior draws
it does. Each has a world in which it must fail (`CONTROLS`), which a test tries: what cannot fail says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

import numpy as np

from underwatch.channel.episodes import episodes
from underwatch.channel.reporting import expected_published
from underwatch.experiments.silence import watched_values
from underwatch.facts import patterns as told
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
CAMPAIGN = slice(39, 101)  # 15 November to 15 January
SETTLE_WEEKS = 26  # that the patterns leave out
WATCHING = (0.05, 0.25, 1.0, 4.0, 16.0)
LISTED = np.arange(L.N_CELLS) >= L.LISTED_CELL
FEWEST = 20  # events below which a comparison of counts is not judged
CLEARLY = 1.05  # what rises does so by a twentieth at least


@dataclass(frozen=True)
class Verdict:
    """Whether a pattern holds (None: too little happened to judge), and the figures it rests on."""

    holds: bool | None
    figures: Mapping[str, float]

    @property
    def words(self) -> str:
        """The verdict in a word or two."""
        return "not judged" if self.holds is None else "holds" if self.holds else "fails"


@dataclass(frozen=True)
class Town:
    """A small border town at given parameters: the worlds that the patterns compare.

    `without` are rules out in all of them, `forms` the forms of rules, `settle_weeks` what is not counted.
    """

    parameters: Parameters
    seed: int = 1
    residents: int = RESIDENTS
    days: int = DAYS
    without: frozenset[str] = frozenset()
    forms: Forms = field(default_factory=Forms.central)
    settle_weeks: int = 0

    def world(
        self,
        changes: Mapping[str, float] | None = None,
        without: frozenset[str] = frozenset(),
        campaign: bool = False,
        workers: Workers | None = None,
        forms: Mapping[str, str] | None = None,
        like: simulate.World | None = None,
    ) -> simulate.World:
        """One world, with values put in place of parameters from its very beginning (beyond their range if need be).

        `forms` names the form of a rule where it is another than the town's. `like` is the baseline by whose lists
        residents are grouped.
        """
        scenario: Scenario = scenario_for(
            TOWN, start=START.isoformat(), days=self.days, seed=self.seed, settle_weeks=self.settle_weeks
        ).replace(parameters=self.parameters, population=self.residents)
        if not campaign:
            scenario = scenario.without_campaign()
        holds = {
            "values": {**self.parameters.to_dict(), **(changes or {})},
            "without": self.without | without,
            "forms": self.forms.with_forms(forms or {}),
        }
        settling, phases = ([replace(p, **holds) for p in some] for some in (scenario.settling(), scenario.phases()))
        place = scenario.places[0]
        where = (self.seed, place.first_resident, self.residents, self.days, scenario.settling_days)
        world = simulate.init(InitialConditions.of((settling + phases)[0], place.border, *where))
        simulate.run(world, settling, workers)
        if like is not None:
            simulate.group_by(world, like.state.flags & L.LISTED_AT_START != 0)
        return simulate.run(world, phases, workers)


def judged(name: str, town: Town) -> Verdict:
    """Ask a pattern of a town whose worlds have settled."""
    return PATTERNS[name](replace(town, settle_weeks=SETTLE_WEEKS))


def count(world: simulate.World, column: int, cells: np.ndarray | slice = slice(None), since: int = 0) -> int:
    """An indicator summed over days and cells."""
    return int(world.history.cells[since:, cells, column].sum())


def share(part: float, whole: float) -> float:
    """A share; 0 of nothing is 0."""
    return part / whole if whole else 0.0


def rises(before: float, after: float, figures: Mapping[str, float]) -> Verdict:
    """Whether a count rises, where there is enough to count."""
    return Verdict(after > before if before + after >= FEWEST else None, figures)


def p1_quota_and_the_ordinary(town: Town) -> Verdict:
    """Raising quotas raises the share of reports that are about ordinary residents."""
    v = town.parameters
    quotas = {n: v[n] * 3.0 for n in ("quota_mps_per_week", "quota_mss_per_week")}
    base = town.world()
    shares, reports = [], []
    for world in (base, town.world(quotas, like=base)):
        reports.append(count(world, L.COUNT.reports))
        shares.append(share(count(world, L.COUNT.reports, ~LISTED), reports[-1]))
    figures = {"share_at_quota": shares[0], "share_at_three_times": shares[1]}
    return Verdict(shares[1] > shares[0] if min(reports) >= FEWEST else None, figures)


def p2_silence_curve(town: Town) -> Verdict:
    """As watching rises, incidents rise, published per incident falls, and published first rises, then falls."""
    incidents, published = [], []
    values = town.parameters.to_dict()
    for scale in WATCHING:
        history = town.world(watched_values(values, scale)).history
        incidents.append(len(history.records))
        told_of = episodes(history.records, history.who, START)
        published.append(expected_published(told_of, values, town.forms["S13"]))
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
    family = LISTED & (np.arange(L.N_CELLS) & 1 == 1)
    cells = world.history.cells[CAMPAIGN][:, family]
    made = cells[..., L.COUNT.outings].sum() * adult_share(world, family)
    figure = share(float(cells[..., L.COUNT.followed_outings].sum()), float(made))
    return Verdict(figure >= told()["P3"].low, {"share_followed": figure})


def adult_share(world: simulate.World, cells: np.ndarray) -> float:
    """Share of adults among the residents of some cells (only adults are listed and followed)."""
    return share(float(world.history.adults[cells].sum()), float(world.history.residents[cells].sum()))


def p4_distress_of_the_unlisted(town: Town) -> Verdict:
    """Distress rises among the unlisted too: from a campaign on it is a twentieth above that of the twin without it."""
    world = town.world(campaign=True)
    twin = town.world(like=world)
    since, people = CAMPAIGN.start, float(world.history.residents[~LISTED].sum()) * (town.days - CAMPAIGN.start)
    with_it, without = (share(count(w, L.COUNT.distress, ~LISTED, since) / L.ONE, people) for w in (world, twin))
    return Verdict(with_it > CLEARLY * without, {"distress_in_the_twin": without, "distress": with_it})


def p5_fewer_real_offences(town: Town) -> Verdict:
    """Where real offences supply 30 % and more of the quota, fewer of them bring more routine acts into reports."""
    v = town.parameters
    full = {"offences_per_adult_per_year": v["offences_per_adult_per_year"]}
    world = town.world(full)
    quota = v["quota_mps_per_week"] * world.town.n_mps + v["quota_mss_per_week"] * world.town.n_mss
    supply = share(count(world, L.COUNT.reports_offence) * 7 / town.days, quota)
    if supply < 0.3:
        needed = full["offences_per_adult_per_year"] * 0.35 / max(supply, 1e-9)
        full = {"offences_per_adult_per_year": needed}
        world = town.world(full)
    fewer = town.world({"offences_per_adult_per_year": full["offences_per_adult_per_year"] / 4}, like=world)
    a, b = (count(w, L.COUNT.reports_routine, ~LISTED) for w in (world, fewer))
    return rises(a, b, {"routine_reports": a, "with_a_quarter_of_the_offences": b, "share_of_quota": supply})


def p6_no_reprimand(town: Town) -> Verdict:
    """Removing the reprimand relieves ordinary residents."""
    with_it = town.world()
    without = town.world({"p_reprimand": 0.0}, like=with_it)
    a, b = (count(w, L.COUNT.reports_routine, ~LISTED) for w in (with_it, without))
    accused = [count(w, L.COUNT.accusations, ~LISTED) for w in (with_it, without)]
    holds = b < a and accused[1] <= accused[0] if a + b >= FEWEST else None
    figures = {"routine_reports": a, "without_reprimand": b, "accused": accused[0], "accused_without": accused[1]}
    return Verdict(holds, figures)


def p7_watched_callers(town: Town) -> Verdict:
    """Watched callers' completed calls fall, by a twentieth at least."""
    callers = LISTED & (np.arange(L.N_CELLS) & 2 == 2)
    watched = town.world()
    free = town.world(without=frozenset({"S3", "S4", "S5", "S6", "S7", "S8", "S10"}), like=watched)
    a, b = (count(w, L.COUNT.calls_completed, callers) for w in (free, watched))
    ratio = b / a if a else float("inf")
    figures = {"calls_unwatched": a, "calls_watched": b, "ratio": ratio}
    return Verdict(ratio <= told()["P7"].high if a + b >= FEWEST else None, figures)


PATTERNS: Mapping[str, Callable[[Town], Verdict]] = {
    "P1": p1_quota_and_the_ordinary,
    "P2": p2_silence_curve,
    "P3": p3_family_followed,
    "P4": p4_distress_of_the_unlisted,
    "P5": p5_fewer_real_offences,
    "P6": p6_no_reprimand,
    "P7": p7_watched_callers,
}
# Rules without which a pattern must fail: no pressure on officers (P1, P5, P6), callers who fear nothing and whom
# nobody follows (P2, P7), nobody who follows (P3), no fear and so no distress (P4)
CONTROLS: Mapping[str, frozenset[str]] = {
    "P1": frozenset({"S6"}),
    "P2": frozenset({"S8", "S11"}),
    "P3": frozenset({"S4"}),
    "P4": frozenset({"S11"}),
    "P5": frozenset({"S6"}),
    "P6": frozenset({"S6"}),
    "P7": frozenset({"S8", "S11"}),
}
