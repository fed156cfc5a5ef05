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
from underwatch.files import write_atomically
from underwatch.world.simulate import World

SUFFIX = ".npz"
_NOTE, _HASH = "note", "hash"
_GO_ON = "start again, or remove this file to redo what it held"
Arrays = Mapping[str, np.ndarray]


def write_arrays(path: str | Path, arrays: Arrays, note: Mapping[str, Any]) -> None:
    """Write arrays by name with the note of the run they belong to, whole or not at all."""
    kept = dict(arrays)
    kept[_NOTE] = np.frombuffer(json.dumps(dict(note), sort_keys=True).encode(), np.uint8)
    kept[_HASH] = _hash(kept)
    sink = io.BytesIO()
    np.savez(sink, **kept)  # type: ignore[arg-type]
    write_atomically(path, sink.getvalue())


def read_arrays(path: str | Path, note: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the arrays of a file; one that is damaged, or of another run or version, is refused in one line."""
    path = Path(path)
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
        right = found.pop(_HASH)
        whole = np.array_equal(right, _hash(found))
        told = json.loads(found.pop(_NOTE).tobytes()) if whole else None
    except Exception as error:  # what a damaged header makes of NumPy's reader cannot be listed
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InputError(f"{path} is damaged: it is no whole checkpoint; {_GO_ON}") from None
    if not whole:
        raise InputError(f"{path} is damaged: its hash is not that of its content; {_GO_ON}")
    if told != json.loads(json.dumps(dict(note))):
        raise InputError(f"{path} is the checkpoint of another run or version of the program; {_GO_ON}")
    return found


def _hash(arrays: Arrays) -> np.ndarray:
    """Return the hash over names, types, shapes and bytes of all arrays."""
    h = hashlib.blake2b(digest_size=20)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        h.update(f"{name} {array.dtype.str} {array.shape};".encode())
        h.update(array.tobytes())
    return np.frombuffer(h.digest(), np.uint8)


def _numbers(world: World) -> list[str]:
    """Return the names of the whole numbers of a world: first day, day reached, orders of the week."""
    return [part.name for part in fields(World) if isinstance(getattr(world, part.name), int)]


def save(world: World, path: str | Path, note: Mapping[str, Any]) -> None:
    """Write a world as it stands at the end of a day."""
    reached = world.day - world.start
    arrays = {f"state_{name}": array for name, array in zip(world.state._fields, world.state, strict=True)}
    arrays["cells"] = world.history.cells[:reached]
    for name in ("residents", "adults", "watched", "records", "who"):
        arrays[name] = getattr(world.history, name)
    arrays["numbers"] = np.array([int(getattr(world, name)) for name in _numbers(world)], np.int64)
    write_arrays(path, arrays, note)


def load(world: World, path: str | Path, note: Mapping[str, Any]) -> World:
    """Put what a file holds into a world of the same run on its first morning, and return it."""
    found = read_arrays(path, note)
    history = world.history
    expected = {f"state_{name}": array for name, array in zip(world.state._fields, world.state, strict=True)}
    expected |= {name: getattr(history, name) for name in ("residents", "adults", "watched")}
    try:
        for name, array in expected.items():
            if found[name].shape != array.shape or found[name].dtype != array.dtype:
                raise KeyError(name)
            array[...] = found[name]
        history.cells[: len(found["cells"])] = found["cells"]
        for name, value in zip(_numbers(world), found["numbers"].tolist(), strict=True):
            setattr(world, name, value)
    except (KeyError, ValueError):
        raise InputError(f"{path} does not fit this place; {_GO_ON}") from None
    history.record_blocks[:] = [found["records"]] if len(found["records"]) else []
    history.who_blocks[:] = [found["who"]] if len(found["who"]) else []
    return world
