"""The main job: a scenario beside its twin, over draws from the prior, with the silence curve; a run folder, a summary.

Places go one after another, so memory is that of the largest. Everything that a resumed run needs is in its folder.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from underwatch.facts import Place, model_parameters
from underwatch.record import incidents
from underwatch.record.indicators import HEADLINES, Measured, indicator_table, measure, stack
from underwatch.record.outputs import Run, joined, software, write_run
from underwatch.show.progress import Progress, warn_if_cold
from underwatch.show.report import ParameterValue, ReportModel, render_report
from underwatch.show.stations import Station, kept_options, manifest_job, new_station, old_station
from underwatch.show.summary import PlaceFacts, SilencePoint, Study, summary_lines
from underwatch.testimony.channel import publish
from underwatch.whatif.silence import WATCHING, silence_curve
from underwatch.whatif.worlds import (
    BASELINE,
    Gathered,
    Runner,
    StopAsked,
    begin,
    digest_of,
    drawn,
    first_values,
    gather,
    place_record,
    residents_in,
    seed_of,
    worlds_of,
)
from underwatch.world import checkpoint, simulate
from underwatch.world.scenario import RunOptions, Scenario

_CHANGE = "the year-end campaign"
_ALL_INCIDENTS = 5_000_000  # residents; above, incidents are sampled whatever was asked for
_SAMPLE = 200_000  # incidents of a place and world
_SILENCE_DRAWS = 8
_FEW_PLACES, _SOME_PLACES = 1, 40


@dataclass
class Job:
    """One run on its way."""

    scenario: Scenario
    options: RunOptions
    station: Station
    threads: int
    sums: dict[str, Gathered] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)
    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.worlds = worlds_of(self.scenario)
        self.draws = drawn(self.scenario, self.options.draws)
        self.points = min(len(self.draws), _SILENCE_DRAWS) + 1
        per_resident = (self.options.replicates + len(self.draws)) * len(self.worlds)
        self.work = self.scenario.residents * self.scenario.days * per_resident

    def run(self) -> Study:
        """Simulate all places, then the silence curve."""
        done, self.sums, self.digests = self.station.read_sums()
        stand_in = min(20_000, self.scenario.residents) * self.scenario.days
        with Progress(self.work + stand_in * self.points * len(WATCHING)) as progress:
            runner = Runner(progress.advance, self.stopping.is_set)
            progress.advance(sum(residents_in(self.scenario, p) for p in self.scenario.places[:done])
                             * self.work // max(1, self.scenario.residents))  # fmt: skip
            for at, place in enumerate(self.scenario.places):
                if at >= done:
                    progress.say(place.name)
                    self._place(at, place, runner)
            progress.say("silence curve")
            silence = self._silence(lambda: progress.advance(stand_in))
        return self._study(silence)

    def _place(self, at: int, place: Place, runner: Runner) -> None:
        """Simulate one place: the central worlds of every replicate, then the draws side by side."""
        hands = simulate.Hands(self.threads)
        for replicate in range(self.options.replicates):
            for name, scenario in self.worlds.items():
                path, note = self.station.world(at, replicate, name), self.station.noted(at, replicate, name)
                world = begin(scenario, place, seed_of(scenario, replicate))
                if path.exists():
                    checkpoint.load(world, path, note)
                runner.carry_on(world, scenario, hands, path, note)
                self.digests.append(simulate.digest(world))
                self._add(f"central-{replicate}-{name}", gather(world, scenario))
                self._record(at, place, name, scenario, world, replicate)
        for (draw, name), found in self._draws(at, place, runner).items():
            self._add(f"draw-{draw}-{name}", found)
        if len(self.scenario.places) > 1:
            for name, tables in self.tables.items():
                self.station.keep_table(at, name, joined(name, tables))
            self.tables.clear()
            self.station.keep_sums(at + 1, self.sums, self.digests)

    def _add(self, key: str, found: Gathered) -> None:
        self.sums[key] = self.sums[key] + found if key in self.sums else found

    def _draws(self, at: int, place: Place, runner: Runner) -> dict[tuple[int, str], Gathered]:
        """Run a place with every draw from the prior, each world on one thread."""
        bench = threading.local()
        tasks: dict[tuple[int, str], Scenario] = {}
        for draw, scenario in enumerate(self.draws, 1):
            named = {BASELINE: scenario, **{n: scenario.without_campaign() for n in self.worlds if n != BASELINE}}
            tasks |= {(draw, name): world for name, world in named.items()}

        def one(draw: int, name: str) -> Gathered:
            if (kept := self.station.read_draw(at, draw, name)) is not None:
                runner.tick(int(kept.residents.sum()) * self.scenario.days)
                return kept
            if not hasattr(bench, "hands"):
                bench.hands = simulate.Hands(1)
            scenario = tasks[draw, name]
            world = begin(scenario, place, scenario.seed)
            found = gather(runner.carry_on(world, scenario, bench.hands), scenario)
            self.station.keep_draw(at, draw, name, found)
            return found

        with ThreadPoolExecutor(self.threads) as pool:
            jobs: dict[tuple[int, str], Future[Gathered]] = {task: pool.submit(one, *task) for task in tasks}
            try:
                wait(jobs.values(), return_when=FIRST_EXCEPTION)
                for job in jobs.values():
                    if job.done() and (error := job.exception()) is not None:
                        raise error
            except BaseException as error:
                self.stopping.set()
                pool.shutdown(cancel_futures=True)
                if isinstance(error, StopAsked):
                    raise KeyboardInterrupt from None
                raise
        return {task: job.result() for task, job in jobs.items()}

    def _record(
        self, at: int, place: Place, name: str, scenario: Scenario, world: simulate.World, replicate: int
    ) -> None:
        """Put what came out of a finished world into tables."""
        values, history = first_values(scenario), place_record(world, scenario, place)
        many = len(self.scenario.places)
        every = 1 if many <= _FEW_PLACES else 7 if many <= _SOME_PLACES else 28
        floor = 0.0 if "S15" in scenario.without else values["private_speech_floor"]
        kept: dict[str, pa.Table] = {}
        kept["indicators"] = indicator_table(history, name, floor=floor, every_days=every, replicate=replicate)
        records, weights = history.records, None
        if self.sampled:
            shares = incidents.shares_for(incidents.kind_counts(records), _SAMPLE)
            records, weights = incidents.sample(records, shares, scenario.seed)
        kept["incidents"] = incidents.incident_table(
            records, history.start, place.name, name, weights=weights, replicate=replicate
        )
        if "S13" not in scenario.without:
            seed = (seed_of(scenario, replicate) << 8) + at
            told: dict[str, Any] = {**publish(history.records, history.start, place.name, values, seed, world=name)}
            told["replicate"] = np.full(len(told["date"]), replicate, np.int16)
            kept["published"] = incidents.published_table(told)
        for table, rows in kept.items():
            self.tables.setdefault(table, []).append(rows)

    @property
    def sampled(self) -> bool:
        """Say whether incidents are sampled: when asked for, and in a place too large to write them all."""
        return self.options.incidents == "sample" or self.scenario.residents > _ALL_INCIDENTS

    def _silence(self, tick: Any) -> tuple[SilencePoint, ...]:
        """Return the silence curve at the scenario's own values, with the range over draws."""
        sets = [self.scenario.parameters, *(one.parameters for one in self.draws[: self.points - 1])]
        curve = silence_curve(self.scenario, sets, self.threads, progress=tick)
        peaks = np.maximum(curve.published.max(axis=0), 1e-12)
        shapes = curve.published / peaks * peaks[0]  # levels differ by orders of magnitude between draws; shapes do not
        points = []
        for row, scale in enumerate(curve.watching):
            around = shapes[row, 1:] if shapes.shape[1] > 1 else shapes[row]
            edges = float(around.min()), float(around.max())
            points.append(SilencePoint(scale, float(curve.incidents[row, 0]), float(shapes[row, 0]), *edges))
        return tuple(points)

    def _measured(self, key: str) -> Measured:
        found = self.sums[key]
        return measure(found.history(self.scenario), self.window, int(found.numbers[0]))

    @property
    def window(self) -> tuple[int, int] | None:
        """The days in which the twin differs."""
        campaign = self.scenario.campaign
        if len(self.worlds) < 2 or campaign is None:
            return None
        first, last = ((day - self.scenario.start).days for day in campaign)
        return max(0, first), min(self.scenario.days, last + 1)

    def _study(self, silence: tuple[SilencePoint, ...]) -> Study:
        """Bring all that was gathered down to the figures of the summary and the report."""
        names, draws = tuple(self.worlds), range(1, len(self.draws) + 1)
        published = {}
        for name in names:
            keys = [f"central-0-{name}", *(f"draw-{draw}-{name}" for draw in draws)]
            published[name] = np.array([self.sums[key].numbers[1] for key in keys])
        return Study(
            place=_facts(self.scenario),
            start=self.scenario.start,
            days=self.scenario.days,
            worlds=names,
            change=_CHANGE,
            window=self.window,
            central={name: self._measured(f"central-0-{name}") for name in names},
            ensemble={n: stack([self._measured(f"draw-{d}-{n}") for d in draws]) for n in names} if draws else {},
            published=published,
            silence=silence,
            silence_band=(
                f"full range of {self.points - 1} draws from the prior, each scaled to the peak of this history "
                "(their levels differ by orders of magnitude, their shapes do not)"
                if draws
                else "no range"
            ),
        )

    def write(self, study: Study) -> dict[str, Any]:
        """Write the run folder; return the manifest."""
        digest = digest_of(self.digests)
        scenario = self.scenario
        text = scenario.to_toml()
        values = tuple(ParameterValue(fact, scenario.parameters[name]) for name, fact in model_parameters().items())
        rules = tuple(sorted(scenario.without, key=lambda rule: int(rule[1:])))
        report = render_report(
            ReportModel(
                title=f"Life under watch: {scenario.name}", study=study, scenario=text, parameters=values,
                seed=scenario.seed, digest=digest, without=rules, software=software(),
            )
        )  # fmt: skip
        tables = {name: joined(name, self.tables.get(name) or self.station.tables(name)) for name in _TABLES}
        notes = {
            "place": scenario.name,
            "places": len(scenario.places),
            "worlds": list(self.worlds),
            "options": kept_options(self.options),
            "incidents_sampled": self.sampled,
            "place_digests": self.digests,
            "headlines": headlines(study),
        }
        run = Run(
            text, scenario.parameters.to_dict(), text, scenario.residents, scenario.days, scenario.seed, digest,
            tables, report, notes,
        )  # fmt: skip
        manifest = write_run(self.station.run, run)
        self.station.finished()
        return manifest


