"""The study of form, parameter and luck, against effects known in closed form."""

import numpy as np
import pytest
from forms_study import total_effects


def test_total_effects_of_an_additive_figure_are_the_shares_of_its_variance():
    generator = np.random.default_rng(1)
    n = 200_000
    a, b, c = (generator.normal(0, sd, (2, n)) for sd in (0.003, 0.002, 0.001))  # small: asinh is a line there
    base = 1 + a[0] + b[0] + c[0]
    changed = {
        "parameters": 1 + a[1] + b[0] + c[0],
        "forms": 1 + a[0] + b[1] + c[0],
        "luck": 1 + a[0] + b[0] + c[1],
    }
    effects = total_effects(base, changed)
    assert [effects[part] for part in changed] == pytest.approx([9 / 14, 4 / 14, 1 / 14], rel=0.03)


def test_what_acts_only_together_belongs_to_both():
    generator = np.random.default_rng(2)
    a, b = generator.choice([-0.001, 0.001], (2, 2, 100_000))
    effects = total_effects(
        1 + 1000 * a[0] * b[0], {"parameters": 1 + 1000 * a[1] * b[0], "forms": 1 + 1000 * a[0] * b[1]}
    )
    assert [*effects.values()] == pytest.approx([1, 1], rel=0.03)
    assert total_effects(np.ones(5), {"luck": np.ones(5)})["luck"] == 0
