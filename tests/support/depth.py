"""How many examples Hypothesis tries: all of them in `make test-deep`, a quarter in `make test`."""

from hypothesis import settings

SHARE = 4
FEWEST = 10


def examples(n, **more):
    """Settings of a test that tries n examples at length."""
    deep = settings.get_current_profile_name() == "deep"
    return settings(max_examples=n if deep else max(FEWEST, n // SHARE), **more)
