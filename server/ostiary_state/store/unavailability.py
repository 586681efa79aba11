"""Which errors of the drivers mean that the database is away, so that a caller meets one class: StoreUnavailable.

An error that is not listed is a fault of ours (a wrong statement, a broken constraint) and stays what it is.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy import exc

from ostiary_state.errors import StoreUnavailable

# Classes of SQLSTATE (PostgreSQL appendix A) and single states.
_SQLSTATES = (
    "08",  # connection exception
    "28",  # invalid authorization: a rotated password is about to arrive
    "3D000",  # the database does not exist (yet)
    "53",  # insufficient resources: connections, memory, disk
    "57",  # operator intervention: shutdown, starting up, statement timeout
    "58",  # system error: I/O
    "25006",  # read-only transaction: connected to a standby during a failover
    "40001",  # serialization failure
    "40P01",  # deadlock
    "55P03",  # lock not available
)

_SQLITE_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)

# What a driver raises outside SQLAlchemy's own classes while it connects, times out or loses its socket.
CONNECTIVITY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.TargetServerAttributeNotMatched,  # only standbys were met
)


def is_unavailable(error: BaseException) -> bool:
    """True for what a retry may cure: lost or refused connections, timeouts, full pools, locks, disks."""
    if isinstance(error, exc.DBAPIError):
        return error.connection_invalidated or (error.orig is not None and is_unavailable(error.orig))
    if isinstance(error, (exc.TimeoutError, *CONNECTIVITY)):
        return True
    if isinstance(error, sqlite3.Error):
        return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _SQLITE_CODES
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate:
        return str(sqlstate).startswith(_SQLSTATES)
    return isinstance(error.__cause__, CONNECTIVITY)


@contextmanager
def unavailable_as_such() -> Iterator[None]:
    """Raise StoreUnavailable, with the driver's error as its cause, for each error that `is_unavailable`."""
    try:
        yield
    except (exc.SQLAlchemyError, asyncpg.PostgresError, sqlite3.Error, *CONNECTIVITY) as error:
        if not is_unavailable(error):
            raise
        raise StoreUnavailable(_summary(error)) from error


def _summary(error: BaseException) -> str:
    """The driver's first line without the statement and its parameters, which hold digests."""
    origin = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    return f"the database did not answer: {type(origin).__name__}: {str(origin).partition(chr(10))[0]}"
