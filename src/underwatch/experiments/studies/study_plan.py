"""What a study asks: a place, its twin, histories with other luck, and the worlds of an ensemble around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from underwatch.experiments.engine.worlds import BASELINE, COUNTER, WorldKey, worlds_of
from underwatch.experiments.ensemble.names import DEFAULT_DRAWS, DEFAULT_ENSEMBLE
from underwatch.experiments.ensemble.settings import ensemble_scenarios, is_adapted
from underwatch.experiments.ensemble.stand_ins import stand_ins
from underwatch.experiments.interventions import Intervention, with_interventions
from underwatch.experiments.silence import FEW_STRENGTHS, MOST_WORLDS, STAND_IN, shipped_silence
from underwatch.world.scenario import Scenario

CAMPAIGN = "the year-end campaign"
TRIED = 5  # settings nearest to the medians that are tried for the example
TRIAL_RESIDENTS = 10 * STAND_IN  # that stand in for many places when a setting is tried: a third of a draw's luck


@dataclass(frozen=True)
class StudyPlan:
    """A scenario, what relieves its residents in the twin from which day on, and how many worlds its figures rest on.

    Those `draws` worlds are of an ensemble, and live in stand-ins. Without interventions the twin is the world without
    the campaign. `twin` says whether the history of the whole place, the example, has its twin beside it too.
    """

    scenario: Scenario
    dated: tuple[tuple[Intervention, date], ...] = ()
    draws: int = DEFAULT_DRAWS
    replicates: int = 1
    twin: bool = True
    ensemble: str = DEFAULT_ENSEMBLE

    def twin_of(self, scenario: Scenario) -> Scenario:
        """Return the twin of the scenario, or of a draw of it: with the interventions, else without the campaign."""
        return with_interventions(scenario, self.dated) if self.dated else scenario.without_campaign()

    def worlds_of(self, scenario: Scenario) -> dict[str, Scenario]:
        """Return the baseline at the settings of `scenario`, and its twin; without a change there is no twin."""
        if self.dated:
            return {BASELINE: scenario, COUNTER: self.twin_of(scenario)}
        has_twin = len(worlds_of(self.scenario)) > 1  # the same in every draw
        return {BASELINE: scenario, COUNTER: self.twin_of(scenario)} if has_twin else {BASELINE: scenario}

    def worlds(self) -> dict[str, Scenario]:
        """Return the worlds that have figures: the baseline and its twin, which the stand-ins always have."""
        worlds = self.worlds_of(self.scenario)
        return worlds if self.twin or self.draws else {BASELINE: self.scenario}

    def histories(self) -> tuple[str, ...]:
        """Return the worlds of the whole place."""
        return tuple(self.worlds()) if self.twin else (BASELINE,)

    def central(self) -> tuple[WorldKey, ...]:
        """Return the worlds of the whole place, in the order in which those of a place are run."""
        return tuple(
            WorldKey(0, replicate, world) for replicate in range(self.replicates) for world in self.histories()
        )

    @cached_property
    def settings(self) -> tuple[Scenario, ...]:
        """The scenario in each world of the ensemble: its settings, and luck of its own."""
        return tuple(ensemble_scenarios(self.scenario, self.draws, self.ensemble))

    def example_at(self, draw: int) -> Scenario:
        """Return the whole scenario at the settings of a draw (from 1), with its own luck; at its own values for 0."""
        if not draw:
            return self.scenario
        drawn = self.settings[draw - 1]
        return self.scenario.replace(parameters=drawn.parameters, forms=drawn.forms)

    def stand_ins_at(self, draw: int) -> tuple[Scenario, ...]:
        """Return what stands in for the scenario, at the settings and with the luck of a draw."""
        drawn = self.settings[draw - 1]
        same = {"parameters": drawn.parameters, "forms": drawn.forms, "seed": drawn.seed}
        return tuple(stand_in.replace(**same) for stand_in in stand_ins(self.scenario))

    @property
    def drawn_residents(self) -> int:
        """How many residents live through each draw."""
        return sum(stand_in.residents for stand_in in stand_ins(self.scenario))

    @property
    def is_adapted(self) -> bool:
        """Whether the scenario is not the one for which the ensembles were found."""
        return is_adapted(self.scenario)

    @property
    def tries(self) -> int:
        """How many settings may be tried for the example; without draws there are only the scenario's own."""
        return min(TRIED, self.draws) if self.draws else 1

    @property
    def n_trials(self) -> int:
        """How many worlds may be run for that beside those that are kept: of one place all settings but the last.

        Of many places every setting is tried in what stands in for them, where there is a choice.
        """
        return self.tries - 1 if not self.many or self.tries < 2 else self.tries

    @property
    def silence_ships(self) -> bool:
        """Whether the silence curve of this scenario and ensemble comes with the program."""
        return not self.is_adapted and self.draws > 0 and shipped_silence(self.ensemble) is not None

    @property
    def n_silence(self) -> int:
        """In how many worlds the silence curve is drawn: one at the scenario's own values where there is no draw."""
        return max(1, min(self.draws, MOST_WORLDS))

    @property
    def silence_days(self) -> int:
        """Resident-days of one world of the silence curve."""
        return min(STAND_IN, self.scenario.residents) * self.scenario.lived_days

    @property
    def resident_days(self) -> int:
        """All the work, if settings are tried for the example as often as may be."""
        whole = self.n_trials * self.days_of_a_try
        whole += self.replicates * self.scenario.residents * self.days_of(len(self.histories()))
        drawn = self.draws * self.drawn_residents * self.days_of(len(self.worlds()))
        curve = 0 if self.silence_ships else self.silence_days * self.n_silence * len(FEW_STRENGTHS)
        return whole + drawn + curve

    @property
    def days_of_a_try(self) -> int:
        """Resident-days of a setting that is tried for the example and not kept."""
        tried = self.trial_towns_at(0) if self.many else (self.scenario,)
        return sum(one.residents for one in tried) * self.days_of(1)

    def trial_towns_at(self, draw: int) -> tuple[Scenario, ...]:
        """Return what stands in for many places when the settings of a draw are tried, with the luck of the example."""
        return stand_ins(self.example_at(draw), TRIAL_RESIDENTS)

    def days_of(self, n_worlds: int) -> int:
        """Return the days of so many twins, which settle together."""
        return self.scenario.settling_days + self.scenario.days * n_worlds

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
        return scenario.campaign_days if len(self.worlds_of(scenario)) > 1 else None
