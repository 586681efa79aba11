"""How many statements each step costs. A code flow with a live session has six in all."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ostiary_state.runtime.revocation import RevocationKind
from tests.store.repositories import Repositories
from tests.store.values import (
    ISSUER,
    NOW,
    access_token,
    application,
    delivery,
    digest,
    family,
    grant,
    issued,
    refresh_token,
    revocation,
    session,
    user,
)


@pytest.fixture
async def store(sql_store: Repositories) -> Repositories:
    """With somebody signed in."""
    await sql_store.intent.write([user(), application()], fence=0, now=NOW)
    await sql_store.sessions.start(session())
    return sql_store


@contextmanager
def costs(store: Repositories, statements: int) -> Iterator[None]:
    store.statements.clear()
    yield
    assert len(store.statements) == statements, store.statements


async def test_a_code_flow_with_a_live_session_costs_six_statements(store: Repositories) -> None:
    with costs(store, 1):
        assert await store.sessions.signed_in(digest("s1"), ISSUER, "shop.web", NOW) is not None
    with costs(store, 1):
        await store.grants.start(grant())
    with costs(store, 1):
        assert await store.grants.by_code(digest("code of g1")) is not None
    with costs(store, 3):
        assert await store.grants.redeem(grant(), issued(), NOW)


async def test_a_refresh_costs_four_statements(store: Repositories) -> None:
    await store.grants.start(grant())
    await store.grants.redeem(grant(), issued(), NOW)

    with costs(store, 1):
        assert await store.refresh_tokens.context(digest("r1"), NOW) is not None
    with costs(store, 3):
        assert await store.refresh_tokens.rotate(refresh_token(), family(), refresh_token("r2"), b"s", None, NOW)


async def test_ending_costs_at_most_six_statements(store: Repositories) -> None:
    await store.grants.start(grant(started_in="s1"))

    with costs(store, 3):
        await store.grants.revoke("g1", revocation(), NOW)
    with costs(store, 6):
        await store.sessions.end("s1", revocation(RevocationKind.SESSION, "s1"), NOW, lambda _: [delivery()])
    with costs(store, 1):
        await store.revocations.add(revocation(RevocationKind.JTI, "j"))


async def test_what_is_held_costs_one_statement_and_withdrawing_it_four_however_much_it_is(store: Repositories) -> None:
    for each in range(20):
        await store.grants.start(grant(f"g{each}", scopes=(f"scope-{each}",)))

    with costs(store, 1):
        assert len((await store.holdings.of_user(ISSUER, "people/ada", "uid-ada-1", NOW)).grants) == 20
    with costs(store, 4):
        assert len(await store.holdings.withdraw(ISSUER, "people/ada", "uid-ada-1", "shop.web", NOW + 60, NOW)) == 20


async def test_look_ups_and_opaque_tokens_cost_one_statement(store: Repositories) -> None:
    with costs(store, 1):
        await store.access_tokens.add(access_token(grant_id=None))
    with costs(store, 1):
        await store.access_tokens.by_digest(digest("a1"))
    with costs(store, 1):
        await store.users.by_username("ada")


async def test_following_costs_one_statement_and_the_set_another(store: Repositories) -> None:
    with costs(store, 1):
        await store.changes.since(0)
    with costs(store, 1):
        await store.revocations.recent(10.0, NOW)
    with costs(store, 1):
        await store.replicas.heartbeat("r", 1)
    with costs(store, 3):
        await store.applications.load_all()


async def test_a_batch_of_manifests_costs_as_much_as_one(store: Repositories) -> None:
    store.statements.clear()
    await store.intent.write([application("shop/one")], fence=0, now=NOW)
    one = len(store.statements)

    with costs(store, one):
        await store.intent.write([application(f"shop/a{each}") for each in range(50)], fence=0, now=NOW)
    assert one <= 6
