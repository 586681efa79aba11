"""Revocation: what ends with a token, and what a client cannot end."""

import pytest

from tests.granting import OTHER, PUBLIC, World, basic

OTHERS = basic(OTHER.client_id, "books' secret")


async def test_an_access_token_ends_alone() -> None:
    world = World()
    issued = (await world.redeem(world.code())).json()
    assert (await world.post("/revoke", {"token": issued["access_token"]})).status_code == 200
    assert await world.introspect(issued["access_token"]) == {"active": False}
    refreshed = await world.refresh(issued["refresh_token"])
    assert (await world.introspect(refreshed.json()["access_token"]))["active"]


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "made_up"])
async def test_a_refresh_token_ends_its_whole_grant_whatever_the_hint(hint: str) -> None:
    world = World()
    issued = (await world.redeem(world.code())).json()
    answer = await world.post("/revoke", {"token": issued["refresh_token"], "token_type_hint": hint})
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await world.refresh(issued["refresh_token"])).json()["error"] == "invalid_grant"
    assert await world.introspect(issued["access_token"]) == {"active": False}


async def test_a_used_refresh_token_ends_its_grant_too() -> None:
    world = World()
    first = (await world.redeem(world.code())).json()["refresh_token"]
    second = (await world.refresh(first)).json()["refresh_token"]
    await world.post("/revoke", {"token": first})
    assert (await world.refresh(second)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("token", ["unknown", "a.b.c", "e30.e30.e30"])
async def test_an_unknown_token_is_a_success(token: str) -> None:
    assert (await World().post("/revoke", {"token": token})).status_code == 200


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
async def test_another_clients_token_is_not_revoked_and_the_client_is_told(name: str) -> None:
    world = World()
    issued = (await world.redeem(world.code())).json()
    answer = await world.post("/revoke", {"token": issued[name]}, auth=OTHERS)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await world.introspect(issued[name]))["active"]


async def test_a_public_client_may_revoke_its_own() -> None:
    world = World()
    form = {"client_id": PUBLIC.client_id}
    issued = (await world.redeem(world.code(application=PUBLIC), auth=None, form=form)).json()
    await world.post("/revoke", {"token": issued["refresh_token"], **form}, auth=None)
    assert world.database.grants["grant of a-code"].revoked_at is not None


async def test_an_opaque_access_token_can_be_revoked() -> None:
    world = World()
    world.put(opaque_access_tokens=True)
    token = (await world.token({"grant_type": "client_credentials"})).json()["access_token"]
    await world.post("/revoke", {"token": token})
    assert await world.introspect(token) == {"active": False}


async def test_the_database_away_is_503_and_not_a_success() -> None:
    world = World()
    token = (await world.token({"grant_type": "client_credentials"})).json()["access_token"]
    world.database.away = True
    assert (await world.post("/revoke", {"token": token})).status_code == 503


async def test_a_missing_token_is_invalid_request() -> None:
    assert (await World().post("/revoke", {})).json()["error"] == "invalid_request"
