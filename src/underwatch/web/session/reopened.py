"""Run folders opened: what their manifests ask is simulated again, and the digest says whether it is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from underwatch.errors import InputError
from underwatch.experiments.ensemble.settings import usable_ensemble
from underwatch.experiments.studies.kept_run import run_of_manifest
from underwatch.record.headlines import HEADLINES
from underwatch.record.schema import DICTIONARY
from underwatch.web.bounds import MOST_DRAWS
from underwatch.web.session.request import RunRequest
from underwatch.web.session.studio_run import StudioRun

MOST_FOLDERS = 8


def questions_of(folders: tuple[Path, ...]) -> list[tuple[RunRequest, str]]:
    """Return what each run folder asked and the digest it had; InputError for one that is no run of one place."""
    if len(folders) > MOST_FOLDERS:
        raise InputError(f"{len(folders)} runs are named; the studio opens up to {MOST_FOLDERS}")
    questions = []
    for folder in folders:
        scenario, options, digest = run_of_manifest(folder)
        if options.replicates != 1:
            raise InputError(f"{folder} has {options.replicates} replicates; the studio opens runs of one history")
        try:
            question = RunRequest(
                scenario, (), min(options.draws, MOST_DRAWS), ensemble=usable_ensemble(options.ensemble, options.draws)
            )
        except InputError as error:
            raise InputError(f"{folder}: {error}") from None
        questions.append((question, digest))
    return questions


def compared(one: StudioRun, other: StudioRun) -> dict[str, Any]:
    """Return the baselines of two runs side by side: what was asked differently, and each headline's range."""
    if one.study is None or other.study is None:
        raise InputError("one of the two runs has no figures yet; wait until both are done")
    a, b = one.study, other.study
    rows = []
    for index, headline in enumerate(HEADLINES):
        rows.append(
            {
                "name": headline.name,
                "title": headline.title,
                "unit": headline.unit,
                "share": DICTIONARY[headline.indicator].unit == "fraction",
                "values": [_figure(study, index) for study in (a, b)],
            }
        )
    return {"runs": [one.number, other.number], "asked": _asked(one.question, other.question), "rows": rows}


def _figure(study: Any, index: int) -> dict[str, float | None]:
    import numpy as np

    from underwatch.pages.summary import band

    if not study.n_draws:
        value = float(study.example.figures[study.baseline].year[index])
        return {"value": None if np.isnan(value) else value, "low": None, "high": None}
    told = zip(("low", "value", "high"), band(study.drawn[study.baseline].year[:, index]), strict=True)
    return {name: None if np.isnan(value) else float(value) for name, value in told}


def _asked(one: RunRequest, other: RunRequest) -> list[dict[str, Any]]:
    """Return what two questions do not share, name by name."""
    a, b = one.scenario, other.scenario
    parts: dict[str, tuple[object, object]] = {
        "place": (a.name, b.name),
        "residents": (a.residents, b.residents),
        "start": (a.start.isoformat(), b.start.isoformat()),
        "end": (a.end.isoformat(), b.end.isoformat()),
        "seed": (a.seed, b.seed),
        "draws": (one.draws, other.draws),
        "ensemble": (one.ensemble, other.ensemble),
        "without": (", ".join(sorted(a.without)), ", ".join(sorted(b.without))),
        "interventions": (" ".join(i.name for i, _ in one.dated), " ".join(i.name for i, _ in other.dated)),
    }
    parts |= {name: (value, b.parameters[name]) for name, value in a.parameters.items()}
    return [{"name": name, "values": list(both)} for name, both in parts.items() if both[0] != both[1]]
