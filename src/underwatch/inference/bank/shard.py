"""A shard of the bank: some worlds in one compressed file whose name carries the checksum of its bytes.

A line of JSON names the arrays, their types and shapes; then come their bytes, the first byte of all numbers first,
which compresses better. What is a sum of weights keeps 7 bits of its mantissa (within 0.8 %); counts are exact.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from underwatch.errors import InputError
from underwatch.files.intake.json import parse_json
from underwatch.files.intake.regular import read_bytes
from underwatch.files.intake.xz import unxz
from underwatch.files.writing import write_atomically

_NAME = re.compile(r"worlds-(\d{4,})-([0-9a-f]{16})\.xz")
SHORT = "short"  # the upper half of a 32-bit float
_LARGEST_SHARD = 64 << 20  # packed; 50 worlds of two years take 0.6 MB
_LARGEST_HEADER = 4_096
Form = Mapping[str, tuple[str, tuple[int, ...]]]  # type and shape of each array, by name
_KEPT_BITS = 6  # of the mantissa, besides the leading one
_DROPPED = 23 - _KEPT_BITS


def shorten(values: np.ndarray) -> np.ndarray:
    """Return uint16: the upper half of 32-bit floats, rounded to the bits that are kept."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = (bits + np.uint32(1 << (_DROPPED - 1))) >> np.uint32(_DROPPED) << np.uint32(_DROPPED)
    return (rounded >> np.uint32(16)).astype(np.uint16)


def lengthen(short: np.ndarray) -> np.ndarray:
    """Return float32 from what `shorten` gave."""
    return (short.astype(np.uint32) << np.uint32(16)).view(np.float32)


def packed(arrays: Mapping[str, np.ndarray], rounded: frozenset[str]) -> bytes:
    """Return arrays as compressed bytes; those named in `rounded` keep 7 bits of their mantissa."""
    header, body = [], []
    for name, values in arrays.items():
        kept = shorten(values) if name in rounded else np.ascontiguousarray(values)
        kept = kept.astype(kept.dtype.newbyteorder("<"))
        header.append([name, SHORT if name in rounded else kept.dtype.str, list(kept.shape)])
        body.append(kept.reshape(-1).view(np.uint8).reshape(-1, kept.itemsize).T.tobytes())
    return lzma.compress(json.dumps(header).encode() + b"\n" + b"".join(body), preset=6)


def unpacked(data: bytes, form: Form, where: str) -> dict[str, np.ndarray]:
    """Return the arrays of a shard; InputError, begun with `where`, unless they are those of `form`, and nothing else.

    So it is known before unpacking how many bytes that may give.
    """
    size = sum(math.prod(shape) * _dtype(kind).itemsize for kind, shape in form.values())
    raw = memoryview(unxz(data, size + _LARGEST_HEADER, where))
    line = bytes(raw[:_LARGEST_HEADER]).partition(b"\n")[0]
    header = parse_json(line, where)
    if (
        header != [[name, kind, list(shape)] for name, (kind, shape) in form.items()]
        or len(raw) != len(line) + 1 + size
    ):
        raise InputError(f"{where}does not hold the arrays of a bank of this place and window; take another copy")
    result, index = {}, len(line) + 1
    for name, (kind, shape) in form.items():
        dtype = _dtype(kind)
        planes = np.frombuffer(raw, np.uint8, math.prod(shape) * dtype.itemsize, index).reshape(dtype.itemsize, -1)
        values = np.ascontiguousarray(planes.T).view(dtype).reshape(shape)
        result[name] = lengthen(values) if kind == SHORT else values
        index += planes.size
    return result


def _dtype(kind: str) -> np.dtype:
    return np.dtype("<u2" if kind == SHORT else kind)


def write_shard(folder: Path, number: int, data: bytes) -> Path:
    """Write a shard under the name that its bytes give it; it appears whole or not at all."""
    path = folder / f"worlds-{number:04d}-{checksum(data)}.xz"
    write_atomically(path, data)
    return path


def shards_in(folder: Path) -> dict[int, Path]:
    """Return the shards of a folder by number; InputError when one stands there twice."""
    result: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match:
            number = int(match[1])
            if number in result:
                raise InputError(f"{result[number]} and {path.name} are the same part of the bank; remove one of them")
            result[number] = path
    return dict(sorted(result.items()))


def read_shard(path: Path, form: Form) -> dict[str, np.ndarray]:
    """Return the arrays of a shard; InputError when its bytes are not those it was written with, or not of `form`."""
    data = read_bytes(path, _LARGEST_SHARD, "part of a bank")
    match = _NAME.fullmatch(path.name)
    if match is None or checksum(data) != match[2]:
        raise InputError(
            f"{path} is damaged: its bytes do not give the checksum in its name; delete it, and `underwatch calibrate "
            "--bank` runs its worlds again"
        )
    return unpacked(data, form, f"{path}: ")


def checksum(data: bytes) -> str:
    """Return what stands for bytes in the name of a file."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()
