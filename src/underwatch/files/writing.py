"""All that the program writes is written here: nothing earlier is lost, and nothing of somebody else's is touched.

A file appears whole or not at all. A link is never followed to what is written, whoever put it there: not as the file,
and not as the folder that holds it. A run folder is made once. What else there is to folders stands in `folders`.
"""

import csv
import errno
import io
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from underwatch.errors import InputError
from underwatch.files.ownership import is_ours

_FIRST_RUN = 1
_PRIVATE = 0o600
SHARED = 0o777  # of folders; the umask takes its part


def write_atomically(path: str | Path, data: bytes, mode: int = 0o644) -> None:
    """Write `data` to `path` so that a reader meets the old file or the whole new one, never a part.

    The bytes go to a temporary file in the same folder, to the disk, and are then renamed into place. On any failure
    (a full disk, a stop) the old file stands untouched and the temporary one is gone; the error is passed on (OSError).
    InputError, before anything is written, where the folder is a link or something else than a file has that name.
    """
    write_together({Path(path): data}, mode)


def csv_bytes(rows: Iterable[Iterable[Any]]) -> bytes:
    """Return rows, the header first, as CSV: UTF-8, line feeds, quotes only where CSV needs them."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def write_together(files: Mapping[Path, bytes], mode: int = 0o644) -> None:
    """Write several files, each as `write_atomically` does, so that a full disk leaves all the old ones untouched.

    All of them are on the disk before the first is renamed into place; renaming takes no space and follows the order
    given. A kill between two renames leaves the first ones new and the others old.
    """
    for parent in {path.parent for path in files}:
        plain_folder(parent)
    for path in files:
        plain_file(path)
    with ExitStack() as parts:
        staged: dict[Path, str] = {}
        for path, data in files.items():
            file, staged[path] = parts.enter_context(_part_of(path))
            file.write(data)
            _to_disk(file, mode)
        for path, temporary in staged.items():
            os.replace(temporary, path)
    for parent in {path.parent for path in files}:
        _sync_folder(parent)


@contextmanager
def staged_file(path: Path, mode: int = 0o644) -> Iterator[io.BufferedRandom]:
    """Give a file to write to bit by bit, which takes its place at `path` when the block ends without an error."""
    plain_folder(path.parent)
    plain_file(path)
    with _part_of(path) as (file, temporary):
        yield file
        _to_disk(file, mode)
        os.replace(temporary, path)
    _sync_folder(path.parent)


def write_new(path: str | Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file that a user names, whole or not at all; InputError where anything has that name, a link included.

    The folder may be reached by a link of the user's own; a file that appears meanwhile is not overwritten either.
    """
    path = Path(path)
    must_be_new(path)
    place = path.parent.resolve() / path.name
    with _part_of(place) as (file, temporary):
        file.write(data)
        _to_disk(file, mode)
        try:
            os.link(temporary, place)
        except FileExistsError:
            must_be_new(path)
        except OSError:  # a disk that knows no second name of a file, as of a memory stick
            must_be_new(path)
            os.replace(temporary, place)
    _sync_folder(place.parent)


def empty_file(path: Path, mode: int = _PRIVATE) -> None:
    """Make an empty file for a program that writes by itself; OSError where anything has that name."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode))


def must_be_new(path: str | Path) -> None:
    """Raise InputError where anything has that name, a link that leads nowhere included."""
    if os.path.lexists(path):
        raise InputError(f"{path} exists already; nothing is overwritten: name another")


def growing_file(path: Path) -> IO[bytes]:
    """Open a file that only grows, made with mode 600 where there is none, for reading and for writing at its end.

    InputError for a link, a pipe or a device of that name, a file of another account or one with a second name
    elsewhere: nothing is followed, emptied or waited for.
    """
    plain_folder(path.parent)
    how = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, how, _PRIVATE)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENODEV):
            raise _no_file(path) from None
        raise
    try:
        _refuse_foreign(path, os.fstat(descriptor))
        return os.fdopen(descriptor, "a+b")
    except BaseException:
        os.close(descriptor)
        raise


def plain_file(path: Path) -> bool:
    """Say whether there is a file of that name; InputError where it is a link, a folder, a pipe or a device."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(found.st_mode):
        raise _no_file(path)
    return True


def own_file(path: Path) -> bool:
    """Say whether there is a file of that name; InputError where it is none, or not of this account alone."""
    if not plain_file(path):
        return False
    _refuse_foreign(path, path.lstat())
    return True


def _refuse_foreign(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _no_file(path)
    if not is_ours(found):
        raise InputError(f"{path} belongs to somebody else; nothing was written: work on a copy of your own")
    if found.st_nlink > 1:
        raise InputError(f"{path} is a file that has another name elsewhere; nothing was written: remove it")


def _no_file(path: Path) -> InputError:
    what = "a link" if path.is_symlink() else "no plain file"
    return InputError(f"{path} is {what}; nothing was written through it: remove it")


def plain_folder(path: Path) -> Path:
    """Return a folder; InputError where it is a link or no folder, OSError where it is not there."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise InputError(f"{path} is a link; nothing was written through it: name the folder itself")
    if not stat.S_ISDIR(mode):
        raise InputError(f"{path} is no folder; nothing was written")
    return path


@contextmanager
def _part_of(path: Path) -> Iterator[tuple[io.BufferedRandom, str]]:
    """Give the temporary file of a file beside it: new, of mode 600, under a name that cannot be guessed.

    With the block it goes, unless it was renamed.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file, temporary
    finally:
        Path(temporary).unlink(missing_ok=True)


def _to_disk(file: IO[bytes], mode: int) -> None:
    file.flush()
    os.fchmod(file.fileno(), mode)
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Bring a rename to the disk, so that it also survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fresh_folder(path: str | Path, mode: int = SHARED) -> Path:
    """Make the folder `path`, parents included, and return it; one that exists is refused (InputError)."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode)
    except FileExistsError:
        if not os.path.lexists(path) or path.parent.is_file():
            raise InputError(f"{path} cannot be made: {path.parent} is a file; name another with --out") from None
        unfinished = (
            " (a run in it may be unfinished: --resume goes on with it)" if (path / "checkpoint").is_dir() else ""
        )
        raise InputError(
            f"{path} exists already{unfinished}; nothing is overwritten: name another folder with --out"
        ) from None
    except NotADirectoryError:
        raise InputError(f"{path} cannot be made: a part of it is a file; name another folder with --out") from None
    return path


def numbered_folder(parent: str | Path, name: str, mode: int = SHARED) -> Path:
    """Make `parent/name-001`, or the next free number, and return it.

    Making a folder is atomic, so two runs that start at once get two numbers. The number after the highest is taken:
    a gap left by a deleted run is not filled, and the order of the numbers is the order of the runs.
    """
    parent = Path(parent)
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{parent} is a file, not a folder for runs; name another with --out") from None
    pattern = re.compile(rf"{re.escape(name)}-(\d+)")
    taken = [int(match[1]) for entry in parent.iterdir() if (match := pattern.fullmatch(entry.name))]
    number = max(taken, default=_FIRST_RUN - 1) + 1
    while True:
        folder = parent / f"{name}-{number:03d}"
        try:
            folder.mkdir(mode)
        except FileExistsError:
            number += 1
        else:
            return folder
