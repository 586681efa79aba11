"""The browser that the flows are tried in: a test of the tool, so that a failing flow is the flow's fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """A server that shows the Host it was asked for; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        host = next(line for line in request.splitlines() if line.lower().startswith("host:"))
        body = f"<title>{host}</title>".encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_the_browser_reaches_names_under_localhost_and_sends_them_as_host(page: Page, echo: int) -> None:
    await page.goto(f"http://shop.example.localhost:{echo}/")
    assert await page.title() == f"Host: shop.example.localhost:{echo}"


async def test_plain_http_under_localhost_counts_as_a_secure_context(page: Page, echo: int) -> None:
    await page.goto(f"http://other.localhost:{echo}/")
    assert await page.evaluate("window.isSecureContext") is True
