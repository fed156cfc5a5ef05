"""The folder of a run on its way: what is kept while it runs, so that it can go on, and taken away at the end."""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from underwatch import __version__
from underwatch.errors import InputError
from underwatch.experiments.engine.worlds import WorldTotals
from underwatch.facts.places import slug
from underwatch.files.folders import kept_folder, remove_empty, remove_files, remove_matching
from underwatch.files.intake.arrays import expect
from underwatch.files.intake.json import read_json
from underwatch.files.writing import fresh_folder, growing_file, numbered_folder, write_atomically
from underwatch.record.outputs import MANIFEST, read_manifest, write_parts
from underwatch.world import checkpoint
from underwatch.world.layout import N_CELLS, N_INDICATORS
from underwatch.world.scenario import RunOptions, Scenario
from underwatch.world.scenario_file import parse, parse_written, scenario_toml

FOLDER, JOB, LOCK = "checkpoint", "job.json", "lock"
_KEPT = ("replicates", "draws", "incidents", "twin")
_MOST_BYTES, _DIGEST_BYTES = 16 << 20, 20
_MOST_REPLICATES, _MOST_DRAWS = 1_000, 10_000
_MOST_OF_A_PLACE = 192 << 20  # bytes of the sums of one place in memory, with all its replicates
_FROM = "reproduces"
# Every file that a run makes on its way, and what a kill leaves of one half-written.
_OWN = re.compile(r"(world|draw|part)-\d{3}(-[\w-]+)?\.(npz|parquet)|job\.json|lock|\.[\w.-]+\.part")
_LUCK = "a seed for each draw"  # draws kept by another rule are not gone on with


@dataclass(frozen=True)
class Station:
    """The checkpoint folder of a run, and the note that all its files bear."""

    run: Path
    note: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Where the checkpoints are."""
        return self.run / FOLDER

    def world(self, place: int, replicate: int, world: str) -> Path:
        """Return the checkpoint of a world of the place at work."""
        return self.folder / f"world-{place:03d}-{replicate}-{world}{checkpoint.SUFFIX}"

    def draw(self, place: int, draw: int, world: str) -> Path:
        """Return where a finished draw of the place at work is kept."""
        return self.folder / f"draw-{place:03d}-{draw}-{world}{checkpoint.SUFFIX}"

    def noted(self, place: int, *what: object) -> dict[str, Any]:
        """Return the note of one file."""
        return {**self.note, "place": place, "what": [str(one) for one in what]}

    def read_draw(self, place: int, draw: int, world: str, days: int) -> WorldTotals | None:
        """Return what was kept of a draw of so many days, if it was finished."""
        path = self.draw(place, draw, world)
        if not path.exists():
            return None
        arrays = checkpoint.read_arrays(path, self.noted(place, draw, world))
        expect(arrays, _sums_of("draw", days, N_CELLS), f"{path}: ")
        return WorldTotals.of_named("draw", arrays)

    def keep_draw(self, place: int, draw: int, world: str, found: WorldTotals) -> None:
        """Keep a finished draw."""
        path = self.draw(place, draw, world)
        checkpoint.write_arrays(path, found.named("draw"), self.noted(place, draw, world))

    def done(self, place: int) -> bool:
        """Say whether a place is done: its sums are written last."""
        return self._sums(place).exists()

    def _sums(self, place: int) -> Path:
        return self.folder / f"part-{place:03d}{checkpoint.SUFFIX}"

    def keep_place(self, place: int, sums: Mapping[str, WorldTotals], digests: Sequence[str]) -> None:
        """Keep the sums and digests of a place that is done, and forget what was kept on its way."""
        arrays: dict[str, np.ndarray] = {
            "digests": np.frombuffer(bytes.fromhex("".join(digests)), np.uint8),
            "keys": np.frombuffer("\n".join(sums).encode(), np.uint8),
        }
        for key, found in sums.items():
            used = np.flatnonzero(found.cells.any(axis=(0, 2)))  # most cells are empty
            arrays |= found.of_cells(used).named(key) | {f"{key}.used": used}
        checkpoint.write_arrays(self._sums(place), arrays, self.noted(place, "done"))
        remove_matching(self.folder, re.compile(rf"world-{place:03d}-[\w-]+\.npz"))

    def read_place(self, place: int, keys: Sequence[str], days: int) -> tuple[dict[str, WorldTotals], list[str]]:
        """Return the sums, by these keys, and digests of a place that is done; InputError where they are not that."""
        path = self._sums(place)
        most = min(_MOST_BYTES + len(keys) * days * N_CELLS * N_INDICATORS * 8, _MOST_OF_A_PLACE)
        arrays = checkpoint.read_arrays(path, self.noted(place, "done"), most)
        told = "\n".join(keys).encode()
        shapes: dict[str, tuple[str, tuple[int | None, ...]]] = {"keys": ("u", (len(told),))}
        shapes["digests"] = ("u", (len(keys) * _DIGEST_BYTES,))
        for key in keys:
            used = arrays.get(f"{key}.used", np.zeros(0, np.int64))
            shapes |= _sums_of(key, days, len(used)) | {f"{key}.used": ("i", (None,))}
        expect(arrays, shapes, f"{path}: ")
        if arrays["keys"].tobytes() != told or not all(_rising(arrays[f"{key}.used"]) for key in keys):
            raise InputError(f"{path}: holds the sums of other worlds; remove it to simulate the place again")
        digests = arrays["digests"].tobytes().hex()
        sums = {key: WorldTotals.of_named(key, arrays).in_all_cells(arrays[f"{key}.used"]) for key in keys}
        return sums, [digests[at : at + 2 * _DIGEST_BYTES] for at in range(0, len(digests), 2 * _DIGEST_BYTES)]

    def keep_table(self, place: int, world: int, name: str, parts: Iterable[pa.Table]) -> None:
        """Keep a table of a place, of its worlds the one of that number, part by part."""
        write_parts(self.folder / f"part-{place:03d}-{world:06d}-{name}.parquet", name, parts)

    def tables(self, name: str) -> list[Path]:
        """Return the files of the tables of that name, in the order of places and of the worlds of each."""
        return sorted(self.folder.glob(f"part-*-{name}.parquet"))

    def hold(self) -> IO[bytes]:
        """Keep others from working on this run until the file returned is closed; refused when another does."""
        file = growing_file(self.folder / LOCK)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise InputError(f"{self.run} is being worked on by another process; wait for it, or stop it") from None
        if (self.run / MANIFEST).exists():
            file.close()
            raise InputError(f"{self.run} was finished by another process just now; there is nothing to resume")
        return file

    def finished(self) -> None:
        """Take the checkpoints away, last the note of what the run was about; what is not the run's own stays."""
        remove_matching(self.folder, _OWN, last=JOB)
        remove_empty(self.folder)


