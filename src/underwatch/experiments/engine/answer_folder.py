"""The folder of a question about many worlds: the question while it runs, its tables, and last a manifest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from underwatch.errors import InputError
from underwatch.experiments.engine.tasks import MADE_BY, RESULTS
from underwatch.files.folders import kept_folder, remove_empty, remove_files, remove_matching
from underwatch.files.intake.json import read_json
from underwatch.files.writing import fresh_folder, numbered_folder, write_atomically
from underwatch.record.outputs import MANIFEST, software
from underwatch.record.schema import SCHEMA_VERSION

QUESTION = "question.json"
_ON_THE_WAY = re.compile(rf"(screening-|dividing-)?{re.escape(RESULTS)}|{re.escape(QUESTION)}")
# Of draws, replicates and the like, and of their product: a question that a folder asks is held in memory.
_MOST, _MOST_WORLDS = 100_000, 100_000
_LIMITS = {"n": 16_384, "trajectories": 10_000}  # of these each is many worlds


def new_folder(out: Path | None, name: str, question: Mapping[str, Any]) -> Path:
    """Make the folder, runs/NAME-001 and so on without `out`, and note the question in it."""
    folder = fresh_folder(out) if out is not None else numbered_folder("runs", name)
    text = json.dumps({"made_by": MADE_BY, **question}, indent=2, ensure_ascii=False, default=str) + "\n"
    try:
        write_atomically(folder / QUESTION, text.encode())
    except BaseException:
        remove_empty(folder)
        raise
    return folder


def old_question(folder: Path, what: str) -> dict[str, Any]:
    """Return the question of a folder that was not finished; InputError for any other folder."""
    if (kept_folder(folder) / MANIFEST).exists():
        raise InputError(f"{folder} is finished; there is nothing to resume")
    try:
        question: dict[str, Any] = read_json(folder / QUESTION, "question")
        asked, made_by = question["what"], question.pop("made_by")
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{folder} holds nothing to resume: {QUESTION} is missing") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{folder / QUESTION} is damaged; ask the question again") from None
    if asked != what:
        raise InputError(f"{folder} is of underwatch {str(asked)[:20]}, not of {what}")
    if made_by != MADE_BY:
        raise InputError(f"{folder} was begun by underwatch {str(made_by)[:60]}, and this is {MADE_BY}")
    return question


def told_in(folder: Path, question: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> list[Any]:
    """Return the entries of a question by name, each of its kinds and a whole number of at most `_MOST`.

    Together they ask for `_MOST_WORLDS` worlds at most: a stranger's folder costs no more memory than that.
    """
    worlds = 1
    for name, known in kinds.items():
        value = question.get(name)
        if type(value) not in known or (isinstance(value, int) and not 0 <= value <= _LIMITS.get(name, _MOST)):
            raise InputError(f"{folder / QUESTION} is damaged: {name} = {value!s:.40}; ask the question again")
        if name in ("draws", "replicates"):
            worlds *= max(1, question[name])
    if worlds > _MOST_WORLDS:
        raise InputError(f"{folder / QUESTION} asks for more than {_MOST_WORLDS:,} worlds; ask in several folders")
    return [question[name] for name in kinds]


def finish(folder: Path, what: str, contents: Mapping[str, bytes], entries: Mapping[str, Any]) -> dict[str, Any]:
    """Write the files of an answer, the manifest last, take the results on the way away, and return the manifest.

    When something fails, the files written here are removed, the results stay, and the error goes on.
    """
    hashes: dict[str, dict[str, Any]] = {}
    try:
        for name, data in contents.items():
            write_atomically(folder / name, data)
            hashes[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        manifest = {"what": f"underwatch {what}", "schema_version": SCHEMA_VERSION, **entries, "software": software(),
                    "files": hashes}  # fmt: skip
        text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_atomically(folder / MANIFEST, text.encode())
    except BaseException:
        remove_files(folder, hashes)
        raise
    remove_matching(folder, _ON_THE_WAY, last=QUESTION)
    return manifest


def parquet(table: pa.Table) -> bytes:
    """Return a table as Parquet."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def csv(table: pa.Table) -> bytes:
    """Return a table as CSV."""
    sink = pa.BufferOutputStream()
    plain = [pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    pacsv.write_csv(table.cast(pa.schema(plain)), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data
