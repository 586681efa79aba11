"""The schema's version, and bringing a database to it.

Migrations expand first and contract a minor release later, so binaries of two releases work on one schema: a new
migration raises `version`, and `oldest_reader` only when it takes away what older binaries read. A pod that restarts
during a rolling update, or after a rollback, still starts.
"""

import asyncio
from importlib import resources
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ostiary_state.errors import SchemaMismatch, StoreUnavailable
from ostiary_state.store.database import Database
from ostiary_state.store.database_url import parse_url
from ostiary_state.store.engine import open_engines
from ostiary_state.store.limits import ConnectionLimits
from ostiary_state.store.tables import schema_version
from ostiary_state.store.unavailability import unavailable_as_such

if TYPE_CHECKING:
    from alembic.config import Config

VERSION = 3  # what this binary's migrations lead to, and what it reads and writes

MIGRATE = "run `ostiary migrate`"

# While one process makes a new SQLite file a WAL file, another is told at once that it is locked: the busy timeout does
# not count for that.
_ATTEMPTS, _PAUSE = 50, 0.1  # seconds

_LOCK = 0x05714127  # any number that nothing else on this database takes an advisory lock on

# A migration may wait for another one, and rewrite a table.
_PATIENCE = ConnectionLimits(pool_size=1, statement_timeout=3600.0, command_timeout=3600.0)


async def migrate(url: str, *, pooler: bool = False) -> None:
    """Bring the schema to this binary's version; nothing happens where it is there. Safe to run twice at once.

    `pooler`: as `open_database` has it.

    All in one transaction, under an advisory lock on PostgreSQL and the writer's lock on SQLite. Raises
    StoreUnavailable, and ValueError for a URL that is neither.
    """
    engines = open_engines(parse_url(url), _PATIENCE, pooler=pooler)
    attempts = 1 if engines.write.dialect.name == "postgresql" else _ATTEMPTS
    try:
        while True:
            attempts -= 1
            try:
                await _migrate(engines.write)
            except StoreUnavailable:
                if not attempts:
                    raise
                await asyncio.sleep(_PAUSE)
            else:
                return
    finally:
        for pool in engines.pools:
            await pool.dispose()


async def _migrate(engine: AsyncEngine) -> None:
    with unavailable_as_such():
        async with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            await connection.run_sync(_upgrade)


async def check(database: Database) -> None:
    """Raise SchemaMismatch where this binary cannot serve from the schema: ask at start, never while serving."""
    try:
        async with database.read() as transaction:
            row = (await transaction.execute(select(schema_version))).one_or_none()
    except DBAPIError as error:
        if not is_missing_table(error):
            raise
        row = None
    if row is None:
        raise SchemaMismatch(f"the database has no schema: {MIGRATE}")
    if row.version < VERSION:
        raise SchemaMismatch(f"the schema is version {row.version}, this binary needs {VERSION}: {MIGRATE}")
    if row.oldest_reader > VERSION:
        raise SchemaMismatch(f"the schema is for binaries of version {row.oldest_reader} or later, this is {VERSION}")


def is_missing_table(error: DBAPIError) -> bool:
    """PostgreSQL's undefined_table, or SQLite's words for it, which has no code of its own."""
    return getattr(error.orig, "sqlstate", None) == "42P01" or "no such table" in str(error.orig)


def alembic_config(connection: Connection) -> "Config":
    """Alembic's settings for the migrations that this package carries.

    Alembic is imported where a migration runs alone: a server checks its schema, and would hold 12 MiB for nothing.
    """
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("ostiary_state.store") / "migrations"))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    if connection.dialect.has_table(connection, schema_version.name):
        version = connection.execute(select(schema_version.c.version)).scalar_one()
        if version > VERSION:
            return  # a newer binary was here; whether this one can read it, `check` tells
    from alembic import command

    command.upgrade(alembic_config(connection), "head")
