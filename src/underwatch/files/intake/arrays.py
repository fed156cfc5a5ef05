"""Arrays by name in an npz file: stored and not packed, so that they take no more memory than the file has bytes."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from typing import IO

import numpy as np

from underwatch.errors import InputError
from underwatch.files.intake.archive import archive_of

MOST_ARRAYS = 4_096
_SUFFIX = ".npy"
_KINDS = "biufU"  # numbers and texts: no objects, no records, no bare bytes
_MOST_AXES = 8
_LONGEST_HEADER = 10_000
_MAGIC = len(b"\x93NUMPY\x01\x00")


def arrays_of(data: bytes, where: str) -> dict[str, np.ndarray]:
    """Return the arrays of an npz as `np.savez` writes it; InputError, begun with `where`, for any other bytes."""
    found = {}
    with archive_of(data, MOST_ARRAYS, where, "a file of arrays") as (archive, members):
        for member in members:
            stored = member.compress_type == zipfile.ZIP_STORED and member.file_size == member.compress_size
            if not stored or not member.filename.endswith(_SUFFIX):
                raise InputError(f"{where}holds something packed, or no array; take another copy")
            with archive.open(member) as file:
                found[member.filename.removesuffix(_SUFFIX)] = _array(file, member.file_size, where)
    return found


def _array(file: IO[bytes], size: int, where: str) -> np.ndarray:
    """Return one array of `size` bytes with its header; its shape must come to just these bytes."""
    magic = file.read(_MAGIC)
    version = magic[6:8]
    length = file.read(2 if version == b"\1\0" else 4)
    header = file.read(min(int.from_bytes(length, "little"), _LONGEST_HEADER + 1))
    readers = {b"\1\0": np.lib.format.read_array_header_1_0, b"\2\0": np.lib.format.read_array_header_2_0}
    try:
        if not magic.startswith(b"\x93NUMPY"):
            raise ValueError("no array")
        shape, by_columns, kind = readers[version](io.BytesIO(length + header), max_header_size=_LONGEST_HEADER)
    except Exception as error:  # what a damaged header makes of NumPy's reader cannot be listed
        raise InputError(f"{where}has an array without a sound header ({type(error).__name__})") from None
    if kind.kind not in _KINDS or len(shape) > _MOST_AXES or min(shape, default=0) < 0:
        raise InputError(f"{where}has an array of a kind that is not read: numbers and texts of up to 8 axes are")
    wanted, there = math.prod(shape) * kind.itemsize, size - _MAGIC - len(length) - len(header)
    if wanted != there:
        raise InputError(f"{where}has an array whose shape wants {wanted:,} bytes, and {there:,} are there")
    array = np.empty(shape[::-1] if by_columns else shape, kind)
    room = array.reshape(-1).view(np.uint8) if wanted else np.zeros(0, np.uint8)
    offset = 0
    while offset < wanted:
        part = file.read(min(wanted - offset, 1 << 20))
        if not part:
            raise InputError(f"{where}ends before its arrays do; take another copy")
        room[offset : offset + len(part)] = np.frombuffer(part, np.uint8)
        offset += len(part)
    file.read(1)  # at the end the zip's own checksum is held against what was read
    return array.transpose() if by_columns else array


def expect(
    arrays: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[str, tuple[int | None, ...]]], where: str
) -> None:
    """Raise InputError unless each array named is there, of its kind (dtype.kind) and shape; None stands for any.

    Numbers of kind f must be finite; of kinds "fn" NaN may stand for none. Arrays beside those named are refused too.
    """
    if sorted(arrays) != sorted(shapes):
        raise InputError(f"{where}does not hold the arrays that it should; take another copy")
    for name, (kinds, shape) in shapes.items():
        array = arrays[name]
        fits = array.ndim == len(shape) and all(b in (None, a) for a, b in zip(array.shape, shape, strict=True))
        if array.dtype.kind not in kinds or not fits:
            raise InputError(
                f"{where}{name} is {array.dtype.str} {list(array.shape)}, which does not fit; take another copy"
            )
        wrong = np.isinf if "n" in kinds else lambda numbers: ~np.isfinite(numbers)
        if array.dtype.kind == "f" and wrong(array).any():
            raise InputError(f"{where}{name} holds a number that is not finite; take another copy")
