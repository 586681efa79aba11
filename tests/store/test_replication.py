"""What a standby holds when its primary is lost: all that was answered if commits wait for it, else all but the end."""

from collections.abc import AsyncIterator

import pytest

from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.database import Database
from ostiary_state.store.engine import open_database
from ostiary_state.store.grants import Grants
from ostiary_state.store.limits import ConnectionLimits
from ostiary_state.store.schema import migrate
from tests.postgres import USER, PostgreSQL
from tests.store.values import NOW, grant, issued

HASTY = ConnectionLimits(pool_size=2, connect_timeout=2.0, statement_timeout=0.5, command_timeout=1.0)


@pytest.fixture
async def database(own_postgresql: PostgreSQL, own_standby: PostgreSQL) -> AsyncIterator[Database]:
    """Of whichever of the two takes writes; both have everything that it starts with."""
    await migrate(own_postgresql.url("postgres"))
    hosts = f"127.0.0.1:{own_postgresql.port},127.0.0.1:{own_standby.port}"
    opened = open_database(f"postgresql://{USER}@{hosts}/postgres", limits=HASTY)
    await Grants(opened).start(grant())
    await own_standby.catch_up()
    yield opened
    await opened.close()


async def test_what_no_standby_has_is_not_answered_with_success(
    own_postgresql: PostgreSQL, own_standby: PostgreSQL, database: Database
) -> None:
    await own_postgresql.wait_for_standbys()
    own_standby.stop("fast")
    with pytest.raises(StoreUnavailable):
        await Grants(database).redeem(grant(), issued(), NOW)

    own_postgresql.crash()
    own_standby.start()
    own_standby.promote()

    assert await Grants(database).redeem(grant(), issued(), NOW)
    assert not await Grants(database).redeem(grant(), issued(), NOW)


async def test_a_standby_that_nobody_waits_for_may_redeem_a_code_once_more(
    own_postgresql: PostgreSQL, own_standby: PostgreSQL, database: Database
) -> None:
    """Asynchronous replication, as docs/operations/scaling.md warns: this is not what one wants."""
    own_standby.stop("fast")
    assert await Grants(database).redeem(grant(), issued(), NOW)

    own_postgresql.crash()
    own_standby.start()
    own_standby.promote()

    assert await Grants(database).redeem(grant(), issued(), NOW)
