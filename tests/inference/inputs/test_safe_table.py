"""What an estimate copies of publishing: the noise on a published cell, against its closed form."""

import math
import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from underwatch.evidence.release.noise import noisy_count
from underwatch.evidence.release.safe_cells import PARTS
from underwatch.inference.inputs.safe_table import FAMILIES, Disclosure, disclosed
from underwatch.record.tally import N_KINDS
from underwatch.world.draws import rng


def law(x, scale):
    """The chance of x when Laplace noise of that scale is rounded to whole numbers."""
    beyond = [0.5 * math.exp(-max(0.0, abs(x) + side) / scale) for side in (-0.5, 0.5)]
    return 1 - 2 * beyond[1] if x == 0 else beyond[0] - beyond[1]


def published(scale, n):
    luck = random.Random(11)
    return [noisy_count(0, PARTS, Fraction(scale), luck.randrange) for _ in range(n)]


def simulated(scale, n):
    """The simulator's cells of a place where nothing happens."""
    table = Disclosure(("2024-Q3",), ((0,),), 0, scale)
    values = {"table_cap_kept": np.ones(n), "table_place_share": np.ones(n)}
    cells = disclosed(np.zeros((n, 1, N_KINDS)), table, values, lambda purpose: rng(11, purpose))
    assert cells.shape == (n, 1, len(FAMILIES))
    return cells[:, 0, 0].astype(int).tolist()


@pytest.mark.parametrize("drawn", [published, simulated])
@pytest.mark.parametrize("scale", [0.25, 0.5, 5.0])
def test_publishing_and_the_simulator_add_the_same_noise(drawn, scale):
    n = 20_000
    counts = Counter(drawn(scale, n))
    assert sum(law(x, scale) for x in range(-300, 301)) == pytest.approx(1, abs=1e-9)
    usual = [x for x in range(-300, 301) if law(x, scale) * n >= 10]
    square = sum((counts[x] - n * law(x, scale)) ** 2 / (n * law(x, scale)) for x in usual)
    assert square < len(usual) + 5 * math.sqrt(2 * len(usual))


def test_rounding_comes_after_the_noise():
    """A count in parts keeps its fraction until then: two and a half is as often below as above."""
    luck = random.Random(5)
    drawn = [noisy_count(5 * PARTS // 2, PARTS, Fraction(2), luck.randrange) for _ in range(20_000)]
    assert np.mean(drawn) == pytest.approx(2.5, abs=5 * math.sqrt(2 * 2**2 / 20_000))