def _sums_of(prefix: str, days: int, cells: int) -> dict[str, tuple[str, tuple[int | None, ...]]]:
    """Return kind and shape of the parts of a `Gathered` of some cells."""
    kinds = dict.fromkeys(("residents", "adults", "watched"), ("iu", (cells,)))
    parts = {"cells": ("iu", (days, cells, N_INDICATORS)), **kinds, "numbers": ("f", (2,))}
    return {f"{prefix}.{name}": part for name, part in parts.items()}


def _rising(used: np.ndarray) -> bool:
    """Say whether numbers of cells stand in order, each once."""
    return bool((np.diff(used) > 0).all() and (used >= 0).all() and (used < N_CELLS).all())


def _note(text: str, options: RunOptions) -> dict[str, Any]:
    return {"version": __version__, "luck": _LUCK, "scenario": text, **{name: getattr(options, name) for name in _KEPT}}


def new_station(scenario: Scenario, options: RunOptions, same_as: str | None = None) -> Station:
    """Make the run folder; one that exists is refused. `same_as` is a digest that the run should have."""
    name = slug(scenario.name)
    run = fresh_folder(options.out) if options.out is not None else numbered_folder("runs", name)
    station = Station(run, _note(scenario_toml(scenario), options))
    job = {**station.note, _FROM: same_as}
    try:
        write_atomically(fresh_folder(station.folder) / JOB, (json.dumps(job, indent=2) + "\n").encode())
    except BaseException:
        remove_files(run, [f"{FOLDER}/{JOB}"])
        remove_empty(station.folder)
        remove_empty(run)
        raise
    return station


def old_station(run: Path) -> tuple[Station, Scenario, RunOptions, str | None]:
    """Return what a stopped run was about."""
    path = kept_folder(run) / FOLDER / JOB
    if (run / MANIFEST).exists():
        finished = read_manifest(run)
        _take_left(run, finished)
        raise InputError(f"{run} is a finished run; there is nothing to resume")
    try:
        job = read_json(path, "note of a stopped run")
        text, same_as, generator = job["scenario"], job.pop(_FROM), job.get("luck")
        options = _options(job)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{run} holds no stopped run: {path} is missing") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is damaged; run the scenario again") from None
    if same_as is not None and not isinstance(same_as, str):
        raise InputError(f"{path} is damaged; run the scenario again")
    if job["version"] != __version__:
        raise InputError(f"{run} was begun by version {job['version']!s:.20} of underwatch, and this is {__version__}")
    if generator != _LUCK:
        raise InputError(f"{run} was begun by an earlier underwatch, whose draws all had one luck; run it again")
    return Station(run, job), parse(text, f"{path}: "), options, same_as


def _take_left(run: Path, finished: Mapping[str, Any]) -> None:
    """Take away the checkpoints that a kill has left beside the manifest, where they are of the run that it tells."""
    try:
        job = read_json(run / FOLDER / JOB, "note of a stopped run")
        if job["scenario"] == finished["scenario"]:
            Station(run, {}).finished()
    except (OSError, ValueError, KeyError, TypeError):
        return


def _options(job: Mapping[str, Any]) -> RunOptions:
    """Return the options that belong to a run itself; ValueError when they cannot be."""
    replicates, draws, incidents, twin = (job[name] for name in _KEPT)
    known = isinstance(job["scenario"], str) and isinstance(job["version"], str) and isinstance(twin, bool)
    counts = type(replicates) is int and type(draws) is int
    counts = counts and 1 <= replicates <= _MOST_REPLICATES and 0 <= draws <= _MOST_DRAWS
    if not known or not counts or incidents not in ("all", "sample"):
        raise ValueError
    return RunOptions(replicates=replicates, draws=draws, incidents=incidents, twin=twin)


def manifest_job(path: Path) -> tuple[Scenario, RunOptions, str]:
    """Return what a manifest tells: the scenario, its options, and the digest."""
    manifest = read_manifest(path)
    kept = manifest.get("options")
    try:
        options = _options({**kept, "scenario": "", "version": ""}) if isinstance(kept, dict) else RunOptions()
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path} is damaged: its options are not those of a run") from None
    scenario = parse_written(manifest["scenario"], f"{path}: ")
    told = {"seed": scenario.seed, "days": scenario.days, "population": scenario.residents}
    for name, value in told.items():
        if manifest.get(name) != value:
            raise InputError(
                f"{path}: {name} is {manifest.get(name)!r:.40}, but its scenario says {value}; the manifest was changed"
            )
    return scenario, options, manifest["digest"]


def kept_options(options: RunOptions) -> dict[str, Any]:
    """Return the options that go into the manifest."""
    return {name: getattr(options, name) for name in _KEPT}
