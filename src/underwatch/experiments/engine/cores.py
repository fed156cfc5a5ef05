"""How many cores this program may use."""

import os


def cores() -> int:
    """Return how many cores may be used."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
