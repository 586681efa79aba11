"""Grants and their codes: single use by one atomic claim, and everything under a grant ends with it."""

import asyncio
from dataclasses import replace

from ostiary_state.runtime.issued import Issued
from tests.store.repositories import Repositories
from tests.store.values import (
    NOW,
    access_token,
    digest,
    family,
    gone,
    grant,
    issued,
    refresh_token,
    revocation,
    user,
)

CODE = digest("code of g1")


async def test_a_code_finds_its_grant_and_the_user(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.grants.start(grant())

    found = await store.grants.by_code(CODE)

    assert found is not None
    assert found[0] == grant()
    assert found[1] is not None
    assert found[1].username == "ada"


async def test_an_unknown_code_finds_nothing(store: Repositories) -> None:
    await store.grants.start(grant())

    assert await store.grants.by_code(digest("another")) is None


async def test_a_grant_without_code_session_and_nonce_comes_back_as_it_went_in(store: Repositories) -> None:
    bare = grant(code=None, session_id=None, nonce=None, scopes=(), audience=(), amr=())
    await store.grants.start_with(Issued(grant=bare, family=family(), refresh_token=refresh_token()))

    context = await store.refresh_tokens.context(digest("r1"), NOW)

    assert context is not None
    assert context.grant == bare


async def test_the_user_of_a_code_is_none_when_gone(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.grants.start(grant())
    await store.intent.write([gone(user())], fence=0, now=NOW)

    found = await store.grants.by_code(CODE)

    assert found is not None
    assert found[1] is None


async def test_the_first_redemption_stores_what_is_issued_and_marks_the_code(store: Repositories) -> None:
    await store.grants.start(grant())

    assert await store.grants.redeem(grant(), issued(access_token=access_token()), NOW + 5)

    found = await store.grants.by_code(CODE)
    assert found is not None
    assert found[0].code is not None
    assert found[0].code.consumed_at == NOW + 5
    assert await store.refresh_tokens.context(digest("r1"), NOW) is not None
    assert await store.access_tokens.by_digest(digest("a1")) == access_token()


async def test_a_second_redemption_inserts_nothing(store: Repositories) -> None:
    await store.grants.start(grant())
    assert await store.grants.redeem(grant(), Issued(), NOW)

    assert not await store.grants.redeem(grant(), issued(access_token=access_token()), NOW)

    assert await store.refresh_tokens.context(digest("r1"), NOW) is None
    assert await store.access_tokens.by_digest(digest("a1")) is None


async def test_of_32_concurrent_redemptions_one_succeeds(store: Repositories) -> None:
    await store.grants.start(grant())
    racers = [
        issued(family=family(f"f{each}"), refresh_token=refresh_token(f"r{each}", family_id=f"f{each}"))
        for each in range(32)
    ]

    won = await asyncio.gather(*(store.grants.redeem(grant(), each, NOW) for each in racers))

    assert sum(won) == 1
    stored = [await store.refresh_tokens.context(digest(f"r{each}"), NOW) for each in range(32)]
    assert [each is not None for each in stored] == won


async def test_a_revoked_grant_cannot_be_redeemed(store: Repositories) -> None:
    await store.grants.start(grant())
    await store.grants.revoke("g1", revocation(), NOW)

    assert not await store.grants.redeem(grant(), issued(), NOW)


async def test_revoking_a_grant_revokes_its_families_once_and_enters_the_set(store: Repositories) -> None:
    await store.grants.start(grant())
    await store.grants.redeem(grant(), issued(), NOW)

    await store.grants.revoke("g1", revocation(), NOW + 1)
    await store.grants.revoke("g1", revocation(), NOW + 2)

    context = await store.refresh_tokens.context(digest("r1"), NOW)
    assert context is not None
    assert (context.grant.revoked_at, context.family.revoked_at) == (NOW + 1, NOW + 1)
    assert list(await store.revocations.load_active(NOW)) == [revocation()]


async def test_revoking_an_unknown_grant_still_enters_the_set(store: Repositories) -> None:
    await store.grants.revoke("swept", revocation(name="swept"), NOW)

    assert list(await store.revocations.load_active(NOW)) == [revocation(name="swept")]


async def test_whatever_wins_a_redemption_and_a_revocation_leaves_no_live_family(store: Repositories) -> None:
    for each in range(8):
        started = grant(f"g{each}")
        tokens = issued(
            family=family(f"f{each}", grant_id=f"g{each}"),
            refresh_token=refresh_token(f"r{each}", family_id=f"f{each}"),
        )
        await store.grants.start(started)

        await asyncio.gather(
            store.grants.redeem(started, tokens, NOW),
            store.grants.revoke(started.id, revocation(name=started.id), NOW),
        )

        context = await store.refresh_tokens.context(digest(f"r{each}"), NOW)
        assert context is None or context.family.revoked_at == NOW


async def test_an_access_token_without_a_grant_is_kept(store: Repositories) -> None:
    token = replace(access_token(), grant_id=None)
    await store.access_tokens.add(token)

    assert await store.access_tokens.by_digest(token.digest) == token
