"""Rows that somebody changes beside us are noted, and known to be other than they were written."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, update

from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.intent import Kind, Tombstone
from ostiary_state.store.sweeper import Sweeper
from ostiary_state.store.tables import applications, users
from tests.store.repositories import Repositories
from tests.store.values import NOW, application, digest, user


@pytest.fixture
async def store(sql_store: Repositories) -> Repositories:
    """With an application and a user."""
    await sql_store.intent.write([application(), user()], fence=0, now=NOW)
    return sql_store


async def noticed(store: Repositories) -> list[tuple[Kind, str, bool]]:
    return sorted((each.kind, each.id, each.removed) for each in await store.intent.tampering())


async def test_what_ostiary_does_itself_is_not_noted(store: Repositories) -> None:
    await store.intent.write([replace(application(), spec={"displayName": "Shop"})], fence=0, now=NOW)
    await store.intent.write([Tombstone(Kind.APPLICATION, "shop/web", application().incarnation)], fence=0, now=NOW)
    await Sweeper(store.sql).sweep(NOW + 1e9)
    assert await noticed(store) == []


async def test_a_changed_row_is_noted_and_known(store: Repositories) -> None:
    row = await store.intent.application("shop/web")
    assert row is not None
    assert not row.changed
    assert not row.secrets_changed
    async with store.sql.write() as transaction:
        await transaction.execute(update(applications).values(spec={"displayName": "Evil"}))
        await transaction.execute(update(users).values(enabled=False))
    assert await noticed(store) == [(Kind.APPLICATION, "shop/web", False), (Kind.USER, "people/ada", False)]
    changed = await store.intent.application("shop/web")
    assert changed is not None
    assert (changed.changed, changed.secrets_changed, changed.written) == (True, False, row.written)


async def test_a_secret_that_somebody_added_is_told_from_those_of_ours(store: Repositories) -> None:
    row = await store.intent.application("shop/web")
    assert row is not None
    evil = ClientCredential("9", digest("evil"), NOW)
    added = [each.stored() for each in (*row.credentials, evil)]
    digests = [each.digest.hex() for each in (*row.credentials, evil)]
    async with store.sql.write() as transaction:
        await transaction.execute(update(applications).values(credentials=added, secret_digests=digests))
    changed = await store.intent.application("shop/web")
    assert changed is not None
    assert (changed.changed, changed.secrets_changed) == (False, True)


async def test_a_removed_row_is_noted_with_who_it_was(store: Repositories) -> None:
    async with store.sql.write() as transaction:
        await transaction.execute(delete(applications))
    (found,) = await store.intent.tampering()
    assert (found.kind, found.id, found.removed) == (Kind.APPLICATION, "shop/web", True)
    assert (found.who is not None) == store.sql.postgresql


async def test_what_is_settled_is_forgotten_unless_it_has_happened_again(store: Repositories) -> None:
    async def change(name: str) -> None:
        async with store.sql.write() as transaction:
            await transaction.execute(update(applications).values(spec={"displayName": name}))

    await change("one")
    first = await store.intent.tampering()
    await change("two")
    second = await store.intent.tampering()
    assert first != second
    await store.intent.forget_tampering(first)
    assert await store.intent.tampering() == second
    await store.intent.forget_tampering(second)
    assert await store.intent.tampering() == []
