"""`run`: the main job with its folder and report; `diary`: the days of one synthetic resident, as data."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from underwatch.api import frames
from underwatch.api.asked import Option, ScenarioLike, path_of, scenario_of, threads_of, whole
from underwatch.api.look import DASHES, WORLD_COLOURS, axes_of, date_axis
from underwatch.api.results import Result, digest_of_table
from underwatch.errors import InputError, nearest
from underwatch.experiments.histories.diary import Diary, diary_lines, make_diary
from underwatch.experiments.studies.headline_rows import HeadlineRow, rows_of, summary_of
from underwatch.experiments.studies.run import FinishedRun, main_job
from underwatch.experiments.study import Study, drawn_words
from underwatch.facts import model_parameters
from underwatch.record.headlines import HEADLINE_NAMES
from underwatch.record.measures import week_starts
from underwatch.record.ranges import range_name, ranges_of
from underwatch.texts.languages import language_of
from underwatch.world.scenario import Phase, RunOptions, Scenario
from underwatch.world.simulate import World
from underwatch.world.simulate import run as engine_run
from underwatch.world.workers import Workers


@dataclass(frozen=True, eq=False, repr=False)
class RunResult(Result):
    """What a run came to, and the folder in which it stands."""

    done: FinishedRun

    @property
    def digest(self) -> str:
        """The digest of the histories that its tables hold."""
        return str(self.done.manifest["digest"])

    @property
    def path(self) -> Path:
        """The run folder; its page is `report.html`."""
        return self.done.path

    @property
    def is_same(self) -> bool | None:
        """Whether a run repeated from a manifest came to its digest; None for any other."""
        return self.done.is_same

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The summary in words, as the command prints it."""
        from underwatch.pages.summary import summary_lines

        return tuple(summary_lines(self.done.study, self.done.language))

    @property
    def summary(self) -> dict[str, Any]:
        """The plain data of `summary.json`: ensemble, headlines with their ranges, the report's statements."""
        return summary_of(self.done.study)

    def to_df(self, engine: str = "pandas") -> Any:
        """Return a row for each headline and world: median, low and high (5th to 95th percentile), and the example."""
        return frames.frame_of(_ranges_table(rows_of(self.done.study)), engine)

    def draws(self, engine: str = "pandas") -> Any:
        """Return a row for each world of the ensemble, with a column for each headline of the baseline."""
        rows = [row for row in rows_of(self.done.study) if row.world == "baseline"]
        columns: list[tuple[pa.Field, Any]] = [
            (frames.field_of(row.name, pa.float64(), "over the whole run", row.unit), row.drawn) for row in rows
        ]
        n = self.done.study.n_draws
        number = (frames.field_of("draw", pa.int32(), "world of the ensemble, from 1"), list(range(1, n + 1)))
        return frames.frame_of(frames.table_of([number, *columns]), engine)

    def plot(self, headline: str = "share_followed", ax: Any = None) -> Any:
        """Draw a headline week by week, baseline and twin, with the range of the ensemble; return the axes."""
        from underwatch.record.headlines import headline_of

        if headline not in HEADLINE_NAMES:
            known = nearest(str(headline)[:40], HEADLINE_NAMES)
            raise InputError(f'headline "{headline!s:.40}" is not known{known}; one of {", ".join(HEADLINE_NAMES)}')
        study, item = self.done.study, headline_of(headline)
        with axes_of(ax) as axes:
            _draw_bands(axes, study, HEADLINE_NAMES.index(headline))
            date_axis(axes.xaxis)
            axes.set_title(item.title, loc="left")
            axes.set_ylabel(item.unit)
            axes.legend()
        return axes

    def _line(self) -> str:
        scenario = self.done.scenario
        return f"RunResult({scenario.name}, {scenario.residents:,} residents, {scenario.days} days, in {self.path})"

    def _facts(self) -> list[tuple[str, str]]:
        named = [line.partition(":") for line in self.lines]
        return [(name[:40], text.strip()) for name, _, text in named if text]

    def _next(self) -> tuple[str, ...]:
        return (".to_df()", ".plot()", ".lines", ".path", "diary(result)")


def _draw_bands(axes: Any, study: Study, index: int) -> None:
    """Draw a headline of each world by week: the range over the ensemble and its median, or the one history."""
    days = [study.day(int(first)) for first in week_starts(study.days)]
    for at, world in enumerate(study.worlds):
        colour, dash = WORLD_COLOURS[at % 2], DASHES[at % 2]
        if world in study.drawn:
            low, middle, high, _ = ranges_of(study.drawn[world].weekly[:, :, index])
            axes.fill_between(days, low, high, color=colour, alpha=0.16, linewidth=0)
            around = range_name(study.n_draws, *drawn_words(study.source))
            axes.plot(days, middle, color=colour, linestyle=dash, label=f"{world}: median, {around}")
        elif world in study.example.figures:
            history = study.example.figures[world].weekly[:, index]
            axes.plot(days, history, color=colour, linestyle=dash, linewidth=0.8, label=f"{world}: one history")


