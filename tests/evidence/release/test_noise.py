"""The noise of a release: it follows the law that its privacy rests on."""

import math
import random
from collections import Counter
from fractions import Fraction

import pytest

from underwatch.evidence.release.noise import discrete_laplace


@pytest.mark.parametrize("scale", [Fraction(1), Fraction(5), Fraction(7, 2), Fraction(1, 2)])
def test_noise_follows_the_discrete_laplace_law(scale):
    luck, n = random.Random(7), 40_000
    drawn = Counter(discrete_laplace(scale, luck.randrange) for _ in range(n))
    ratio = math.exp(-1 / scale)
    law = {x: (1 - ratio) / (1 + ratio) * ratio ** abs(x) for x in range(-400, 401)}
    assert sum(law.values()) == pytest.approx(1, abs=1e-9)
    usual = [x for x in law if law[x] * n >= 10]
    square = sum((drawn[x] - n * law[x]) ** 2 / (n * law[x]) for x in usual)
    rest = sum(drawn[x] for x in drawn if x not in set(usual)), n * (1 - sum(law[x] for x in usual))
    square += (rest[0] - rest[1]) ** 2 / max(rest[1], 1)
    freedom = len(usual)
    assert square < freedom + 5 * math.sqrt(2 * freedom)
