"""The directory of a question about many worlds: begun, gone on with, and the forms of its tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from underwatch.errors import InputError
from underwatch.experiments.engine.run_directory import Kind, RunDirectory
from underwatch.experiments.engine.tasks import RESULTS
from underwatch.record.provenance import made_by
from underwatch.world.scenario import Scenario

QUESTION = "question.json"
_ON_THE_WAY = re.compile(rf"(screening-|dividing-)?{re.escape(RESULTS)}|{re.escape(QUESTION)}")
# Of draws, replicates and the like, and of their product: a question that a folder asks is held in memory.
_MOST, _MOST_WORLDS = 100_000, 100_000
_LIMITS = {"n": 16_384, "trajectories": 10_000}  # of these each is many worlds


def answers_of(what: str) -> Kind:
    """Return how the directories of a command about many worlds are kept."""
    return Kind(
        what=what,
        question=QUESTION,
        inside="",
        own=_ON_THE_WAY,
        missing=f"{{folder}} holds nothing to resume: {QUESTION} is missing",
        damaged="{question} is damaged; ask the question again",
        finished="{folder} is finished; there is nothing to resume",
        resume=f"resume with underwatch {what} --resume {{folder}}",
    )


def new_answer(out: Path | None, name: str, question: Mapping[str, Any]) -> RunDirectory:
    """Make the directory of a question, NAME with a number without `out`."""
    return RunDirectory.new(answers_of(question["what"]), out, name, {"made_by": made_by(), **question})


def old_answer(folder: Path, what: str) -> RunDirectory:
    """Return the directory of a question that was not finished; InputError for one of another command or version."""
    directory = RunDirectory.stopped(answers_of(what), folder)
    asked, version = (directory.question.get(name) for name in ("what", "made_by"))
    if asked is None or version is None:
        raise InputError(directory.kind.damaged.format(question=folder / QUESTION))
    if asked != what:
        raise InputError(f"{folder} is of underwatch {str(asked)[:20]}, not of {what}")
    if version != made_by():
        raise InputError(f"{folder} was begun by underwatch {str(version)[:60]}, and this is {made_by()}")
    return directory


def kept_entries(directory: RunDirectory, kinds: Mapping[str, tuple[type, ...]]) -> list[Any]:
    """Return the entries of its question by name, each of its kinds and a whole number of at most `_MOST`.

    Together they ask for `_MOST_WORLDS` worlds at most: a stranger's folder costs no more memory than that.
    """
    question, path, worlds = directory.question, directory.path / QUESTION, 1
    for name, known in kinds.items():
        value = question.get(name)
        if type(value) not in known or (isinstance(value, int) and not 0 <= value <= _LIMITS.get(name, _MOST)):
            raise InputError(f"{path} is damaged: {name} = {value!s:.40}; ask the question again")
        if name in ("draws", "replicates"):
            worlds *= max(1, question[name])
    if worlds > _MOST_WORLDS:
        raise InputError(f"{path} asks for more than {_MOST_WORLDS:,} worlds; ask in several folders")
    return [question[name] for name in kinds]


def about(scenario: Scenario) -> dict[str, Any]:
    """Return what the manifest of an answer says of its scenario."""
    return {"place": scenario.name, "population": scenario.residents, "days": scenario.days, "seed": scenario.seed}


def csv(table: pa.Table) -> bytes:
    """Return a table as CSV."""
    sink = pa.BufferOutputStream()
    plain = [pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    pacsv.write_csv(table.cast(pa.schema(plain)), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data
