"""Every reader of what somebody else may have made, with files that it takes, to be wounded.

A reader gets bytes and an empty folder; it may return, or raise InputError in one line, and nothing else. `wrap` puts
wounded content into its wrapping, so that a checksum does not end every try at the door.
"""

import io
import json
import lzma
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from evidence.packages import CODER, TODAY, good_package
from support import crafted
from underwatch.disclosure.draft import read_draft
from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_files
from underwatch.evidence.edit.importing import import_csv, read_mapping
from underwatch.evidence.edit.store import WorkingCopy
from underwatch.evidence.folder import unzip, zip_bytes
from underwatch.evidence.package import new_package, to_files
from underwatch.evidence.privacy.seal import new_key, open_bytes, seal_bytes
from underwatch.experiments.engine import checkpoint
from underwatch.experiments.engine.tasks import Results
from underwatch.experiments.interventions import parse_interventions
from underwatch.facts import find_place
from underwatch.files.intake.arrays import arrays_of
from underwatch.files.intake.json import parse_json
from underwatch.files.intake.parquet import opened
from underwatch.files.intake.toml import parse_toml
from underwatch.files.intake.xz import unxz
from underwatch.inference.bank.form import check_description, check_worlds, form_of
from underwatch.inference.bank.shard import unpacked
from underwatch.inference.inputs.expert_prior import read_expert_prior
from underwatch.inference.inputs.safe_table import read_safe_table
from underwatch.inference.npe import density
from underwatch.inference.npe.posterior import Posterior, Standardiser
from underwatch.inference.npe.prior_support import PriorSupport
from underwatch.record.outputs import read_manifest, table_bytes
from underwatch.record.provenance import mark
from underwatch.record.schema import SCHEMA_VERSION, TABLES
from underwatch.record.tally import Window
from underwatch.web.session.request import question_of
from underwatch.world.scenario_file import parse, scenario_for, scenario_toml

FILES = to_files(good_package())
MAPPING = (Path(__file__).parents[2] / "src/underwatch/evidence/edit/mappings/acled.toml").read_bytes()
FOREIGN = b"event_date,admin2,sub_event_type,inter1,time_precision,admin1\n01 May 2024,Hyesan,Arrests,1,1,Ryanggang\n"
WINDOW = Window(crafted.PLAN.window.start, 104)


def plain(data):
    return data


@dataclass(frozen=True)
class Reader:
    """What is read, from which sound contents, and how these are wrapped before they are read."""

    read: Callable[[bytes, Path], object]
    samples: tuple[bytes, ...]
    wrap: Callable[[bytes], bytes] = plain


def by_path(read, name="x"):
    """A reader of a path as one of bytes."""

    def reads(data, folder):
        path = folder / name
        path.write_bytes(data)
        return read(path)

    return reads


def npz(**arrays):
    memory = io.BytesIO()
    np.savez(memory, **arrays)
    return memory.getvalue()


def noted(folder, **arrays):
    checkpoint.write_arrays(folder / "noted.npz", arrays, {"a": 1})
    return (folder / "noted.npz").read_bytes()


def posterior(folder):
    support = PriorSupport(("a", "b"), np.zeros(2), np.ones(2), np.array([False, False]))
    weights = density.fresh_weights(np.random.default_rng(1), 1, 3, 2)
    summaries = Standardiser(np.zeros(3), np.ones(3))
    Posterior(support, summaries, np.zeros(2), np.ones(2), weights, np.zeros((4, 1))).save(folder / "posterior.npz")
    return (folder / "posterior.npz").read_bytes()


def as_zip(data):
    """A zip with the content as one of its tables."""
    return zip_bytes(FILES | {"reports.csv": data})


def as_member(data):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("a.npy", data)
    return memory.getvalue()


