"""Memory that is free again goes back to the system, so that a studio that is left open stays small."""

from __future__ import annotations

import ctypes
import gc
import sys

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # names of glibc's mallopt
_LARGE_BYTES = 256 * 1024
_ARENAS = 2


def stay_small() -> None:
    """Let large arrays have pages of their own, which go back when they are freed, and threads share two heaps."""
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Return what is free: after a run, and after a file was made."""
    gc.collect()
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
