"""One thread for the small matrix products of the density net.

OpenBLAS, which the wheels of NumPy carry, shares each product out among all cores and lets them wait in a loop for one
another. With batches of 64 rows on cores that others use too, a training took 40 s instead of 1.4 s. It also
makes the last digit of a sum independent of the number of cores.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np

_NAMES = ("scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads64_", "openblas_{}_num_threads")
_lock = Lock()
_users: list[int] = []  # thread counts to go back to: one for each who is inside, the first is the real one


@cache
def _threads() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """Return how to read and set OpenBLAS's threads, or None where NumPy was built on another library."""
    home = Path(np.__file__).parent
    for path in sorted([*home.parent.glob("numpy.libs/*openblas*"), *home.glob(".dylibs/*openblas*")]):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for name in _NAMES:
            if hasattr(library, name.format("set")):
                return getattr(library, name.format("get")), getattr(library, name.format("set"))
    return None


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, NumPy's matrix products run on the calling thread; where the library is another, nothing changes."""
    threads = _threads()
    if threads is None:
        yield
        return
    get, set_to = threads
    with _lock:
        _users.append(get())
        set_to(1)
    try:
        yield
    finally:
        with _lock:
            before = _users[0]
            _users.pop()
            if not _users:
                set_to(before)
