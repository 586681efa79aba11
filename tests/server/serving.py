"""A whole server in this process, over a real socket and database, and the requests that a client sends to it."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from ostiary_server.log_lines import request_id
from ostiary_server.server import Server
from ostiary_server.settings import ServerSettings
from ostiary_server.transport.http_server import bind
from tests.server.declared import ORIGIN, PASSWORD, SECRET

KEY = base64.b64encode(b"k" * 32).decode()
OTHER_KEY = base64.b64encode(b"o" * 32).decode()
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def settings(url: str, **changes: Any) -> ServerSettings:
    values = {
        "database_url": url,
        "key_encryption_keys": KEY,
        "cookie_keys": KEY,
        "metrics_port": 0,
        "drain_delay": 0.0,
        "host": "127.0.0.1",
    }
    return ServerSettings(**(values | changes))


@dataclass
class Statements:
    """What requests sent to the database; what runs beside them is not counted."""

    texts: list[str] = field(default_factory=list)

    def __call__(self, text: str) -> None:
        if request_id.get() is not None:
            self.texts.append(text)

    def since(self, mark: int) -> list[str]:
        return self.texts[mark:]


@dataclass
class Served:
    server: Server
    client: httpx.AsyncClient
    statements: Statements

    async def client_credentials(self) -> httpx.Response:
        return await self.client.post("/token", data={"grant_type": "client_credentials"}, auth=("shop.web", SECRET))

    async def introspect(self, token: str) -> httpx.Response:
        return await self.client.post("/introspect", data={"token": token}, auth=("shop.web", SECRET))

    async def authorize(self, **parameters: str) -> httpx.Response:
        asked = {
            "response_type": "code",
            "client_id": "shop.web",
            "redirect_uri": "https://web.example.com/callback",
            "scope": "openid",
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return await self.client.get("/authorize", params=asked | parameters)

    async def sign_in(self, username: str = "ada", password: str = PASSWORD) -> httpx.Response:
        """From /authorize through the form to the redirect that follows it."""
        onward = await self.authorize()
        form = await self.client.get(onward.headers["location"])
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.text))
        fields = {name: unescape(value) for name, value in hidden.items()}
        return await self.client.post("/sign-in", data=fields | {"username": username, "password": password})

    async def redeem(self, location: str) -> httpx.Response:
        code = parse_qs(urlsplit(location).query)["code"][0]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": "https://web.example.com/callback",
            "code_verifier": VERIFIER,
        }
        return await self.client.post("/token", data=form, auth=("shop.web", SECRET))


@asynccontextmanager
async def serving(url: str, *, loaded: bool = True, **changes: Any) -> AsyncIterator[Served]:
    """One replica on a free port; requests go to the issuer of the tests' manifests unless they say another Host."""
    statements = Statements()
    sockets = bind(["127.0.0.1"], 0)
    async with Server(settings(url, **changes), sockets=sockets, listeners=[statements]) as server:
        if loaded:
            await server.until_loaded()
        host = ORIGIN.removeprefix("http://")
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}", headers={"Host": host}, timeout=30
        ) as client:
            yield Served(server, client, statements)
