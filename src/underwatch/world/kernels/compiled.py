"""Where compiled code is kept: a folder named by the hash of the model's sources, that nobody else can fill.

Why a hash: Numba's own cache looks only at the file of the outermost function. When a rule in another file changes, it
would go on using the old one in silence. A new hash is a new folder, so the code that runs is always the code that is
there. Why nobody else: what Numba reads there are pickles, and a pickle runs.
"""

from __future__ import annotations

import hashlib
import os
import pwd
from pathlib import Path

import numba
from numba.core import config

from underwatch.errors import InputError
from underwatch.files.folders import own_folder, private_folder

_KEPT_IN = "NUMBA_CACHE_DIR"


def compiled_sources() -> list[Path]:
    """Return the files whose code is compiled, and the constants that it is compiled with."""
    here = Path(__file__).parent
    return [
        *sorted(here.glob("*.py")),
        *(here.parent / name for name in ("draws.py", "layout.py", "population.py")),
        *(here.parents[1] / "facts" / name for name in ("grounds.csv", "indicators.py")),
    ]


def sources_hash() -> str:
    """Hash of the compiled sources and of Numba's version, 16 hex digits."""
    h = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for path in compiled_sources():
        h.update(path.read_bytes())
    return h.hexdigest()


def use_cache() -> tuple[Path, str]:
    """Point Numba to the folder of these sources, below NUMBA_CACHE_DIR or the user's cache folder, and return it.

    Where others could put something in its way, or where it cannot be written, a private temporary folder stands in
    that is removed at the end; then every start compiles anew, and the second text returned says why.
    """
    top, why = _wanted(), ""
    try:
        folder = own_folder(top, sources_hash())
    except InputError as error:
        why = str(error)
    except OSError:
        why = f"{top} cannot be written"
    if why:
        top = private_folder()
        folder = own_folder(top, sources_hash())
    _settle(top, folder)
    return folder, why


def _wanted() -> Path:
    """Return the folder to keep compiled code in; an empty variable and a relative path count as not set."""
    named, caches, home = (os.environ.get(name, "") for name in (_KEPT_IN, "XDG_CACHE_HOME", "HOME"))
    if os.path.isabs(named):
        return Path(os.path.abspath(named))
    if os.path.isabs(caches):
        return Path(os.path.abspath(caches), "underwatch")
    if not os.path.isabs(home):
        try:
            home = pwd.getpwuid(os.geteuid()).pw_dir
        except KeyError:
            home = "/nowhere"
    return Path(os.path.abspath(home), ".cache", "underwatch")


def _settle(top: Path, folder: Path) -> None:
    """Let Numba keep everything in this folder, whatever it may read again later; processes begun from here too.

    It reads its settings from a file in the working folder as well, which may be a stranger's: not here. Beside the
    sources is where it may turn if the disk fills up: who can write there can change the sources themselves.
    """
    os.environ[_KEPT_IN] = str(top)
    config._config_fname = os.devnull
    config.reload_config()
    config.CACHE_DIR = str(folder)
    config.CACHE_LOCATOR_CLASSES = "UserProvidedCacheLocator,InTreeCacheLocator"


CACHE, NOT_KEPT = use_cache()
