"""A provider for each test."""

import pytest

from tests.openid.provider import Browser, Provider


@pytest.fixture
def provider() -> Provider:
    """With an application as the suite registers them."""
    return Provider()


@pytest.fixture
def browser(provider: Provider) -> Browser:
    """In which nobody is signed in."""
    return provider.browser()
