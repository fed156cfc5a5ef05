"""What a run, a sweep or an estimate left on its way, and pipes in its place."""

import io
import json
import os
import struct
import zipfile

from files.hostile.making import MB, case, fifo, packed_npz, raw_zip, written, zipped


def npz(**arrays):
    import numpy as np

    memory = io.BytesIO()
    np.savez(memory, **arrays)
    return memory.getvalue()


def _read_arrays(path):
    from underwatch.experiments.engine.checkpoint import read_arrays

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
        from underwatch.inference.npe.posterior import Posterior

        Posterior.load(path)

    return read


@case
def a_packed_step(folder):
    import numpy as np

    packed_npz(folder / "x.npz", 600)

    def read():
        from underwatch.inference.workflow import Steps

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


@case
def results_without_end(folder):
    from underwatch.experiments.engine.tasks import Results
    from underwatch.record.provenance import mark

    line = json.dumps({"question": mark({})}).encode() + b"\n"
    row = b'{"task": 0, "values": [' + b"0," * 4_000_000 + b'0], "reason": ""}\n'
    written(folder / "results.jsonl", line + row * 4)

    def read():
        with Results({}, folder / "results.jsonl"):
            pass

    return read
