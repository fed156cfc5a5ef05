"""What `make test-deep` tries and `make test` leaves out: most examples of Hypothesis, and cases much like others."""

import pytest
from hypothesis import settings

SHARE = 4
FEWEST = 10


def examples(n, **more):
    """Settings of a test that tries n examples at length."""
    deep = settings.get_current_profile_name() == "deep"
    return settings(max_examples=n if deep else max(FEWEST, n // SHARE), **more)


def at_length(*values):
    """A case of a parametrized test that is much like the others: `make test-deep` tries it."""
    return pytest.param(*values, marks=pytest.mark.deep)
