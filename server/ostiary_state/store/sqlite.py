"""SQLite: WAL, one writer connection, BEGIN IMMEDIATE, on a local volume only.

A deferred transaction that reads and then writes fails at once with "database is locked" when another process has
written in between, whatever the busy timeout; BEGIN IMMEDIATE waits for its turn instead.
"""

import ctypes
import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ostiary_state.store.database import Engines
from ostiary_state.store.limits import ConnectionLimits

READERS = 4  # a reader is a thread; reads of one small file do not gain from more

BUSY_TIMEOUT = 5_000  # milliseconds that a writer waits for the other process

# statfs(2) types of file systems whose locks do not hold between clients, by which WAL files are destroyed.
NETWORK_FILE_SYSTEMS = {0x6969: "NFS", 0x517B: "SMB", 0xFF534D42: "CIFS", 0xFE534D42: "SMB2"}


def sqlite_engines(url: URL, limits: ConnectionLimits) -> Engines:
    """A pool of readers and one writer. Raises ValueError for a file in memory or on a network file system."""
    if not url.database or url.database == ":memory:":
        raise ValueError("the database needs a file: sqlite+aiosqlite:///path")
    refuse_network_file_system(Path(url.database))
    read = _engine(url, limits, size=READERS, read_only=True)
    write = _engine(url, limits, size=1, read_only=False)
    event.listen(write.sync_engine, "begin", _begin_immediate)
    snapshot = read.execution_options()
    event.listen(snapshot.sync_engine, "begin", _begin)
    return Engines(read=read, snapshot=snapshot, write=write, pools=(read, write))


def _engine(url: URL, limits: ConnectionLimits, *, size: int, read_only: bool) -> AsyncEngine:
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        pool_size=size,
        max_overflow=0,
        pool_timeout=limits.pool_timeout,
        hide_parameters=True,  # a fault of ours is logged with its statement, never with what a person has sent
    )

    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would be a deferred one
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT}",
            "journal_mode = WAL",
            "synchronous = FULL",  # a commit that was answered survives a power cut
            "foreign_keys = ON",
            f"query_only = {'ON' if read_only else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine.sync_engine, "connect", prepare)
    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def refuse_network_file_system(path: Path) -> None:
    """Raise ValueError where the file, or the folder it will be made in, is on NFS or SMB."""
    existing = next((each for each in (path.absolute(), *path.absolute().parents) if each.exists()), Path("/"))
    kind = NETWORK_FILE_SYSTEMS.get(file_system_type(existing))
    if kind is not None:
        raise ValueError(f"{path} is on {kind}, where SQLite loses data: use a local volume, or PostgreSQL")


def file_system_type(path: Path) -> int:
    """f_type of statfs(2); 0 where there is no such call. Linux only: elsewhere the struct differs."""
    if os.uname().sysname != "Linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = (ctypes.c_ulong * 64)()  # struct statfs is smaller; its first word is f_type
    if libc.statfs(os.fsencode(path), ctypes.byref(buffer)) != 0:
        return 0
    return int(buffer[0]) & 0xFFFFFFFF
