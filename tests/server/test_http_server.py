"""The HTTP server listens where it is told, on both families, and finishes what runs before it ends."""

import asyncio
import contextlib
import socket

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from ostiary_server.transport.bounded_requests import LONGEST_HEAD, BoundedRequests
from ostiary_server.transport.http_server import HTTPServer, bind


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


async def test_a_server_that_drains_answers_and_closes_each_connection_with_its_answer() -> None:
    server = HTTPServer(hello, bind(["127.0.0.1"], 0), drain_timeout=5)
    await server.start()
    async with httpx.AsyncClient() as client:
        before = await client.get(f"http://127.0.0.1:{server.port}/")
        server.drain()
        meanwhile = await client.get(f"http://127.0.0.1:{server.port}/")
        again = await client.get(f"http://127.0.0.1:{server.port}/")
    await server.stop()
    assert "connection" not in before.headers
    assert [answer.headers["connection"] for answer in (meanwhile, again)] == ["close", "close"]


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        bind(["127.0.0.1"], taken.getsockname()[1])


async def told(server: HTTPServer, *pieces: bytes) -> bytes:
    """What the server says to these bytes until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:  # closed while we were still writing
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nA: ", b"GET / HTTP/1.1\r\nA: b\r\n"])
async def test_an_endless_head_is_not_collected(start: bytes) -> None:
    server = HTTPServer(hello, bind(["127.0.0.1"], 0), drain_timeout=1)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(start)
    sent = 0
    with contextlib.suppress(ConnectionError):
        while not reader.at_eof() and sent < 64 * 2**20:
            writer.write(b"a" * 60_000 + (b"\r\nA: " if start.endswith(b"\n") else b""))
            await writer.drain()
            await asyncio.sleep(0)
            sent += 60_000
    writer.close()
    await server.stop()
    assert sent < 16 * 2**20  # what sockets and buffers take, and not what is sent


async def test_a_large_head_is_answered_with_its_status() -> None:
    server = HTTPServer(hello, bind(["127.0.0.1"], 0), drain_timeout=1)
    await server.start()
    head = b"GET / HTTP/1.1\r\nHost: a\r\nA: ".ljust(LONGEST_HEAD + 1, b"a")  # not a byte more: none is left unread
    assert (await told(server, head)).startswith(b"HTTP/1.1 431 ")
    await server.stop()


@pytest.mark.parametrize("piece", [b"GET / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\na"])
async def test_a_request_that_does_not_arrive_holds_no_connection(
    piece: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reads(_: Scope, receive: Receive, __: Send) -> None:
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass

    monkeypatch.setattr(BoundedRequests, "slowest", 0.1)
    server = HTTPServer(reads, bind(["127.0.0.1"], 0), drain_timeout=1)
    await server.start()
    assert await told(server, piece) == b""
    await server.stop()


async def test_requests_that_follow_each_other_on_a_connection_have_a_time_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BoundedRequests, "slowest", 0.2)
    server = HTTPServer(hello, bind(["127.0.0.1"], 0), drain_timeout=1)
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        for _ in range(4):
            assert (await client.post("/", content=b"x" * 60_000)).text == "ok"
            await asyncio.sleep(0.1)
    await server.stop()
