"""A commit wakes a replica within milliseconds, and a replica that cannot hear knows it."""

import asyncio

from prometheus_client import generate_latest

from ostiary_server.metrics import Metrics
from ostiary_server.replica.listening import Listening
from ostiary_state.store.database import Database
from ostiary_state.store.engine import open_database
from tests.postgres import PostgreSQL
from tests.server.declared import stored_application, write
from tests.server.polling import running, until


class Woken:
    def __init__(self) -> None:
        self.times = 0

    def wake(self) -> None:
        self.times += 1


async def test_a_commit_wakes_at_once(postgresql_database: Database, postgresql_url: str) -> None:
    woken, listening = Woken(), Listening(postgresql_database, postgresql_url, metrics=Metrics())
    async with running(listening.run(woken.wake)):
        await until(lambda: listening.hears)
        before, loop = woken.times, asyncio.get_running_loop()
        await write(postgresql_database, stored_application())
        committed = loop.time()
        await until(lambda: woken.times > before, within=2.0)
        assert loop.time() - committed < 1.0


async def test_a_replica_looks_for_what_it_missed_when_it_connects(
    postgresql_database: Database, postgresql_url: str
) -> None:
    woken, listening = Woken(), Listening(postgresql_database, postgresql_url, metrics=Metrics())
    async with running(listening.run(woken.wake)):
        await until(lambda: woken.times == 1)


async def test_a_connection_that_swallows_notifications_is_noticed_and_tried_again(
    postgresql_server: PostgreSQL, postgresql_database: Database, postgresql_url: str
) -> None:
    """Another database of the same server stands for the pooler: LISTEN succeeds there, and nothing arrives."""
    other = await postgresql_server.database()
    metrics = Metrics()
    url = postgresql_server.url(other)
    listening = Listening(postgresql_database, url, metrics=metrics, check=0.2, answer=0.1)
    async with running(listening.run(lambda: None)):
        await until(lambda: b"ostiary_notifications_deaf 1.0" in generate_latest(metrics.registry))
        assert not listening.hears
        listening._url = postgresql_url
        await until(lambda: listening.hears)
        assert b"ostiary_notifications_deaf 0.0" in generate_latest(metrics.registry)


async def test_a_restart_of_the_database_is_a_reconnect(own_postgresql: PostgreSQL) -> None:
    database = open_database(own_postgresql.url("postgres"))
    woken, listening = Woken(), Listening(database, own_postgresql.url("postgres"), metrics=Metrics())
    async with running(listening.run(woken.wake)):
        await until(lambda: listening.hears)
        own_postgresql.stop("fast")
        await until(lambda: not listening.hears)
        before = woken.times
        own_postgresql.start()  # not in a thread: the child would end with it
        await until(lambda: listening.hears)
        assert woken.times > before
    await database.close()
