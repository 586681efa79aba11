"""Debian's Chromium, driven by Playwright's asynchronous API (its synchronous one would leave a loop running).

`browser` is one process a test, so that no cookie, cache or crash reaches the next; `page` is a blank page in it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests import system_packages

ARGUMENTS = (
    "--no-sandbox",  # root in a container has no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 15_000  # for one action or navigation; a test's own limit is longer


@pytest.fixture(scope="session")
def chromium_executable() -> str:
    """The path of a Chromium that runs."""
    system_packages.require("chromium", *(["libatomic1"] if sys.platform == "linux" else []))
    path = shutil.which("chromium")
    assert path is not None
    return path


@pytest.fixture
async def browser(chromium_executable: str) -> AsyncIterator[Browser]:
    """A browser of this test's own; `await browser.new_context()` is another person's."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_executable, headless=True, args=list(ARGUMENTS)
        )
        try:
            yield browser
        finally:
            await browser.close()


@pytest.fixture
async def lenient_page(chromium_executable: str, tmp_path: Path) -> AsyncIterator[Page]:
    """A page of a browser that sends cookies to other sites' frames, as browsers did before they blocked them."""
    profile = tmp_path / "profile"
    (profile / "Default").mkdir(parents=True)
    lenient = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
    (profile / "Default" / "Preferences").write_text(json.dumps(lenient))
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium_executable, headless=True, args=list(ARGUMENTS)
        )
        context.set_default_timeout(PATIENCE_MS)
        try:
            yield await context.new_page()
        finally:
            await context.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page of a fresh context: no cookies, nothing cached."""
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield await context.new_page()
    finally:
        await context.close()
