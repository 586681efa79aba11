"""The client credentials grant: no person, no refresh token, and for a JWT no database."""

import pytest

from tests.granting import APPLICATION, ISSUER, World, claims_of

FORM = {"grant_type": "client_credentials"}


async def test_a_jwt_costs_no_statement() -> None:
    world = World()
    world.database.away = True
    answer = (await world.token(FORM)).json()
    assert world.statements == []
    assert "refresh_token" not in answer
    assert "id_token" not in answer


async def test_the_subject_is_the_client_and_the_audience_never_is() -> None:
    claims = claims_of((await World().token(FORM)).json()["access_token"])
    assert claims["sub"] == claims["client_id"] == APPLICATION.client_id
    assert claims["aud"] == ISSUER.origin


async def test_the_audience_is_what_the_manifest_declares() -> None:
    world = World()
    world.put(audiences=("https://orders.example.com",))
    assert claims_of((await world.token(FORM)).json()["access_token"])["aud"] == "https://orders.example.com"
    world.put(audiences=("https://orders.example.com", "https://stock.example.com"))
    assert len(claims_of((await world.token(FORM)).json()["access_token"])["aud"]) == 2


async def test_an_omitted_scope_means_all_that_concern_no_person() -> None:
    assert (await World().token(FORM)).json()["scope"] == "orders:read orders:write"


@pytest.mark.parametrize("scope", ["openid", "profile", "offline_access", "root", "orders:read groups"])
async def test_an_excess_or_personal_scope_is_refused(scope: str) -> None:
    refused = await World().token(FORM | {"scope": scope})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")


async def test_an_opaque_token_costs_one_insert() -> None:
    world = World()
    world.put(opaque_access_tokens=True)
    answer = (await world.token(FORM)).json()
    assert "." not in answer["access_token"]
    assert world.statements == ["add"]
    assert (await world.introspect(answer["access_token"]))["client_id"] == APPLICATION.client_id


async def test_an_opaque_token_without_database_is_503_with_retry_after() -> None:
    world = World()
    world.put(opaque_access_tokens=True)
    world.database.away = True
    answer = await world.token(FORM)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.headers["cache-control"] == "no-store"
