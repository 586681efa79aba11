"""Heartbeats expire by the database's clock, whatever a replica's own says."""

from sqlalchemy import select, update

from ostiary_state.store.tables import replicas
from tests.store.repositories import Repositories


async def test_a_replica_that_does_not_beat_is_no_longer_live(sql_store: Repositories) -> None:
    await sql_store.replicas.heartbeat("dead", 1)
    await sql_store.replicas.heartbeat("live", 2)
    async with sql_store.sql.write() as transaction:
        eleven_seconds_ago = update(replicas).where(replicas.c.id == "dead")
        await transaction.execute(eleven_seconds_ago.values(expires_at=replicas.c.expires_at - 11))

    served = await sql_store.intent.served()

    assert (served.minimum, served.replicas) == (2, 1)


async def test_a_heartbeat_lasts_about_ten_seconds(sql_store: Repositories) -> None:
    await sql_store.replicas.heartbeat("live", 1)

    async with sql_store.sql.read() as transaction:
        left = (await transaction.execute(select(replicas.c.expires_at - sql_store.sql.now))).scalar_one()

    assert 8 < left <= 10
