"""Access: whether what is about to be written stays with the one who writes it."""

import os
import stat
from pathlib import Path

from underwatch.errors import InputError


def require_closed(path: str | Path) -> None:
    """Raise InputError unless the nearest folder that exists on the way to `path` is ours and closed to all others.

    `path` itself may be that folder, or be made later. In a folder that others can open they see names and times; in
    one that they can write, they can put another in the place of ours.
    """
    folder = Path(os.path.realpath(path))
    while not os.path.lexists(folder):
        folder = folder.parent
    if not folder.is_dir():
        folder = folder.parent
    status = folder.stat()
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.geteuid():
        raise InputError(f"--exact: {folder} is not yours; name a place with --out in a folder that only you can open")
    if mode & 0o077:
        raise InputError(
            f"--exact: {folder} is open to others (mode {mode:o}); close it with `chmod 700`, or name a place in a "
            "folder that only you can open"
        )
