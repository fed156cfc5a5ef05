"""Hostile files, each made to cost much or to be taken for what it is not, and what reading one comes to.

`python tests/hostile.py FOLDER [NAME ...]` makes each in the folder and reads it as a user would, in a process of its
own, and prints a line of JSON: the exit code, what was said, how much memory was added and how long it took.
"""

import io
import json
import lzma
import os
import resource
import shutil
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from datetime import date
from pathlib import Path

MB = 1 << 20
MOST_MB = 300  # that a hostile file may add
ROOM = 1200 * MB  # of data that a process may take beyond what it had; what is above counts as a failure of its own
SECONDS = 120  # of processor time, after which a reader counts as hanging
CASES = {}


def case(make):
    """Register a maker: it gets an empty folder, and returns a command line, or a function that reads."""
    CASES[make.__name__.replace("_", " ")] = make
    return make


def written(path, data):
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(path)


# --- TOML, by every way in ----------------------------------------------------------------------------------------

DOTTED = ".".join("a" * 30_000) + " = 1\n"
TOMLS = {
    "dotted keys": DOTTED,
    "dotted header": "[" + ".".join("a" * 30_000) + "]\n",
    "dotted array of tables": "[[" + ".".join("a" * 30_000) + "]]\n",
    "dotted key in an inline table": "x = { " + ".".join("a" * 30_000) + " = 1 }\n",
    "dotted and quoted keys": '"a"'.join(["x = {"] + ["."] * 20_000)[:-1] + " = 1 }\n",
    "dots with spaces": " . ".join("a" * 15_000) + " = 1\n",
    "many dotted keys": "".join(f"k{n}.a.b.c.d.e.f=1\n" for n in range(48_000)),
    "many tables": "".join(f"[t{n}]\n" for n in range(110_000)),
    "many empty arrays": "".join(f"k{n}=[]\n" for n in range(90_000)),
    "many empty inline tables": "x=[" + "{}," * 330_000 + "]\n",
    "deep arrays": "x = " + "[" * 10_000 + "]" * 10_000 + "\n",
    "deep inline tables": "x = " + "{a=" * 10_000 + "1" + "}" * 10_000 + "\n",
    "a whole number without end": "x = " + "1" * 900_000 + "\n",
    "a whole number in hexadecimal": "x = 0x" + "f" * 900_000 + "\n",
    "an open string and many quotes": "x = " + '\\"""\n' * 160_000,
    "an escape at every letter": 'x = "' + '\\"' * 400_000,
    "longer than any": "#" * 3_000_000,
}


def _of_toml(name, text):
    def scenario(folder):
        return ["run", written(folder / "x.toml", 'place = "hoeryong"\n' + text), "--days", "1", "--population", "9"]

    def interventions(folder):
        file = written(folder / "x.toml", text)
        return ["compare", "hoeryong", "--days", "1", "--population", "9", "--with", file, "--out", str(folder / "out")]

    def declared(folder):
        return ["estimate", "--example", "--declared-prior", written(folder / "x.toml", text)]

    def mapping(folder):
        table = written(folder / "x.csv", "a,b\n1,2\n")
        file = written(folder / "x.toml", text)
        return ["evidence", "import", table, "--into", str(package(folder)), "--map", file]

    def bank(folder):
        written(folder / "bank.toml", text)
        return ["estimate", "--example", "--bank", str(folder)]

    # Every way in meets the worst; the rest is read by one parser, by whatever way.
    ways = (scenario, interventions, declared, mapping, bank) if name in _BY_EVERY_WAY else (scenario,)
    for way in ways:
        CASES[f"{way.__name__}: {name}"] = way


_BY_EVERY_WAY = ("dotted keys", "deep arrays", "a whole number in hexadecimal", "longer than any")
for _name, _text in TOMLS.items():
    _of_toml(_name, _text)


# --- a package and what may stand in its place ----------------------------------------------------------------------


def files_of_a_package():
    from underwatch.evidence.package import new_package, to_files

    return to_files(new_package())


def package(folder):
    from underwatch.evidence.folder import write_files

    if not (folder / "package").exists():
        write_files(folder / "package", files_of_a_package())
    return folder / "package"


