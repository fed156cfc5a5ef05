"""What the makers of hostile files share: where they are registered, and files made by hand."""

import io
import os
import struct
import zipfile
import zlib

MB = 1 << 20
MOST_MB = 300  # that a hostile file may add
CASES = {}


def case(make):
    """Register a maker: it gets an empty folder, and returns a command line, or a function that reads."""
    CASES[make.__name__.replace("_", " ")] = make
    return make


def written(path, data):
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(path)


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


def with_file(folder, name, data):
    written(package(folder) / name, data)
    return package(folder)


def fifo(folder):
    os.mkfifo(folder / "pipe")
    return str(folder / "pipe")


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
