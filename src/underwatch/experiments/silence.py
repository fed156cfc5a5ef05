"""The silence curve: what becomes of incidents and of published reports as watching grows from next to nothing.

A stand-in place of the same kind is enough: both are rates. Incidents and published reports are those of the stand-in.
Each strength of watching has settled before anything is counted. All strengths of a curve meet the same luck, so that
it bends because watching grows; each curve has luck of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from underwatch.channel.reporting import expected_published
from underwatch.experiments.engine.tasks import run_all
from underwatch.experiments.engine.worlds import calm_world, seed_of_draw, workers_here
from underwatch.facts import Place
from underwatch.world import simulate
from underwatch.world.parameters import Parameters
from underwatch.world.scenario import Phase, Scenario

WATCHING = (0.05, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
STAND_IN = 20_000
_CHANCES = ("vigilance_base", "vigilance_pressure", "p_taken_over_per_km")
_SCALED = (*_CHANCES, "attention_per_role_per_day", "attention_per_officer_per_day")


@dataclass(frozen=True, slots=True)
class SilenceCurve:
    """By strength of watching (a multiple of the scenario's): float[points, draws], the scenario's own values first."""

    watching: tuple[float, ...]
    incidents: np.ndarray
    published: np.ndarray


def watched_values(values: Mapping[str, float], scale: float) -> dict[str, float]:
    """Return the parameters with all that following takes multiplied by `scale`; a chance stays at most 1."""
    scaled = {name: values[name] * scale for name in _SCALED}
    scaled |= {name: min(1.0, scaled[name]) for name in _CHANCES}
    return {**values, **scaled}


def watched_more(phase: Phase, scale: float) -> Phase:
    """Return the phase under watching of another strength."""
    return replace(phase, values=watched_values(phase.values, scale))


def watched_phases(phases: Iterable[Phase], scale: float) -> tuple[Phase, ...]:
    """Return phases under watching of another strength."""
    return tuple(watched_more(phase, scale) for phase in phases)


def watched_world(scenario: Scenario, place: Place, seed: int, scale: float) -> simulate.World:
    """Return a place on its first morning, settled under watching of this strength."""
    settling = watched_phases(scenario.settling(), scale)
    return simulate.run(calm_world(scenario, place, seed), settling, workers_here())


def silence_curve(
    scenario: Scenario,
    parameters: Sequence[Parameters],
    threads: int = 1,
    watching: Sequence[float] = WATCHING,
    progress: Callable[[], None] | None = None,
) -> SilenceCurve:
    """Run the stand-in at every strength of watching with every set of parameters, and count.

    The first set meets the luck of the scenario, number n after it that of draw n.
    """
    place = replace(scenario.places[0], border=any(item.border for item in scenario.places))
    stand_in = scenario.replace(places=(place,), population=min(STAND_IN, scenario.residents))

    def count(task: tuple[int, int]) -> tuple[float, float]:
        scale, number = watching[task[0]], task[1]
        seed = seed_of_draw(scenario, number) if number else scenario.seed
        drawn = stand_in.replace(parameters=parameters[number])
        phases = watched_phases(drawn.phases(), scale)
        records = simulate.run(watched_world(drawn, place, seed, scale), phases, workers_here()).history.records
        published = 0.0 if "S13" in phases[0].without else expected_published(records, phases[0].values)
        if progress is not None:
            progress()
        return float(len(records)), published

    tasks = [(index, number) for index in range(len(watching)) for number in range(len(parameters))]
    counts = np.array([*run_all(tasks, count, threads).values()]).reshape(len(watching), len(parameters), 2)
    return SilenceCurve(tuple(watching), counts[..., 0], counts[..., 1])
