"""Hearing of revisions: within a transaction's commit, and knowing when nothing can be heard."""

import asyncio

import pytest

from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.notifications import listen
from ostiary_state.store.schema import migrate
from tests.postgres import PostgreSQL
from tests.processes import free_port
from tests.store.repositories import Repositories, in_sql
from tests.store.values import NOW, application, grant, issued

SOON = 5.0


async def test_a_commit_is_heard_and_then_it_is_quiet(postgresql_store: Repositories) -> None:
    async with listen(postgresql_store.sql, postgresql_store.url) as notifications:
        await postgresql_store.intent.write([application()], fence=0, now=NOW)

        assert await notifications.wait(SOON)
        assert not await notifications.wait(0.05)


async def test_an_intent_write_notifies_once_and_a_token_never(postgresql_store: Repositories) -> None:
    async with listen(postgresql_store.sql, postgresql_store.url) as notifications:
        heard: list[str] = []
        await notifications._connection.add_listener("ostiary_revision", lambda *notice: heard.append(notice[3]))
        await postgresql_store.intent.write([application(), application("shop/other")], fence=0, now=NOW)
        assert await notifications.wait(SOON)
        await postgresql_store.grants.start(grant())
        await postgresql_store.grants.redeem(grant(), issued(), NOW)
        assert await notifications.echo()

    assert heard == ["1"]


async def test_an_echo_comes_back_through_the_pool(postgresql_store: Repositories) -> None:
    async with listen(postgresql_store.sql, postgresql_store.url) as notifications:
        assert await notifications.echo()
        assert await notifications.echo()
        assert not await notifications.wait(0.05)


async def test_no_echo_comes_back_where_listening_is_deaf(
    postgresql_store: Repositories, postgresql_server: PostgreSQL
) -> None:
    elsewhere = postgresql_server.url("postgres")  # as deaf as the other side of a pooler

    async with listen(postgresql_store.sql, elsewhere) as notifications:
        assert not await notifications.echo(0.2)


async def test_a_lost_connection_ends_the_wait(own_postgresql: PostgreSQL) -> None:
    url = own_postgresql.url("postgres")
    await migrate(url)
    store = in_sql(url)

    async with listen(store.sql, url) as notifications:
        waiting = asyncio.create_task(notifications.wait(60.0))
        await asyncio.sleep(0)
        own_postgresql.stop("fast")
        with pytest.raises(StoreUnavailable):
            await waiting
        with pytest.raises(StoreUnavailable):
            await notifications.echo()
    await store.sql.close()
    own_postgresql.start()


async def test_a_server_that_is_not_there_is_unavailable(postgresql_store: Repositories) -> None:
    url = f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none"

    with pytest.raises(StoreUnavailable):
        async with listen(postgresql_store.sql, url):
            pass
