"""Load on a running installation, from a pod: what relying applications do, over and over, and what they were answered.

Runs on the operator's image (aiohttp). GET /take answers what was counted since the last one, as JSON. A token that was
answered with 200 must work: workers that refresh or redeem codes try the same token or code again after a broken
connection or a 503, and count as `lost` what is then refused. Only a code whose exchange was cut off may have been used
by it, and can then be used no more: that is `cut`, and the person signs in again.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
import secrets
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiohttp import web

SERVER = os.environ["SERVER"]  # http://service.namespace.svc:80
ORIGIN = os.environ["ORIGIN"]  # the authentication address, as the Host header has it
CALLBACK = os.environ["CALLBACK"]
USERNAME, PASSWORD = os.environ["USERNAME"], os.environ["PASSWORD"]
SECRET = Path("/etc/oauth")
PAUSE = float(os.environ.get("PAUSE", "0.02"))  # seconds between one worker's requests
AGAIN = 0.2  # seconds before what failed is tried again
HOST = {"Host": urlsplit(ORIGIN).netloc}


@dataclass
class Count:
    """One kind of request."""

    requests: int = 0
    ok: int = 0
    unavailable: int = 0  # 503: said so, and may be tried again
    broken: int = 0  # no answer: the connection was refused, reset or silent
    refused: int = 0  # any other answer than was due
    cut: int = 0  # a code whose first exchange broke off, refused at the second
    lost: int = 0  # a code or token that was answered with 200, and then refused
    last_failure: float = 0.0  # seconds since the epoch
    seconds: list[float] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """Latencies as two figures."""
        known = sorted(self.seconds)
        ranks = {f"p{p}_ms": round(known[len(known) * p // 100] * 1000, 1) if known else None for p in (50, 99)}
        return {name: value for name, value in asdict(self).items() if name != "seconds"} | ranks


class Load:
    """Workers, and what they counted."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._counts: defaultdict[str, Count] = defaultdict(Count)
        client = ((SECRET / name).read_text().strip() for name in ("client-id", "client-secret"))
        self._client_id, secret = client
        self._basic = {"Authorization": aiohttp.encode_basic_auth(self._client_id, secret)}

    def take(self) -> dict[str, Any]:
        """What was counted since the last time."""
        counts, self._counts = self._counts, defaultdict(Count)
        return {name: count.report() for name, count in counts.items()}

    async def machine(self) -> None:
        """client_credentials, then introspection of what it gave: neither needs the database."""
        while True:
            status, body = await self._post("client_credentials", "/token", {"grant_type": "client_credentials"})
            if status == 200:
                await self._post("introspection", "/introspect", {"token": body["access_token"]})
            await asyncio.sleep(PAUSE)

    async def keys(self) -> None:
        """What resource servers fetch."""
        while True:
            await self._counted("jwks", "GET", "/jwks", None, {})
            await asyncio.sleep(PAUSE * 10)

    async def refreshing(self) -> None:
        """A chain of refresh tokens; each must work once it was answered."""
        while True:
            token = (await self._signed_in()).get("refresh_token")
            while token:
                token = await self._persistent("refresh_token", {"grant_type": "refresh_token", "refresh_token": token})

    async def redeeming(self) -> None:
        """Sign in once, then code after code."""
        jar: dict[str, str] = {}
        while True:
            verifier, code = await self._code(jar)
            if code is not None:
                await self._persistent("authorization_code", _redemption(code, verifier))
            await asyncio.sleep(PAUSE * 5)

    async def _persistent(self, kind: str, form: dict[str, str]) -> str | None:
        """The next refresh token, however often it takes to get an answer."""
        again = False
        while True:
            status, body = await self._post(kind, "/token", form)
            if status == 200:
                await asyncio.sleep(PAUSE * 5)
                return str(body.get("refresh_token"))
            if status in (0, 503):
                again = True
                await asyncio.sleep(AGAIN)
                continue
            count = self._counts[kind]
            if again and "code" in form:
                count.cut, count.refused = count.cut + 1, count.refused - 1
            else:
                count.lost += 1
                count.examples.append(f"lost: {status} {body}")
            return None

    async def _signed_in(self) -> dict[str, Any]:
        jar: dict[str, str] = {}
        while True:
            verifier, code = await self._code(jar)
            if code is None:
                await asyncio.sleep(AGAIN)
                continue
            status, body = await self._post("authorization_code", "/token", _redemption(code, verifier))
            if status == 200:
                return body

    async def _code(self, jar: dict[str, str]) -> tuple[str, str | None]:
        """A code for the one person, who signs in where a page asks for it; None where that failed."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": self._client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid offline_access",
            "state": "s",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        answer = await self._page(jar, "GET", "/authorize", params=query)
        for _ in range(6):
            if answer is None:
                break
            location, text = answer
            if location.startswith(CALLBACK):
                return verifier, parse_qs(urlsplit(location).query)["code"][0]
            if location:
                answer = await self._page(jar, "GET", location.removeprefix(ORIGIN))
            else:
                action, fields = _form(text)
                answer = await self._page(jar, "POST", action, data=fields)
        return verifier, None

    async def _page(self, jar: dict[str, str], method: str, path: str, **more: Any) -> tuple[str, str] | None:
        """Where it leads and what it shows; None where it failed, which was counted."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        status, location, text = await self._send("authorize", method, path, jar=jar, headers=headers, **more)
        return (location, text) if status in (200, 302, 303) else None

    async def _post(self, kind: str, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        return await self._counted(kind, "POST", path, form, self._basic)

    async def _counted(
        self, kind: str, method: str, path: str, form: dict[str, str] | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        status, _, text = await self._send(kind, method, path, data=form, headers=headers)
        return status, json.loads(text) if status and text.startswith("{") else {}

    async def _send(
        self, kind: str, method: str, path: str, *, jar: dict[str, str] | None = None, **more: Any
    ) -> tuple[int, str, str]:
        """Status, Location and body; status 0 where there was no answer."""
        count, began = self._counts[kind], time.perf_counter()
        count.requests += 1
        headers = {**HOST, **more.pop("headers", {})}
        try:
            async with self._session.request(
                method, f"{SERVER}{path}", headers=headers, allow_redirects=False, **more
            ) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            count.broken += 1
            self._failed(count, f"{type(error).__name__}: {error}")
            return 0, "", ""
        if jar is not None:
            jar.update({name: morsel.value for name, morsel in answer.cookies.items()})
        count.seconds.append(time.perf_counter() - began)
        if answer.status in (200, 302, 303):
            count.ok += 1
        elif answer.status == 503:
            count.unavailable += 1
            self._failed(count, "503")
        else:
            count.refused += 1
            self._failed(count, f"{answer.status} {text[:200]}")
        return answer.status, answer.headers.get("Location", ""), text

    def _failed(self, count: Count, example: str) -> None:
        count.last_failure = time.time()
        if len(count.examples) < 5:
            count.examples.append(example)


def _redemption(code: str, verifier: str) -> dict[str, str]:
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}


def _form(text: str) -> tuple[str, dict[str, str]]:
    """The page's form, filled in: its action and fields."""
    action = re.search(r'<form[^>]*action="([^"]*)"', text)
    assert action is not None, text[:300]
    fields = {}
    for tag in re.findall(r"<(?:input|button)\b[^>]*>", text):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" in attributes and attributes["name"] not in fields:
            fields[attributes["name"]] = unescape(attributes.get("value", ""))
    if "password" in fields:
        fields |= {"username": USERNAME, "password": PASSWORD}
    return unescape(action[1]), fields


async def main() -> None:
    """For ever."""
    timeout = aiohttp.ClientTimeout(total=15, connect=3)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        load = Load(session)
        app = web.Application()

        async def take(_: web.Request) -> web.Response:
            return web.json_response(load.take())

        app.router.add_get("/take", take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, None, 9000).start()
        workers = [load.machine() for _ in range(4)] + [load.refreshing() for _ in range(4)]
        await asyncio.gather(*workers, load.keys(), load.redeeming(), load.redeeming())


if __name__ == "__main__":
    asyncio.run(main())
