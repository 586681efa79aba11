"""A TCP forwarder before a server: what a Service, a load balancer or a cut cable is to a client."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Forwarder:
    """Forwards to one port at a time.

    `silence` is a machine that is gone: what is connected stays connected and hears nothing ever again, what connects
    is accepted and hears nothing either. What connects after `speak` is forwarded.
    """

    def __init__(self, target: int, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.port = 0
        self.target = target
        self._speaking = True
        self._connected: dict[asyncio.Task[None], asyncio.Event] = {}
        self._server: asyncio.Server

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    def silence(self) -> None:
        """Forward nothing more."""
        self._speaking = False
        for dead in self._connected.values():
            dead.set()

    def speak(self) -> None:
        """Forward what connects from now on."""
        self._speaking = True

    async def stop(self) -> None:
        self._server.close()
        for task in list(self._connected):
            task.cancel()
        await asyncio.gather(*self._connected, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        dead = self._connected[task] = asyncio.Event()
        with suppress(asyncio.CancelledError, OSError):
            await self._serve(reader, writer, dead)
        writer.transport.abort()
        del self._connected[task]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dead: asyncio.Event) -> None:
        if not self._speaking:
            await asyncio.Event().wait()
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        copies = [asyncio.create_task(_copy(*ends, dead)) for ends in ((reader, back), (there, writer))]
        try:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for copy in copies:
                copy.cancel()
            back.transport.abort()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter, dead: asyncio.Event) -> None:
    while data := await source.read(65_536):
        if dead.is_set():
            await asyncio.Event().wait()
        sink.write(data)
        await sink.drain()


@asynccontextmanager
async def forwarding(target: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Forwarder]:
    """A forwarder to a port on loopback, listening on `port`; with `tls` it ends that."""
    forwarder = Forwarder(target, tls)
    await forwarder.start()
    try:
        yield forwarder
    finally:
        await forwarder.stop()
