"""GET and POST /userinfo: who may ask, how, and what they are told."""

from typing import Any

import httpx
import pytest

from tests.granting import APPLICATION, ELSEWHERE, OTHER_ISSUER, USER, World, basic

ASKED = 'Bearer realm="login.example.com"'  # RFC 6750 section 3: the scheme with a parameter, and 3.1: no error


async def access_token(world: World, scopes: tuple[str, ...] = ("openid", "profile", "email")) -> str:
    token: str = (await world.redeem(world.code(scopes=scopes))).json()["access_token"]
    return token


async def ask(world: World, token: str, **headers: str) -> httpx.Response:
    async with world.client() as client:
        return await client.get("/userinfo", headers={"authorization": f"Bearer {token}"} | headers)


async def test_the_claims_are_those_of_the_scopes_and_the_subject_is_the_tokens() -> None:
    world = World()
    answer = await ask(world, await access_token(world))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "sub": USER.subject,
        "department": "engines",
        "name": "Ada Lovelace",
        "preferred_username": "ada",
        "email": "ada@example.com",
        "email_verified": True,
    }


async def test_the_token_may_come_in_the_form() -> None:
    world = World()
    token = await access_token(world)
    assert (await world.post("/userinfo", {"access_token": token}, auth=None)).json()["sub"] == USER.subject


async def test_the_token_does_not_count_in_the_query() -> None:
    world = World()
    token = await access_token(world)
    async with world.client() as client:
        answer = await client.get("/userinfo", params={"access_token": token})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, ASKED)


async def test_two_tokens_at_once_are_refused() -> None:
    world = World()
    token = await access_token(world)
    answer = await world.post("/userinfo", {"access_token": token}, auth=f"Bearer {token}")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_another_scheme_is_no_token() -> None:
    world = World()
    answer = await world.post("/userinfo", {}, auth=basic())
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, ASKED)


@pytest.mark.parametrize("token", ["x", "a.b.c"])
async def test_a_bad_token_is_invalid_token_with_a_challenge(token: str) -> None:
    answer = await ask(World(), token)
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith(ASKED + ', error="invalid_token", error_description="')
    assert all(challenge.count(f"{name}=") == 1 for name in ("realm", "error", "error_description"))


async def test_a_token_without_openid_is_insufficient_scope() -> None:
    world = World()
    answer = await ask(world, await access_token(world, ("orders:read",)))
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="openid"' in answer.headers["www-authenticate"]


async def test_an_id_token_or_a_refresh_token_is_no_access_token() -> None:
    world = World()
    issued = (await world.redeem(world.code())).json()
    for name in ("id_token", "refresh_token"):
        assert (await ask(world, issued[name])).status_code == 401


async def test_another_issuers_token_is_refused() -> None:
    world = World()
    world.code(application=ELSEWHERE)
    issued = await world.redeem("a-code", auth=basic(ELSEWHERE.client_id), issuer=OTHER_ISSUER)
    assert (await ask(world, issued.json()["access_token"])).status_code == 401


@pytest.mark.parametrize("change", [{"enabled": False}, {"incarnation": "another"}, {"not_before": 2e9}])
async def test_a_user_who_was_ended_is_not_told_of(change: dict[str, Any]) -> None:
    world = World()
    token = await access_token(world)
    world.put_user(**change)
    assert (await ask(world, token)).status_code == 401


async def test_an_opaque_token_is_as_good() -> None:
    world = World()
    world.put(opaque_access_tokens=True)
    assert (await ask(world, await access_token(world))).status_code == 200


async def test_the_origin_of_the_tokens_client_may_read_the_answer() -> None:
    world = World()
    token = await access_token(world)
    own = await ask(world, token, origin=APPLICATION.cors_origins[0])
    assert own.headers["access-control-allow-origin"] == APPLICATION.cors_origins[0]
    assert "access-control-allow-origin" not in (await ask(world, token, origin="https://evil.example")).headers