_TABLES = ("indicators", "incidents", "published")


def _facts(scenario: Scenario) -> PlaceFacts:
    """Return what is known of the place or places."""
    members = scenario.places
    one = members[0] if len(members) == 1 else None
    return PlaceFacts(
        name=scenario.name,
        name_ko=one.name_ko if one else "",
        province=one.province if one else "",
        residents=scenario.residents,
        census=sum(place.population for place in members),
        urban=sum(place.urban for place in members),
        border=any(place.border for place in members),
        n_places=len(members),
    )


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def headlines(study: Study) -> dict[str, dict[str, Any]]:
    """Return the headline figures of each world as plain JSON: value, and the range over the draws."""
    found: dict[str, dict[str, Any]] = {}
    for world in study.worlds:
        found[world] = {}
        for at, headline in enumerate(HEADLINES):
            draws = study.ensemble[world].year[:, at] if world in study.ensemble else np.full(1, np.nan)
            known = draws[~np.isnan(draws)]
            found[world][headline.name] = {
                "value": _plain(study.central[world].year[at]),
                "low": float(known.min()) if len(known) else None,
                "high": float(known.max()) if len(known) else None,
                "unit": headline.unit,
            }
    return found


def main_job(scenario: Scenario | None, options: RunOptions) -> int:
    """Do the main job and return the exit code: 0, or 1 when a run repeated from a manifest has another digest."""
    same_as: str | None = None
    if options.resume is not None:
        station, scenario, kept, same_as = old_station(options.resume)
    else:
        kept = options
        if options.from_manifest is not None:
            scenario, kept, same_as = manifest_job(options.from_manifest)
            kept = replace(kept, out=options.out)
        if scenario is None:
            raise ValueError("neither a scenario nor a run to go on with")
        station = new_station(scenario, kept, same_as)
    warn_if_cold()
    job = Job(scenario, kept, station, max(1, options.threads))
    try:
        study = job.run()
        manifest = job.write(study)
    except KeyboardInterrupt:
        job.stopping.set()
        raise KeyboardInterrupt(f"resume with underwatch run --resume {station.run}") from None
    same = None if same_as is None else manifest["digest"] == same_as
    if options.as_json:
        keys = ("digest", "population", "days", "seed", "place", "worlds", "headlines")
        told = {"run": str(station.run), **{key: manifest[key] for key in keys}}
        if same is not None:
            told["same_digest"] = same
        told["summary"] = summary_lines(study)
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print("\n".join(summary_lines(study)))
        if same is not None:
            words = "as in the manifest" if same else f"NOT as in the manifest, which says {same_as}"
            print(f"Digest {manifest['digest']}: {words}.", file=sys.stdout if same else sys.stderr)
    print(f"Written to {station.run}; open {station.run / 'report.html'} in a browser.", file=sys.stderr)
    return 1 if same is False else 0
