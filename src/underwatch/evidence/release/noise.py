"""Discrete Laplace noise, drawn exactly: whole numbers only, no logarithm, no rounding that would give a count away.

After Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020, algorithms 1 and 2.
The source of luck is the system's cryptographic one and not a keyed stream: whoever knew the key could take the noise
off.
"""

import secrets
from collections.abc import Callable
from fractions import Fraction

# randbelow(n): a whole number of 0 to n - 1, each as likely. Tests hand in a repeatable one.
RandBelow = Callable[[int], int]


def discrete_laplace(scale: Fraction, randbelow: RandBelow = secrets.randbelow) -> int:
    """Return a whole number x with probability proportional to exp(-|x| / scale); ValueError for a scale of 0 or less.

    With counts of which one source can change at most `cap` in all, scale = cap / epsilon gives epsilon-differential
    privacy for that source.
    """
    if scale <= 0:
        raise ValueError("the scale of the noise must be above 0")
    top, bottom = scale.numerator, scale.denominator
    while True:
        fine = randbelow(top)
        if not _happens(Fraction(fine, top), randbelow):
            continue
        coarse = 0
        while _happens(Fraction(1), randbelow):
            coarse += 1
        size = (fine + top * coarse) // bottom
        negative = randbelow(2) == 1
        if not (negative and size == 0):
            return -size if negative else size


def noisy_count(parts: int, n_parts: int, scale: Fraction, randbelow: RandBelow = secrets.randbelow) -> int:
    """Return a count with noise as a whole number; the count is given in parts of which `n_parts` make one.

    The noise, of so many ones as `scale` says, is drawn in parts too: rounding comes after it and takes nothing off.
    """
    return (parts + discrete_laplace(scale * n_parts, randbelow) + n_parts // 2) // n_parts


def _happens(rate: Fraction, randbelow: RandBelow) -> bool:
    """Return True with probability exp(-rate), for a rate of 0 to 1."""
    step = 1
    while randbelow(rate.denominator * step) < rate.numerator:
        step += 1
    return step % 2 == 1
