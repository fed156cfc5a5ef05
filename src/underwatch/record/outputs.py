"""The run folder: written so that a manifest stands only beside whole files, and the manifest read back, checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from underwatch.errors import InputError
from underwatch.files.intake.json import parse_json
from underwatch.files.intake.parquet import opened
from underwatch.files.intake.regular import read_bytes
from underwatch.files.writing import staged_file
from underwatch.record.provenance import MANIFEST, Content
from underwatch.record.schema import SCHEMA_VERSION, TABLES, data_dictionary
from underwatch.world.scenario import Scenario
from underwatch.world.scenario_file import scenario_toml

PARAMETERS, DICTIONARY_FILE, REPORT = "parameters.toml", "data_dictionary.csv", "report.html"
_WHAT = "underwatch run"
_LARGEST_MANIFEST = 4_000_000  # bytes
_WORDS = {int: "a whole number", str: "a text", dict: "a table"}
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


def joined(name: str, tables: Sequence[pa.Table]) -> pa.Table:
    """Join tables of the same name (places, worlds, draws) into one."""
    if not tables:
        return TABLES[name].empty_table()
    return pa.concat_tables(tables).unify_dictionaries()


def table_bytes(name: str, table: pa.Table) -> bytes:
    """Return a table as Parquet; one that has not the schema of its name is refused (ValueError)."""
    if not table.schema.equals(TABLES[name]):
        raise ValueError(f"table {name} has not the columns of its schema")
    return parquet(table.cast(TABLES[name]))


def parquet(table: pa.Table) -> bytes:
    """Return a table as Parquet."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=True)
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


def run_entries(scenario: Scenario, digest: str, notes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the manifest of a run says of it; `notes` are further entries (worlds, draws), and no path."""
    return dict(
        population=scenario.residents, days=scenario.days, seed=scenario.seed, digest=digest,
        scenario=scenario_toml(scenario), parameters=scenario.parameters.to_dict(), **notes,
    )  # fmt: skip


def run_files(
    scenario: Scenario,
    tables: Mapping[str, pa.Table | Sequence[Path]],
    report: str,
    more: Mapping[str, bytes] = MappingProxyType({}),
) -> Iterator[tuple[str, Content]]:
    """Yield name and content of each file of a run but the manifest, a table no sooner than it is written.

    `tables` are "indicators", "incidents" and "published" (schema.TABLES): each a table, or the files of its parts,
    which are put together one after another without holding them all. `report` is the HTML page, `more` other files.
    """
    yield PARAMETERS, scenario_toml(scenario).encode()
    yield DICTIONARY_FILE, data_dictionary().encode()
    for name in TABLES:
        table = tables.get(name, TABLES[name].empty_table())
        if isinstance(table, pa.Table):
            yield f"{name}.parquet", table_bytes(name, table)
        else:
            yield f"{name}.parquet", partial(write_parts, name=name, parts=read_parts(table, name))
    yield from more.items()
    yield REPORT, report.encode()


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Return a checked manifest; `path` is the file or its run folder. Errors are told in one line (InputError)."""
    path = Path(path)
    if path.is_dir():
        path = path / MANIFEST
    try:
        result = parse_json(read_bytes(path, _LARGEST_MANIFEST, "file of a finished run"), "")
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path} is missing; name the folder of a finished run") from None
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
            raise InputError(f"{path} is damaged: {key} is missing or not {_WORDS[kind]}")
    _check_numbers(path, result)
    return result


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
