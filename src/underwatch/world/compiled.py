"""Where compiled code is kept: a folder named by the hash of the model's sources.

Why: Numba's own cache looks only at the file of the outermost function. When a rule
in another file changes, it would go on using the old one in silence. A new hash is
a new folder, so the code that runs is always the code that is there.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numba


def sources_hash() -> str:
    """Hash of the model's Python files and of Numba's version, 16 hex digits."""
    h = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        h.update(path.read_bytes())
    return h.hexdigest()


def use_cache() -> Path:
    """Point Numba to the folder of these sources, below NUMBA_CACHE_DIR or the user's cache folder.

    A folder that cannot be written is replaced by a temporary one: then every start compiles anew.
    """
    parent = os.environ.get("NUMBA_CACHE_DIR")
    if parent is None:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        parent = os.path.join(home, "underwatch")
    folder = Path(parent) / sources_hash()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="underwatch-"))
    numba.config.CACHE_DIR = str(folder)
    return folder


CACHE = use_cache()
