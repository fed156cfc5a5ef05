"""Who else could put something at a path: the owner and the mode of each folder on the way there.

As ssh asks of the way to a user's keys: whoever may write into one of these folders may rename what lies in it and put
something else in its place, however private that is. Nothing is changed here.
"""

import os
import stat
from pathlib import Path

_MOST_LINKS = 40
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def weak_point(path: str | Path) -> str:
    """Return in words what lets somebody else put something at `path`, '' when nothing does.

    Every folder from the root to `path` must belong to this account or to root, and be writable by no other unless it
    is sticky (as /tmp is). Links are followed, and the way to where they lead is held to the same. What is not there
    yet is no weak point: it will be made in a folder that was looked at.
    """
    at, left, links = Path("/"), [*Path(os.path.abspath(path)).parts[1:]], 0
    while True:
        try:
            found = at.lstat()
        except FileNotFoundError:
            return ""
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if links > _MOST_LINKS or not _is_trusted(found):
                return f"{at} is a link of somebody else"
            left = [*Path(os.readlink(at)).parts, *left]
            at = at.parent
        elif reason := _weakness(at, found):
            return reason
        if not left:
            return ""
        at = at.parent if left[0] == ".." else at / left[0]
        left = left[1:]


def others_may_write(folder: str | Path) -> bool:
    """Say whether others may rename and replace what lies in a folder: writable by them, and not sticky."""
    mode = os.stat(folder).st_mode
    return bool(mode & _OTHERS_MAY_WRITE) and not mode & stat.S_ISVTX


def is_ours(found: os.stat_result) -> bool:
    """Say whether a file or folder belongs to this account."""
    return found.st_uid == os.geteuid()


def _is_trusted(found: os.stat_result) -> bool:
    """Say whether it belongs to this account or to root, who could read and change everything anyway."""
    return found.st_uid in (0, os.geteuid())


def _weakness(at: Path, found: os.stat_result) -> str:
    if not stat.S_ISDIR(found.st_mode):
        return f"{at} is no folder"
    if not _is_trusted(found):
        return f"{at} belongs to somebody else"
    if found.st_mode & _OTHERS_MAY_WRITE and not found.st_mode & stat.S_ISVTX:
        return f"{at} can be written by others (`chmod go-w` ends that)"
    return ""
