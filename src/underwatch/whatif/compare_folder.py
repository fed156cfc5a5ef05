"""The folder of a comparison: the question as TOML, its tables, and last a manifest with every file's hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from underwatch.files import write_atomically
from underwatch.record.outputs import MANIFEST, software
from underwatch.record.schema import SCHEMA_VERSION
from underwatch.whatif.compare import Comparison
from underwatch.whatif.interventions import as_toml

WHAT = "underwatch compare"
SCENARIO, INTERVENTIONS = "scenario.toml", "interventions.toml"
CHANGES, CHANGES_CSV, PAIRS = "changes.parquet", "changes.csv", "pairs.parquet"


def write_comparison(folder: str | Path, comparison: Comparison) -> dict[str, Any]:
    """Write a comparison into `folder`, which exists, the manifest last, and return the manifest.

    When something fails, the files written here are removed and the error goes on.
    """
    folder = Path(folder)
    question = comparison.question
    changes = comparison.changes()
    contents = {
        SCENARIO: question.scenario.to_toml().encode(),
        INTERVENTIONS: as_toml(question.dated).encode(),
        CHANGES: _parquet(changes),
        CHANGES_CSV: _csv(changes),
        PAIRS: _parquet(comparison.pairs()),
    }
    hashes: dict[str, dict[str, Any]] = {}
    try:
        for name, data in contents.items():
            write_atomically(folder / name, data)
            hashes[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        manifest = {
            "what": WHAT,
            "schema_version": SCHEMA_VERSION,
            "place": question.scenario.name,
            "population": question.scenario.residents,
            "days": question.scenario.days,
            "seed": question.scenario.seed,
            "replicates": question.replicates,
            "draws": question.draws,
            "interventions": list(comparison.names),
            "digest": hashlib.blake2b(contents[CHANGES_CSV], digest_size=20).hexdigest(),
            "software": software(),
            "files": hashes,
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_atomically(folder / MANIFEST, text.encode())
    except BaseException:
        for name in hashes:
            (folder / name).unlink(missing_ok=True)
        raise
    return manifest


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _csv(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    plain = [pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    pacsv.write_csv(table.cast(pa.schema(plain)), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data
