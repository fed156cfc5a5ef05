"""What tells a run from another: kept in the note of a run on its way, and in the manifest of a finished one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from underwatch import __version__
from underwatch.errors import InputError
from underwatch.experiments.engine.run_directory import Kind, RunDirectory
from underwatch.experiments.ensemble.names import DEFAULT_ENSEMBLE, ENSEMBLES, PRIOR
from underwatch.facts.places import slug
from underwatch.files.folders import kept_folder
from underwatch.files.intake.json import read_json
from underwatch.record.outputs import read_manifest
from underwatch.record.provenance import MANIFEST
from underwatch.texts.languages import ENGLISH, LANGUAGES
from underwatch.world.scenario import RunOptions, Scenario
from underwatch.world.scenario_file import parse, parse_written, scenario_toml

RUN = Kind(
    what="run",
    question="checkpoint/job.json",
    inside="checkpoint",
    own=re.compile(r"(world|draw|part)-\d{3}(-[\w-]+)?\.(npz|parquet)|job\.json|lock|\.[\w.-]+\.part"),
    missing="{folder} holds no stopped run: {question} is missing",
    damaged="{question} is damaged; run the scenario again",
    finished="{folder} is a finished run; there is nothing to resume",
    resume="resume with underwatch run --resume {folder}",
)
_KEPT = ("replicates", "draws", "incidents", "twin", "ensemble", "language")
_MOST_REPLICATES, _MOST_DRAWS = 1_000, 10_000
_FROM = "reproduces"
_LUCK = (
    "an example among the worlds of an ensemble, residents accused"  # draws kept by another rule are not gone on with
)


def new_run(scenario: Scenario, options: RunOptions, same_as: str | None = None) -> RunDirectory:
    """Make the run directory; one that exists is refused. `same_as` is a digest that the run should have."""
    note = {"version": __version__, "luck": _LUCK, "scenario": scenario_toml(scenario), **kept_options(options)}
    return RunDirectory.new(RUN, options.out, slug(scenario.name), {**note, _FROM: same_as})


def old_run(path: Path) -> tuple[RunDirectory, Scenario, RunOptions]:
    """Return what a stopped run was about."""
    if (kept_folder(path) / MANIFEST).exists():
        _clear_left(path, read_manifest(path))
    directory = RunDirectory.stopped(RUN, path)
    kept = directory.question
    damaged = InputError(RUN.damaged.format(question=path / RUN.question))
    try:
        options, same_as = _options(kept), kept[_FROM]
    except (ValueError, KeyError, TypeError):
        raise damaged from None
    if same_as is not None and not isinstance(same_as, str):
        raise damaged
    if (version := kept["version"]) != __version__:
        raise InputError(f"{path} was begun by version {version!s:.20} of underwatch, and this is {__version__}")
    if kept.get("luck") != _LUCK:
        raise InputError(
            f"{path} was begun by an earlier underwatch, which kept something else of its draws; run it again"
        )
    return directory, parse(kept["scenario"], f"{path / RUN.question}: "), options


def note_of(directory: RunDirectory) -> dict[str, Any]:
    """Return the note that all checkpoints of a run bear."""
    return {key: value for key, value in directory.question.items() if key != _FROM}


def reproduces(directory: RunDirectory) -> str | None:
    """Return the digest that a run should have, if it repeats another."""
    digest: str | None = directory.question[_FROM]
    return digest


def _clear_left(path: Path, finished: Mapping[str, Any]) -> None:
    """Take away the checkpoints that a kill has left beside the manifest, where they are of the run that it tells."""
    try:
        question = read_json(path / RUN.question, "note of a stopped run")
        if question["scenario"] == finished["scenario"]:
            RunDirectory(path, RUN, question).clear()
    except (OSError, ValueError, KeyError, TypeError):
        return


def _options(kept: Mapping[str, Any]) -> RunOptions:
    """Return the options that belong to a run itself; ValueError when they cannot be."""
    replicates, draws, incidents, twin, ensemble, language = (kept[name] for name in _KEPT)
    known = isinstance(kept["scenario"], str) and isinstance(kept["version"], str) and isinstance(twin, bool)
    counts = type(replicates) is int and type(draws) is int
    counts = counts and 1 <= replicates <= _MOST_REPLICATES and 0 <= draws <= _MOST_DRAWS
    if (
        language not in LANGUAGES
        or not known
        or not counts
        or incidents not in ("all", "sample")
        or ensemble not in ENSEMBLES
    ):
        raise ValueError
    return RunOptions(
        replicates=replicates, draws=draws, incidents=incidents, twin=twin, ensemble=ensemble, language=language
    )


def run_of_manifest(path: Path) -> tuple[Scenario, RunOptions, str]:
    """Return what a manifest tells: the scenario, its options, and the digest."""
    manifest = read_manifest(path)
    kept = manifest.get("options")
    try:
        options = (
            _options({"ensemble": PRIOR, "language": ENGLISH, **kept, "scenario": "", "version": ""})
            if isinstance(kept, dict)
            else RunOptions()
        )
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path} is damaged: its options are not those of a run") from None
    scenario = parse_written(manifest["scenario"], f"{path}: ")
    own = {"seed": scenario.seed, "days": scenario.days, "population": scenario.residents}
    for name, value in own.items():
        if manifest.get(name) != value:
            raise InputError(
                f"{path}: {name} is {manifest.get(name)!r:.40}, but its scenario says {value}; the manifest was changed"
            )
    return scenario, options, manifest["digest"]


def example_of_manifest(path: Path) -> Scenario:
    """Return the scenario at whose settings a run's history was lived: its example."""
    scenario, _, _ = run_of_manifest(path)
    example = read_manifest(path).get("example")
    if example is None:
        return scenario
    if not isinstance(example, dict) or not isinstance(example.get("scenario"), str):
        raise InputError(f"{path} is damaged: its example is no scenario")
    return parse_written(example["scenario"], f"{path}: ")


def kept_options(options: RunOptions) -> dict[str, Any]:
    """Return the options that go into the manifest."""
    return {name: getattr(options, name) for name in _KEPT} | {"ensemble": options.ensemble or DEFAULT_ENSEMBLE}
