"""What this server asks of the outside: a real HTTP server on loopback, and names that lead where they should not."""

import asyncio
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from ostiary_server.outbound.public_addresses import AllowedNetworks
from ostiary_server.outbound.requests import LONGEST_BODY, OutboundRequests
from ostiary_server.protocol.ports import FetchFailed
from tests.cluster.certificates import Authority

LOOPBACK = ("127.0.0.0/8", "::1")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "fe80::1%eth0"),
    ],
)
def test_an_internal_address_is_never_permitted(address: str) -> None:
    assert not AllowedNetworks().permit(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_a_public_address_is_permitted(address: str) -> None:
    assert AllowedNetworks().permit(address)


def test_what_the_operator_lists_is_permitted_however_it_is_written() -> None:
    networks = AllowedNetworks(["10.1.0.0/16"])
    assert networks.permit("10.1.2.3")
    assert networks.permit("::ffff:10.1.2.3")
    assert not networks.permit("10.2.0.1")


class Names(AbstractResolver):
    """Every name leads to the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        return


@asynccontextmanager
async def outside(handler: object, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on loopback that answers everything with `handler`; its port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def requests(*networks: str, names: Names | None = None) -> AsyncIterator[OutboundRequests]:
    made = OutboundRequests(
        AllowedNetworks(networks),
        **({"resolver": lambda: names} if names else {}),  # type: ignore[arg-type]
    )
    try:
        yield made
    finally:
        await made.close()


async def test_a_document_is_read_and_a_form_is_posted() -> None:
    seen: list[tuple[str, str]] = []

    async def handler(request: web.Request) -> web.Response:
        form = await request.post()
        seen.append((request.headers.get("accept", ""), str(form.get("logout_token", ""))))
        return web.Response(text="hello", status=200 if request.method == "GET" else 204)

    async with outside(handler) as port, requests(*LOOPBACK) as client:
        assert await client.fetch(f"http://127.0.0.1:{port}/x?y", accept="text/plain") == b"hello"
        assert await client.post(f"http://app.localhost:{port}/", {"logout_token": "t"}) == 204
    assert seen == [("text/plain", ""), ("*/*", "t")]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "app.localhost", "[::1]", "0.0.0.0", "127.1", "2130706433"])
async def test_loopback_is_not_asked_unless_it_is_listed(host: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        pytest.fail("it was asked")

    async with outside(handler) as port, requests() as client:
        with pytest.raises(FetchFailed):
            await client.fetch(f"http://{host}:{port}/", accept="*/*")
        with pytest.raises(FetchFailed):
            await client.post(f"http://{host}:{port}/", {})


async def test_a_public_name_that_leads_inside_is_not_asked() -> None:
    async def handler(_: web.Request) -> web.Response:
        pytest.fail("it was asked")

    async with outside(handler) as port, requests(names=Names("127.0.0.1", "10.0.0.1")) as client:
        with pytest.raises(FetchFailed, match="may connect to"):
            await client.fetch(f"http://rebound.example.com:{port}/", accept="*/*")


# In a process of its own, since the authorities that count are read when it starts.
ASKING = """
import asyncio, sys
from ostiary_server.outbound.public_addresses import AllowedNetworks
from ostiary_server.outbound.requests import OutboundRequests
async def ask():
    client = OutboundRequests(AllowedNetworks(["127.0.0.0/8"]))
    try:
        print((await client.fetch(sys.argv[1], accept="*/*")).decode())
    finally:
        await client.close()
asyncio.run(ask())
"""


@pytest.mark.parametrize(
    ("host", "known", "says"),
    [
        ("localhost", True, "hello"),
        ("localhost", False, "CERTIFICATE_VERIFY_FAILED"),
        ("127.0.0.1", True, "CERTIFICATE_VERIFY_FAILED"),
    ],
    ids=["good", "of an unknown authority", "for another host"],
)
async def test_a_certificate_is_checked_before_anything_is_asked(
    tmp_path: Path, host: str, known: bool, says: str
) -> None:
    """OpenID Connect Core section 16.17, RFC 6125."""
    for name in ("ours", "strange"):
        (tmp_path / name).mkdir()
    authority, stranger = Authority(tmp_path / "ours"), Authority(tmp_path / "strange")
    leaf = authority.issue("application", hosts=("localhost",))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(leaf.certificate, leaf.key)
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text="hello")

    async with outside(handler, tls) as port:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ASKING, f"https://{host}:{port}/"),
            env=os.environ | {"SSL_CERT_FILE": str((authority if known else stranger).path)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await process.communicate()
    assert says in told.decode()
    assert (process.returncode == 0, asked) == ((True, ["/"]) if says == "hello" else (False, []))


async def test_redirects_are_not_followed() -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.path != "/elsewhere"
        raise web.HTTPFound("/elsewhere")

    async with outside(handler) as port, requests(*LOOPBACK) as client:
        with pytest.raises(FetchFailed, match="302"):
            await client.fetch(f"http://127.0.0.1:{port}/", accept="*/*")
        assert await client.post(f"http://127.0.0.1:{port}/", {}) == 302


@pytest.mark.parametrize("status", [201, 203, 204, 404, 500])
async def test_a_document_comes_with_200_or_not_at_all(status: int) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, text="{}")

    async with outside(handler) as port, requests(*LOOPBACK) as client:
        with pytest.raises(FetchFailed, match=str(status)):
            await client.fetch(f"http://127.0.0.1:{port}/", accept="*/*")


async def test_an_answer_without_end_is_cut_off() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(LONGEST_BODY // 1024 + 64):
            await response.write(b"x" * 1024)
        return response

    async with outside(handler) as port, requests(*LOOPBACK) as client:
        with pytest.raises(FetchFailed, match="more than"):
            await client.fetch(f"http://127.0.0.1:{port}/", accept="*/*")


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "file:///etc/passwd", "https://user@example.com/", "https:///x", "gopher://a", "nonsense"],
)
async def test_only_web_addresses_are_asked(url: str) -> None:
    async with requests(*LOOPBACK) as client:
        with pytest.raises(FetchFailed):
            await client.fetch(url, accept="*/*")


async def test_nobody_at_home_is_said_without_the_query() -> None:
    async with requests(*LOOPBACK) as client:
        with pytest.raises(FetchFailed) as failed:
            await client.fetch("http://127.0.0.1:9/jwks?token=hunter2", accept="*/*")
    assert "127.0.0.1:9/jwks" in str(failed.value)
    assert "hunter2" not in str(failed.value)


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from aiohttp import ClientTimeout

    from ostiary_server.outbound import requests as module

    monkeypatch.setattr(module, "TIMEOUT", ClientTimeout(total=0.2))

    async def handler(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async with outside(handler) as port, requests(*LOOPBACK) as client:
        with pytest.raises(FetchFailed):
            await client.post(f"http://127.0.0.1:{port}/", {})
