"""Connections: what is away is StoreUnavailable, a restart is not noticed, and SQLite refuses what would lose data."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, text

from ostiary_state.errors import StoreUnavailable
from ostiary_state.store import sqlite
from ostiary_state.store.engine import open_database
from ostiary_state.store.limits import ConnectionLimits
from ostiary_state.store.notifications import listen
from ostiary_state.store.schema import migrate
from ostiary_state.store.tables import replicas, revision
from tests.postgres import PostgreSQL
from tests.processes import free_port
from tests.store.repositories import Repositories, in_sql
from tests.store.values import NOW, application

HASTY = ConnectionLimits(pool_size=1, pool_timeout=0.2, connect_timeout=0.5, statement_timeout=0.3, command_timeout=1.0)


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    database = open_database(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none", limits=HASTY)

    for transaction in (database.read, database.write, database.snapshot):
        with pytest.raises(StoreUnavailable):
            async with transaction() as connection:
                await connection.execute(select(revision))
    await database.close()


async def test_a_database_name_that_does_not_exist_is_unavailable(postgresql_server: PostgreSQL) -> None:
    database = open_database(postgresql_server.url("missing"), limits=HASTY)

    with pytest.raises(StoreUnavailable):
        async with database.read() as connection:
            await connection.execute(select(revision))
    await database.close()


async def test_a_pool_without_a_free_connection_is_unavailable(sql_url: str) -> None:
    database = open_database(sql_url, limits=HASTY)

    async with database.write() as held:
        await held.execute(select(revision))
        with pytest.raises(StoreUnavailable):
            async with database.write() as second:
                await second.execute(select(revision))
    await database.close()


async def test_a_statement_that_takes_too_long_is_unavailable(postgresql_url: str) -> None:
    database = open_database(postgresql_url, limits=HASTY)

    with pytest.raises(StoreUnavailable, match="statement timeout"):
        async with database.read() as connection:
            await connection.execute(text("SELECT pg_sleep(5)"))
    async with database.read() as connection:
        await connection.execute(select(revision))
    await database.close()


async def test_a_fault_of_ours_is_not_called_unavailable(sql_store: Repositories) -> None:
    with pytest.raises(Exception, match="no_such_table") as fault:
        async with sql_store.sql.read() as connection:
            await connection.execute(text("SELECT * FROM no_such_table"))

    assert not isinstance(fault.value, StoreUnavailable)


async def test_the_message_holds_no_parameter(sql_url: str) -> None:
    store = in_sql(sql_url)
    await store.sql.close()
    away = open_database(f"postgresql+asyncpg://user:hidden@127.0.0.1:{free_port()}/none", limits=HASTY)

    with pytest.raises(StoreUnavailable) as unavailable:
        async with away.read() as connection:
            await connection.execute(select(revision).where(revision.c.id == 4711))

    assert "hidden" not in str(unavailable.value)
    assert "4711" not in str(unavailable.value)
    await away.close()


async def test_a_block_that_raises_writes_nothing(sql_store: Repositories) -> None:
    async def change_my_mind() -> None:
        async with sql_store.sql.write() as transaction:
            await transaction.execute(insert(replicas).values(id="r", applied_revision=1, expires_at=2.0))
            raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed my mind"):
        await change_my_mind()

    async with sql_store.sql.read() as transaction:
        assert (await transaction.execute(select(replicas))).all() == []


async def test_cancelled_requests_give_their_connections_back_and_write_nothing(sql_store: Repositories) -> None:
    async def write(name: int) -> None:
        async with sql_store.sql.write() as transaction:
            row = {"id": f"r{name}", "applied_revision": 1, "expires_at": 2.0}
            await transaction.execute(insert(replicas).values(row))
            await asyncio.Event().wait()

    requests = [asyncio.create_task(write(each)) for each in range(8)]
    await asyncio.wait(requests, timeout=0.2)
    for request in requests:
        request.cancel()
    await asyncio.wait(requests)

    assert all(request.cancelled() for request in requests)
    assert sql_store.sql.connections_in_use() == 0
    async with sql_store.sql.read() as transaction:
        assert (await transaction.execute(select(replicas))).all() == []


async def test_a_plain_read_is_one_message_on_postgresql(postgresql_store: Repositories) -> None:
    async with postgresql_store.sql.read() as transaction:
        assert (await transaction.execute(text("SELECT pg_current_xact_id_if_assigned()"))).scalar_one() is None
        first = (await transaction.execute(text("SELECT now()"))).scalar_one()
        assert first < (await transaction.execute(text("SELECT now()"))).scalar_one()


async def test_a_snapshot_does_not_see_what_is_committed_meanwhile(sql_store: Repositories) -> None:
    async with sql_store.sql.snapshot() as transaction:
        before = (await transaction.execute(select(revision.c.value))).scalar_one()
        await sql_store.intent.write([application()], fence=0, now=NOW)
        after = (await transaction.execute(select(revision.c.value))).scalar_one()

    assert (before, after) == (0, 0)
    assert await sql_store.changes.current() == 1


async def test_a_restart_of_postgresql_is_not_noticed(own_postgresql: PostgreSQL) -> None:
    url = own_postgresql.url("postgres")
    await migrate(url)
    store = in_sql(url)
    await asyncio.gather(*(store.changes.current() for _ in range(5)))

    own_postgresql.restart()
    assert await store.changes.current() == 0
    own_postgresql.restart()
    assert await store.intent.write([application()], fence=0, now=NOW) == 1

    await store.sql.close()


@pytest.mark.parametrize("kind", ["read", "write"])
async def test_a_connection_that_proves_stale_at_its_first_statement_is_replaced_once(
    postgresql_store: Repositories, kind: str
) -> None:
    store = postgresql_store
    await store.changes.current()
    killed = []

    def kill(connection, *_rest: object) -> None:
        if not killed:
            killed.append(connection)
            connection.connection.driver_connection.terminate()

    event.listen(store.sql._engines.pools[0].sync_engine, "before_cursor_execute", kill)

    async with getattr(store.sql, kind)() as transaction:
        assert (await transaction.execute(select(revision.c.value))).scalar_one() == 0
    assert killed


async def test_a_transaction_that_loses_its_connection_later_is_not_repeated(postgresql_store: Repositories) -> None:
    store = postgresql_store

    async def lose_it_between() -> None:
        async with store.sql.write() as transaction:
            await transaction.execute(insert(replicas).values(id="r", applied_revision=1, expires_at=2.0))
            transaction._connection.sync_connection.connection.driver_connection.terminate()
            await transaction.execute(insert(replicas).values(id="s", applied_revision=1, expires_at=2.0))

    with pytest.raises(StoreUnavailable):
        await lose_it_between()

    async with store.sql.read() as transaction:
        assert (await transaction.execute(select(replicas))).all() == []


async def test_an_outage_is_unavailable_and_over_when_postgresql_is_back(own_postgresql: PostgreSQL) -> None:
    url = own_postgresql.url("postgres")
    await migrate(url)
    store = in_sql(url)
    await store.changes.current()

    own_postgresql.stop()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await store.changes.current()
        with pytest.raises(StoreUnavailable):
            await store.intent.write([application()], fence=0, now=NOW)
    own_postgresql.start()

    assert await store.intent.write([application()], fence=0, now=NOW) == 1
    await store.sql.close()


async def test_everything_works_without_a_statement_cache(postgresql_url: str) -> None:
    store = in_sql(postgresql_url, pooler=True)

    assert await store.intent.write([application()], fence=0, now=NOW) == 1
    assert (await store.applications.load_all()).revision == 1
    async with store.sql.read() as transaction:
        prepared = await transaction.execute(text("SELECT count(*) FROM pg_prepared_statements"))
        first = (await transaction.execute(text("SELECT now()"))).scalar_one()
        same = (await transaction.execute(text("SELECT now()"))).scalar_one()
        assert prepared.scalar_one() <= 1  # the very statement that counts
        assert first == same  # one transaction: a pooler keeps it on one server connection
    await store.sql.close()


async def test_sqlite_keeps_a_write_ahead_log_and_waits_for_other_writers(sqlite_store: Repositories) -> None:
    async with sqlite_store.sql.write() as transaction:
        found = [
            (await transaction.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        ]

    assert found == ["wal", 2, 5000, 1]


async def test_sqlite_readers_cannot_write(sqlite_store: Repositories) -> None:
    with pytest.raises(StoreUnavailable, match="readonly"):
        async with sqlite_store.sql.read() as transaction:
            await transaction.execute(insert(replicas).values(id="r", applied_revision=1, expires_at=2.0))


async def test_sqlite_takes_the_writers_lock_when_a_transaction_begins(sqlite_store: Repositories) -> None:
    path = sqlite_store.url.removeprefix("sqlite+aiosqlite:///")
    other = sqlite3.connect(path, timeout=0)

    async with sqlite_store.sql.write() as transaction:
        await transaction.execute(select(revision))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.close()


async def test_a_locked_sqlite_file_is_unavailable(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 50)
    database = open_database(sqlite_url)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match="locked"):
        async with database.write() as transaction:
            await transaction.execute(select(revision))

    other.execute("ROLLBACK")
    other.close()
    async with database.write() as transaction:
        await transaction.execute(select(revision))
    await database.close()


@pytest.mark.parametrize(("kind", "name"), [(0x6969, "NFS"), (0xFE534D42, "SMB2")])
def test_sqlite_on_a_network_file_system_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: int, name: str
) -> None:
    monkeypatch.setattr(sqlite, "file_system_type", lambda _path: kind)

    with pytest.raises(ValueError, match=f"is on {name}"):
        open_database(f"sqlite+aiosqlite:///{tmp_path}/new/ostiary.db")


def test_the_type_of_a_file_system_is_the_kernels(tmp_path: Path) -> None:
    if Path("/proc/self").exists():
        assert sqlite.file_system_type(Path("/proc")) == 0x9FA0
    assert sqlite.file_system_type(tmp_path) not in sqlite.NETWORK_FILE_SYSTEMS


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"])
def test_another_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"postgresql|file"):
        open_database(url)


async def test_an_sslmode_as_libpq_has_it_is_understood(postgresql_url: str) -> None:
    for mode in ("disable", "prefer"):
        database = open_database(f"{postgresql_url}?sslmode={mode}")
        async with database.read() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
        async with listen(database, f"{postgresql_url}?sslmode={mode}") as notifications:
            assert await notifications.echo()
        await database.close()


async def test_a_server_without_tls_is_unavailable_where_tls_is_required(postgresql_url: str) -> None:
    database = open_database(f"{postgresql_url}?sslmode=require")

    with pytest.raises(StoreUnavailable, match="SSL"):
        async with database.read() as connection:
            await connection.execute(select(revision))
    await database.close()


def test_a_parameter_that_asyncpg_has_not_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"remove channel_binding from") as refusal:
        open_database("postgresql+asyncpg://a:hidden@127.0.0.1/x?channel_binding=require")
    assert "hidden" not in str(refusal.value)
