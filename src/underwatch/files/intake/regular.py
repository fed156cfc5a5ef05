"""The bytes of a regular file, up to a limit: no pipe, device or socket, and never more than the file should hold."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from underwatch.errors import InputError


def read_bytes(path: str | Path, most: int, what: str = "file") -> bytes:
    """Return what stands in a regular file of at most `most` bytes; `what` says what it should be.

    A link to such a file is followed. InputError for any other kind of file and for a larger one, before it is read;
    OSError as from `open` where there is none or it may not be read.
    """
    if not regular(path):
        raise _no_file(path, what)
    # It may have become a pipe since: opening does not wait for a writer, and what was opened is looked at again.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode):
            raise _no_file(path, what)
        data = b"" if told.st_size > most else file.read(told.st_size + 1)
        if len(data) > told.st_size:  # it grew, or is of a kind that does not tell its size
            data += file.read(most + 1 - len(data))
    if max(told.st_size, len(data)) > most:
        raise InputError(f"{path}: is longer than {most:,} bytes and no {what}; name another file")
    return data


def _no_file(path: str | Path, what: str) -> InputError:
    return InputError(f"{path}: cannot be read: it is a folder, pipe or device; name a {what} that is a regular file")


def regular(path: str | Path) -> bool:
    """Say whether a path names a regular file, by itself or through a link; OSError where there is nothing."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except ValueError:
        raise InputError(f"{path}: cannot be read: a path holds no zero byte; name another file") from None


def read_text(path: str | Path, most: int, what: str = "file") -> str:
    """Return the text of a regular file in UTF-8; errors as in `read_bytes`, and InputError for other bytes."""
    return text_of(read_bytes(path, most, what), f"{path}: ")


def text_of(data: bytes, where: str = "") -> str:
    """Return bytes as text, without a byte order mark; InputError, begun with `where`, when they are no UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{where}is no text in UTF-8 (byte {error.start + 1})") from None
