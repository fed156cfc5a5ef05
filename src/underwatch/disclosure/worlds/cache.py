"""Worlds that were lived through, kept for the next draft: in a folder of this account alone, which may be deleted.

A file holds recorded histories of synthetic residents, and nothing of any draft. Its name is a hash with a salt of the
folder's own, of the whole question: version, parameters, forms, luck, place and days. The days are those of whole
quarters and months, so that neither the name nor what is in it tells the period that a draft states. A file's size
tells how large the place is; who must not leave that either runs with --no-cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from underwatch.disclosure.worlds.drawn import Drawn, give, sources
from underwatch.disclosure.worlds.lived import LivedPlace, LivedWorlds, Settings
from underwatch.errors import InputError
from underwatch.experiments.ensemble.names import ENSEMBLES
from underwatch.experiments.histories.rows import EVENT, FORM, LATER, ROW, Histories
from underwatch.files.folders import own_folder, remove_files
from underwatch.files.intake.json import read_json
from underwatch.files.intake.parquet import opened
from underwatch.files.intake.regular import read_bytes
from underwatch.files.writing import write_atomically, write_new
from underwatch.record.outputs import parquet
from underwatch.record.provenance import made_by
from underwatch.world.forms import Forms, checked_form
from underwatch.world.kernels import compiled
from underwatch.world.parameters import Parameters

MOST_BYTES = 2 << 30  # of all files together; the oldest go first
_PRIVATE = 0o600
_SALT, _SALT_BYTES = "salt", 32
_NAME = re.compile(r"[0-9a-f]{40}\.(parquet|json)")
_REMEDY = "it is made anew"


def cache_folder() -> Path | None:
    """Return the folder of the cache, made where there is none; None where no folder is safe from others."""
    if compiled.NOT_KEPT:
        return None
    try:
        return own_folder(compiled.CACHE.parent, "exposure")
    except (InputError, OSError):
        return None


class WorldCache:
    """The files of one folder, by what they were made of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        salt = folder / _SALT
        if not os.path.lexists(salt):
            write_new(salt, secrets.token_bytes(_SALT_BYTES), _PRIVATE)
        self.salt = read_bytes(salt, _SALT_BYTES, "salt")

    def read(self, settings: Settings, kinds: Sequence[int]) -> dict[int, list[LivedWorlds]] | None:
        """Return what is kept of these kinds of incident, or None where any of it is not there or damaged."""
        try:
            self._give(settings)
            n = len(settings.worlds)
            later = [self._read(self.path(settings, part, -1), EVENT, n) for part in settings.parts]
            found = {
                kind: [self._read(self.path(settings, part, kind), ROW, n) for part in settings.parts] for kind in kinds
            }
            _check(found, later, settings)
        except (InputError, OSError):
            return None
        return {
            kind: [
                LivedWorlds(part, [Histories({kind: rows}, events) for rows, events in zip(*both, strict=True)])
                for part, *both in zip(settings.parts, parts, later, strict=True)
            ]
            for kind, parts in found.items()
        }

    def write(self, settings: Settings, lived: dict[int, list[LivedWorlds]]) -> None:
        """Keep worlds, and let the oldest files go where there would be too much."""
        for number, part in enumerate(settings.parts):
            for kind, parts in lived.items():
                self._write(self.path(settings, part, kind), [one.rows[kind] for one in parts[number].worlds])
            one_kind = next(iter(lived.values()))
            self._write(self.path(settings, part, -1), [one.later for one in one_kind[number].worlds])
        self._keep_within(MOST_BYTES)

    def _keep_settings(self, settings: Settings) -> None:
        told = [[name, one.parameters.in_order, one.forms.in_order, one.seed] for name, one in settings.worlds]
        write_atomically(self.path_of_settings(settings), json.dumps(told).encode(), _PRIVATE)

    def _give(self, settings: Settings) -> None:
        """Give the settings of the worlds that are kept, so that they need not be drawn; else draw and keep them."""
        try:
            told = read_json(self.path_of_settings(settings), "kept settings")
            found = [_drawn(*row) for row in told]
        except (InputError, OSError, TypeError, ValueError):
            found = []
        if len(found) == settings.each * len(ENSEMBLES):
            give(settings.each, settings.seed, found)
        else:
            self._keep_settings(settings)

    def path_of_settings(self, settings: Settings) -> Path:
        """Return the file of the settings of the worlds."""
        return self._path([made_by(), sources(), settings.each, settings.seed], "json")

    def path(self, settings: Settings, part: LivedPlace, kind: int) -> Path:
        """Return the file of a part of the worlds and a kind of incident, -1 for what came later."""
        worlds = [[list(one.parameters.items()), list(one.forms.items()), one.seed] for _, one in settings.worlds]
        question = [
            made_by(), compiled.sources_hash(), FORM, settings.start.isoformat(), settings.days, part.name,
            part.place.name, part.residents, kind, worlds,
        ]  # fmt: skip
        return self._path(question, "parquet")

    def _path(self, question: Sequence[object], ending: str) -> Path:
        digest = hashlib.blake2b(json.dumps(question).encode(), digest_size=20, key=self.salt)
        return self.folder / f"{digest.hexdigest()}.{ending}"

    def _write(self, path: Path, worlds: Sequence[np.ndarray]) -> None:
        rows = np.concatenate(worlds)
        number = np.repeat(np.arange(len(worlds), dtype=np.uint8), [len(part) for part in worlds])
        table = pa.table(
            {"world": number, **{name: rows[name] for name in rows.dtype.names or ()}}, _schema(rows.dtype)
        )
        write_atomically(path, parquet(table), _PRIVATE)

    def _read(self, path: Path, dtype: np.dtype, n: int) -> list[np.ndarray]:
        with opened(path, _schema(dtype), _REMEDY) as file:
            table = file.read()
        world = table["world"].to_numpy()
        rows = np.empty(len(world), dtype)
        for name in dtype.names or ():
            rows[name] = table[name].to_numpy()
        if len(world) and (world.max() >= n or (np.diff(world.astype(int)) < 0).any()):
            raise InputError(f"{path} is damaged; {_REMEDY}")
        return np.split(rows, np.searchsorted(world, np.arange(1, n)))

    def _keep_within(self, most: int) -> None:
        names = [name for name in os.listdir(self.folder) if _NAME.fullmatch(name)]
        told = sorted(((self.folder / name).stat() for name in names), key=lambda one: one.st_mtime)
        by_age = sorted(names, key=lambda name: (self.folder / name).stat().st_mtime)
        total = sum(one.st_size for one in told)
        for name in by_age:
            if total <= most:
                break
            total -= (self.folder / name).stat().st_size
            remove_files(self.folder, [name])


