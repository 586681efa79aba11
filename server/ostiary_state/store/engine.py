"""Opens the database of a URL: PostgreSQL through asyncpg with a bounded pool, SQLite through aiosqlite."""

from collections.abc import Sequence

from sqlalchemy import URL

from ostiary_state.store.database import Database, Engines, StatementListener
from ostiary_state.store.database_url import parse_url
from ostiary_state.store.limits import ConnectionLimits
from ostiary_state.store.postgresql import postgresql_engines
from ostiary_state.store.sqlite import sqlite_engines


def open_database(
    url: str,
    *,
    limits: ConnectionLimits | None = None,
    pooler: bool = False,
    listeners: Sequence[StatementListener] = (),
) -> Database:
    """The database of a URL; connects with the first statement.

    `pooler`: a transaction-mode pooler such as pgbouncer is in between, so nothing may depend on the connection
    outliving the transaction: no statement cache, no session settings, every read in a transaction of its own.
    Raises ValueError for another kind of URL, and for an SQLite file on NFS or SMB.
    """
    return Database(open_engines(parse_url(url), limits or ConnectionLimits(), pooler=pooler), listeners=listeners)


def open_engines(url: URL, limits: ConnectionLimits, *, pooler: bool) -> Engines:
    """What `open_database` stands on; raises the same."""
    match url.get_backend_name():
        case "postgresql" | "postgres":  # libpq knows both
            return postgresql_engines(url, limits, pooler=pooler)
        case "sqlite":
            return sqlite_engines(url, limits)
        case other:
            raise ValueError(f"write postgresql:// or sqlite+aiosqlite:/// instead of {other}://")
