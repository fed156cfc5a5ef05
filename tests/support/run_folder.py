"""A finished run read back, every file checked against its manifest."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa

from underwatch.errors import InputError
from underwatch.files.intake.parquet import opened
from underwatch.files.intake.regular import read_bytes
from underwatch.record.outputs import DICTIONARY_FILE, MANIFEST, PARAMETERS, REPORT, read_manifest
from underwatch.record.schema import TABLES

LARGEST_FILE = 1 << 30  # bytes; every incident of the largest city in a year is half of that


def read_file(folder, name, manifest):
    """Return one file of a run after checking its hash; a missing or changed file raises InputError."""
    path = Path(folder) / name
    if name not in manifest["files"]:
        raise InputError(f"{path.parent / MANIFEST} names no file {name}; the run is incomplete: run it again")
    try:
        data = read_bytes(path, LARGEST_FILE, "file of a finished run")
    except FileNotFoundError:
        raise InputError(f"{path} is missing; name the folder of a finished run") from None
    if hashlib.sha256(data).hexdigest() != manifest["files"][name]["sha256"]:
        raise InputError(f"{path} is damaged or was changed: its sha256 is not that of the manifest; run it again")
    return data


def read_table(folder, name, manifest):
    """Return a table of a run ("indicators", "incidents" or "published"), checked by hash and schema."""
    data = read_file(folder, f"{name}.parquet", manifest)
    path = Path(folder) / f"{name}.parquet"
    with opened(pa.BufferReader(data), TABLES[name], "run it again", str(path)) as file:
        return file.read()


def read_run(folder):
    """Return a whole run, every file checked against the manifest: its entries by name, its texts and tables."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder} is not a run folder; name the folder of a finished run")
    manifest = read_manifest(folder)
    read_file(folder, DICTIONARY_FILE, manifest)
    texts = {name: _text(folder, name, manifest) for name in (PARAMETERS, REPORT) if name in manifest["files"]}
    if PARAMETERS not in texts:
        raise InputError(f"{folder / MANIFEST} names no file {PARAMETERS}; the run is incomplete: run it again")
    tables = {name: read_table(folder, name, manifest) for name in TABLES}
    parameters_toml, report = texts[PARAMETERS], texts.get(REPORT)
    return SimpleNamespace(**manifest, parameters_toml=parameters_toml, report=report, tables=tables)


def _text(folder, name, manifest):
    try:
        return read_file(folder, name, manifest).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{folder / name} is damaged: it is not UTF-8 text; run it again") from None
