"""The password grant beside authlib's own: the same requests, the same answers but where authlib's are wrong."""

from typing import Any

import pytest
from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc6749.grants import ResourceOwnerPasswordCredentialsGrant

from ostiary_server.protocol.client_authentication import Client
from ostiary_server.protocol.engine import Engine
from ostiary_server.protocol.engine_request import EngineRequest
from tests.granting import APPLICATION, PASSWORD, USER, World, claims_of, request

CORRECT = {"grant_type": "password", "username": "ada", "password": PASSWORD}


class Peer(ResourceOwnerPasswordCredentialsGrant):
    """authlib's grant with the same user."""

    def authenticate_token_endpoint_client(self) -> Client:
        return Client(APPLICATION, 0.0)

    def authenticate_user(self, username: str, password: str) -> Any:
        return USER if (username, password) == ("ada", PASSWORD) else None


def peers_answer(form: dict[str, str]) -> str:
    """authlib's error, or "" for success."""
    try:
        Peer(EngineRequest(request(form)), Engine()).validate_token_request()
    except OAuth2Error as error:
        return error.error or "?"
    return ""


@pytest.mark.parametrize(
    ("form", "ours"),
    [
        (CORRECT, ""),
        (CORRECT | {"username": ""}, "invalid_request"),
        (CORRECT | {"password": ""}, "invalid_request"),
        ({"grant_type": "password"}, "invalid_request"),
    ],
)
async def test_the_answer_is_that_of_authlibs_grant(form: dict[str, str], ours: str) -> None:
    answer = (await World().token(form)).json()
    assert answer.get("error", "") == ours == peers_answer(form)


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"username": "nobody"}])
async def test_a_wrong_password_is_not_called_invalid_request(change: dict[str, str]) -> None:
    """RFC 6749 section 5.2 says invalid_grant; authlib does not."""
    refused = await World().token(CORRECT | change)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert peers_answer(CORRECT | change) == "invalid_request"


async def test_the_refresh_token_is_not_included_unless_the_manifest_lists_it() -> None:
    world = World()
    assert "refresh_token" in (await world.token(CORRECT)).json()
    world.put(grant_modes=frozenset({"password"}))
    assert "refresh_token" not in (await world.token(CORRECT)).json()


async def test_a_refresh_token_of_a_password_can_be_refreshed() -> None:
    world = World()
    answer = (await world.token(CORRECT)).json()
    assert (await world.refresh(answer["refresh_token"])).status_code == 200


async def test_offline_access_is_never_given_without_a_page() -> None:
    world = World()
    assert "offline_access" not in (await world.token(CORRECT)).json()["scope"]
    refused = await world.token(CORRECT | {"scope": "openid offline_access"})
    assert refused.json()["error"] == "invalid_scope"


async def test_an_undeclared_scope_costs_no_argon2() -> None:
    world = World()
    refused = await world.token(CORRECT | {"scope": "root"})
    assert refused.json()["error"] == "invalid_scope"
    assert world.statements == []


async def test_no_password_is_tried_for_an_application_that_does_not_list_the_grant() -> None:
    world = World()
    world.put(grant_modes=frozenset({"client_credentials"}))
    assert (await world.token(CORRECT)).json()["error"] == "unauthorized_client"
    assert world.statements == []


async def test_no_password_is_tried_for_a_client_that_did_not_authenticate() -> None:
    world = World()
    assert (await world.token(CORRECT, auth=None)).status_code == 401
    assert world.statements == []


async def test_a_user_outside_the_allowed_groups_gets_nothing() -> None:
    world = World()
    world.put(allowed_groups=frozenset({"admins"}))
    assert (await world.token(CORRECT)).json()["error"] == "invalid_grant"


async def test_a_disabled_user_gets_nothing() -> None:
    world = World()
    world.put_user(enabled=False)
    assert (await world.token(CORRECT)).json()["error"] == "invalid_grant"


async def test_guessing_is_throttled_with_retry_after() -> None:
    world = World()
    answers = [await world.token(CORRECT | {"password": f"guess {n}"}) for n in range(12)]
    assert answers[0].status_code == 400
    assert answers[-1].status_code == 503
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_the_access_token_says_how_the_user_was_authenticated() -> None:
    world = World()
    claims = claims_of((await world.token(CORRECT | {"scope": "orders:read"})).json()["access_token"])
    assert claims["amr"] == ["pwd"]
    assert claims["scope"] == "orders:read"