def member(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(archive.namelist()[0])


def manifest():
    scenario = scenario_for("hoeryong", days=3, population=50)
    told = {
        "what": "underwatch run", "schema_version": SCHEMA_VERSION, "software": {}, "scenario": scenario_toml(scenario),
        "parameters": scenario.parameters.to_dict(), "population": 50, "days": 3, "seed": 1, "digest": "0" * 40,
        "files": {"report.html": {"sha256": "0" * 64, "bytes": 1}},
    }  # fmt: skip
    return json.dumps(told).encode()


def read_table(data, _):
    with opened(pa.BufferReader(data), TABLES["published"], "run it again", "x") as file:
        return file.read()


def published():
    rows = {field.name: pa.array([_of(field.type)] * 500, field.type) for field in TABLES["published"]}
    return table_bytes("published", pa.Table.from_pydict(rows, schema=TABLES["published"]))


def _of(kind):
    if pa.types.is_boolean(kind):
        return True
    return "a" if pa.types.is_dictionary(kind) or pa.types.is_string(kind) else 1


def results(path):
    with Results({}, path) as found:
        return found.in_order(len(found.outcomes)) if {*found.outcomes} == {*range(len(found.outcomes))} else None


def safe_table(table, record):
    def read(data, folder):
        (folder / "safe_table.csv").write_bytes(table if table is not None else data)
        (folder / "release.json").write_bytes(record if record is not None else data)
        return read_safe_table(folder, find_place("hoeryong")[2][0], WINDOW)

    return read


TABLE = (
    b"period,place_code,act_family,n_incidents,shown,label\n"
    b"2024-Q1,north-hamgyong,all,12,yes,x\n2024-Q2,north-hamgyong,all,,no,x\n"
)
RECORD = b'{"min_cell": 10, "epsilon": null, "source_cap": 5}'
NOISY = b'{"min_cell": null, "epsilon": "1.0", "source_cap": 5}'
RESULTS = (json.dumps({"question": mark({})}) + "\n").encode()
ROW = b'{"task": 0, "values": [1.0, NaN], "reason": ""}\n{"task": 1, "values": null, "reason": "x"}\n'


def shard(data, _):
    found = unpacked(data, form_of(crafted.PLAN), "x: ")
    check_worlds(found, "x: ")
    return found


def working_copy(path):
    with WorkingCopy(path) as copy:
        return check_files(to_files(copy.package()), TODAY)


def a_working_copy(folder):
    path = folder / "a.sqlite"
    WorkingCopy.create(path, good_package()).close()
    return path.read_bytes()


@cache
def readers(folder):
    """Every reader by name; `folder` is for what their samples are made in."""
    folder = Path(folder)
    recipient = new_key(folder / "key")
    raw = lzma.decompress(crafted.packed(crafted.arrays()))
    table = published()
    array = member(npz(a=np.arange(6.0)))
    description = crafted.bank(folder / "bank", False).joinpath("bank.toml").read_bytes()
    declared = b'declared_by = "us"\nreason = "a survey"\n[parameters]\np_tell_at_no_fear = [1e-5, 5e-5]\n'
    scenario = scenario_toml(scenario_for("hoeryong", days=3)).encode()
    interventions = b'[mine]\nwords = "x"\ndate = 2024-07-02\ndays = 3\n[mine.times]\nquota_mps_per_week = 0.5\n'
    draft = b'act = "followed_visit"\nplace = "Hyesan"\nperiod = "2023-05-17"\npublished = 2023-06-05\n'
    question = b'{"place": "hoeryong", "days": 3, "population": 50, "draws": 2, "parameters": {"p_notice": 0.5}}'
    return {
        "scenario": Reader(by_path(scenario_for), (scenario, b'place = "hoeryong"\n[[change]]\ndate = 2024-07-05\n')),
        "draft": Reader(by_path(read_draft), (draft, draft + b'[links]\nearlier = "same_source"\n')),
        "scenario text": Reader(lambda data, _: parse(data.decode("utf-8", "replace")), (scenario,)),
        "interventions": Reader(
            lambda data, _: parse_interventions(data.decode("utf-8", "replace"), ""), (interventions,)
        ),
        "declared prior": Reader(by_path(read_expert_prior), (declared,)),
        "mapping": Reader(by_path(read_mapping), (MAPPING,)),
        "bank": Reader(
            lambda data, _: check_description(parse_toml(data.decode("utf-8", "replace"), ""), ""), (description,)
        ),
        "shard": Reader(shard, (raw,), lambda data: lzma.compress(data, preset=0)),
        "packed shard": Reader(shard, (lzma.compress(raw),)),
        "xz": Reader(lambda data, _: unxz(data, 10_000, ""), (lzma.compress(b"a" * 9_000), lzma.compress(raw)[:400])),
        "manifest": Reader(by_path(read_manifest), (manifest(),)),
        "studio question": Reader(lambda data, _: question_of(parse_json(data, "")), (question,)),
        "results": Reader(by_path(results), (ROW,), lambda data: RESULTS + data),
        "safe table": Reader(safe_table(None, RECORD), (TABLE,)),
        "noisy table": Reader(safe_table(None, NOISY), (TABLE,)),
        "release": Reader(safe_table(TABLE, None), (RECORD, NOISY)),
        "zip": Reader(lambda data, _: check_files(unzip(data), TODAY), (zip_bytes(FILES),)),
        "table in a zip": Reader(lambda data, _: check_files(unzip(data), TODAY), (FILES["reports.csv"],), as_zip),
        "history": Reader(lambda data, _: check_files(FILES | {"changes.csv": data}, TODAY), (FILES["changes.csv"],)),
        "descriptor": Reader(
            lambda data, _: check_files(FILES | {"datapackage.json": data}, TODAY), (FILES["datapackage.json"],)
        ),
        "foreign table": Reader(
            lambda data, _: import_csv(new_package(), data, read_mapping("acled"), CODER), (FOREIGN,)
        ),
        "sealed for a key": Reader(
            lambda data, _: open_bytes(data, key=folder / "key"), (seal_bytes(b"a" * 100, recipients=[recipient]),)
        ),
        "key": Reader(
            by_path(lambda path: open_bytes(seal_bytes(b"a", recipients=[recipient]), key=path)),
            ((folder / "key").read_bytes(),),
        ),
        "arrays": Reader(lambda data, _: arrays_of(data, ""), (npz(a=np.arange(6.0), b=np.array(["x"])),)),
        "array": Reader(lambda data, _: arrays_of(data, ""), (array,), as_member),
        "checkpoint": Reader(
            by_path(lambda path: checkpoint.read_arrays(path, {"a": 1})), (noted(folder, a=np.arange(5)),)
        ),
        "posterior": Reader(by_path(Posterior.load), (posterior(folder),)),
        "parquet": Reader(read_table, (table,)),
        "working copy": Reader(by_path(working_copy, "x.UNSEALED.sqlite"), (a_working_copy(folder),)),
    }


def tried(reader, content, folder):
    """Read wrapped content: True when it was taken, False when it was refused in one line; any other end is a fault."""
    said = ""
    try:
        reader.read(reader.wrap(content), folder)
    except InputError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 1_500
    return not said