def zipped(files, how=zipfile.ZIP_DEFLATED):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return memory.getvalue()


def check_zip(folder, data):
    return ["check", written(folder / "x.zip", data)]


@case
def a_zip_of_empty_rows(folder):
    files = files_of_a_package()
    return check_zip(folder, zipped(files | {"reports.csv": files["reports.csv"] + b"\n" * (38 * MB)}))


@case
def a_zip_of_rows_that_end_in_carriage_returns(folder):
    files = files_of_a_package()
    return check_zip(folder, zipped(files | {"reports.csv": files["reports.csv"] + b"\r" * (38 * MB)}))


@case
def a_zip_of_commas(folder):
    files = files_of_a_package()
    return check_zip(folder, zipped(files | {"reports.csv": files["reports.csv"] + b"," * (38 * MB)}))


@case
def a_zip_with_a_header_of_commas(folder):
    return check_zip(folder, zipped(files_of_a_package() | {"reports.csv": b"," * (38 * MB) + b"\n"}))


@case
def a_zip_of_five_hundred_large_files(folder):
    body, size, crc = zeros(64)
    return check_zip(folder, raw_zip([(f"{n}.csv", body, size, crc) for n in range(500)]))


@case
def a_zip_that_lies_about_its_sizes(folder):
    body, _, crc = zeros(64)
    return check_zip(folder, raw_zip([(f"{n}.csv", body, 10, crc) for n in range(400)]))


@case
def a_zip_whose_files_lie_over_each_other(folder):
    body, size, crc = zeros(16)
    return check_zip(folder, raw_zip([(f"{n}.csv", body, size, crc) for n in range(2)], over=True))


@case
def a_zip_of_a_million_names(folder):
    return check_zip(folder, raw_zip([(f"{n:07d}", b"", 0, 0) for n in range(600_000)], over=True))


@case
def a_zip_with_a_password(folder):
    return check_zip(folder, raw_zip([("reports.csv", b"x" * 40, 40, 0)], flags=1))


@case
def a_zip_packed_with_lzma(folder):
    return check_zip(folder, zipped(files_of_a_package() | {"reports.csv": bytes(39 * MB)}, zipfile.ZIP_LZMA))


def zeros(mb):
    """Zeros packed as in a zip, with their size and checksum; packed a little at a time, so that it is quick."""
    one = bytes(MB)
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    part = pack.compress(one) + pack.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(mb):
        crc = zlib.crc32(one, crc)
    return part * mb + pack.flush(), mb * MB, crc


def packed_npz(path, mb):
    """Write an npz of one array of zeros that is packed, as `np.savez_compressed` does."""
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({mb * MB},), }}".ljust(117).encode() + b"\n"
    head = b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    body, size, _ = zeros(mb)
    crc = zlib.crc32(head)
    for _ in range(mb):
        crc = zlib.crc32(bytes(MB), crc)
    first = pack.compress(head) + pack.flush(zlib.Z_FULL_FLUSH)
    return written(path, raw_zip([("state.npy", first + body, len(head) + size, crc)]))


def raw_zip(members, over=False, flags=0):
    """A zip made by hand: of (name, packed bytes, size told, checksum); `over` puts all entries over the first."""
    out, directory = [], []
    at = 0
    for number, (name, body, size, crc) in enumerate(members):
        method = 8 if body and not flags else 0
        told = struct.pack("<HHHHHLLLHH", 20, flags, method, 0, 33, crc, len(body), size, len(name), 0)
        place = 0 if over else at
        if not over or number == 0:
            local = b"PK\3\4" + told + name.encode() + body
            out.append(local)
            at += len(local)
        head = struct.pack(
            "<HHHHHHLLLHHHHHLL", 20, 20, flags, method, 0, 33, crc, len(body), size, len(name), 0, 0, 0, 0, 0, place
        )
        directory.append(b"PK\1\2" + head + name.encode())
    whole = b"".join(directory)
    n = min(len(members), 65_535)
    return b"".join(out) + whole + b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, n, n, len(whole), at, 0)


