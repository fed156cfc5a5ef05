"""What a study asks: a place, its twin, histories with other luck, and draws from the prior."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from underwatch.experiments.engine.worlds import BASELINE, COUNTER, WorldKey, prior_scenarios, worlds_of
from underwatch.experiments.interventions import Intervention, with_interventions
from underwatch.experiments.silence import STAND_IN, WATCHING
from underwatch.experiments.study import SILENCE_DRAWS
from underwatch.world.scenario import Scenario

CAMPAIGN = "the year-end campaign"
_FEW_RESIDENTS = 40_000  # residents of the places in which a study of many takes its draws from the prior


@dataclass(frozen=True)
class StudyPlan:
    """A scenario, what relieves its residents in the twin from which day on, and how many draws give the ranges.

    Without interventions the twin is the world without the campaign.
    """

    scenario: Scenario
    dated: tuple[tuple[Intervention, date], ...] = ()
    draws: int = 8
    replicates: int = 1
    twin: bool = True

    def twin_of(self, scenario: Scenario) -> Scenario:
        """Return the twin of the scenario, or of a draw of it: with the interventions, else without the campaign."""
        return with_interventions(scenario, self.dated) if self.dated else scenario.without_campaign()

    def worlds(self) -> dict[str, Scenario]:
        """Return the baseline and its twin; without intervention and campaign there is no twin."""
        if self.twin and self.dated:
            return {BASELINE: self.scenario, COUNTER: self.twin_of(self.scenario)}
        return worlds_of(self.scenario) if self.twin else {BASELINE: self.scenario}

    def central(self) -> tuple[WorldKey, ...]:
        """Return the worlds at the scenario's own values, in the order in which those of a place are run."""
        return tuple(WorldKey(0, replicate, world) for replicate in range(self.replicates) for world in self.worlds())

    def drawn(self) -> dict[tuple[int, WorldKey], Scenario]:
        """Return the worlds at draws from the prior, by the place they stand in for and by key."""
        worlds = {}
        for number, stand_in in enumerate(self.stand_ins()):
            for draw, scenario in enumerate(prior_scenarios(stand_in, self.draws), 1):
                for world in self.worlds():
                    lived = scenario if world == BASELINE else self.twin_of(scenario)
                    worlds[number, WorldKey(draw, 0, world)] = lived
        return worlds

    def stand_ins(self) -> tuple[Scenario, ...]:
        """Return what the draws from the prior are taken in: the place, or a border and an inland one for many.

        These have few residents, so many of them on the border as in all places.
        """
        if not self.many:
            return (self.scenario,)
        stand_ins = []
        for border in (True, False):
            places = [place for place in self.scenario.places if place.border is border]
            share = sum(place.population for place in places) / self.scenario.residents
            if residents := round(share * min(_FEW_RESIDENTS, self.scenario.residents)):
                largest = max(places, key=lambda place: place.population)
                stand_ins.append(self.scenario.replace(places=(largest,), population=residents))
        return tuple(stand_ins)

    @property
    def drawn_residents(self) -> int:
        """How many residents live through each draw."""
        return sum(stand_in.residents for stand_in in self.stand_ins())

    @property
    def n_silence(self) -> int:
        """How many sets of parameters the silence curve is drawn with."""
        return min(self.draws, SILENCE_DRAWS) + 1

    @property
    def silence_days(self) -> int:
        """Resident-days of one world of the silence curve."""
        return min(STAND_IN, self.scenario.residents) * self.scenario.lived_days

    @property
    def resident_days(self) -> int:
        """All the work."""
        residents = self.replicates * self.scenario.residents + self.draws * self.drawn_residents
        return residents * self.days_of_twins + self.silence_days * self.n_silence * len(WATCHING)

    @property
    def days_of_twins(self) -> int:
        """The days of the baseline and its twin, which settle together."""
        return self.scenario.settling_days + self.scenario.days * len(self.worlds())

    @property
    def many(self) -> bool:
        """Whether there is more than one place."""
        return len(self.scenario.places) > 1

    @property
    def change(self) -> str:
        """What differs between the worlds, in words."""
        return " with ".join(intervention.name for intervention, _ in self.dated) or CAMPAIGN

    @property
    def window(self) -> tuple[int, int] | None:
        """The days (lo, hi) in which the worlds differ."""
        scenario = self.scenario
        if self.dated:
            return (min(day for _, day in self.dated) - scenario.start).days, scenario.days
        if scenario.campaign is None or len(self.worlds()) == 1:
            return None
        first, last = ((day - scenario.start).days for day in scenario.campaign)
        return max(0, first), min(scenario.days, last + 1)
