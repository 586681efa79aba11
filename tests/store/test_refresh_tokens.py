"""Refresh tokens: what decides about one, and rotation that one of many concurrent requests wins."""

import asyncio
from dataclasses import replace

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
    session,
    user,
)

LATER = NOW + 100
MOVED = family(idle_expires_at=LATER + 3600)


async def signed_in_with_tokens(store: Repositories, **fields: object) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.sessions.start(session())
    await store.grants.start(grant(**fields))
    assert await store.grants.redeem(grant(), issued(), NOW)


async def rotate(store: Repositories, presented: str = "r1", successor: str = "r2") -> bool:
    return await store.refresh_tokens.rotate(
        refresh_token(presented),
        MOVED,
        refresh_token(successor, issued_at=LATER),
        b"sealed " + digest(successor),
        None,
        LATER,
    )


async def test_the_context_holds_all_that_decides(store: Repositories) -> None:
    await signed_in_with_tokens(store)

    context = await store.refresh_tokens.context(digest("r1"), LATER)

    assert context is not None
    assert context.token == refresh_token()
    assert context.family == family()
    assert context.grant.id == "g1"
    assert context.grant.code is not None
    assert context.user is not None
    assert context.user.username == "ada"
    assert context.session_live
    assert not context.successor_consumed


async def test_an_unknown_token_has_no_context(store: Repositories) -> None:
    assert await store.refresh_tokens.context(digest("r1"), NOW) is None


async def test_a_session_that_ends_or_expires_takes_liveness_along(store: Repositories) -> None:
    await signed_in_with_tokens(store)

    expired = await store.refresh_tokens.context(digest("r1"), NOW + 3600)

    assert expired is not None
    assert not expired.session_live


async def test_a_swept_session_is_not_live(store: Repositories) -> None:
    await store.grants.start(grant(session_id="swept"))
    await store.grants.redeem(grant(), issued(), NOW)

    context = await store.refresh_tokens.context(digest("r1"), NOW)

    assert context is not None
    assert not context.session_live


async def test_a_new_password_ends_liveness(store: Repositories) -> None:
    await signed_in_with_tokens(store)
    await store.intent.write([user(not_before=NOW + 1)], fence=0, now=NOW + 1)

    context = await store.refresh_tokens.context(digest("r1"), LATER)

    assert context is not None
    assert not context.session_live


async def test_an_offline_grant_needs_no_session(store: Repositories) -> None:
    await signed_in_with_tokens(store, session_id=None)

    context = await store.refresh_tokens.context(digest("r1"), NOW + 100_000)

    assert context is not None
    assert context.session_live


async def test_a_user_who_is_gone_is_none(store: Repositories) -> None:
    await signed_in_with_tokens(store)
    await store.intent.write([gone(user())], fence=0, now=LATER)

    context = await store.refresh_tokens.context(digest("r1"), LATER)

    assert context is not None
    assert context.user is None


async def test_rotation_seals_the_successor_into_the_token_and_moves_the_idle_deadline(store: Repositories) -> None:
    await signed_in_with_tokens(store)

    assert await rotate(store)

    used = await store.refresh_tokens.context(digest("r1"), LATER)
    assert used is not None
    assert used.token == refresh_token(
        consumed_at=LATER, sealed_successor=b"sealed " + digest("r2"), successor_digest=digest("r2")
    )
    assert used.family == MOVED
    assert not used.successor_consumed
    fresh = await store.refresh_tokens.context(digest("r2"), LATER)
    assert fresh is not None
    assert fresh.token == refresh_token("r2", issued_at=LATER)


async def test_a_used_successor_shows_in_the_context_of_its_predecessor(store: Repositories) -> None:
    await signed_in_with_tokens(store)
    await rotate(store)
    await rotate(store, "r2", "r3")

    context = await store.refresh_tokens.context(digest("r1"), LATER)

    assert context is not None
    assert context.successor_consumed


async def test_of_16_concurrent_rotations_one_succeeds_and_the_rest_change_nothing(store: Repositories) -> None:
    await signed_in_with_tokens(store)

    won = await asyncio.gather(*(rotate(store, "r1", f"n{each}") for each in range(16)))

    assert sum(won) == 1
    stored = [await store.refresh_tokens.context(digest(f"n{each}"), LATER) for each in range(16)]
    assert [each is not None for each in stored] == won
    used = await store.refresh_tokens.context(digest("r1"), LATER)
    assert used is not None
    assert used.token.successor_digest == digest(f"n{won.index(True)}")


async def test_a_revoked_family_does_not_rotate_and_its_token_stays_untouched(store: Repositories) -> None:
    await signed_in_with_tokens(store)
    await store.grants.revoke("g1", revocation(), NOW + 1)

    assert not await rotate(store)

    context = await store.refresh_tokens.context(digest("r1"), LATER)
    assert context is not None
    assert context.token == refresh_token()
    assert await store.refresh_tokens.context(digest("r2"), LATER) is None


async def test_rotation_stores_an_opaque_access_token_with_it(store: Repositories) -> None:
    await signed_in_with_tokens(store)
    token = replace(access_token(), expires_at=LATER + 600)

    assert await store.refresh_tokens.rotate(refresh_token(), MOVED, refresh_token("r2"), b"sealed", token, LATER)

    assert await store.access_tokens.by_digest(token.digest) == token
