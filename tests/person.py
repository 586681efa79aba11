"""A person at a browser, who signs in and agrees wherever a page asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import Page

PAGES_AT_MOST = 4  # sign-in, consent, and one repetition of each
BACK = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 19\r\nconnection: close\r\n\r\n<title>back</title>"
)


@dataclass(frozen=True, slots=True)
class Person:
    """Knows one username and one password."""

    page: Page
    username: str
    password: str

    async def visit(self, url: str, callback: str) -> str:
        """Follow the link until the browser is sent to `callback`; its whole URL there, fragment included.

        For that time something answers at the callback's port.
        """
        async with _answering(urlsplit(callback).port):
            return await self.come_back(url, callback)

    async def come_back(self, url: str, home: str) -> str:
        """The same for an application that answers there by itself: anywhere below `home`."""
        await self.page.goto(url)
        for _ in range(PAGES_AT_MOST):
            if self.page.url.startswith(home):
                break
            if await self.page.locator("input[name=password]").count():
                await self.page.fill("input[name=username]", self.username)
                await self.page.fill("input[name=password]", self.password)
            async with self.page.expect_navigation():
                await self.page.locator("button[type=submit]").first.click()
        assert self.page.url.startswith(home), await self.page.inner_text("body")
        return self.page.url


@asynccontextmanager
async def _answering(port: int | None) -> AsyncIterator[None]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(BACK)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # a connection that the browser opened ahead and did not use
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
