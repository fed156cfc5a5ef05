"""Writing so that nothing earlier is lost: a file appears whole or not at all, a folder is made once."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from underwatch.errors import InputError

_FIRST_RUN = 1


def write_atomically(path: str | Path, data: bytes, mode: int = 0o644) -> None:
    """Write `data` to `path` so that a reader meets the old file or the whole new one, never a part.

    The bytes go to a temporary file in the same folder, to the disk, and are then renamed into place. On any failure
    (a full disk, a stop) the old file stands untouched and the temporary one is gone; the error is passed on (OSError).
    """
    write_together({Path(path): data}, mode)


def write_together(files: Mapping[Path, bytes], mode: int = 0o644) -> None:
    """Write several files, each as `write_atomically` does, so that a full disk leaves all the old ones untouched.

    All of them are on the disk before the first is renamed into place; renaming takes no space and follows the order
    given. A kill between two renames leaves the first ones new and the others old.
    """
    staged: dict[Path, str] = {}
    try:
        for path, data in files.items():
            descriptor, staged[path] = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
        for path, temporary in staged.items():
            os.replace(temporary, path)
    except BaseException:
        for temporary in staged.values():
            Path(temporary).unlink(missing_ok=True)
        raise
    for parent in {path.parent for path in files}:
        _sync_folder(parent)


def _sync_folder(folder: Path) -> None:
    """Bring a rename to the disk, so that it also survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fresh_folder(path: str | Path, mode: int = 0o777) -> Path:
    """Make the folder `path`, parents included, and return it; one that exists is refused (InputError)."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode)
    except FileExistsError:
        if not path.exists() or path.parent.is_file():
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


def numbered_folder(parent: str | Path, name: str, mode: int = 0o777) -> Path:
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