@case
def a_table_of_one_cell(folder):
    return ["check", str(with_file(folder, "reports.csv", b'"' + b"x" * (38 * MB) + b'"\n'))]


@case
def a_table_of_two_columns_in_quotes(folder):
    return ["check", str(with_file(folder, "reports.csv", b'"",""\n' * 1_200_000))]


@case
def a_table_of_short_rows(folder):
    header = files_of_a_package()["reports.csv"]
    return ["check", str(with_file(folder, "reports.csv", header + b"x\n" * 1_400_000))]


@case
def a_table_with_a_letter_of_four_bytes(folder):
    return ["check", str(with_file(folder, "reports.csv", "\U0001f600".encode() + b"x" * (38 * MB)))]


@case
def a_package_of_cells_that_are_all_different(folder):
    files = files_of_a_package()
    for name in ("reports.csv", "changes.csv"):
        n = files[name].count(b",") + 1
        rows = (",".join(f"{row:x}z{at}" for at in range(n)) for row in range(50_000))
        (with_file(folder, name, files[name] + "\n".join(rows).encode() + b"\n"))
    return ["check", str(package(folder))]


@case
def a_pipe_in_a_package(folder):
    (package(folder) / "survey.csv").unlink(missing_ok=True)
    os.mkfifo(package(folder) / "survey.csv")
    return ["evidence", "summary", str(package(folder))]


@case
def a_pipe_as_package(folder):
    return ["check", fifo(folder)]


@case
def a_pipe_as_sealed_package(folder):
    os.mkfifo(folder / "x.age")
    return ["check", str(folder / "x.age"), "--key", written(folder / "key", "x")]


def with_file(folder, name, data):
    written(package(folder) / name, data)
    return package(folder)


def fifo(folder):
    os.mkfifo(folder / "pipe")
    return str(folder / "pipe")


def _imported(folder, data):
    file = data if isinstance(data, str) else written(folder / "x.csv", data)
    return ["evidence", "import", file, "--into", str(package(folder)), "--map", "acled"]


@case
def empty_rows_to_import(folder):
    return _imported(folder, b"a,b\n" + b"\n" * (38 * MB))


@case
def many_rows_to_import(folder):
    return _imported(folder, b"event_date,admin2\n" + b"1,2\n" * 8_000_000)


@case
def many_columns_to_import(folder):
    return _imported(folder, ",".join(f"c{n}" for n in range(1_000_000)).encode() + b"\n")


@case
def a_device_to_import(folder):
    return _imported(folder, "/dev/zero")


@case
def a_device_as_mapping(folder):
    return [*_imported(folder, b"a\n1\n")[:-1], "/dev/zero"]


# --- sealed ---------------------------------------------------------------------------------------------------------

_B64 = b"A" * 43


def sealed(folder, stanzas, mac=b"--- " + _B64 + b"\n" + b"B" * 80):
    return written(folder / "x.age", b"age-encryption.org/v1\n" + stanzas + mac)


def a_key(folder):
    from underwatch.evidence.seal import new_key

    new_key(folder / "key")
    return str(folder / "key")


@case
def two_thousand_stanzas(folder):
    stanza = b"-> X25519 " + _B64 + b"\n" + _B64 + b"\n"
    return ["check", sealed(folder, stanza * 2_000), "--key", a_key(folder)]


@case
def two_thousand_stanzas_in_armour(folder):
    import base64

    stanza = b"-> X25519 " + _B64 + b"\n" + _B64 + b"\n"
    inside = Path(sealed(folder, stanza * 2_000)).read_bytes()
    text = base64.b64encode(inside)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    armour = b"\n".join([b"-----BEGIN AGE ENCRYPTED FILE-----", *lines, b"-----END AGE ENCRYPTED FILE-----", b""])
    return ["check", written(folder / "x.age", armour), "--key", a_key(folder)]


@case
def a_head_that_does_not_end(folder):
    stanza = b"-> X25519 " + _B64 + b"\n" + _B64 + b"\n"
    return ["check", sealed(folder, stanza * 2_000, b"--- " + b"A" * 200_000), "--key", a_key(folder)]


