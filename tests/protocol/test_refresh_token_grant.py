"""Refreshing: one live member a family, a grace for retries, and what a reuse ends."""

import asyncio
from typing import Any

import pytest

from tests.granting import APPLICATION, ISSUER, OTHER, World, basic, claims_of


async def signed_in(world: World, **fields: Any) -> str:
    """The first refresh token of a grant."""
    token: str = (await world.redeem(world.code(**fields))).json()["refresh_token"]
    return token


async def test_each_refresh_yields_another_refresh_token() -> None:
    world = World()
    first = await signed_in(world)
    world.statements.clear()
    answer = (await world.refresh(first)).json()
    assert answer["refresh_token"] != first
    assert answer["scope"] == "openid email orders:read"
    assert world.statements == ["context", "rotate"]


async def test_a_retry_within_the_grace_gets_the_same_successor_and_another_access_token() -> None:
    world = World()
    first = await signed_in(world)
    answer = (await world.refresh(first)).json()
    world.now += 59
    retried = (await world.refresh(first)).json()
    assert retried["refresh_token"] == answer["refresh_token"]
    assert retried["access_token"] != answer["access_token"]
    assert (await world.refresh(retried["refresh_token"])).status_code == 200


async def test_concurrent_refreshes_do_not_sign_the_user_out() -> None:
    world = World()
    first = await signed_in(world)
    answers = await asyncio.gather(*(world.refresh(first) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert len(world.database.refresh_tokens) == 2


async def test_a_used_token_after_the_grace_ends_the_whole_grant() -> None:
    world = World()
    first = await signed_in(world)
    answer = (await world.refresh(first)).json()
    world.now += 61
    assert (await world.refresh(first)).json()["error"] == "invalid_grant"
    assert (await world.refresh(answer["refresh_token"])).json()["error"] == "invalid_grant"
    assert await world.introspect(answer["access_token"]) == {"active": False}


async def test_a_used_token_whose_successor_was_used_ends_the_whole_grant_within_the_grace() -> None:
    world = World()
    first = await signed_in(world)
    second = (await world.refresh(first)).json()["refresh_token"]
    third = (await world.refresh(second)).json()["refresh_token"]
    assert (await world.refresh(first)).json()["error"] == "invalid_grant"
    assert (await world.refresh(third)).json()["error"] == "invalid_grant"


async def test_a_stranger_who_presents_a_used_token_ends_nothing() -> None:
    world = World()
    first = await signed_in(world)
    second = (await world.refresh(first)).json()["refresh_token"]
    world.now += 61
    stranger = await world.token(
        {"grant_type": "refresh_token", "refresh_token": first}, auth=basic(OTHER.client_id, "books' secret")
    )
    assert stranger.json()["error"] == "invalid_grant"
    assert (await world.refresh(second)).status_code == 200


async def test_another_client_cannot_refresh_and_burns_nothing() -> None:
    """RFC 6749 sections 6 and 10.4."""
    world = World()
    first = await signed_in(world)
    stranger = await world.token(
        {"grant_type": "refresh_token", "refresh_token": first}, auth=basic(OTHER.client_id, "books' secret")
    )
    assert (stranger.status_code, stranger.json()["error"]) == (400, "invalid_grant")
    nobody = await world.token({"grant_type": "refresh_token", "refresh_token": first}, auth=basic(secret="wrong"))
    assert (nobody.status_code, nobody.json()["error"]) == (401, "invalid_client")
    assert (await world.refresh(first)).status_code == 200


async def test_the_store_alone_cannot_yield_the_successor() -> None:
    world = World()
    first = await signed_in(world)
    second = (await world.refresh(first)).json()["refresh_token"]
    assert second.encode() not in b"".join(
        (token.sealed_successor or b"") + token.digest for token in world.database.refresh_tokens.values()
    )


async def test_a_narrower_scope_is_the_access_tokens_alone() -> None:
    world = World()
    first = await signed_in(world)
    narrowed = (await world.refresh(first, scope="orders:read")).json()
    assert claims_of(narrowed["access_token"])["scope"] == "orders:read"
    assert "id_token" not in narrowed
    again = (await world.refresh(narrowed["refresh_token"])).json()
    assert again["scope"] == "openid email orders:read"


@pytest.mark.parametrize("scope", ["orders:write", "openid profile", "orders:read orders:read:all"])
async def test_a_wider_scope_is_refused_and_the_token_not_burnt(scope: str) -> None:
    world = World()
    first = await signed_in(world)
    assert (await world.refresh(first, scope=scope)).json()["error"] == "invalid_scope"
    assert (await world.refresh(first)).status_code == 200
    assert len(world.database.refresh_tokens) == 2


async def test_a_scope_that_the_manifest_has_withdrawn_is_not_refreshed() -> None:
    world = World()
    first = await signed_in(world)
    world.put(scopes=("openid", "orders:read", "orders:write"))
    assert (await world.refresh(first, scope="openid email")).json()["error"] == "invalid_scope"
    assert (await world.refresh(first)).json()["scope"] == "openid orders:read"


async def test_a_grant_without_scopes_is_refreshed_without() -> None:
    world = World()
    answer = await world.refresh(await signed_in(world, scopes=()))
    assert answer.status_code == 200
    assert "scope" not in answer.json()


async def test_nothing_is_refreshed_when_no_granted_scope_is_left() -> None:
    world = World()
    first = await signed_in(world)
    world.put(scopes=("orders:write",))
    assert (await world.refresh(first)).json()["error"] == "invalid_scope"


async def test_a_resource_that_the_manifest_has_withdrawn_is_not_named_any_more() -> None:
    world = World()
    world.put(audiences=("https://orders.example.com", "https://stock.example.com"))
    first = await signed_in(world, audience=("https://orders.example.com", "https://stock.example.com"))
    world.put(audiences=("https://stock.example.com",))
    answer = (await world.refresh(first)).json()
    assert claims_of(answer["access_token"])["aud"] == "https://stock.example.com"
    world.put(audiences=())
    answer = (await world.refresh(answer["refresh_token"])).json()
    assert claims_of(answer["access_token"])["aud"] == ISSUER.origin


async def test_a_refreshed_id_token_has_no_nonce() -> None:
    world = World()
    answer = (await world.refresh(await signed_in(world))).json()
    claims = claims_of(answer["id_token"])
    assert "nonce" not in claims
    assert claims["auth_time"] == int(world.now - 30)


@pytest.mark.parametrize("rotations", [0, 1])
async def test_a_refresh_token_dies_idle(rotations: int) -> None:
    world = World()
    token = await signed_in(world)
    for _ in range(rotations):
        world.now += 3600
        token = (await world.refresh(token)).json()["refresh_token"]
    world.now += APPLICATION.lifetimes.refresh_token_idle
    assert (await world.refresh(token)).json()["error"] == "invalid_grant"


async def test_rotation_moves_the_idle_end_but_never_the_absolute_one() -> None:
    world = World()
    token = await signed_in(world)
    for _ in range(7):
        world.now += APPLICATION.lifetimes.refresh_token_idle - 1
        answer = await world.refresh(token)
        if answer.status_code != 200:
            break
        token = answer.json()["refresh_token"]
    started = next(iter(world.database.families.values())).created_at
    assert world.now >= started + APPLICATION.lifetimes.refresh_token_absolute
    assert answer.json()["error"] == "invalid_grant"


async def test_a_token_of_the_session_dies_with_it() -> None:
    world = World()
    first = await signed_in(world)
    world.sign_out()
    assert (await world.refresh(first)).json()["error"] == "invalid_grant"


async def test_an_offline_token_outlives_the_session() -> None:
    world = World()
    first = await signed_in(world, session_id=None)
    world.sign_out()
    assert (await world.refresh(first)).status_code == 200


@pytest.mark.parametrize("change", [{"enabled": False}, {"not_before": 2_000_000_000.0}, {"incarnation": "another"}])
async def test_a_user_who_was_ended_is_not_refreshed_and_the_answer_is_invalid_grant(change: dict[str, Any]) -> None:
    """authlib answers invalid_request where the user is gone."""
    world = World()
    first = await signed_in(world)
    world.put_user(**change)
    refused = await world.refresh(first)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


async def test_a_user_who_left_the_allowed_groups_is_not_refreshed() -> None:
    world = World()
    first = await signed_in(world)
    world.put(allowed_groups=frozenset({"staff"}))
    second = (await world.refresh(first)).json()["refresh_token"]
    world.put_user(groups=["alumni"])
    assert (await world.refresh(second)).json()["error"] == "invalid_grant"


async def test_no_refresh_without_the_grant_mode() -> None:
    world = World()
    first = await signed_in(world)
    world.put(grant_modes=frozenset({"authorization_code"}))
    assert (await world.refresh(first)).json()["error"] == "unauthorized_client"


async def test_an_access_token_is_no_refresh_token() -> None:
    world = World()
    issued = (await world.redeem(world.code())).json()
    assert (await world.refresh(issued["access_token"])).json()["error"] == "invalid_grant"


async def test_opaque_access_tokens_of_a_retry_are_stored_too() -> None:
    world = World()
    world.put(opaque_access_tokens=True)
    first = await signed_in(world)
    for _ in range(2):
        answer = (await world.refresh(first)).json()
        assert (await world.introspect(answer["access_token"]))["active"]
