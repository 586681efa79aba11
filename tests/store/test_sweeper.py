"""Sweeping: what has expired and what hung on objects that are gone, and nothing else."""

from dataclasses import replace

import pytest
from sqlalchemy import Table, func, select

from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.revocation import RevocationKind
from ostiary_state.store import tables
from ostiary_state.store.revocations import LONGEST_TOKEN
from ostiary_state.store.sweeper import Sweeper
from tests.store.repositories import Repositories
from tests.store.values import (
    NOW,
    access_token,
    application,
    consent,
    family,
    gone,
    grant,
    issued,
    refresh_token,
    revocation,
    session,
    user,
)


async def count(store: Repositories, table: Table) -> int:
    async with store.sql.read() as transaction:
        return (await transaction.execute(select(func.count()).select_from(table))).scalar_one()


@pytest.fixture
async def store(sql_store: Repositories) -> Repositories:
    """With one row of everything."""
    await sql_store.intent.write([user(), application()], fence=0, now=NOW)
    await sql_store.sessions.start(session())
    await sql_store.consents.remember(consent())
    await sql_store.grants.start(grant())
    await sql_store.grants.redeem(grant(), issued(access_token=access_token()), NOW)
    await sql_store.revocations.add(revocation(RevocationKind.JTI, "j", expires_at=NOW + 600))
    return sql_store


RUNTIME = (
    tables.sessions,
    tables.consents,
    tables.grants,
    tables.refresh_families,
    tables.refresh_tokens,
    tables.access_tokens,
    tables.revocations,
)


async def test_what_is_live_stays(store: Repositories) -> None:
    removed = await Sweeper(store.sql).sweep(NOW + 1)

    assert not any(removed.values())
    assert [await count(store, table) for table in RUNTIME] == [1] * len(RUNTIME)


async def test_what_has_expired_goes(store: Repositories) -> None:
    removed = await Sweeper(store.sql).sweep(NOW + 3600)

    assert {table: n for table, n in removed.items() if n} == {"sessions": 1, "access_tokens": 1, "revocations": 1}


async def test_a_used_refresh_token_goes_with_its_family_only(store: Repositories) -> None:
    await store.refresh_tokens.rotate(refresh_token(), family(), refresh_token("r2"), b"s", None, NOW + 1)

    await Sweeper(store.sql).sweep(NOW + 3600)
    kept = await count(store, tables.refresh_tokens)
    await Sweeper(store.sql).sweep(NOW + 3600 + LONGEST_TOKEN)

    assert kept == 2
    assert await count(store, tables.refresh_families) == 0
    assert await count(store, tables.refresh_tokens) == 0


async def test_an_expired_grant_takes_its_families_and_tokens_along(store: Repositories) -> None:
    await Sweeper(store.sql).sweep(NOW + 86_400)

    for table in (tables.grants, tables.refresh_families, tables.refresh_tokens, tables.access_tokens):
        assert await count(store, table) == 0


async def test_everything_of_a_user_who_is_gone_goes_and_the_tombstone_once_no_token_lives(
    store: Repositories,
) -> None:
    await store.intent.write([gone(user())], fence=0, now=NOW + 1)

    await Sweeper(store.sql).sweep(NOW + 2)

    assert [await count(store, table) for table in (tables.sessions, tables.consents, tables.grants)] == [0, 0, 0]
    assert await count(store, tables.users) == 1
    await Sweeper(store.sql).sweep(NOW + 1 + LONGEST_TOKEN)
    assert await count(store, tables.users) == 0


async def test_the_grants_and_consents_of_a_replaced_application_go_and_the_session_stays(
    store: Repositories,
) -> None:
    await store.intent.write([application(incarnation="uid-web-2")], fence=0, now=NOW + 1)

    await Sweeper(store.sql).sweep(NOW + 2)

    assert [await count(store, table) for table in (tables.sessions, tables.consents, tables.grants)] == [1, 0, 0]
    await Sweeper(store.sql).sweep(NOW + 1 + LONGEST_TOKEN)
    assert [row.incarnation for row in await store.intent.applications()] == ["uid-web-2"]
    assert await count(store, tables.applications) == 1


async def test_a_batch_is_no_larger_than_its_limit(store: Repositories) -> None:
    for each in range(5):
        await store.access_tokens.add(replace(access_token(f"t{each}"), grant_id=None))

    first = await Sweeper(store.sql).sweep(NOW + 700, limit=4)
    second = await Sweeper(store.sql).sweep(NOW + 700, limit=4)

    assert (first["access_tokens"], second["access_tokens"]) == (4, 2)


async def test_rows_that_another_transaction_holds_are_left_for_later(postgresql_store: Repositories) -> None:
    store = postgresql_store
    for name in ("g1", "g2"):
        await store.grants.start_with(Issued(grant=grant(name)))
    held = select(tables.grants).where(tables.grants.c.id == "g1").with_for_update()

    async with store.sql.write() as transaction:
        await transaction.execute(held)
        removed = await Sweeper(store.sql).sweep(NOW + 86_400)

    assert removed["grants"] == 1
    assert (await Sweeper(store.sql).sweep(NOW + 86_400))["grants"] == 1
