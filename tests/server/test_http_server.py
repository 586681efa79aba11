"""The HTTP server listens where it is told, on both families, and finishes what runs before it ends."""

import asyncio
import socket

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from ostiary_server.http_server import HTTPServer, bind


async def hello(scope: Scope, _: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def test_both_families_share_one_free_port_and_the_server_does_not_name_itself() -> None:
    server = HTTPServer(hello, bind(["127.0.0.1", "::1"], 0), drain_timeout=5)
    await server.start()
    async with httpx.AsyncClient() as client:
        answers = [await client.get(f"http://{host}:{server.port}/") for host in ("127.0.0.1", "[::1]")]
    await server.stop()
    assert [answer.text for answer in answers] == ["ok", "ok"]
    assert "server" not in answers[0].headers


async def test_a_running_request_is_finished_before_the_server_ends() -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await leave.wait()
        await hello(scope, receive, send)

    server = HTTPServer(slow, bind(["127.0.0.1"], 0), drain_timeout=5)
    await server.start()
    async with httpx.AsyncClient() as client:
        request = asyncio.create_task(client.get(f"http://127.0.0.1:{server.port}/"))
        await entered.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        leave.set()
        assert (await request).text == "ok"
        await stopping


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        bind(["127.0.0.1"], taken.getsockname()[1])
