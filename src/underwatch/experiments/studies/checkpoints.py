"""What a run keeps on its way: worlds between two weeks, finished draws, and what came out of places that are done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from underwatch.errors import InputError
from underwatch.experiments.engine import checkpoint
from underwatch.experiments.engine.runner import KeptWorld
from underwatch.experiments.engine.worlds import WorldKey, WorldTotals
from underwatch.experiments.studies.drawn_world import DrawnWorld, shapes_of
from underwatch.files.folders import remove_matching
from underwatch.files.intake.arrays import expect
from underwatch.record.outputs import write_parts
from underwatch.world.layout import N_CELLS, N_INDICATORS

Key = TypeVar("Key")  # of a world; its text is its name in a file
_MOST_BYTES, _DIGEST_BYTES = 16 << 20, 20
_MOST_OF_A_PLACE = 192 << 20  # bytes of the sums of one place in memory, with all its replicates


@dataclass(frozen=True)
class Checkpoints:
    """The folder of a run's checkpoints, and the note that all its files bear: those of another run are refused."""

    folder: Path
    note: Mapping[str, Any]

    def of_world(self, place: int, key: WorldKey, draw: int = 0) -> KeptWorld:
        """Return where a world of the place at work is kept between two weeks, at the settings of a draw."""
        path = self.folder / f"world-{place:03d}-{draw}-{key.replicate}-{key.world}{checkpoint.SUFFIX}"
        return KeptWorld(path, self.noted(place, draw, key.replicate, key.world))

    def noted(self, place: int, *what: object) -> dict[str, Any]:
        """Return the note of one file."""
        return {**self.note, "place": place, "what": [*map(str, what)]}

    def _of_draw(self, draw: int) -> KeptWorld:
        """Return where a finished draw is kept."""
        return KeptWorld(self.folder / f"draw-000-{draw}{checkpoint.SUFFIX}", self.noted(0, "draw", draw))

    def read_draw(self, draw: int, worlds: Sequence[str], days: int) -> DrawnWorld | None:
        """Return what was kept of a draw of so many days in these worlds, if it was finished."""
        kept = self._of_draw(draw)
        if not kept.path.exists():
            return None
        arrays = checkpoint.read_arrays(*kept)
        expect(arrays, shapes_of(worlds, days), f"{kept.path}: ")
        return DrawnWorld.of_named(arrays)

    def keep_draw(self, draw: int, drawn: DrawnWorld) -> None:
        """Keep a finished draw."""
        kept = self._of_draw(draw)
        checkpoint.write_arrays(kept.path, drawn.named(), kept.note)

    def done(self, place: int) -> bool:
        """Say whether a place is done: its sums are written last."""
        return self._sums(place).exists()

    def _sums(self, place: int) -> Path:
        return self.folder / f"part-{place:03d}{checkpoint.SUFFIX}"

    def keep_place(self, place: int, totals: Mapping[Key, WorldTotals], digests: Sequence[str]) -> None:
        """Keep the totals and digests of a place that is done, and forget what was kept on its way."""
        arrays: dict[str, np.ndarray] = {
            "digests": np.frombuffer(bytes.fromhex("".join(digests)), np.uint8),
            "keys": np.frombuffer("\n".join(map(str, totals)).encode(), np.uint8),
        }
        for key, sums in totals.items():
            used = np.flatnonzero(sums.cells.any(axis=(0, 2)))  # most cells are empty
            arrays |= sums.of_cells(used).named(str(key)) | {f"{key}.used": used}
        checkpoint.write_arrays(self._sums(place), arrays, self.noted(place, "done"))
        remove_matching(self.folder, re.compile(rf"world-{place:03d}-[\w-]+\.npz"))

    def read_place(self, place: int, keys: Sequence[Key], days: int) -> tuple[dict[Key, WorldTotals], list[str]]:
        """Return the totals, by these keys, and digests of a place that is done; InputError where they are not that."""
        path = self._sums(place)
        most = min(_MOST_BYTES + len(keys) * days * N_CELLS * N_INDICATORS * 8, _MOST_OF_A_PLACE)
        arrays = checkpoint.read_arrays(path, self.noted(place, "done"), most)
        names = "\n".join(map(str, keys)).encode()
        shapes: dict[str, tuple[str, tuple[int | None, ...]]] = {"keys": ("u", (len(names),))}
        shapes["digests"] = ("u", (len(keys) * _DIGEST_BYTES,))
        for key in keys:
            used = arrays.get(f"{key}.used", np.zeros(0, np.int64))
            shapes |= _sums_of(str(key), days, len(used)) | {f"{key}.used": ("i", (None,))}
        expect(arrays, shapes, f"{path}: ")
        if arrays["keys"].tobytes() != names or not all(_rising(arrays[f"{key}.used"]) for key in keys):
            raise InputError(f"{path}: holds the sums of other worlds; remove it to simulate the place again")
        digests = arrays["digests"].reshape(-1, _DIGEST_BYTES)
        totals = {key: WorldTotals.of_named(str(key), arrays).in_all_cells(arrays[f"{key}.used"]) for key in keys}
        return totals, [digest.tobytes().hex() for digest in digests]

    def keep_table(self, place: int, world: int, name: str, parts: Iterable[pa.Table]) -> None:
        """Keep a table of a place, of its worlds the one of that number, part by part."""
        write_parts(self.folder / f"part-{place:03d}-{world:06d}-{name}.parquet", name, parts)

    def tables(self, name: str) -> list[Path]:
        """Return the files of the tables of that name, in the order of places and of the worlds of each."""
        return sorted(self.folder.glob(f"part-*-{name}.parquet"))


def _sums_of(prefix: str, days: int, cells: int) -> dict[str, tuple[str, tuple[int | None, ...]]]:
    """Return kind and shape of the parts of a `Gathered` of some cells."""
    kinds = dict.fromkeys(("residents", "adults", "watched"), ("iu", (cells,)))
    parts = {"cells": ("iu", (days, cells, N_INDICATORS)), **kinds, "numbers": ("f", (3,))}
    return {f"{prefix}.{name}": part for name, part in parts.items()}


def _rising(used: np.ndarray) -> bool:
    """Say whether numbers of cells stand in order, each once."""
    return bool((np.diff(used) > 0).all() and (used >= 0).all() and (used < N_CELLS).all())
