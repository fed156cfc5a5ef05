"""The run folder: written so that a manifest stands only beside whole files, read back with every file checked."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from underwatch.errors import InputError
from underwatch.files.folders import remove_files
from underwatch.files.intake.json import parse_json
from underwatch.files.intake.parquet import opened
from underwatch.files.intake.regular import read_bytes
from underwatch.files.writing import staged_file, write_atomically
from underwatch.record.schema import SCHEMA_VERSION, TABLES, data_dictionary

MANIFEST, PARAMETERS, DICTIONARY_FILE, REPORT = "manifest.json", "parameters.toml", "data_dictionary.csv", "report.html"
_WHAT = "underwatch run"
_SOFTWARE = ("underwatch", "numpy", "numba", "pyarrow", "matplotlib")
_LARGEST_MANIFEST = 4_000_000  # bytes
_LARGEST_FILE = 1 << 30  # bytes; every incident of the largest city in a year is half of that
_KEYS: Mapping[str, type] = {
    "schema_version": int,
    "software": dict,
    "scenario": str,
    "parameters": dict,
    "population": int,
    "days": int,
    "seed": int,
    "digest": str,
    "files": dict,
}


@dataclass(frozen=True)
class RunContents:
    """What a run folder holds. `scenario` and `parameters_toml` are TOML texts, `parameters` name -> value.

    `notes` are further entries of the manifest (worlds, draws, places): plain JSON values, and no path.
    `tables` are "indicators", "incidents" and "published" (schema.TABLES): each a table, or the files of its parts,
    which are put together one after another without holding them all. `report` is the HTML page, or None.
    """

    scenario: str
    parameters: Mapping[str, float]
    parameters_toml: str
    population: int
    days: int
    seed: int
    digest: str
    tables: Mapping[str, pa.Table | Sequence[Path]]
    report: str | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


def software() -> dict[str, str]:
    """Return the versions of Python and of the packages that a run rests on; nothing about the machine."""
    result = {"python": platform.python_version()}
    for name in _SOFTWARE:
        try:
            result[name] = version(name)
        except PackageNotFoundError:
            result[name] = "not installed"
    return result


def joined(name: str, tables: Sequence[pa.Table]) -> pa.Table:
    """Join tables of the same name (places, worlds, draws) into one."""
    if not tables:
        return TABLES[name].empty_table()
    return pa.concat_tables(tables).unify_dictionaries()


def table_bytes(name: str, table: pa.Table) -> bytes:
    """Return a table as Parquet; one that has not the schema of its name is refused (ValueError)."""
    if not table.schema.equals(TABLES[name]):
        raise ValueError(f"table {name} has not the columns of its schema")
    sink = pa.BufferOutputStream()
    pq.write_table(table.cast(TABLES[name]), sink, compression="zstd", use_dictionary=True)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def write_parts(path: Path, name: str, parts: Iterable[pa.Table]) -> dict[str, Any]:
    """Write a table part by part, none of them held longer than it takes, and return the file's hash and size.

    Like all files it appears whole or not at all.
    """
    with staged_file(path) as file:
        with pq.ParquetWriter(file, TABLES[name], compression="zstd", use_dictionary=True) as writer:
            for part in parts:
                writer.write_table(part.cast(TABLES[name]))
        size = file.tell()
        file.seek(0)
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": size}


def read_parts(paths: Iterable[Path], name: str) -> Iterator[pa.Table]:
    """Yield what the files of a table's parts hold, bit by bit; one that is no such table is refused (InputError)."""
    for path in paths:
        with opened(path, TABLES[name], "run the scenario again") as file:
            for group in range(file.num_row_groups):
                yield from map(pa.Table.from_batches, ([part] for part in file.iter_batches(row_groups=[group])))


