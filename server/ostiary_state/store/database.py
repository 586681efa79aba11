"""Read and write transactions over whatever engine is beneath them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Double, Executable, cast, event, func, literal_column
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

from ostiary_state.store.unavailability import unavailable_as_such

StatementListener = Callable[[str], None]  # called with the text of each statement but BEGIN

Rows = CursorResult[*tuple[Any, ...]]

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True, slots=True)
class Engines:
    """One engine seen in three ways, or, on SQLite, two pools: readers, and the one writer."""

    read: AsyncEngine  # a statement at a time, without BEGIN and COMMIT where the engine allows
    snapshot: AsyncEngine  # every statement of the transaction sees the same moment
    write: AsyncEngine
    pools: tuple[AsyncEngine, ...]  # what holds connections: to be listened to and closed


class Transaction(Protocol):
    """What repositories execute statements on."""

    async def execute(self, statement: Executable, parameters: Parameters = None) -> Rows:
        """Run one statement; its rows are already here. Raises what `write()` and `read()` raise."""

    async def rollback(self) -> None:
        """Undo what was done so far, for a block that ends without raising."""


class Database:
    """One database, opened by `engine.open_database`. All connectivity errors leave it as StoreUnavailable."""

    def __init__(self, engines: Engines, *, listeners: Sequence[StatementListener] = ()) -> None:
        self._engines = engines
        self.postgresql = engines.write.dialect.name == "postgresql"
        for pool in engines.pools:
            for listener in listeners:
                event.listen(pool.sync_engine, "before_cursor_execute", _telling(listener))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """One or a few independent SELECTs. Do not write here."""
        async with self._transaction(self._engines.read) as transaction:
            yield transaction

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Transaction]:
        """Several SELECTs that see one moment."""
        async with self._transaction(self._engines.snapshot) as transaction:
            yield transaction

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A transaction, committed when the block ends and rolled back when it raises."""
        async with self._transaction(self._engines.write) as transaction:
            yield transaction

    def connections_in_use(self) -> int:
        """Connections that transactions hold now."""
        pools = [pool.sync_engine.pool for pool in self._engines.pools]
        return sum(pool.checkedout() for pool in pools if isinstance(pool, QueuePool))

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._engines.pools:
            await pool.dispose()

    @property
    def now(self) -> ColumnElement[float]:
        """The database's clock in seconds since the epoch, which all replicas share."""
        if self.postgresql:
            return cast(func.extract("epoch", func.clock_timestamp()), Double)
        return literal_column("((julianday('now') - 2440587.5) * 86400.0)", Double)

    def greatest(self, one: ColumnElement[float], other: ColumnElement[float]) -> ColumnElement[float]:
        """The larger of two values that are not null."""
        return func.greatest(one, other) if self.postgresql else func.max(one, other)

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator["_Connected"]:
        with unavailable_as_such():
            connected = _Connected(engine)
            try:
                await connected.open()
                yield connected
                await connected.commit()
            finally:
                await connected.close()


class _Connected:
    """A connection in a transaction. Its first statement is sent again once when the connection proves stale.

    After a restart of PostgreSQL every pooled connection is dead. Nothing of a transaction can have happened when
    its first statement finds out, whereas a lost COMMIT is ambiguous and is never repeated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._pristine = True

    async def open(self) -> None:
        self._connection = await self._engine.connect()

    async def execute(self, statement: Executable, parameters: Parameters = None) -> Rows:
        assert self._connection is not None  # noqa: S101 - opened by `_transaction`
        pristine, self._pristine = self._pristine, False
        try:
            return await self._connection.execute(statement, parameters)
        except DBAPIError as error:
            if not (pristine and error.connection_invalidated):
                raise
        await self.close()
        await self.open()
        return await self._connection.execute(statement, parameters)

    async def rollback(self) -> None:
        assert self._connection is not None  # noqa: S101 - opened by `_transaction`
        await self._connection.rollback()

    async def commit(self) -> None:
        assert self._connection is not None  # noqa: S101 - opened by `_transaction`
        await self._connection.commit()

    async def close(self) -> None:
        """Rolls back what was not committed; a caller that is cancelled twice does not keep the connection either."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await asyncio.shield(asyncio.create_task(connection.close()))


def _telling(listener: StatementListener) -> Callable[..., None]:
    def before_cursor_execute(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            listener(statement)

    return before_cursor_execute
