"""Hearing of a new revision when it is committed: LISTEN on a direct connection of its own, PostgreSQL only.

Behind a transaction-mode pooler LISTEN succeeds and nothing ever arrives, without an error. So whoever listens notifies
itself through the pool that the writers use (`echo`), and polls while no answer comes. On SQLite there is nothing to
listen to; `Changes.current` is a look-up of one row.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import func, select

from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.database import Database
from ostiary_state.store.database_url import parse_url
from ostiary_state.store.identifiers import random_text
from ostiary_state.store.intent_transaction import CHANNEL
from ostiary_state.store.postgresql_hosts import Connector, connect_arguments
from ostiary_state.store.unavailability import unavailable_as_such

CONNECT_TIMEOUT = 5.0  # seconds


class Notifications:
    """One connection that listens, as `listen` hands it out."""

    def __init__(self, database: Database, connection: Any, echo_channel: str) -> None:
        self._database = database
        self._connection = connection
        self._echo_channel = echo_channel
        self._revision = asyncio.Event()
        self._echo = asyncio.Event()
        self._lost = False
        connection.add_termination_listener(self._ended)

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109 - an interval, not a deadline of the caller's
        """True once a revision was committed since the last call; False when none was for `timeout` seconds.

        Raises StoreUnavailable when the connection is lost: open another, and look for what was missed.
        """
        heard = await _within(timeout, self._revision)
        self._revision.clear()
        if self._lost:
            raise StoreUnavailable("the connection that listens is lost")
        return heard

    async def echo(self, timeout: float = 2.0) -> bool:  # noqa: ASYNC109 - how long an answer may take, by design
        """True where a notification through the pool comes back: only then does silence mean that nothing changed.

        Raises StoreUnavailable when it could not be sent.
        """
        self._echo.clear()
        async with self._database.write() as transaction:
            await transaction.execute(select(func.pg_notify(self._echo_channel, "")))
        return await _within(timeout, self._echo) and not self._lost

    async def start(self) -> None:
        """LISTEN on the revisions' channel and on the one of the echo."""
        await self._connection.add_listener(CHANNEL, self._heard(self._revision))
        await self._connection.add_listener(self._echo_channel, self._heard(self._echo))

    def _heard(self, event: asyncio.Event) -> Callable[..., None]:
        return lambda *_notification: event.set()

    def _ended(self, _connection: object) -> None:
        self._lost = True
        self._revision.set()
        self._echo.set()


@asynccontextmanager
async def listen(database: Database, url: str) -> AsyncIterator[Notifications]:
    """Listen on a connection to `url`, which must not go through a pooler. Raises StoreUnavailable.

    Commits between a caller's last look and this are not heard of: look once more after it.
    """
    arguments = connect_arguments(parse_url(url))
    with unavailable_as_such():
        connection = await Connector(writable=True)(
            **arguments, timeout=CONNECT_TIMEOUT, command_timeout=CONNECT_TIMEOUT
        )
    try:
        notifications = Notifications(database, connection, f"ostiary_echo_{random_text()}")
        with unavailable_as_such():
            await notifications.start()
        yield notifications
    finally:
        connection.terminate()  # a polite goodbye could wait for a server that is gone


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