@case
def a_work_factor_of_22(folder):
    return ["check", sealed(folder, b"-> scrypt " + b"A" * 22 + b" 22\n" + _B64 + b"\n")]


@case
def a_sealed_bomb(folder):
    from underwatch.evidence.seal import seal_bytes

    recipient = _recipient_of(a_key(folder))
    bomb = zipped({f"{n}.csv": bytes(40 * MB) for n in range(10)})
    written(folder / "x.age", seal_bytes(bomb, recipients=[recipient]))
    return ["check", str(folder / "x.age"), "--key", str(folder / "key")]


def _recipient_of(key):
    return Path(key).read_text().split("recipient: ")[1].splitlines()[0]


@case
def a_pipe_as_key(folder):
    return ["check", sealed(folder, b"-> X25519 " + _B64 + b"\n" + _B64 + b"\n"), "--key", fifo(folder)]


@case
def a_key_file_without_end(folder):
    path = folder / "key"
    with path.open("wb") as file:
        file.truncate(3_000 * MB)
    return ["check", sealed(folder, b"-> X25519 " + _B64 + b"\n" + _B64 + b"\n"), "--key", str(path)]


# --- the bank -------------------------------------------------------------------------------------------------------


def bank_of(folder, raw=None, data=None, **told):
    """A bank of two worlds of four weeks, with one shard of these bytes."""
    import tomli_w

    from underwatch.estimate.bank import FORMAT
    from underwatch.estimate.priors import world_prior
    from underwatch.estimate.shard import write_shard
    from underwatch.record.tally import Window

    kept = {
        "format": FORMAT, "key": "0" * 32, "place": "hoeryong", "first_day": Window(date(2023, 7, 3), 4).start,
        "weeks": 4, "settling_weeks": 13, "seed": 1, "worlds_per_shard": 2, "parameters": list(world_prior()),
    }  # fmt: skip
    written(folder / "bank.toml", tomli_w.dumps(kept | told))
    write_shard(folder, 0, lzma.compress(raw, preset=0) if data is None else data)
    return ["estimate", "--example", "--bank", str(folder)]


@case
def a_bank_of_zeros(folder):
    return bank_of(folder, bytes(600 * MB))


@case
def a_bank_packed_for_much_memory(folder):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1_500 * MB}]
    memory = lzma.LZMACompressor(filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 16}])
    body = bytearray(memory.compress(b"[]\n") + memory.flush())
    del filters
    at = body.index(b"\x21\x01") + 2  # the size of the dictionary, in the head of the block
    body[at] = 40
    head = body[12 : 12 + 4 * (body[12] + 1) - 4]
    body[12 + len(head) : 12 + len(head) + 4] = struct.pack("<L", zlib.crc32(bytes(head)))
    return bank_of(folder, data=bytes(body))


@case
def a_bank_with_a_header_without_end(folder):
    return bank_of(folder, b"[" + b"[]," * 20_000_000 + b"\n")


@case
def a_bank_whose_shape_is_huge(folder):
    return bank_of(folder, json.dumps([["counts", "<u4", [10**12]]]).encode() + b"\n" + bytes(100))


@case
def a_bank_of_many_streams(folder):
    return bank_of(folder, data=lzma.compress(b"[]\n" + bytes(20 * MB), preset=0) * 40)


@case
def a_bank_of_many_worlds(folder):
    return bank_of(folder, b"[]\n", worlds_per_shard=10**15)


@case
def a_bank_in_a_pipe(folder):
    os.mkfifo(folder / "bank.toml")
    return ["estimate", "--example", "--bank", str(folder)]


# --- what a run, a sweep or an estimate left on its way ------------------------------------------------------------


def npz(**arrays):
    import numpy as np

    memory = io.BytesIO()
    np.savez(memory, **arrays)
    return memory.getvalue()


def _read_arrays(path):
    from underwatch.world.checkpoint import read_arrays

    return lambda: read_arrays(path, {})


@case
def a_packed_checkpoint(folder):
    return _read_arrays(packed_npz(folder / "x.npz", 600))


