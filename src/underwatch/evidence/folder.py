"""A package on the disk: a folder, or a zip of one. Sealed ones are read through `seal`.

Folders are made with mode 700 and files with mode 600, each file appearing whole or not at all.
"""

import io
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from underwatch.errors import InputError
from underwatch.evidence.format.table_schemas import CHANGES, DESCRIPTOR_FILE, PLACES_FILE, TABLES, VOCABULARY_FOLDER
from underwatch.evidence.format.vocabularies import vocabulary_files
from underwatch.files.folders import ready_folder, remove_files, remove_matching, staged_folder
from underwatch.files.intake.archive import archive_of
from underwatch.files.intake.regular import read_bytes
from underwatch.files.writing import plain_file, plain_folder, write_together

# A hundred thousand reports with their history are about 40 MB; a file beyond this is no package of coded reports.
LARGEST_FILE = 40 * 1024 * 1024
LARGEST_PACKAGE = 56 * 1024 * 1024
MOST_FILES = 500
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
# A zip keeps times; this one tells nothing.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


class Oversized(bytes):
    """Stands for a file that is too large to be read; it is empty."""


def read_files(path: str | Path) -> dict[str, bytes]:
    """Return the files of a package folder or zip: name to bytes; a file that is too large is an `Oversized`.

    InputError when there is nothing to read there. Links are not followed.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path)
    if not path.exists():
        raise InputError(f"{path} does not exist; `underwatch evidence new {path}` starts a package")
    if path.suffix == ".age":
        raise InputError(f"{path} is sealed; `underwatch evidence open` opens it")
    return unzip(read_bytes(path, LARGEST_PACKAGE, "package: a folder or a zip"))


def _read_folder(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder by their path from there."""
    files: dict[str, bytes] = {}
    size = 0
    for where, names, file_names in os.walk(folder):
        names.sort()
        for name in sorted(file_names):
            place = Path(where) / name
            inner = place.relative_to(folder).as_posix()
            if len(files) >= MOST_FILES:
                raise InputError(f"{folder} holds more than {MOST_FILES} files; a package is a folder of its own")
            if place.is_symlink() or not place.is_file():
                files[inner] = b""
            elif place.stat().st_size > LARGEST_FILE:
                files[inner] = Oversized()
            else:
                files[inner] = read_bytes(place, LARGEST_FILE, "file of a package")
                size += len(files[inner])
                if size > LARGEST_PACKAGE:
                    raise InputError(f"{folder} holds more than {LARGEST_PACKAGE >> 20} MB, and no package does")
    return files


def unzip(data: bytes) -> dict[str, bytes]:
    """Return the files of a zip held in memory; InputError when it is damaged, too large, or names a path outside."""
    with archive_of(data, MOST_FILES, "the zip ", "a package") as (archive, members):
        sizes = [member.file_size for member in members]
        read = sum(size for size in sizes if size <= LARGEST_FILE)
        if read > LARGEST_PACKAGE or sum(sizes) > 4 * LARGEST_PACKAGE:
            raise InputError(
                f"the zip holds more than a package can: over {LARGEST_PACKAGE >> 20} MB; it was not unpacked"
            )
        return {_inner_name(member.filename): _member(archive, member) for member in members}


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Read one member, never more than the limit, whatever its header says."""
    if member.file_size > LARGEST_FILE:
        return Oversized()
    with archive.open(member) as file:
        return file.read(member.file_size + 1)


def _inner_name(name: str) -> str:
    """Return a member's name as a path inside the package; InputError for one that would lead outside."""
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0] or "\0" in name:
        raise InputError("the zip names a path outside the package; it was not unpacked")
    return "/".join(parts)


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return the files as a zip: names sorted, no times, no owner; the same files give the same bytes."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _NO_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = PRIVATE_FILE << 16
            archive.writestr(member, files[name])
    return memory.getvalue()


def names_of_format() -> frozenset[str]:
    """Return every name that a file of a package can have; nothing else is ever written into one."""
    tables = {form.file for form in TABLES.values()}
    vocabularies = {VOCABULARY_FOLDER + name for name in vocabulary_files()}
    return frozenset({DESCRIPTOR_FILE, PLACES_FILE} | tables | vocabularies)


def write_files(path: str | Path, files: Mapping[str, bytes], fresh: bool = True) -> None:
    """Write the files of a package into a folder.

    With `fresh` the folder must not exist, and it appears whole or not at all. Otherwise only files that differ are
    written: all of them or, on a full disk, none; the history last, so that after a kill in between `record` puts right
    what is behind; what such a kill left half-written is removed. An optional table that lost its last row is removed
    after all else is written. InputError, before anything is written, for a name that no file of a package has, and
    where the folder, `vocab` or a file is a link or the like.
    """
    folder = Path(path)
    if others := len(files.keys() - names_of_format()):
        raise InputError(f"{others} of the files to write have names that no package has; nothing was written")
    if fresh:
        return _make_folder(folder, files)
    plain_folder(folder)
    ready_folder(folder / VOCABULARY_FOLDER, PRIVATE_FOLDER)
    changed = {}
    for name in sorted(files, key=lambda name: (name == TABLES[CHANGES].file, name)):
        place = folder / name
        if not _stands(place, files[name]):
            changed[place] = files[name]
    for inner, names in _by_folder(files).items():
        remove_matching(folder / inner, re.compile(rf"\.({'|'.join(map(re.escape, names))})\..*\.part"))
    write_together(changed, PRIVATE_FILE)
    remove_files(folder, [form.file for form in TABLES.values() if form.file not in files])
    return None


def _stands(place: Path, data: bytes) -> bool:
    """Say whether a file is there as it should be: its bytes, private, and with no second name elsewhere."""
    if not plain_file(place):
        return False
    result = place.lstat()
    is_own = result.st_nlink == 1 and not result.st_mode & 0o077
    return is_own and result.st_size == len(data) and read_bytes(place, len(data), "file of a package") == data


def _by_folder(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Return the names of files by the folder they are in, as paths inside the package."""
    result: dict[str, list[str]] = {}
    for name in files:
        inner, _, last = name.rpartition("/")
        result.setdefault(inner, []).append(last)
    return result


def _make_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make a package's folder with mode 700; InputError when it exists: nothing is overwritten.

    It is made beside its place and renamed. What a kill leaves is called unfinished, and not hidden: it is plain.
    """
    stage = staged_folder(folder, files, (PRIVATE_FOLDER, PRIVATE_FILE), marks=("", ".unfinished"))
    try:
        stage.place()
    except BaseException:
        stage.remove()
        raise
