"""Folders that are put in place whole, gone on in, emptied only of the program's own files, or private to this account.

Nothing here removes a tree of whatever lies in it, but for private temporary folders that nobody else can reach.
"""

import atexit
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from underwatch.errors import InputError
from underwatch.files.ownership import is_ours, weak_point
from underwatch.files.writing import SHARED, own_file, plain_folder, write_together

PRIVATE = 0o700
_DEEPEST = 8


class Unsafe(InputError):  # noqa: N818 - it says what is wrong with a folder
    """A folder that others could fill, or that is not ours alone."""


def ready_folder(path: str | Path, mode: int = SHARED) -> Path:
    """Return a folder that is there, or make it, parents included; InputError where it is a link or no folder."""
    path = Path(path)
    if not os.path.lexists(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode, exist_ok=True)
    return plain_folder(path)


def kept_folder(path: Path, mode: int | None = None) -> Path:
    """Return a folder to go on in; InputError where it or anything in it is not of this account, or a link or the like.

    Somebody who hands over a folder to go on with may have put links, pipes or second names of other files there.
    `mode` is what it has from now on.
    """
    if os.path.lexists(path):
        plain_folder(path)
        _look_through(path, _DEEPEST)
        if mode is not None:
            path.chmod(mode)
    return path


def _look_through(folder: Path, deep: int) -> None:
    if not is_ours(folder.lstat()):
        raise InputError(f"{folder} belongs to somebody else; go on with a copy of your own")
    if not deep:
        raise InputError(f"{folder} is too deep for what it should be")
    with os.scandir(folder) as listed:
        entries = list(listed)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            _look_through(Path(entry.path), deep - 1)
        else:
            own_file(Path(entry.path))


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove files of these names, and no others, from a folder; names lead down with `/`, links are not followed."""
    for name in names:
        path = folder / name
        if os.path.lexists(path.parent):
            plain_folder(path.parent)
            with suppress(IsADirectoryError):
                path.unlink(missing_ok=True)


def remove_matching(folder: Path, pattern: re.Pattern[str], last: str = "") -> None:
    """Remove from a folder the files whose whole name fits, the one named `last` after all others."""
    if os.path.lexists(folder):
        names = [name for name in os.listdir(plain_folder(folder)) if pattern.fullmatch(name)]
        remove_files(folder, sorted(names, key=lambda name: (name == last, name)))


def remove_empty(folder: Path) -> bool:
    """Remove a folder that nothing is left in; say whether it is gone."""
    with suppress(OSError):
        folder.rmdir()
    return not os.path.lexists(folder)


@dataclass(frozen=True)
class Stage:
    """A whole folder written beside its place, under a name that nobody can guess, with mode 700 until it is placed."""

    at: Path
    to: Path
    names: tuple[str, ...]
    mode: int

    def place(self) -> None:
        """Put it in its place; InputError where anything stands there by now."""
        _refuse_taken(self.to)
        self.at.chmod(self.mode)
        os.rename(self.at, self.to)

    def remove(self) -> None:
        """Take away what was written, and nothing else."""
        remove_files(self.at, self.names)
        for inner in sorted({(self.at / name).parent for name in self.names} | {self.at}, reverse=True):
            remove_empty(inner)


def staged_folder(path: Path, files: Mapping[str, bytes], modes: tuple[int, int], marks: tuple[str, str]) -> Stage:
    """Write a new folder with its files beside its place, whole or not at all; `place` puts it there.

    `modes` are those of the folder and of its files; `marks` what stands before and after its name until then.
    InputError where something has that name already.
    """
    _refuse_taken(path)
    stage = None
    try:
        path.parent.mkdir(PRIVATE if modes[0] == PRIVATE else SHARED, parents=True, exist_ok=True)
        at = Path(tempfile.mkdtemp(dir=path.parent, prefix=f"{marks[0]}{path.name}.", suffix=marks[1]))
        stage = Stage(at, path, tuple(files), modes[0])
        for inner in sorted({(at / name).parent for name in files} - {at}):
            inner.mkdir(PRIVATE)
        write_together({at / name: data for name, data in files.items()}, modes[1])
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{path} cannot be made: a part of it is a file") from None
    except BaseException:
        if stage is not None:
            stage.remove()
        raise
    return stage


def _refuse_taken(path: Path) -> None:
    if os.path.lexists(path):
        raise InputError(f"{path} exists already; nothing is overwritten: name another folder")


def own_folder(top: Path, name: str) -> Path:
    """Return the folder `top/name`, made where there is none, after making sure that only this account can fill it.

    Every folder on the way must be safe from others (`weak_point`); `top` must be ours; `top/name` ours, of mode 700,
    and what lies in it too: if others could ever write there, or did, it was not made here. Raises Unsafe, or OSError
    where it cannot be made or written.
    """
    if reason := weak_point(top.parent):
        raise Unsafe(reason)
    missing = [parent for parent in (top, *top.parents) if not os.path.lexists(parent)]
    for folder in (*reversed(missing), top / name):
        with suppress(FileExistsError):
            folder.mkdir(PRIVATE)
            folder.chmod(PRIVATE)
    if reason := weak_point(top) or _not_alone(top) or _not_alone(top / name, PRIVATE):
        raise Unsafe(reason)
    try:
        _look_through(top / name, _DEEPEST)
    except InputError as error:
        raise Unsafe(str(error)) from None
    with tempfile.TemporaryFile(dir=top / name):
        return top / name


def _not_alone(folder: Path, mode: int | None = None) -> str:
    """Return why a folder is not ours alone, '' when it is."""
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode) or not stat.S_ISDIR(found.st_mode):
        return f"{folder} is a link or no folder"
    if not is_ours(found):
        return f"{folder} belongs to somebody else"
    held = found.st_mode & 0o777
    if held & 0o022 or (mode is not None and held != mode):
        return f"{folder} could be written by others (remove it)"
    return ""


def private_folder() -> Path:
    """Return a new temporary folder of mode 700 that is removed when the program ends; Unsafe where none is safe."""
    folder, owner = Path(tempfile.mkdtemp(prefix="underwatch-", dir=_temporary())), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # not when a child ends
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


@contextmanager
def temporary_folder(inside: Path | None = None, prefix: str = "underwatch-") -> Iterator[Path]:
    """Give a temporary folder of mode 700, in a folder of the program or where such folders are; removed at the end.

    `prefix` begins its name where it must not tell what it is of.
    """
    where = _temporary() if inside is None else str(plain_folder(inside))
    with tempfile.TemporaryDirectory(prefix=f".{prefix}" if inside else prefix, dir=where) as folder:
        yield Path(folder)


def _temporary() -> str:
    """Return where temporary folders can be made that nobody can rename and replace."""
    places = dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp"))
    reasons = {place: weak_point(place) for place in places if os.access(place, os.W_OK | os.X_OK)}
    for place, reason in reasons.items():
        if not reason:
            return place
    told = "; ".join(filter(None, reasons.values())) or "none can be written"
    raise Unsafe(f"there is no folder for temporary files that is safe from others: {told}; set TMPDIR to one")