@case
def a_checkpoint_whose_shape_is_huge(folder):
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"
    array = b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head
    return _read_arrays(written(folder / "x.npz", zipped({"state.npy": array}, zipfile.ZIP_STORED)))


@case
def a_checkpoint_of_objects(folder):
    import numpy as np

    memory = io.BytesIO()
    np.savez(memory, state=np.array([{}], object))
    return _read_arrays(written(folder / "x.npz", memory.getvalue()))


@case
def a_checkpoint_whose_arrays_lie_over_each_other(folder):
    import numpy as np

    whole = npz(state=np.zeros(10 * MB, "u1"))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        crc, size = archive.infolist()[0].CRC, archive.infolist()[0].file_size
        body = archive.read(archive.infolist()[0])
    return _read_arrays(written(folder / "x.npz", stored_over(body, size, crc, 300)))


def stored_over(body, size, crc, times):
    data = raw_zip([(f"{n:03d}.npy", body, size, crc) for n in range(times)], over=True)
    return data.replace(struct.pack("<HHH", 20, 0, 8), struct.pack("<HHH", 20, 0, 0))


@case
def a_packed_posterior(folder):
    path = packed_npz(folder / "x.npz", 600)

    def read():
        from underwatch.estimate.posterior import Posterior

        Posterior.load(path)

    return read


@case
def a_packed_step(folder):
    import numpy as np

    packed_npz(folder / "x.npz", 600)

    def read():
        from underwatch.estimate.question import Steps

        Steps(folder, 1.0, print).arrays("x", dict, {"draws": np.zeros(3)})

    return read


@case
def a_pipe_as_manifest(folder):
    return ["run", "--from", fifo(folder)]


@case
def a_pipe_as_manifest_of_a_diary(folder):
    return ["diary", fifo(folder)]


@case
def a_pipe_as_manifest_in_the_studio(folder):
    (folder / "run").mkdir()
    os.mkfifo(folder / "run" / "manifest.json")
    return ["studio", "--no-browser", str(folder / "run")]


@case
def a_device_as_scenario(folder):
    (folder / "x.toml").symlink_to("/dev/zero")
    return ["run", str(folder / "x.toml")]


JSONS = {
    "deep": b"[" * 300_000,
    "of many lists": b"[" + b"[]," * 1_200_000 + b"[]]",
    "of many tables": b'[{"a":0}' + b',{"a":0}' * 480_000 + b"]",
    "of one number": b'{"what": ' + b"1" * 900_000 + b"}",
    "of half letters": b'{"what": "\\ud800", "made_by": "\\udfff"}',
    "without end": b" " * (64 * MB),
}


def _of_json(name, data):
    def manifest(folder):
        return ["run", "--from", written(folder / "manifest.json", data)]

    def job(folder):
        (folder / "run" / "checkpoint").mkdir(parents=True)
        written(folder / "run" / "checkpoint" / "job.json", data)
        return ["run", "--resume", str(folder / "run")]

    def question(folder):
        written(folder / "question.json", data)
        return ["sweep", "--resume", str(folder)]

    def estimate(folder):
        written(folder / "question.json", data)

        def read():
            from underwatch.cli.estimate import _folder

            _folder({"resume": folder, "out": None}, None, {})

        return read

    def descriptor(folder):
        return ["evidence", "summary", str(with_file(folder, "datapackage.json", data))]

    def release(folder):
        written(folder / "safe_table.csv", "period\n")
        written(folder / "release.json", data)

        def read():
            from underwatch.estimate.safe_table import read_safe_table
            from underwatch.facts import find_place
            from underwatch.record.tally import Window

            read_safe_table(folder, find_place("hoeryong")[2][0], Window(date(2023, 7, 3), 104))

        return read

    for way in (
        (manifest, job, question, estimate, descriptor, release) if name in ("deep", "of one number") else (manifest,)
    ):
        CASES[f"{way.__name__} {name}"] = way


for _name, _data in JSONS.items():
    _of_json(_name, _data)


@case
def results_without_end(folder):
    from underwatch.whatif.ensemble import Results, _mark

    line = json.dumps({"question": _mark({})}).encode() + b"\n"
    row = b'{"task": 0, "values": [' + b"0," * 4_000_000 + b'0], "reason": ""}\n'
    written(folder / "results.jsonl", line + row * 4)

    def read():
        with Results({}, folder / "results.jsonl"):
            pass

    return read


