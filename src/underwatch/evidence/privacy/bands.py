"""Bands: how a count of evidence is told, wherever it leaves the package.

A published table hides what is under ten, zero too, because so few reports can point at who told them. An estimate's
page or a summary that said "3 incidents" would give away what the table hides; and two of them, made before and after a
report came in, would show that it came, however large the counts. So counts are told in bands that begin at 1, 2 and 5
times ten, a hundred, a thousand: one report more seldom changes what is told.
"""

from typing import NamedTuple

from underwatch.evidence.release.publish import LEAST_MIN_CELL
from underwatch.texts.catalogue import text
from underwatch.texts.languages import ENGLISH
from underwatch.texts.numbers import ranged

_STEPS = (1, 2, 5, 10)


def band_of(n: int) -> tuple[int, int]:
    """Return the lowest and the highest count of the band of `n`: 0 to 9, 10 to 19, 20 to 49, 50 to 99, ..."""
    if n < LEAST_MIN_CELL:
        return 0, LEAST_MIN_CELL - 1
    scale = LEAST_MIN_CELL
    while n >= 10 * scale:
        scale *= 10
    low = max(step for step in _STEPS if step * scale <= n)
    return low * scale, _STEPS[_STEPS.index(low) + 1] * scale - 1


def in_bands(n: int, exact: bool = False, language: str = ENGLISH) -> str:
    """Write a count of evidence: its band, or the count itself where the group asked for it or all is public anyway."""
    low, high = band_of(n)
    if exact:
        return f"{n:,}"
    return ranged(f"{low:,}", f"{high:,}", language) if low else text(language, "band.fewer", n=high + 1)


class CountInBand(NamedTuple):
    """A count of evidence that is told in its band, in the language of the sentence it stands in."""

    n: int

    def said(self, language: str) -> str:
        """Return the band."""
        return in_bands(self.n, language=language)
