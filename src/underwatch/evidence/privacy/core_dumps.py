"""No core dumps: what stands in memory is not to be left on the disk by a crash.

Called before a passphrase or a key is read. The limit alone is not enough: where a system pipes its dumps to a program,
as most desktops do, Linux ignores a limit of 0 and asks the process whether it may be dumped at all.
"""

import ctypes
import sys
from contextlib import suppress

PR_SET_DUMPABLE = 4  # linux/prctl.h; it also keeps other processes of the user from reading this one's memory


def forbid_core_dumps() -> None:
    """Turn core dumps of this process off, for good; where a system has no such thing nothing happens."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