@case
def a_working_copy_that_is_a_view(folder):
    import sqlite3

    path = folder / "package.UNSEALED.sqlite"
    base = sqlite3.connect(path)
    base.execute(
        "CREATE VIEW meta AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT 'kind' AS key, hex(zeroblob(100000000)) AS value FROM n WHERE i > 1000000000"
    )
    base.commit()
    base.close()
    package(folder)
    return ["evidence", "save", str(folder / "package")]


# --- reading them ---------------------------------------------------------------------------------------------------


def _now(key):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))


def _read(make, folder, out):
    """Read one hostile file in this process, which is a fresh copy of one that has all it needs; never returns."""
    code, said = 70, ""
    try:
        asked = make(folder)
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # from here on the highest memory counts
        before, began = _now("VmRSS"), time.monotonic()
        data = _now("VmData") + ROOM
        resource.setrlimit(resource.RLIMIT_DATA, (data, data))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        code, said = _answer(asked)
        told = {
            "code": code,
            "said": said,
            "mb": round((_now("VmHWM") - before) / MB),
            "seconds": round(time.monotonic() - began, 2),
        }
    except BaseException as error:
        told = {"code": 70, "said": f"{type(error).__name__}: {error}"[:300], "mb": -1, "seconds": -1}
    os.write(out, json.dumps(told).encode())
    os._exit(0)


def _answer(asked):
    """Return the exit code and what was said; for a function 2 and the words of its InputError."""
    from underwatch.errors import InputError

    if callable(asked):
        try:
            asked()
        except InputError as error:
            return 2, f"{error}\n"
        return 0, ""
    from underwatch.cli import main

    with tempfile.TemporaryFile("w+") as err, open(os.devnull, "w", encoding="utf-8") as nothing:
        os.dup2(err.fileno(), 2)
        os.dup2(nothing.fileno(), 1)
        sys.stdin = io.StringIO("a passphrase of some words\n")
        sys.stderr = err
        try:
            main(asked)
            code = 0
        except SystemExit as end:
            code = end.code
        err.flush()
        err.seek(0)
        return code, err.read()


def read_each(folder, names):
    """Yield name and outcome of each hostile file: exit code, what was said, MB added, seconds."""
    _warm()
    for number, name in enumerate(names):
        place = Path(folder) / str(number)
        place.mkdir()
        seen, out = os.pipe()
        child = os.fork()
        if not child:
            os.setsid()
            _read(CASES[name], place, out)
        os.close(out)
        with os.fdopen(seen, "rb") as file:
            told = _told_in(file, SECONDS)
        if not told:
            os.kill(child, 9)
        os.waitpid(child, 0)
        yield name, json.loads(told) if told else {"code": -9, "said": "hangs, or was killed", "mb": -1, "seconds": -1}
        shutil.rmtree(place, ignore_errors=True)


def _told_in(file, seconds):
    import select

    return file.read() if select.select([file], [], [], seconds)[0] else b""


def _warm():
    """Import all that reading needs, so that it does not count."""
    import numba  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import pyrage  # noqa: F401
    import scipy.stats  # noqa: F401

    import underwatch.cli.calibrate
    import underwatch.cli.diary
    import underwatch.cli.estimate
    import underwatch.cli.evidence
    import underwatch.cli.studio
    import underwatch.cli.sweep
    import underwatch.cli.whatif
    import underwatch.cli.world
    import underwatch.estimate.question
    import underwatch.evidence.importing
    import underwatch.evidence.seal
    import underwatch.show.diary
    import underwatch.show.job
    import underwatch.show.server
    import underwatch.whatif.compare
    import underwatch.whatif.folder
    import underwatch.whatif.sweep  # noqa: F401
    from underwatch.evidence.check import check_files

    check_files(files_of_a_package())


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for one, outcome in read_each(sys.argv[1], sys.argv[2:] or list(CASES)):
        print(json.dumps({"case": one} | outcome), flush=True)
