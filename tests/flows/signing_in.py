"""What the browser flows stand on: a provider and a relying party under `*.localhost`, served on one port."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page
from starlette.requests import Request
from starlette.responses import HTMLResponse

from ostiary_server.protocol.consent import terms
from ostiary_state.runtime.issuer import Issuer
from tests.authorizing import (
    APPLICATION,
    ISSUER,
    PASSWORD,
    World,
    address,
    answer,
    code_request,
    implicit_request,
    remembered,
)


@dataclass(frozen=True)
class Site:
    """The provider's world, its origin, and the relying party's callback on another host name."""

    world: World
    origin: str
    callback: str

    def link(self, **changes: str | None) -> str:
        """Where the relying party sends the browser for a code."""
        return self.origin + address(code_request(redirect_uri=self.callback, **changes))

    def implicit_link(self, **changes: str | None) -> str:
        """Where it sends the browser for tokens."""
        return self.origin + address(implicit_request(redirect_uri=self.callback, **changes))

    def remember(self, **fields: Any) -> None:
        """The person has allowed the application this before."""
        application = self.world.directory.application(ISSUER.id, APPLICATION.client_id)
        assert application is not None
        self.world.remember(remembered(**fields, terms=terms(application)))

    async def arrived(self, page: Page) -> tuple[str, dict[str, str]]:
        """What the relying party was told, once the browser is back there."""
        await page.wait_for_url(self.callback + "**")
        assert await page.title() == "Back at the shop"
        return answer(page.url)

    def path(self, page: Page) -> str:
        """The provider's page that the browser is on."""
        parts = urlsplit(page.url)
        assert f"{parts.scheme}://{parts.netloc}" == self.origin, page.url
        return parts.path


@asynccontextmanager
async def site(**fields: Any) -> AsyncIterator[Site]:
    """Serve the shop's application, but for `fields`."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    issuer = Issuer(id="i1", origin=f"http://login.localhost:{port}", namespace=None)
    callback = f"http://shop.localhost:{port}/callback"
    world = World(replace(APPLICATION, **({"callback_urls": (callback,)} | fields)), issuers=(issuer,))

    async def back(_: Request) -> HTMLResponse:
        return HTMLResponse("<title>Back at the shop</title><a href='/'>Welcome</a>")

    world.app.add_api_route("/callback", back)
    async with served(world.app, port):
        yield Site(world, issuer.origin, callback)


async def sign_in(page: Page, password: str = PASSWORD) -> None:
    """Fill in the form and press its primary action."""
    await page.fill("input[name=username]", "ada")
    await page.fill("input[name=password]", password)
    await page.click("button[type=submit]")


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[None]:
    """`app` on a loopback port for as long as the block runs."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    running = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        await running
