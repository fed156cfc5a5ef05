"""A zip in memory, looked over before anything in it is unpacked: how many, how large, and none over another."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from underwatch.errors import InputError

_ENTRY = b"PK\x01\x02"
_LOCAL_HEADER = 30
_ENCRYPTED = 1


@contextmanager
def archive_of(
    data: bytes, most: int, where: str, what: str
) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """Give a zip and its members, folders left out; InputError, begun with `where`, for one that is no honest zip.

    `what` says what it should be. Refused is one with more than `most` members, with a name twice, with members that
    lie over each other or need a password, and one that is damaged, also where that shows only within the block.
    """
    # Each entry of the directory begins so; it is counted before zipfile makes an object of each.
    if data.count(_ENTRY) > most:
        raise InputError(f"{where}holds more than {what} can: over {most} files; it was not unpacked")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(members, where)
            yield archive, members
    except InputError:
        raise
    except Exception as error:  # zlib, bz2, lzma and struct each have their own
        raise InputError(f"{where}is a damaged zip ({type(error).__name__}); take another copy") from None


def _check(members: list[zipfile.ZipInfo], where: str) -> None:
    if len({member.filename for member in members}) < len(members):
        raise InputError(f"{where}holds a name twice; take another copy")
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise InputError(f"{where}is packed in a way that is not read; zip it in the usual one (deflate)")
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise InputError(f"{where}is a zip with a password; unpack it with a program of yours")
    ends = sorted((one.header_offset, one.header_offset + _LOCAL_HEADER + one.compress_size) for one in members)
    if any(end > start for (_, end), (start, _) in pairwise(ends)):
        raise InputError(f"{where}is a damaged zip (files in it lie over each other); take another copy")
