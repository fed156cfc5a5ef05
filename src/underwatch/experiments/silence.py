"""The silence curve: what becomes of incidents and of published reports as watching grows from next to nothing.

A stand-in place of the same kind is enough: both are rates. Incidents and published reports are those of the stand-in.
Each strength of watching has settled before anything is counted. All strengths of a curve meet the same luck, so that
it bends because watching grows; each curve has luck of its own. The curve of the default scenario over an ensemble
ships with the program (`shipped_silence`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow.parquet as pq

from underwatch.channel.episodes import episodes
from underwatch.channel.reporting import expected_published
from underwatch.experiments.engine.tasks import run_all
from underwatch.experiments.engine.worlds import calm_world, seed_of_draw, workers_here
from underwatch.experiments.ensemble.stand_ins import STAND_IN
from underwatch.facts import Place
from underwatch.shown import Displayed
from underwatch.world import simulate
from underwatch.world.parameters import Parameters
from underwatch.world.scenario import Phase, Scenario

WATCHING = (0.05, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # of the curve that ships
FEW_STRENGTHS = (0.25, 1.0, 4.0, 16.0)  # of one that is drawn for a run
MOST_WORLDS = 50  # in which a run draws it
_COLUMNS = ("world", "watching", "incidents", "published")
_CHANCES = ("vigilance_base", "vigilance_pressure", "p_taken_over_per_km")
_SCALED = (
    *_CHANCES, "attention_per_role_per_day", "attention_per_officer_per_day", "home_visits_per_role_per_day",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class SilenceCurve(Displayed):
    """By strength of watching (a multiple of the scenario's), rising: float[points, worlds]."""

    watching: tuple[float, ...]
    incidents: np.ndarray
    published: np.ndarray

    @property
    def turns(self) -> np.ndarray:
        """bool[worlds]: whether fewer reports are published at the strongest watching than at some weaker one."""
        return np.asarray(self.published[-1] < self.published.max(axis=0))


def watched_values(values: Mapping[str, float], scale: float) -> dict[str, float]:
    """Return the parameters with all that following and calling at homes take multiplied by `scale`.

    A chance stays at most 1, and a home is called at once a day at most.
    """
    scaled = {name: values[name] * scale for name in _SCALED}
    scaled |= {name: min(1.0, scaled[name]) for name in _CHANCES}
    scaled["home_visit_days"] = max(1.0, values["home_visit_days"] / scale)
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
    seeds = [seed_of_draw(scenario, number) if number else scenario.seed for number in range(len(parameters))]
    worlds = [scenario.replace(parameters=one, seed=seed) for one, seed in zip(parameters, seeds, strict=True)]
    return silence_in(worlds, threads, watching, progress)


def silence_in(
    worlds: Sequence[Scenario],
    threads: int = 1,
    watching: Sequence[float] = FEW_STRENGTHS,
    progress: Callable[[], None] | None = None,
) -> SilenceCurve:
    """Run the stand-in of each world, with its settings and its luck, at every strength of watching, and count."""

    def count(task: tuple[int, int]) -> tuple[float, float]:
        scale, world = watching[task[0]], worlds[task[1]]
        place = replace(world.places[0], border=any(item.border for item in world.places))
        drawn = world.replace(places=(place,), population=min(STAND_IN, world.residents))
        phases = watched_phases(drawn.phases(), scale)
        history = simulate.run(watched_world(drawn, place, drawn.seed, scale), phases, workers_here()).history
        published = 0.0
        if "S13" not in phases[0].without:
            told_of = episodes(history.records, history.who, drawn.start)
            published = expected_published(told_of, phases[0].values, phases[0].forms["S13"])
        if progress is not None:
            progress()
        return float(len(history.records)), published

    tasks = [(index, number) for index in range(len(watching)) for number in range(len(worlds))]
    counts = np.array([*run_all(tasks, count, threads).values()]).reshape(len(watching), len(worlds), 2)
    return SilenceCurve(tuple(watching), counts[..., 0], counts[..., 1])


@cache
def shipped_silence(ensemble: str) -> SilenceCurve | None:
    """Return the curve of the default scenario over an ensemble; None where none ships."""
    path = files("underwatch.experiments.ensemble").joinpath("shipped", "silence.parquet")
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        table = pq.read_table(stream)
    if (table.schema.metadata or {}).get(b"ensemble", b"").decode() != ensemble:
        return None
    world, watching, incidents, published = (table[name].to_numpy() for name in _COLUMNS)
    shape = (int(world.max()) + 1, -1)
    strengths = watching.reshape(shape)[0]
    return SilenceCurve(tuple(strengths.tolist()), incidents.reshape(shape).T, published.reshape(shape).T)
