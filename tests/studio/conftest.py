"""A studio of its own for the tests, and a client that sends exactly what it is told."""

import pytest

from studio.served import Studio


@pytest.fixture(scope="session")
def studio():
    one = Studio()
    yield one
    assert one.close() == 0


@pytest.fixture
def client(studio):
    with studio.client() as one:
        yield one