def write_run(folder: str | Path, run: RunContents) -> dict[str, Any]:
    """Write the files of a run into `folder`, which exists, and return the manifest.

    Each file appears whole or not at all, and the manifest last: a folder without one is not a run. A folder that has
    a manifest is refused (InputError). When something fails, the files written here are removed and the error goes on.
    """
    folder = Path(folder)
    if (folder / MANIFEST).exists():
        raise InputError(f"{folder} holds a run already; nothing is overwritten: name another folder with --out")
    hashes: dict[str, dict[str, Any]] = {}
    try:
        for name, data in _contents(run):
            write_atomically(folder / name, data)
            hashes[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, parts in run.tables.items():
            if not isinstance(parts, pa.Table):
                hashes[f"{name}.parquet"] = {}
                hashes[f"{name}.parquet"] = write_parts(folder / f"{name}.parquet", name, read_parts(parts, name))
        manifest = _manifest(run, hashes)
        text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_atomically(folder / MANIFEST, text.encode())
    except BaseException:
        remove_files(folder, hashes)
        raise
    return manifest


def _contents(run: RunContents) -> Any:
    """Yield name and bytes of each file but the manifest."""
    yield PARAMETERS, run.parameters_toml.encode()
    yield DICTIONARY_FILE, data_dictionary().encode()
    for name in TABLES:
        table = run.tables.get(name, TABLES[name].empty_table())
        if isinstance(table, pa.Table):
            yield f"{name}.parquet", table_bytes(name, table)
    if run.report is not None:
        yield REPORT, run.report.encode()


def _manifest(run: RunContents, hashes: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    entries = {
        "what": _WHAT,
        "schema_version": SCHEMA_VERSION,
        "population": run.population,
        "days": run.days,
        "seed": run.seed,
        "digest": run.digest,
        "software": software(),
        "scenario": run.scenario,
        "parameters": dict(run.parameters),
        "files": dict(hashes),
    }
    if taken := sorted(set(run.notes) & set(entries)):
        raise ValueError(f"the manifest has entries of its own by these names: {', '.join(taken)}")
    return {**entries, **run.notes}


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Return a checked manifest; `path` is the file or its run folder. Errors are told in one line (InputError)."""
    path = Path(path)
    if path.is_dir():
        path = path / MANIFEST
    data = _bytes(path, _LARGEST_MANIFEST)
    try:
        result = parse_json(data, "")
    except InputError as error:
        raise InputError(f"{path} is damaged: it is not JSON ({error}); name the manifest.json of a run") from None
    if not isinstance(result, dict) or result.get("what") != _WHAT:
        raise InputError(f"{path} is not the manifest of a run; name the manifest.json of a run folder")
    if result.get("schema_version") != SCHEMA_VERSION:
        raise InputError(
            f"{path} has schema_version {str(result.get('schema_version'))[:20]}; this program reads {SCHEMA_VERSION}"
        )
    for key, kind in _KEYS.items():
        value = result.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InputError(f"{path} is damaged: {key} is missing or not {_kind_words(kind)}")
    _check_numbers(path, result)
    return result


def _kind_words(kind: type) -> str:
    return {int: "a whole number", str: "a text", dict: "a table"}[kind]


def _check_numbers(path: Path, result: Mapping[str, Any]) -> None:
    """Refuse numbers that no run has, parameters that are not numbers, and files that are not in the folder."""
    if result["population"] < 1 or result["days"] < 1 or result["seed"] < 0:
        raise InputError(f"{path} is damaged: population and days are 1 or more, seed 0 or more")
    for name, value in result["parameters"].items():
        if type(value) not in (int, float):
            raise InputError(f"{path} is damaged: parameter {name[:60]} is not a number")
    for name, entry in result["files"].items():
        if not isinstance(entry, dict) or not isinstance(entry.get("sha256"), str) or Path(name).name != name:
            raise InputError(f"{path} is damaged: the entry of file {name[:60]} is not a file name with its sha256")


def _bytes(path: Path, most: int) -> bytes:
    """Return the bytes of a file of a run; one that is missing or far too large is told in one line."""
    try:
        return read_bytes(path, most, "file of a finished run")
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path} is missing; name the folder of a finished run") from None


def read_file(folder: str | Path, name: str, manifest: Mapping[str, Any]) -> bytes:
    """Return one file of a run after checking its hash; a missing or changed file raises InputError."""
    path = Path(folder) / name
    if name not in manifest["files"]:
        raise InputError(f"{path.parent / MANIFEST} names no file {name}; the run is incomplete: run it again")
    data = _bytes(path, _LARGEST_FILE)
    if hashlib.sha256(data).hexdigest() != manifest["files"][name]["sha256"]:
        raise InputError(f"{path} is damaged or was changed: its sha256 is not that of the manifest; run it again")
    return data


def read_table(folder: str | Path, name: str, manifest: Mapping[str, Any] | None = None) -> pa.Table:
    """Return a table of a run ("indicators", "incidents" or "published"), checked by hash and schema."""
    manifest = read_manifest(folder) if manifest is None else manifest
    data = read_file(folder, f"{name}.parquet", manifest)
    path = Path(folder) / f"{name}.parquet"
    with opened(pa.BufferReader(data), TABLES[name], "run it again", str(path)) as file:
        return file.read()


def read_run(folder: str | Path) -> RunContents:
    """Return a whole run, every file checked against the manifest."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is not a run folder; name the folder of a finished run")
    manifest = read_manifest(folder)
    own = {"what", *_KEYS}
    read_file(folder, DICTIONARY_FILE, manifest)
    texts = {name: _text(folder, name, manifest) for name in (PARAMETERS, REPORT) if name in manifest["files"]}
    if PARAMETERS not in texts:
        raise InputError(f"{folder / MANIFEST} names no file {PARAMETERS}; the run is incomplete: run it again")
    return RunContents(
        scenario=manifest["scenario"],
        parameters=manifest["parameters"],
        parameters_toml=texts[PARAMETERS],
        population=manifest["population"],
        days=manifest["days"],
        seed=manifest["seed"],
        digest=manifest["digest"],
        tables={name: read_table(folder, name, manifest) for name in TABLES},
        report=texts.get(REPORT),
        notes={key: value for key, value in manifest.items() if key not in own},
    )


def _text(folder: Path, name: str, manifest: Mapping[str, Any]) -> str:
    try:
        return read_file(folder, name, manifest).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{folder / name} is damaged: it is not UTF-8 text; run it again") from None
