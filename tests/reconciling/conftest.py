"""A world of its own for each test."""

import pytest

from tests.reconciling.fakes import World


@pytest.fixture
def world() -> World:
    """Empty."""
    return World()
