"""Where results come from: who made them, the mark of what was asked, and the manifest that is written after them."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from underwatch import __version__
from underwatch.errors import InputError
from underwatch.files.folders import remove_files
from underwatch.files.writing import write_atomically
from underwatch.record.schema import SCHEMA_VERSION

MANIFEST = "manifest.json"
_SOFTWARE = ("underwatch", "numpy", "numba", "pyarrow", "matplotlib")
Entry = dict[str, Any]
Content = bytes | Callable[[Path], Entry]  # or what writes the file by itself, and tells its hash and size


def software() -> dict[str, str]:
    """Return the versions of Python and of the packages that a run rests on; nothing about the machine."""
    result = {"python": platform.python_version()}
    for name in _SOFTWARE:
        try:
            result[name] = version(name)
        except PackageNotFoundError:
            result[name] = "not installed"
    return result


@cache
def made_by() -> str:
    """Return the version of the program and the hash of the model's sources."""
    from underwatch.world.kernels.compiled import sources_hash

    return f"{__version__} {sources_hash()}"


def mark(question: Mapping[str, Any]) -> str:
    """Return a hash of a question and of who asks it."""
    text = json.dumps({"made_by": made_by(), **question}, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def write_results(
    folder: Path, what: str, contents: Iterable[tuple[str, Content]], entries: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the files of a result into its folder, each whole or not at all, and the manifest last; return it.

    A folder without a manifest is no result; one that has it is refused (InputError). `entries` are what the manifest
    says besides: plain JSON values, and no path. When something fails, the files written here are removed and the
    error goes on.
    """
    if (folder / MANIFEST).exists():
        raise InputError(f"{folder} holds a {what} already; nothing is overwritten: name another folder with --out")
    files: dict[str, Entry] = {}
    try:
        for name, content in contents:
            files[name] = {}
            if isinstance(content, bytes):
                write_atomically(folder / name, content)
                files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            else:
                files[name] = content(folder / name)
        made = {"software": software(), "files": files}
        manifest = dict(what=f"underwatch {what}", schema_version=SCHEMA_VERSION, **entries, **made)
        text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_atomically(folder / MANIFEST, text.encode())
    except BaseException:
        remove_files(folder, files)
        raise
    return manifest