def _ranges_table(rows: list[HeadlineRow]) -> pa.Table:
    found = [ranges_of(row.drawn) if len(row.drawn) else (None, None, None, 0) for row in rows]
    low, median, high, n = zip(*found, strict=True)
    field = frames.field_of
    columns = [
        (field("headline", pa.string(), "name"), [row.name for row in rows]),
        (field("world", pa.string(), "baseline, twin, or the difference of both"), [row.world for row in rows]),
        (field("unit", pa.string(), "unit"), [row.unit for row in rows]),
        (field("median", pa.float64(), "over worlds of the ensemble"), [_float(one) for one in median]),
        (field("low", pa.float64(), "5th percentile"), [_float(one) for one in low]),
        (field("high", pa.float64(), "95th percentile"), [_float(one) for one in high]),
        (field("n", pa.int32(), "worlds that have a value"), [int(one) for one in n]),
        (field("example", pa.float64(), "one possible history, where it lies inside"), [row.shown for row in rows]),
    ]
    return frames.table_of(columns, "Headlines of a run.")


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _former_run(world: World, phases: Sequence[Phase], workers: Workers | None = None) -> Any:
    """Take a world to the end of phases, as `run` did in version 0.1; InputError where these are of another town."""
    warnings.warn(
        "underwatch.run(world, phases) goes with version 0.3: simulate(...) does it in one line", DeprecationWarning,
        stacklevel=3,
    )  # fmt: skip
    before = None if world.phase is None else world.phase.values
    for name, fact in model_parameters().items():
        if before is not None and fact.rule in ("S1", "S2") and phases and phases[0].values[name] != before[name]:
            raise InputError(
                f"{name} ({fact.rule}) makes the town: it was {before[name]:g} when this one was made and is "
                f"{phases[0].values[name]:g} in the phases, which would change nothing; make the world anew"
            )
    return engine_run(world, phases, workers)


def run(
    scenario: ScenarioLike | None = None,
    *former: Any,
    draws: int = 200,
    replicates: int = 1,
    ensemble: str | None = None,
    incidents: str | None = None,
    twin: bool | None = None,
    language: str | None = None,
    threads: int | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    from_manifest: str | Path | None = None,
    **options: Option,
) -> RunResult:
    """Do what `underwatch run` does: worlds of an ensemble, an example beside its twin, a run folder with a report.

    `scenario` and `options` as in `simulate`. `draws` worlds are of `ensemble` ("described", "known" or "prior");
    `replicates` are further histories; `incidents` ("all", "sample") what is written of them; `twin` whether the whole
    place is also run without the campaign; `language` ("en", "ko") that of the summary and the report. The folder is
    `out`, or runs/PLACE-001 counting up. `resume` goes on with a stopped folder, `from_manifest` runs a manifest again:
    what they keep cannot be given anew. InputError in one line.
    """
    given: Any = scenario
    if isinstance(given, World):
        made_before: Any = _former_run(given, *former)
        return made_before
    if former:
        raise InputError(f"run takes one scenario, and all else by name; {former[0]!s:.40} has none")
    out, resume, from_manifest = (None if path is None else Path(path) for path in (out, resume, from_manifest))
    asked = RunOptions(threads=threads_of(threads), out=out, resume=resume, from_manifest=from_manifest)
    made: Scenario | None = None
    if resume is None and from_manifest is None:
        made = scenario_of(scenario, options, "run")
        whole(draws=draws)
        whole(1, replicates=replicates)
        asked = replace(
            asked,
            draws=draws,
            replicates=replicates,
            ensemble=ensemble,
            incidents=incidents,
            twin=twin,
            language=language_of(language),
        )
    elif scenario is not None or options:
        raise InputError("a scenario cannot be given with resume or from_manifest: the run keeps its own")
    from underwatch.pages.report import scenario_report

    return RunResult(main_job(made, asked, scenario_report))


@dataclass(frozen=True, eq=False, repr=False)
class DiaryResult(Result):
    """The days of one synthetic resident around an episode."""

    diary: Diary

    @property
    def digest(self) -> str:
        """The hash of its table."""
        return digest_of_table(self._table)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The diary as lines to read."""
        return tuple(diary_lines(self.diary))

    @cached_property
    def _table(self) -> pa.Table:
        rows = [(day, said) for day, sentences in self.diary.days for said in sentences]
        days = pa.array([day for day, _ in rows], pa.date32()).cast(pa.timestamp("us"))
        columns = [
            (frames.field_of("date", pa.timestamp("us"), "the day"), days),
            (frames.field_of("what", pa.string(), "what happened, in a sentence"), [said for _, said in rows]),
        ]
        return frames.table_of(columns, "One synthetic resident.")

    def to_df(self, engine: str = "pandas") -> Any:
        """Return a row for each thing that happened: date, and a sentence."""
        return frames.frame_of(self._table, engine)

    def _line(self) -> str:
        return f"DiaryResult({self.diary.place}, {self.diary.like}, {len(self.diary.days)} days with something to tell)"

    def _facts(self) -> list[tuple[str, str]]:
        return [(str(day), " ".join(said)) for day, said in self.diary.days[:10]]

    def _next(self) -> tuple[str, ...]:
        return (".to_df()", ".lines")


def diary(
    run: str | Path | RunResult, like: str = "call-abandoned", around: int = 14, *, language: str | None = None
) -> DiaryResult:
    """Return the days of the first synthetic resident of a run to whom it happens, `around` days to both sides.

    `run` is a run folder or what `run` returned; `like` is call-abandoned, followed-visit, accused, arrested, listed or
    stopped-calling; `language` "en" or "ko". InputError where it happens to nobody.
    """
    whole(around=around)
    if isinstance(run, Result) and not isinstance(run, RunResult):
        raise InputError(
            'diary takes a run folder or what run() returned; of one world in memory: world.diary("accused")'
        )
    folder = run.path if isinstance(run, RunResult) else path_of("run", run)
    return DiaryResult(make_diary(folder, like, around, language_of(language)))


def diary_of_scenario(scenario: Scenario, like: str = "call-abandoned", around: int = 14) -> DiaryResult:
    """Return the same of a world that is simulated in memory."""
    whole(around=around)
    return DiaryResult(make_diary(scenario, like, around))
