"""The luck of the channel: a pure function of seed, purpose, and the episode that it is about.

So a draw hangs neither on the order of incidents nor on how many others there are nor on what else is drawn; and an
episode that stands in both worlds of a twin has the same luck in both. It is the counter-based generator of the world
(`world.draws`) under a key of its own.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numba import njit

from underwatch.channel.episodes import EpisodeRecords
from underwatch.world.draws import rng, split_seed, threefry
from underwatch.world.layout import INCIDENT_NAMES

_TO_UNIT = 2.0**-53


@njit(cache=True, nogil=True)
def _fill(key, who, what, result):  # type: ignore[no-untyped-def]
    """Fill float64[n] with uniforms of 53 bits."""
    for row in range(len(who)):
        a, b = threefry(key[0], key[1], who[row], what[row])
        result[row] = (np.float64(a >> np.uint32(5)) * 67108864.0 + np.float64(b >> np.uint32(6))) * _TO_UNIT


def uniforms(seed: int, purpose: str, about: EpisodeRecords) -> np.ndarray:
    """Return float64[n] in [0, 1), one for each episode, under a key of this purpose."""
    digest = hashlib.blake2b(f"{seed}/channel {purpose}".encode(), digest_size=8).digest()
    what = (about.month << 4 | about.records["kind"]).astype(np.uint32)
    result = np.empty(len(about.who))
    _fill(split_seed(int.from_bytes(digest, "little")), np.ascontiguousarray(about.who), what, result)
    return result


def normals(seed: int, purpose: str, about: EpisodeRecords) -> np.ndarray:
    """Return float64[n] standard normals, one for each episode (Box and Muller 1958)."""
    radius = np.sqrt(-2.0 * np.log1p(-uniforms(seed, f"{purpose} radius", about)))
    turned: np.ndarray = radius * np.cos(2.0 * np.pi * uniforms(seed, f"{purpose} turn", about))
    return turned


def waves(seed: int, spread: float, about: EpisodeRecords) -> np.ndarray:
    """Return float64[n]: how much of its kind is told in the month of each episode, relative to the mean.

    A gamma of mean 1 and standard deviation `spread` for each kind and month, the same for all episodes of these.
    """
    which, place = np.unique(about.month * len(INCIDENT_NAMES) + about.records["kind"], return_inverse=True)
    drawn = [_wave(seed, spread, *divmod(int(word), len(INCIDENT_NAMES))) for word in which]
    return np.array(drawn)[place] if len(which) else np.zeros(0)


def _wave(seed: int, spread: float, month: int, kind: int) -> float:
    if spread <= 0.0:
        return 1.0
    shape = 1.0 / spread**2
    return float(rng(seed, "channel wave", INCIDENT_NAMES[kind], str(month)).gamma(shape, 1.0 / shape))
