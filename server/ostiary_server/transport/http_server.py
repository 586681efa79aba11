"""The HTTP server beneath the application: uvicorn on httptools, inside a program that has its own signals.

Measured with a FastAPI route of a token's size on one core: uvloop and httptools 12,300 requests a second, asyncio
and httptools 10,700, asyncio and h11 5,700.
"""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from ostiary_server.transport.bounded_requests import KEEP_ALIVE, BoundedRequests

BACKLOG = 2048


class HTTPServer:
    """Serves one ASGI application on sockets that are bound already."""

    def __init__(self, app: ASGIApp, sockets: Sequence[socket.socket], *, drain_timeout: int) -> None:
        self._sockets = list(sockets)
        self._draining = False
        config = uvicorn.Config(
            app,
            http=type("Requests", (BoundedRequests,), {"is_draining": staticmethod(lambda: self._draining)}),
            ws="none",
            lifespan="off",  # what runs beside the application outlives its last request
            interface="asgi3",
            log_config=None,
            access_log=False,  # ours has no query strings
            proxy_headers=False,  # forwarded headers never name the issuer, and count from configured proxies only
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=drain_timeout,
        )
        self._server = _WithoutSignals(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port of the first socket: the one that was chosen where 0 was asked for."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen; returns when connections are accepted."""
        self._task = asyncio.create_task(self._server.serve(self._sockets), name="http server")
        while not self._server.started:
            if self._task.done():
                await self._task
            await asyncio.sleep(0.005)

    def drain(self) -> None:
        """Answer on, and close each connection with its answer: a connection that is kept would be cut by `stop`."""
        self._draining = True

    async def stop(self) -> None:
        """Accept no more, finish what runs (or cancel it after the drain timeout), close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _WithoutSignals(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Sockets on one port of every host; "" stands for all addresses, IPv4 and IPv6. Raises OSError.

    IPv6 sockets do not take IPv4 along, since a peer would then look like `::ffff:10.0.0.1` and match no network.
    """
    sockets: list[socket.socket] = []
    try:
        for host in hosts:
            for family, address in _addresses(host):
                taken = sockets[0].getsockname()[1] if sockets else port
                sockets.append(socket.create_server((address, taken), family=family, backlog=BACKLOG))
    except OSError:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    if host:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return [(family, str(address[0])) for family, _, _, _, address in found]
    every = [(socket.AF_INET, "0.0.0.0")]  # noqa: S104 - what an empty host means
    return [*every, (socket.AF_INET6, "::")] if _has_ipv6() else every


def _has_ipv6() -> bool:
    """False on machines whose kernel has it switched off."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
