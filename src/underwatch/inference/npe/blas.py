"""One thread for the small matrix products of the density net.

OpenBLAS, which the wheels of NumPy carry, shares each product out among all cores and lets them wait in a loop for one
another. With batches of 64 rows on cores that others use too, a training took 40 s instead of 1.4 s. It also
makes the last digit of a sum independent of the number of cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from threading import Lock

import numpy as np  # noqa: F401 - so that its library is there when it is looked for
from threadpoolctl import ThreadpoolController

_libraries = cache(ThreadpoolController)  # looking for them takes 2 ms, so it is done once
_lock, _limit = Lock(), ExitStack()
_inside = 0


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, matrix products run on the calling thread; the last who leaves gives the process its threads back."""
    global _inside
    with _lock:
        if not _inside:
            _limit.enter_context(_libraries().limit(limits=1, user_api="blas"))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _limit.close()
