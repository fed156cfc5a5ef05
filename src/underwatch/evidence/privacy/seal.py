"""Sealing and opening with age: one encrypted file, from memory to disk and back, never a plain temporary file.

The inside is the zip of the package. The file is written whole, read back and opened in memory before anything plain is
removed. Removing a plain file does not wipe it from a disk that keeps old blocks; the docs say what does.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from underwatch.errors import InputError
from underwatch.evidence.edit.store import remove_working_copy
from underwatch.evidence.edit.work import newest
from underwatch.evidence.folder import (
    LARGEST_PACKAGE,
    PRIVATE_FILE,
    names_of_format,
    unzip,
    write_files,
    zip_bytes,
)
from underwatch.evidence.format.table_schemas import VOCABULARY_FOLDER
from underwatch.evidence.package import to_files
from underwatch.evidence.privacy.core_dumps import forbid_core_dumps
from underwatch.evidence.privacy.passphrases import check_passphrase, composed, ways_to_write
from underwatch.files.folders import remove_empty, remove_files
from underwatch.files.intake.regular import read_bytes
from underwatch.files.intake.sealed import MAGIC, checked_head
from underwatch.files.writing import must_be_new, plain_folder, write_new

SUFFIX = ".age"
_PASSPHRASE_MARK = b"\n-> scrypt "
_LARGEST_KEY, _MOST_KEYS = 64_000, 16


def new_key(path: str | Path) -> str:
    """Write a fresh age identity to a new file of mode 600 and return its recipient, which may be given to anyone."""
    from pyrage import x25519

    forbid_core_dumps()
    identity = x25519.Identity.generate()
    write_new(path, f"# recipient: {identity.to_public()}\n{identity}\n".encode(), PRIVATE_FILE)
    return str(identity.to_public())


def seal_bytes(data: bytes, passphrase: str = "", recipients: Sequence[str] = ()) -> bytes:
    """Return the data encrypted for a passphrase or for recipients (age1...); InputError for neither, both, a bad
    one or a passphrase that is easy to guess.
    """
    import pyrage

    forbid_core_dumps()
    if bool(passphrase) == bool(recipients):
        raise InputError("seal with a passphrase or with --recipient, one of the two")
    if passphrase:
        check_passphrase(passphrase)
        return bytes(pyrage.passphrase.encrypt(data, composed(passphrase)))
    return bytes(pyrage.encrypt(data, [_recipient(text) for text in recipients]))


def _recipient(text: str) -> Any:
    """Return an age recipient; InputError when it is none, or an SSH key, which would leave its mark in the file."""
    from pyrage import RecipientError, x25519

    if text.strip().startswith(("ssh-", "ecdsa-", "sk-")):
        raise InputError(
            "a file sealed for an SSH key shows in its first lines, to anybody, whose key it is; ask for a recipient "
            "(age1...) that shows nothing: `underwatch evidence key FILE` makes a key and prints its recipient"
        )
    try:
        return x25519.Recipient.from_str(text.strip())
    except (RecipientError, UnicodeError):
        raise InputError("a recipient is not valid; it starts with age1 and is given whole") from None


def open_bytes(data: bytes, passphrase: str = "", key: str | Path | None = None) -> bytes:
    """Return what was sealed; InputError for a wrong key, a damaged file, or one that was never sealed.

    A passphrase is tried composed, decomposed and as given. A key may be an SSH key: files of earlier versions.
    """
    import pyrage

    forbid_core_dumps()
    if not data.startswith(MAGIC):
        raise InputError("the file is damaged at its beginning or was never sealed with age")
    data = checked_head(data)
    try:
        if passphrase:
            return _decrypted(data, passphrase)
        if key is None:
            raise InputError("give the passphrase or --key FILE")
        return bytes(pyrage.decrypt(data, _identities(Path(key))))
    except (pyrage.DecryptError, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(_why_not(data, bool(passphrase), str(error))) from None


def _decrypted(data: bytes, passphrase: str) -> bytes:
    """Return what was sealed with a passphrase, however its letters were put together; the last error of pyrage."""
    import pyrage

    *others, last = ways_to_write(passphrase)
    for way in others:
        with suppress(pyrage.DecryptError):
            return bytes(pyrage.passphrase.decrypt(data, way))
    return bytes(pyrage.passphrase.decrypt(data, last))


def _why_not(data: bytes, by_passphrase: bool, error: str) -> str:
    """Say in one line why a file did not open; never what was given as a key."""
    needs_passphrase = _PASSPHRASE_MARK in data[:200]
    if needs_passphrase != by_passphrase:
        return (
            "the file was sealed with a passphrase, not for a key"
            if needs_passphrase
            else "the file was sealed for a key"
        )
    what = "passphrase" if by_passphrase else "key"
    if "no matching" in error.lower() or error == "Decryption failed":
        return f"wrong {what} (or the first lines of the file are damaged)"
    return "the file is damaged: it was cut off or changed; take another copy"


def _identities(path: Path) -> list[Any]:
    """Return the age identities of a file, one a line, or the SSH key it is; InputError when it holds none."""
    from pyrage import IdentityError, ssh, x25519

    try:
        data = read_bytes(path, _LARGEST_KEY, "file with a key")
    except OSError:
        raise InputError(f"{path} cannot be read; --key names the file with the key") from None
    try:
        if b"PRIVATE KEY" in data:
            return [ssh.Identity.from_buffer(data)]
        lines = [line.strip() for line in data.decode("ascii").splitlines()]
        kept = [line for line in lines if line and not line.startswith("#")]
        if len(kept) > _MOST_KEYS:
            raise InputError(f"{path} holds more than {_MOST_KEYS} keys; leave in it those that may fit")
        result = [x25519.Identity.from_str(line) for line in kept]
    except (IdentityError, UnicodeDecodeError):
        result = []
    if not result:
        raise InputError(f"{path} holds no key; `underwatch evidence key FILE` makes one")
    return result


def seal(
    folder: str | Path, to: str | Path | None = None, passphrase: str = "", recipients: Sequence[str] = ()
) -> Path:
    """Seal the newest state of a package folder into one file and remove its working copy; return the file.

    The file is read back from the disk before the working copy goes. With recipients the check is that it arrived
    whole; with a passphrase it is opened as well. The folder itself stays: `remove_plain` is a step of its own.
    """
    folder = Path(folder)
    to = Path(to) if to is not None else _beside(folder)
    must_be_new(to)
    plain = zip_bytes(to_files(newest(folder)))
    sealed = seal_bytes(plain, passphrase, recipients)
    write_new(to, sealed, PRIVATE_FILE)
    arrived = read_bytes(to, len(sealed), "sealed package")
    if arrived != sealed or (passphrase and open_bytes(arrived, passphrase) != plain):
        raise InputError(f"{to} did not arrive whole on the disk; nothing plain was removed")
    remove_working_copy(folder)
    return to


def _beside(folder: Path) -> Path:
    whole = Path(os.path.abspath(folder))
    return whole.with_name(whole.name + SUFFIX)


def remove_plain(folder: str | Path, sealed: str | Path) -> None:
    """Remove a package folder after sealing: the files of the package, then the folders if nothing else is in them.

    InputError when the sealed file is not there, or when other files stand in the folder.
    """
    folder = Path(folder)
    if not Path(sealed).is_file() or folder.resolve() in Path(sealed).resolve().parents:
        raise InputError(f"{sealed} is not outside {folder} on the disk; nothing was removed")
    remove_files(plain_folder(folder), sorted(names_of_format(), reverse=True))
    for place in (folder / VOCABULARY_FOLDER, folder):
        if not remove_empty(place):
            raise InputError(f"{place} holds other files and was kept; the package's own files are gone")


def read_sealed(path: str | Path, passphrase: str = "", key: str | Path | None = None) -> dict[str, bytes]:
    """Return the files of a sealed package, in memory only; InputError as in `open_bytes`."""
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} does not exist")
    return unzip(open_bytes(read_bytes(path, LARGEST_PACKAGE, "sealed package"), passphrase, key))


def open_sealed(
    path: str | Path,
    to: str | Path | None = None,
    passphrase: str = "",
    key: str | Path | None = None,
    left_out: Callable[[int], None] = lambda n_files: None,
) -> Path:
    """Open a sealed package into a new folder (mode 700, files 600) and return it.

    Whoever sealed it chose the names inside. Only those of the format are written, and `left_out` is told how many are
    not: a folder shown on a desktop or entered in a shell may start what it holds (.git/hooks, .envrc, .desktop).
    """
    path = Path(path)
    to = Path(to) if to is not None else path.with_suffix("")
    must_be_new(to)
    files = read_sealed(path, passphrase, key)
    own = {name: data for name, data in files.items() if name in names_of_format()}
    if not own:
        raise InputError(f"{path} is no package: none of its {len(files)} files has a name of the format")
    write_files(to, own)
    left_out(len(files) - len(own))
    return to
