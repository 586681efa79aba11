"""The schema: migrations lead to exactly the tables, and a binary starts only on a schema that fits."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, update

from ostiary_state.errors import SchemaMismatch
from ostiary_state.store.engine import open_database
from ostiary_state.store.schema import VERSION, check, migrate
from ostiary_state.store.tables import metadata, schema_version
from tests.store.repositories import Repositories


async def test_the_migrations_lead_to_the_tables(sql_store: Repositories) -> None:
    def difference(connection: Connection) -> list:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, metadata)

    async with sql_store.sql._engines.write.connect() as connection:
        found = await connection.run_sync(difference)

    assert found == []


async def test_migrating_again_changes_nothing(sql_store: Repositories) -> None:
    await migrate(sql_store.url)

    await check(sql_store.sql)


async def test_two_migrations_at_once_make_one_schema(empty_url: str) -> None:
    await asyncio.gather(migrate(empty_url), migrate(empty_url))

    database = open_database(empty_url)
    await check(database)
    await database.close()


async def test_a_database_without_a_schema_says_what_to_run(empty_url: str) -> None:
    database = open_database(empty_url)

    with pytest.raises(SchemaMismatch, match="ostiary migrate"):
        await check(database)

    await database.close()


@pytest.mark.parametrize(
    ("version", "oldest_reader", "fits"),
    [
        (VERSION, VERSION, True),
        (VERSION + 1, VERSION, True),
        (VERSION + 1, VERSION + 1, False),
        (VERSION - 1, VERSION - 1, False),
    ],
    ids=["the same", "newer and still readable: a rolling update", "no longer readable", "older than the binary"],
)
async def test_a_binary_starts_where_it_can_read(
    sql_store: Repositories, version: int, oldest_reader: int, fits: bool
) -> None:
    async with sql_store.sql.write() as transaction:
        await transaction.execute(update(schema_version).values(version=version, oldest_reader=oldest_reader))

    if fits:
        await check(sql_store.sql)
    else:
        with pytest.raises(SchemaMismatch):
            await check(sql_store.sql)


async def test_an_older_binary_does_not_migrate_a_newer_schema(sql_store: Repositories) -> None:
    async with sql_store.sql.write() as transaction:
        await transaction.execute(update(schema_version).values(version=VERSION + 1))

    await migrate(sql_store.url)

    await check(sql_store.sql)