def _drawn(name: str, values: Sequence[float], forms: Sequence[str], seed: int) -> Drawn:
    """Return kept settings of a world; InputError, TypeError or ValueError for what nobody has written."""
    if name not in ENSEMBLES or not isinstance(seed, int) or not all(isinstance(value, float) for value in values):
        raise ValueError("damaged")
    for rule, form in zip(Forms.central(), forms, strict=True):
        checked_form(rule, form)
    return Drawn(name, Parameters(tuple(values)), Forms(tuple(forms)), seed)


def _schema(dtype: np.dtype) -> pa.Schema:
    kinds = [(name, pa.from_numpy_dtype(dtype[name])) for name in dtype.names or ()]
    return pa.schema([("world", pa.uint8()), *kinds])


def _check(found: dict[int, list[list[np.ndarray]]], later: list[list[np.ndarray]], settings: Settings) -> None:
    """Raise InputError for rows that no world has: out of the days, out of order."""
    weeks = settings.days // 7 + 2
    for parts in found.values():
        for worlds in parts:
            for rows in worlds:
                if len(rows) and (rows["week"].max() >= weeks or (np.diff(rows["who"].astype(np.int64)) < 0).any()):
                    raise InputError("a file of the cache is damaged")
    for worlds in later:
        for events in worlds:
            if len(events) and (
                events["what"].max() >= len(LATER) or (np.diff(events["who"].astype(np.int64)) < 0).any()
            ):
                raise InputError("a file of the cache is damaged")
