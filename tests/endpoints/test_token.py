"""POST /token over HTTP: status, headers, and who may read the answer."""

import logging

import pytest

from tests.granting import APPLICATION, OTHER, World, basic

FORM = {"grant_type": "client_credentials"}
OWN = {"origin": APPLICATION.cors_origins[0]}
OTHERS = {"origin": OTHER.cors_origins[0]}
ALLOW = "access-control-allow-origin"


@pytest.mark.parametrize("auth", ["", "Basic eDp5"])
async def test_no_answer_may_be_cached(auth: str) -> None:
    answer = await World().token(FORM, auth=auth)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["content-type"] == "application/json"


async def test_a_failed_authentication_is_401_with_a_challenge() -> None:
    answer = await World().token(FORM, auth=basic(secret="wrong"))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Basic realm="login.example.com"')


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
async def test_get_is_not_allowed(path: str) -> None:
    async with World().client() as client:
        assert (await client.get(path)).status_code == 405


@pytest.mark.parametrize(("method", "path", "status"), [("PUT", "/token", 405), ("GET", "/.env", 404)])
async def test_what_is_not_served_is_not_kept_by_a_cache_either(method: str, path: str, status: int) -> None:
    async with World().client() as client:
        answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")
    assert ("allow" in answer.headers) == (status == 405)


async def test_an_unknown_host_is_421() -> None:
    async with World().client() as client:
        answer = await client.post("/token", headers={"host": "unknown.example"}, data=FORM)
    assert answer.status_code == 421


async def test_the_database_away_is_503_with_retry_after_and_recovers() -> None:
    world = World()
    world.code()
    world.database.away = True
    answer = await world.redeem("a-code")
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    world.database.away = False
    assert (await world.redeem("a-code")).status_code == 200


async def test_a_body_of_another_kind_is_invalid_request() -> None:
    answer = await World().post("/token", FORM, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_an_error_description_keeps_to_its_alphabet() -> None:
    answer = await World().token(FORM | {'é"\\': "1"}, auth=basic(secret="x"))
    assert answer.json()["error_description"].isascii()
    twice = await World().post("/token", [*FORM.items(), ('a"é', "1"), ('a"é', "2")])
    assert set('"\\é').isdisjoint(twice.json()["error_description"])


async def test_refusals_are_logged_with_their_reason_and_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.code()
    world.now += 61
    with caplog.at_level(logging.INFO):
        await world.redeem("a-code")
    assert "the code has expired" in caplog.text
    assert "a-code" not in caplog.text


async def test_the_clients_own_origin_may_read_answers_and_errors() -> None:
    world = World()
    for auth, status in (("", 200), (basic(secret="wrong"), 401)):
        answer = await world.token(FORM, auth=auth, headers=OWN)
        assert answer.status_code == status
        assert answer.headers[ALLOW] == OWN["origin"]
        assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers


async def test_another_clients_origin_may_not() -> None:
    answer = await World().token(FORM, headers=OTHERS)
    assert ALLOW not in answer.headers
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("path", ["/token", "/revoke", "/userinfo"])
async def test_a_preflight_is_answered_by_the_union_of_the_issuers_origins(path: str) -> None:
    world = World()
    asked = {"access-control-request-method": "POST"}
    async with world.client() as client:
        for origin in (OWN, OTHERS):
            answer = await client.options(path, headers=origin | asked)
            assert (answer.status_code, answer.headers[ALLOW]) == (204, origin["origin"])
            assert "Authorization" in answer.headers["access-control-allow-headers"]
        stranger = await client.options(path, headers={"origin": "https://evil.example"} | asked)
        assert ALLOW not in stranger.headers
        world.put(OTHER, enabled=False)
        assert ALLOW not in (await client.options(path, headers=OTHERS | asked)).headers


@pytest.mark.parametrize("path", ["/introspect", "/authorize"])
async def test_no_script_may_read_introspection_or_authorize(path: str) -> None:
    async with World().client() as client:
        answer = await client.options(path, headers=OWN | {"access-control-request-method": "POST"})
    assert ALLOW not in answer.headers
