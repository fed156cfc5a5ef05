"""From folder to working copy and back: CSV stays the truth, and the tool never has to guess which of two is newer."""

from collections.abc import Mapping
from pathlib import Path

from underwatch.errors import InputError
from underwatch.evidence.check.checking import check_package, read_package
from underwatch.evidence.edit.store import WorkingCopy, remove_working_copy, working_path
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
            _newest(folder, copy)
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
        if package.fingerprint() == copy.loaded() == _fingerprint_of(folder) and _has_key(folder):
            return False
        _newest(folder, copy)
        files = to_files(package)
        check_package(files)
        copy.mark_saving(" ".join(sorted(_checksums(read_files(folder)))))
        write_files(folder, files, fresh=False)
        copy.mark_saved(package.fingerprint())
    return True


def newest(folder: str | Path) -> Package:
    """Return the newest state of a package: its working copy's where there is one, else the folder's.

    InputError when both were changed, or when the package has errors.
    """
    if not working_path(folder).exists():
        return read_package(folder)
    with WorkingCopy(working_path(folder)) as copy:
        package = _newest(folder, copy)
    check_package(to_files(package))
    return package


def discard_work(folder: str | Path) -> bool:
    """Remove the working copy and keep the folder as it is; say whether there was one."""
    return remove_working_copy(folder)


def _fingerprint_of(folder: str | Path) -> str:
    """Return the fingerprint of what stands in the folder; '' when it cannot be read as a package."""
    try:
        return parse_package(read_files(folder)).fingerprint()
    except InputError:
        return ""


def _has_key(folder: str | Path) -> bool:
    """Say whether the package in the folder has its key; one of an earlier version gets it when it is saved."""
    return bool(parse_package(read_files(folder)).key)


def _checksums(files: Mapping[str, bytes]) -> set[str]:
    """Return one checksum for each file, of its name and its content."""
    return {letters_of(name.encode() + b"\0" + data) for name, data in files.items()}


def _is_half_saved(folder: str | Path, copy: WorkingCopy, package: Package) -> bool:
    """Say whether the folder is what a save that was cut short leaves: every file as before or as it is to be."""
    ours = set(copy.saving().split()) | _checksums(to_files(package))
    files = {name: data for name, data in read_files(folder).items() if not name.endswith(".part")}
    return bool(copy.saving()) and _checksums(files) <= ours


def _newest(folder: str | Path, copy: WorkingCopy) -> Package:
    """Return the newer of a folder and its working copy; InputError when both were changed since the copy was made."""
    package = copy.package()
    mine, loaded, theirs = package.fingerprint(), copy.loaded(), _fingerprint_of(folder)
    if theirs in (loaded, mine) or _is_half_saved(folder, copy, package):
        return package
    if mine == loaded:
        raise InputError(
            f"{Path(folder).name} was changed after its working copy was made; "
            "`underwatch evidence work --discard` drops the copy, which has nothing of its own"
        )
    raise InputError(
        f"{Path(folder).name} and its working copy were both changed; save the copy under another name with "
        "`underwatch evidence save --to` and merge the two"
    )
