"""JWKS and discovery over HTTP: from memory, cacheable, readable by every script."""

import pytest

from ostiary_server.endpoints.discovery import PATHS
from tests.granting import ISSUER, OTHER_ISSUER, World


@pytest.mark.parametrize("path", [*PATHS, "/jwks"])
async def test_the_database_is_not_asked_and_anyone_may_read(path: str) -> None:
    world = World()
    await world.token({"grant_type": "client_credentials"})
    world.database.away = True
    async with world.client() as client:
        answer = await client.get(path, headers={"origin": "https://anyone.example"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "max-age" in answer.headers["cache-control"]
    assert world.statements == []


@pytest.mark.parametrize("path", PATHS)
async def test_each_address_is_its_own_issuer(path: str) -> None:
    world = World()
    for issuer in (ISSUER, OTHER_ISSUER):
        async with world.client(issuer) as client:
            document = (await client.get(path)).json()
        assert document["issuer"] == issuer.origin
        assert document["token_endpoint"] == issuer.origin + "/token"


async def test_a_client_that_has_the_document_is_not_sent_it_again() -> None:
    async with World().client() as client:
        first = await client.get(PATHS[0])
        again = await client.get(PATHS[0], headers={"if-none-match": f'"x", W/{first.headers["etag"]}'})
        other = await client.get(PATHS[0], headers={"if-none-match": '"x"'})
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


async def test_an_issuers_keys_are_its_own() -> None:
    world = World()
    kids = []
    for issuer in (ISSUER, OTHER_ISSUER):
        await world.keys.ensure(issuer.id, "ES256")
        async with world.client(issuer) as client:
            answer = await client.get("/jwks")
        assert answer.headers["content-type"] == "application/jwk-set+json"
        kids.append({key["kid"] for key in answer.json()["keys"]})
    assert kids[0].isdisjoint(kids[1])


@pytest.mark.parametrize("path", [*PATHS, "/jwks"])
async def test_an_unknown_host_is_421(path: str) -> None:
    async with World().client() as client:
        assert (await client.get(path, headers={"host": "unknown.example"})).status_code == 421
