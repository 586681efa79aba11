"""Where PostgreSQL is: every form of its URL for every kind of connection, and only the host that takes writes."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text

from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.database import Database
from ostiary_state.store.database_url import parse_url
from ostiary_state.store.engine import open_database
from ostiary_state.store.limits import ConnectionLimits
from ostiary_state.store.notifications import listen
from ostiary_state.store.schema import check, migrate
from ostiary_state.store.tables import revision
from tests.forwarder import Forwarder, forwarding
from tests.postgres import USER, PostgreSQL
from tests.processes import free_port
from tests.store.repositories import in_sql
from tests.store.values import NOW, application

HASTY = ConnectionLimits(pool_size=3, pool_timeout=0.5, connect_timeout=4.0, statement_timeout=1.0, command_timeout=3.0)


@pytest.fixture
async def forwarder(postgresql_server: PostgreSQL) -> AsyncIterator[Forwarder]:
    async with forwarding(postgresql_server.port) as started:
        yield started


async def works(url: str) -> None:
    """Migrations, the pool and the connection that listens."""
    await migrate(url)
    database = open_database(url, limits=HASTY)
    await check(database)
    async with listen(database, url) as notifications:
        assert await notifications.echo()
    await database.close()


async def read(database: Database) -> int:
    async with database.read() as transaction:
        return (await transaction.execute(select(revision.c.value))).scalar_one()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
async def test_a_url_as_others_hand_it_out_works_everywhere(
    postgresql_server: PostgreSQL, postgresql_url: str, scheme: str
) -> None:
    name = postgresql_url.rpartition("/")[2]
    await works(f"{scheme}://{USER}:any@127.0.0.1:{postgresql_server.port}/{name}")


@pytest.mark.parametrize(
    "form",
    [
        "postgresql+asyncpg://{user}:p%40w@/{name}?host=127.0.0.1:{none}&host=127.0.0.1:{port}",
        "postgresql://{user}:p%40w@127.0.0.1:{none},127.0.0.1:{port}/{name}",
        "postgres://{user}:p%40w@127.0.0.1:{none},127.0.0.1:{port}/{name}?sslmode=prefer",
    ],
)
async def test_of_several_hosts_the_one_that_answers_is_taken(
    postgresql_server: PostgreSQL, postgresql_url: str, form: str
) -> None:
    name = postgresql_url.rpartition("/")[2]
    await works(form.format(user=USER, name=name, port=postgresql_server.port, none=free_port()))


def test_a_host_without_a_port_is_on_postgresqls_own() -> None:
    url = parse_url("postgresql://app:pw@one,two:6432/app?sslmode=require")

    assert url.query == {"sslmode": "require", "host": ("one:5432", "two:6432")}
    assert (url.username, url.password, url.database) == ("app", "pw", "app")


async def test_a_first_host_that_is_silent_does_not_hide_the_second(
    forwarder: Forwarder, postgresql_server: PostgreSQL, postgresql_url: str
) -> None:
    name = postgresql_url.rpartition("/")[2]
    forwarder.silence()
    database = open_database(
        f"postgresql://{USER}@127.0.0.1:{forwarder.port},127.0.0.1:{postgresql_server.port}/{name}", limits=HASTY
    )

    assert await read(database) == 0
    async with asyncio.timeout(1.5):  # the second one is asked first now
        assert await asyncio.gather(*(read(database) for _ in range(3))) == [0, 0, 0]
    await database.close()


async def test_a_silent_connection_is_given_up_after_one_timeout_and_all_others_with_it(
    forwarder: Forwarder, postgresql_url: str
) -> None:
    name = postgresql_url.rpartition("/")[2]
    database = open_database(f"postgresql://{USER}@127.0.0.1:{forwarder.port}/{name}", limits=HASTY)
    await asyncio.gather(*(read(database) for _ in range(3)))

    forwarder.silence()
    async with asyncio.timeout(HASTY.command_timeout + 1.0):
        with pytest.raises(StoreUnavailable, match="Timeout"):
            await read(database)
    forwarder.speak()

    async with asyncio.timeout(2.0):  # what was idle all the while leads nowhere either, and is not tried
        assert await asyncio.gather(*(read(database) for _ in range(3))) == [0, 0, 0]
    assert database.connections_in_use() == 0
    await database.close()


async def test_closing_does_not_wait_for_a_server_that_is_silent(forwarder: Forwarder, postgresql_url: str) -> None:
    name = postgresql_url.rpartition("/")[2]
    database = open_database(f"postgresql://{USER}@127.0.0.1:{forwarder.port}/{name}", limits=HASTY)
    await asyncio.gather(*(read(database) for _ in range(3)))
    forwarder.silence()

    async with asyncio.timeout(2.0):
        await database.close()


async def test_a_standby_is_unavailable(own_postgresql: PostgreSQL, own_standby: PostgreSQL) -> None:
    await migrate(own_postgresql.url("postgres"))
    url = own_standby.url("postgres")
    database = open_database(url, limits=HASTY)

    with pytest.raises(StoreUnavailable, match="read-write"):
        await read(database)
    with pytest.raises(StoreUnavailable, match="read-write"):
        async with listen(database, url):
            pass
    await database.close()


async def test_of_a_primary_and_its_standby_the_primary_is_taken(
    own_postgresql: PostgreSQL, own_standby: PostgreSQL
) -> None:
    await works(f"postgresql://{USER}@/postgres?host=127.0.0.1:{own_standby.port}&host=127.0.0.1:{own_postgresql.port}")


async def test_a_pool_that_has_met_a_standby_leaves_it_at_the_first_write(
    own_postgresql: PostgreSQL, own_standby: PostgreSQL
) -> None:
    await migrate(own_postgresql.url("postgres"))
    await own_standby.catch_up()
    async with forwarding(own_standby.port) as service:
        url = f"postgresql://{USER}@127.0.0.1:{service.port}/postgres"
        store = in_sql(f"{url}?target_session_attrs=any")  # as behind a pooler, which chooses itself

        with pytest.raises(StoreUnavailable, match="read-only"):
            await store.intent.write([application()], fence=0, now=NOW)
        service.target = own_postgresql.port
        assert await store.intent.write([application()], fence=0, now=NOW) == 1

        async with store.sql.read() as transaction:
            assert not (await transaction.execute(text("SELECT pg_is_in_recovery()"))).scalar_one()
        await store.sql.close()
