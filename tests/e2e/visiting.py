"""A person with a browser on this machine, who visits what the cluster's proxy serves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, async_playwright

from tests.chromium import ARGUMENTS, PATIENCE_MS
from tests.e2e.peers import ORDERS
from tests.flows.test_on_kubernetes import PASSWORD

USERNAME = "alice"


@asynccontextmanager
async def page_behind(executable: str, port: int) -> AsyncIterator[Page]:
    """A blank page of a browser for which every host is at `port` of this machine, as the DNS would have it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable,
            headless=True,
            args=[*ARGUMENTS, f"--host-resolver-rules=MAP * 127.0.0.1:{port}"],
        )
        try:
            context = await browser.new_context(ignore_https_errors=True)
            context.set_default_timeout(PATIENCE_MS)
            yield await context.new_page()
        finally:
            await browser.close()


async def open_orders(page: Page) -> tuple[dict[str, Any], list[str]]:
    """What the relying application knows of its visitor in the end, and the titles of the pages on the way."""
    titles: list[str] = []
    await page.goto(f"https://{ORDERS}/")
    for _ in range(4):
        if page.url.startswith(f"https://{ORDERS}/"):
            break
        titles.append(await page.title())
        if await page.locator("input[name=password]").count():
            await page.fill("input[name=username]", USERNAME)
            await page.fill("input[name=password]", PASSWORD)
        async with page.expect_navigation():
            await page.locator("button[type=submit]").first.click()
    text = await page.inner_text("body")
    assert page.url == f"https://{ORDERS}/", f"{page.url}: {text}"
    return json.loads(text), titles
