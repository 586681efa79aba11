"""Behind a real pgbouncer in transaction mode, as docs/operations/install.md sets it up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest

from ostiary_state.store.engine import open_database
from ostiary_state.store.schema import migrate
from tests.pgbouncer import pooled, through
from tests.postgres import PostgreSQL
from tests.server.declared import SECRET, stored_application, stored_user, write
from tests.server.polling import until
from tests.server.serving import Served, serving

WEB = stored_application(
    "web", grantModes=["authorization_code", "refresh_token", "client_credentials"], consent="Skip"
)
LATER = stored_application("web", grantModes=["client_credentials"], enabled=False)
FLOWS = 5


@pytest.fixture(scope="module")
def pooler(postgresql_server: PostgreSQL) -> Iterator[int]:
    """Its port."""
    with pooled(postgresql_server) as port:
        yield port


async def test_two_replicas_share_few_connections_and_hear_of_changes(postgresql_url: str, pooler: int) -> None:
    url = through(postgresql_url, pooler)
    database = open_database(url, pooler=True)
    await write(database, WEB, stored_user())
    direct = {"database_pooler": True, "listen_url": postgresql_url}
    async with serving(url, **direct) as one, serving(url, **direct) as other:
        refreshed = await asyncio.gather(_flows(one), _flows(other))
        assert len({*refreshed[0], *refreshed[1]}) == 2 * FLOWS
        await write(database, LATER)
        for served in (one, other):
            await until(partial(_is_refused, served), within=2.0)
            assert not await _is_deaf(served)
    await database.close()


async def test_without_a_direct_connection_a_replica_notices_and_polls(postgresql_url: str, pooler: int) -> None:
    url = through(postgresql_url, pooler)
    database = open_database(url, pooler=True)
    await write(database, WEB)
    async with serving(url, database_pooler=True) as served:
        await until(lambda: _is_deaf(served), within=8.0)
        await write(database, LATER)
        await until(lambda: _is_refused(served), within=2.0)
    await database.close()


async def test_a_schema_is_made_through_the_pooler(postgresql_server: PostgreSQL, pooler: int) -> None:
    url = through(postgresql_server.url(await postgresql_server.database(template=None)), pooler)
    await migrate(url, pooler=True)
    await migrate(url, pooler=True)
    database = open_database(url, pooler=True)
    assert await write(database, WEB) == 1
    await database.close()


async def _flows(served: Served) -> list[str]:
    """Sign in once, then code after code, each refreshed at once; the refresh tokens in the end."""
    signed_in = await served.sign_in()
    assert signed_in.status_code == 303, signed_in.text
    found = []
    for _ in range(FLOWS):
        onward = await served.authorize()
        tokens = (await served.redeem(onward.headers["location"])).json()
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        answer = await served.client.post("/token", data=form, auth=("shop.web", SECRET))
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["refresh_token"])
    return found


async def _is_refused(served: Served) -> bool:
    return (await served.client_credentials()).status_code == 401


async def _is_deaf(served: Served) -> bool:
    samples = served.server.metrics.registry.get_sample_value("ostiary_notifications_deaf")
    return samples == 1.0
