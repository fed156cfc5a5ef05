"""From folder to working copy and back: CSV stays the truth, and the tool never has to guess which of two is newer."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_package, read_package
from underwatch.evidence.edit.store import WorkingCopy, working_path
from underwatch.evidence.folder import read_files, write_files
from underwatch.evidence.format.ids import letters_of
from underwatch.evidence.package import Package, parse_package, to_files


def start_work(folder: str | Path) -> WorkingCopy:
    """Make the working copy of a package folder, or open the one there is.

    InputError when the package has errors, or when both the folder and an earlier working copy were changed.
    """
    path = working_path(folder)
    if path.exists():
        try:
            copy = WorkingCopy(path)
        except InputError:
            return WorkingCopy.create(path, read_package(folder))
        try:
            _newest(_Standing.of(folder), copy, copy.package())
        except BaseException:
            copy.close()
            raise
        return copy
    return WorkingCopy.create(path, read_package(folder))


def save_work(folder: str | Path, to: str | Path | None = None) -> bool:
    """Write the working copy's content to its folder, or to a new one; say whether anything was new.

    InputError when both the folder and the copy were changed since. The copy stays until it is sealed or discarded, so
    a kill half-way loses nothing: saving again completes it.
    """
    with WorkingCopy(working_path(folder)) as copy:
        package = copy.keyed_package()
        if to is not None:
            write_files(to, to_files(package))
            return True
        there = _Standing.of(folder)
        if there.has_key and package.fingerprint == copy.loaded() == there.fingerprint:
            return False
        files = to_files(_newest(there, copy, package))
        check_package(files)
        copy.mark_saving(" ".join(sorted(_checksums(there.files))))
        write_files(folder, files, fresh=False)
        copy.mark_saved(package.fingerprint)
    return True


def newest(folder: str | Path) -> Package:
    """Return the newest state of a package: its working copy's where there is one, else the folder's.

    InputError when both were changed, or when the package has errors.
    """
    if not working_path(folder).exists():
        return read_package(folder)
    with WorkingCopy(working_path(folder)) as copy:
        package = _newest(_Standing.of(folder), copy, copy.package())
    check_package(to_files(package))
    return package


@dataclass(frozen=True)
class _Standing:
    """What stands in a package's folder: its files, and the fingerprint of the package in them, '' where it is none.

    A package of an earlier version has no key, and gets it when it is saved.
    """

    name: str
    files: Mapping[str, bytes]
    fingerprint: str = ""
    has_key: bool = False

    @classmethod
    def of(cls, folder: str | Path) -> "_Standing":
        """Read a folder; InputError where nothing can be read."""
        name, files = Path(folder).name, read_files(folder)
        try:
            package = parse_package(files)
        except InputError:
            return cls(name, files)
        return cls(name, files, package.fingerprint, bool(package.key))


def _checksums(files: Mapping[str, bytes]) -> set[str]:
    """Return one checksum for each file, of its name and its content."""
    return {letters_of(name.encode() + b"\0" + data) for name, data in files.items()}


def _is_half_saved(there: _Standing, copy: WorkingCopy, package: Package) -> bool:
    """Say whether the folder is what a save that was cut short leaves: every file as before or as it is to be."""
    ours = set(copy.saving().split()) | _checksums(to_files(package))
    files = {name: data for name, data in there.files.items() if not name.endswith(".part")}
    return bool(copy.saving()) and _checksums(files) <= ours


def _newest(there: _Standing, copy: WorkingCopy, package: Package) -> Package:
    """Return the newer of a folder and its working copy; InputError when both were changed since the copy was made."""
    loaded = copy.loaded()
    if there.fingerprint in (loaded, package.fingerprint) or _is_half_saved(there, copy, package):
        return package
    if package.fingerprint == loaded:
        raise InputError(
            f"{there.name} was changed after its working copy was made; "
            "`underwatch evidence work --discard` drops the copy, which has nothing of its own"
        )
    raise InputError(
        f"{there.name} and its working copy were both changed; save the copy under another name with "
        "`underwatch evidence save --to` and merge the two"
    )
