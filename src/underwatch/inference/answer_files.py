"""What an estimate leaves: draws as parquet and as an xarray DataTree, the rows and the verdicts, and a manifest.

Only what the gates let through is written: no withheld quantity, no channel parameter, nothing of any list. All of it
is for its owner alone to read (0600), like the evidence that it comes from: draws follow from the exact counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from underwatch import __version__
from underwatch.evidence.folder import PRIVATE_FILE, write_files
from underwatch.evidence.package import to_files
from underwatch.files.folders import temporary_folder
from underwatch.files.writing import csv_bytes, write_atomically
from underwatch.inference.bank.quantities import ALL_NAMES
from underwatch.inference.checks.recovery import RecoveryCase
from underwatch.inference.findings import MODEL, Findings
from underwatch.inference.wording import number, unit_of_column, words_of
from underwatch.texts.sentences import OfTable, Sentence, sentence

POSTERIOR, TREE, MANIFEST = "posterior.parquet", "posterior.nc", "manifest.json"
TABLE, GATES, REPORT = "quantities.csv", "gates.csv", "report.html"
PACKAGE, TRUTH = "package", "truth.csv"
_FOR_TREES = ("xarray", "h5netcdf", "h5py")  # the extra `arviz`
_COLUMNS = ("quantity", "unit", "prior_05", "prior_50", "prior_95", "posterior", "withheld_by")


def draws_table(findings: Findings) -> pa.Table:
    """Return draws of what may be shown: prior, posterior, and under each response alone; units in the fields."""
    answer, names = findings.answer, findings.shown
    sets = {"prior": answer.prior, "posterior": answer.draws}
    sets |= {f"{response} law alone": draws for response, draws in answer.by_response.items()}
    fields = [pa.field("set", pa.string()), pa.field("draw", pa.int32())]
    fields += [
        pa.field(name, pa.float64(), metadata={"unit": unit_of_column(name), "meaning": words_of(name), "label": MODEL})
        for name in names
    ]
    index = [ALL_NAMES.index(name) for name in names]
    data = np.concatenate([draws[:, index] for draws in sets.values()])
    columns: list[Any] = [np.repeat(list(sets), [len(draws) for draws in sets.values()])]
    columns.append(np.concatenate([np.arange(len(draws), dtype=np.int32) for draws in sets.values()]))
    columns += list(data.T)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, fields, strict=True)], pa.schema(fields)
    )


def all_draws_table(findings: Findings, about: str) -> pa.Table:
    """Return draws of every quantity, withheld or not, for studies of the method; `about` says what for.

    Who calls has proved that the package was told by the model.
    """
    draws = findings.answer.draws
    fields = [
        pa.field(name, pa.float64(), metadata={"unit": unit_of_column(name), "meaning": words_of(name), "label": MODEL})
        for name in ALL_NAMES
    ]
    arrays = [pa.array(column) for column in draws.T]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata={"about": about}))


def tree_of(findings: Findings) -> Any:
    """Return prior and posterior of what may be shown as an xarray DataTree, the form of ArviZ 1.x; ImportError where
    xarray is not installed.
    """
    import xarray as xr

    answer, groups = findings.answer, {}
    for group, draws in (("posterior", answer.draws), ("prior", answer.prior)):
        variables = {
            name: (("chain", "draw"), draws[None, :, ALL_NAMES.index(name)], {"units": unit_of_column(name)})
            for name in findings.shown
        }
        coordinates = {"chain": [0], "draw": np.arange(len(draws))}
        about = {"label": MODEL, "inference_library": "underwatch", "inference_library_version": __version__}
        groups[group] = xr.Dataset(variables, coordinates, about)
    return xr.DataTree.from_dict(groups)


def write_tree(findings: Findings, path: Path) -> bool:
    """Write that tree; False where xarray is not installed."""
    if any(find_spec(module) is None for module in _FOR_TREES):
        return False
    with temporary_folder(path.parent) as folder:
        tree_of(findings).to_netcdf(folder / path.name, engine="h5netcdf")
        write_atomically(path, (folder / path.name).read_bytes(), PRIVATE_FILE)
    return True


def write_answer(folder: Path, findings: Findings, report: str, question: Mapping[str, Any]) -> dict[str, Any]:
    """Write all that an answer leaves into its folder and return the manifest."""
    answer = findings.answer
    cells = [(r.words, r.unit, *(f"{v:.4g}" for v in r.prior), r.said, r.why) for r in findings.rows]
    files: dict[str, bytes] = {
        REPORT: report.encode(),
        TABLE: csv_bytes([_COLUMNS, *cells]),
        GATES: csv_bytes([("gate", "state", "sentence"), *findings.verdicts]),
    }
    if findings.shown:
        sink = BytesIO()
        pq.write_table(draws_table(findings), sink)
        files[POSTERIOR] = sink.getvalue()
    for name, data in files.items():
        write_atomically(folder / name, data, PRIVATE_FILE)
    if findings.shown and write_tree(findings, folder / TREE):
        files[TREE] = (folder / TREE).read_bytes()
    hashes = {name: hashlib.blake2b(content, digest_size=20).hexdigest() for name, content in sorted(files.items())}
    manifest = {
        "what": "estimate",
        "version": __version__,
        "question": dict(question),
        "bank": {"key": answer.question.bank.key, "worlds": len(answer.question.bank)},
        "published_figures": answer.question.reading.figures.record(),
        "rounds": answer.rounds,
        "rows": answer.rows,
        "says": list(findings.lines),
        "files": hashes,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    write_atomically(folder / MANIFEST, text.encode(), PRIVATE_FILE)
    return manifest


def write_truth(folder: Path, findings: Findings, case: RecoveryCase) -> tuple[Sentence, ...]:
    """Keep the package of a parameter-recovery test and its truth, beside what is said; return that in sentences."""
    if not (folder / PACKAGE).exists():
        write_files(folder / PACKAGE, to_files(case.package.keyed()))
    table, told, held = ["quantity,unit,truth,said,range_holds_truth"], [], []
    for row, truth in zip(findings.rows, case.truth.tolist(), strict=True):
        ends = row.posterior
        holds = "withheld" if ends is None else "yes" if ends[0] <= truth <= ends[2] else "no"
        table.append(f'"{row.words}",{row.unit},{truth:.4g},"{row.said}",{holds}')
        held.append(holds)
        told.append(
            sentence(
                f"estimate.truth.{holds}",
                words=OfTable(f"quantity.{row.name}", row.words),
                unit=OfTable(f"unit.{row.unit}", row.unit),
                truth=number(truth),
                said=row.told,
            )
        )
    write_atomically(folder / TRUTH, ("\n".join(table) + "\n").encode(), PRIVATE_FILE)
    shown = len(held) - held.count("withheld")
    return sentence("estimate.truth.head", held=str(held.count("yes")), shown=str(shown)), *told
