"""A world on disk, so that it goes on after a stop: what has changed, what has come out, and a hash over all of it.

Who lives where is not kept: it follows from the seed. A file appears whole or not at all, holds no pickled object,
and is taken only by the run it was made by (the note) and only if its hash is right.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from underwatch.errors import InputError
from underwatch.files.intake.arrays import arrays_of
from underwatch.files.intake.json import parse_json
from underwatch.files.intake.regular import read_bytes
from underwatch.files.writing import write_atomically
from underwatch.world.layout import INCIDENT, INCIDENT_NAMES, WORD
from underwatch.world.simulate import World

SUFFIX = ".npz"
_NOTE, _HASH = "note", "hash"
_GO_ON = "start again, or remove this file to redo what it held"
_LARGEST = 64 << 20  # bytes of sums; a year of one place in all its cells takes 5 MB
_INCIDENTS_A_DAY = 2  # of a resident, at most: what a checkpoint may hold of them
_MOST_ORDER = 1 << 40  # of a week's orders, 65536 for each normal day
Arrays = Mapping[str, np.ndarray]


def write_arrays(path: str | Path, arrays: Arrays, note: Mapping[str, Any]) -> None:
    """Write arrays by name with the note of the run they belong to, whole or not at all."""
    kept = dict(arrays)
    kept[_NOTE] = np.frombuffer(json.dumps(dict(note), sort_keys=True).encode(), np.uint8)
    kept[_HASH] = _hash(kept)
    sink = io.BytesIO()
    np.savez(sink, **kept)  # type: ignore[arg-type]
    write_atomically(path, sink.getvalue())


def read_arrays(path: str | Path, note: Mapping[str, Any], most: int = _LARGEST) -> dict[str, np.ndarray]:
    """Return the arrays of a file; one that is damaged, or of another run or version, is refused in one line.

    `most` is the largest that a file of this run can be, in bytes.
    """
    path = Path(path)
    data = read_bytes(path, most, "checkpoint of this run")
    try:
        arrays = arrays_of(data, "")
        right = arrays.pop(_HASH)
        whole = np.array_equal(right, _hash(arrays))
        noted = parse_json(arrays.pop(_NOTE).tobytes(), "") if whole else None
    except (InputError, KeyError):
        raise InputError(f"{path} is damaged: it is no whole checkpoint; {_GO_ON}") from None
    if not whole:
        raise InputError(f"{path} is damaged: its hash is not that of its content; {_GO_ON}")
    if noted != json.loads(json.dumps(dict(note))):
        raise InputError(f"{path} is the checkpoint of another run or version of the program; {_GO_ON}")
    return arrays


def _hash(arrays: Arrays) -> np.ndarray:
    """Return the hash over names, types, shapes and bytes of all arrays."""
    h = hashlib.blake2b(digest_size=20)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        h.update(f"{name} {array.dtype.str} {array.shape};".encode())
        h.update(array.tobytes())
    return np.frombuffer(h.digest(), np.uint8)


def _numbers(world: World) -> list[str]:
    """Return the names of the whole numbers of a world: first days, day reached, orders of the week."""
    return [part.name for part in fields(World) if isinstance(getattr(world, part.name), int)]


def save(world: World, path: str | Path, note: Mapping[str, Any]) -> None:
    """Write a world as it stands at the end of a day."""
    reached = max(0, world.day - world.counted)
    arrays = {f"state_{name}": array for name, array in zip(world.state._fields, world.state, strict=True)}
    arrays["cells"] = world.history.cells[:reached]
    for name in ("residents", "adults", "watched", "who"):
        arrays[name] = getattr(world.history, name)
    arrays["records"] = world.history.records.view(np.uint16).reshape(-1, len(WORD))
    arrays["numbers"] = np.array([int(getattr(world, name)) for name in _numbers(world)], np.int64)
    write_arrays(path, arrays, note)


def _most_bytes(world: World) -> int:
    """Return how large the checkpoint of a world can be: its state and sums, and what incidents there may be."""
    history = world.history
    sums = sum(array.nbytes for array in (*world.state, history.cells, history.residents)) + (1 << 20)
    incident = INCIDENT.itemsize + 4
    return 2 * sums + len(world.state.flags) * len(history.cells) * _INCIDENTS_A_DAY * incident


def _fits(world: World, arrays: Arrays, expected: Arrays, numbers: Mapping[str, int]) -> bool:
    """Say whether a file holds a later day of this very world, so that no kernel meets what it does not know."""
    days, first = len(world.history.cells), world.town.first
    for name, array in expected.items():
        if name not in arrays or arrays[name].shape != array.shape or arrays[name].dtype != array.dtype:
            return False
    kinds = {"cells": (np.int64, 3), "records": (np.uint16, 2), "who": (np.uint32, 1), "numbers": (np.int64, 1)}
    if any(
        name not in arrays or arrays[name].dtype != kind or arrays[name].ndim != n for name, (kind, n) in kinds.items()
    ):
        return False
    cells, records, who = arrays["cells"], arrays["records"], arrays["who"]
    if len(arrays["numbers"]) != len(_numbers(world)):
        return False
    if (numbers["start"], numbers["counted"]) != (world.start, world.counted):
        return False
    if not world.start <= numbers["day"] <= world.counted + days:
        return False
    reached = max(0, numbers["day"] - world.counted)
    if not 0 <= numbers["week_days"] < 7 or not 0 <= numbers["order_sum"] < _MOST_ORDER:
        return False
    if cells.shape != (reached, *world.history.cells.shape[1:]) or records.shape != (len(who), len(WORD)):
        return False
    known = ((who >= first) & (who < first + len(world.state.flags))).all()
    incidents = _incidents(records)
    return bool(known and (incidents["day"] < reached).all() and (incidents["kind"] < len(INCIDENT_NAMES)).all())


def _incidents(records: np.ndarray) -> np.ndarray:
    """Return INCIDENT[n] of what a file holds of them, uint16[n, words]."""
    return np.ascontiguousarray(records).reshape(-1).view(INCIDENT)


def load(world: World, path: str | Path, note: Mapping[str, Any]) -> World:
    """Put what a file holds into a world of the same run on its first morning, and return it."""
    arrays = read_arrays(path, note, _most_bytes(world))
    history = world.history
    expected = {f"state_{name}": array for name, array in zip(world.state._fields, world.state, strict=True)}
    expected |= {name: getattr(history, name) for name in ("residents", "adults", "watched")}
    numbers = dict(zip(_numbers(world), arrays.get("numbers", np.zeros(0)).ravel().tolist(), strict=False))
    if not _fits(world, arrays, expected, numbers):
        raise InputError(f"{path} does not fit this place; {_GO_ON}")
    for name, array in expected.items():
        array[...] = arrays[name]
    history.cells[: len(arrays["cells"])] = arrays["cells"]
    for name, value in numbers.items():
        setattr(world, name, value)
    history.record_blocks[:] = [_incidents(arrays["records"])] if len(arrays["records"]) else []
    history.who_blocks[:] = [arrays["who"]] if len(arrays["who"]) else []
    return world
