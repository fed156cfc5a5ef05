"""Where many worlds are run: threads of this machine by default, or the workers of a Dask cluster that is running."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from underwatch.errors import InputError
from underwatch.experiments.engine.cores import cores
from underwatch.record.provenance import made_by

_ANSWER_WITHIN = 8.0  # seconds


@contextmanager
def executor_for(threads: int | None = None, dask: str | None = None) -> Iterator[Executor]:
    """Give an executor: of threads (kernels release the interpreter's lock), or of the cluster at an address.

    InputError when no scheduler answers within 8 s, when it has no worker, or when a worker has another version.
    """
    if dask is None:
        pool = ThreadPoolExecutor(threads or cores())
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return
    client = _client(dask)
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close()


def _client(address: str):  # type: ignore[no-untyped-def]
    """Connect to a scheduler and look whether its workers run the same model."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--dask needs the package distributed: pip install distributed") from None
    try:
        client = Client(address, timeout=_ANSWER_WITHIN, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        why = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(
            f"--dask {address}: no Dask scheduler answers there ({why}); start one, or leave it out"
        ) from None
    try:
        versions = client.run(made_by)
    except Exception as error:  # the package is not there, or cannot be read
        client.close()
        raise InputError(
            f"--dask {address}: a worker cannot run underwatch ({type(error).__name__}); install it there"
        ) from None
    others = {version for version in versions.values() if version != made_by()}
    if others or not versions:
        client.close()
        what = f"a worker runs underwatch {min(others)} and this is {made_by()}" if others else "it has no worker yet"
        raise InputError(f"--dask {address}: {what}; start workers with the same version")
    return client
