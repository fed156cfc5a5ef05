"""Run folders opened: what their manifests ask is simulated again, and the digest says whether it is the same."""

from __future__ import annotations

from pathlib import Path

from underwatch.errors import InputError
from underwatch.experiments.ensemble.settings import usable_ensemble
from underwatch.experiments.studies.kept_run import run_of_manifest
from underwatch.web.bounds import MOST_DRAWS
from underwatch.web.session.request import RunRequest

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
