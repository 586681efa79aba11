"""One replica in this process: sockets, HTTP servers and what runs beside them. Also inside another program."""

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Self

from sqlalchemy.exc import ArgumentError

from ostiary_server.assembly import Assembly, assemble
from ostiary_server.metrics import Metrics
from ostiary_server.replica.listening import Listening
from ostiary_server.settings import ServerSettings
from ostiary_server.transport.exposition import exposition
from ostiary_server.transport.http_server import HTTPServer, bind
from ostiary_state.store.database import Database, StatementListener
from ostiary_state.store.engine import open_database
from ostiary_state.store.limits import ConnectionLimits

log = logging.getLogger(__name__)


class CannotStart(Exception):
    """A setting cannot be used: the address is taken, or the database's URL is none."""


class Server:
    """`async with Server(settings) as server:` listens at once, loads, serves; leaving it drains.

    Signals are the caller's. With `sockets` it listens there instead of at the settings' address; the caller binds
    them (`http_server.bind`), the server closes them. `/healthz` answers from the start, everything else with 503
    until `until_loaded` returns.
    """

    def __init__(
        self,
        settings: ServerSettings,
        *,
        sockets: Sequence[socket.socket] | None = None,
        clock: Callable[[], float] = time.time,
        listeners: Sequence[StatementListener] = (),
    ) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self._sockets = sockets
        self._clock = clock
        self._listeners = listeners
        self._database: Database
        self._assembly: Assembly
        self._http: HTTPServer
        self._metrics_http: HTTPServer | None = None
        self._running: asyncio.Task[None]
        self._asking: asyncio.Task[None]

    @property
    def port(self) -> int:
        """Where the endpoints are."""
        return self._http.port

    @property
    def metrics_port(self) -> int | None:
        """Where `/metrics` is; None when it is switched off."""
        return self._metrics_http.port if self._metrics_http else None

    async def __aenter__(self) -> Self:
        """Raises CannotStart, before anything runs."""
        settings = self.settings
        self._database = self._opened()
        sockets = self._sockets if self._sockets is not None else self._bound(settings.port)
        metrics_sockets = self._bound(settings.metrics_port) if settings.metrics_port >= 0 else None
        self._assembly = assemble(
            settings,
            self._database,
            self._listening(),
            replica_id=f"{socket.gethostname()}-{secrets.token_hex(4)}",
            clock=self._clock,
            metrics=self.metrics,
        )
        self._http = HTTPServer(self._assembly.app, sockets, drain_timeout=settings.drain_timeout)
        await self._http.start()
        if metrics_sockets is not None:
            self._metrics_http = HTTPServer(exposition(self.metrics), metrics_sockets, drain_timeout=1)
            await self._metrics_http.start()
        self._running = asyncio.create_task(self._assembly.replica.run(), name="replica")
        self._asking = asyncio.create_task(self._assembly.issuers.until_cluster_is_known(), name="cluster issuer")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ask for no more requests, finish those that run, tell that this replica is gone."""
        self._assembly.replica.drain()
        self._http.drain()
        if error is None:
            await asyncio.sleep(self.settings.drain_delay)
        await self._http.stop()
        self._running.cancel()
        self._asking.cancel()
        await asyncio.wait([self._running, self._asking])
        await self._assembly.replica.leave()
        await self._close()

    async def until_loaded(self, *, or_until: asyncio.Event | None = None) -> None:
        """Returns when everything is served from memory. Raises SchemaMismatch and CannotOpen."""
        await self._first(self._assembly.replica.loaded(), or_until)

    async def until_failed(self, *, or_until: asyncio.Event | None = None) -> None:
        """Raises what ends the replica, if anything does; returns when the event is set."""
        await self._first(asyncio.Event().wait(), or_until)

    def wake(self) -> None:
        """This very process has written manifests: follow them now, not at the next poll."""
        self._assembly.replica.wake()

    async def _first(self, wanted: Coroutine[Any, Any, Any], or_until: asyncio.Event | None) -> None:
        waits = [asyncio.ensure_future(wanted)]
        if or_until is not None:
            waits.append(asyncio.ensure_future(or_until.wait()))
        try:
            await asyncio.wait([self._running, *waits], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._running.done():
            self._running.result()

    def _opened(self) -> Database:
        settings = self.settings
        try:
            return open_database(
                settings.database_url.get_secret_value(),
                limits=ConnectionLimits(pool_size=settings.database_pool_size),
                pooler=settings.database_pooler,
                listeners=self._listeners,
            )
        except (ValueError, ArgumentError) as error:
            raise CannotStart(f"OSTIARY_DATABASE_URL: {error}") from None

    def _bound(self, port: int) -> list[socket.socket]:
        try:
            return bind([self.settings.host], port)
        except OSError as error:
            raise CannotStart(
                f"cannot listen on port {port} of {self.settings.host or 'any address'}: {error}"
            ) from error

    def _listening(self) -> Listening | None:
        if not self._database.postgresql:
            return None
        url = (self.settings.listen_url or self.settings.database_url).get_secret_value()
        return Listening(self._database, url, metrics=self.metrics)

    async def _close(self) -> None:
        if self._metrics_http is not None:
            await self._metrics_http.stop()
        await self._assembly.close()
        await self._database.close()
