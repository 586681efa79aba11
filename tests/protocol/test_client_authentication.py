"""Client authentication: one method, the manifest's, with a secret of which only a digest is known."""

import base64
import hashlib
import logging
from dataclasses import replace
from urllib.parse import quote

import pytest

from ostiary_server.protocol.client_authentication import Client, basic_credentials
from ostiary_state.checks import CREDENTIAL_CHECK, NO_TOKEN
from tests.granting import APPLICATION, ELSEWHERE, ISSUER, OTHER_ISSUER, PUBLIC, SECRET, World, basic

FORM = {"grant_type": "client_credentials"}
POST = replace(APPLICATION, token_endpoint_auth_method="client_secret_post")
PATHS = ("/token", "/introspect", "/revoke")


async def refusal(world: World, auth: str | None, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    answer = await world.token(FORM | (form or {}), auth=auth)
    body = answer.json()
    return answer.status_code, body["error"], body["error_description"]


async def test_the_secret_is_form_decoded() -> None:
    """`+` is a space and `%2B` a plus: authlib's decoder leaves `+` as it is."""
    assert (await World().token(FORM)).status_code == 200
    lazy = "Basic " + base64.b64encode(f"{APPLICATION.client_id}:{quote(SECRET, safe='')}".encode()).decode()
    assert (await World().token(FORM, auth=lazy)).status_code == 200


async def test_every_secret_of_a_rotation_authenticates() -> None:
    assert (await World().token(FORM, auth=basic(secret="an older secret"))).status_code == 200


async def test_whoever_gets_something_by_a_secret_has_used_it_whatever_it_says() -> None:
    """Else an old secret that somebody took could be used without being seen, and would be said to be unused."""
    world, check = World(), {"token": NO_TOKEN, "token_type_hint": CREDENTIAL_CHECK}
    assert (await world.post("/introspect", check)).json() == {"active": False}
    assert world.noted == []
    access_token = (await world.token(FORM | check)).json()["access_token"]
    assert (await world.post("/introspect", check | {"token": access_token})).json()["active"] is True
    assert len(world.noted) == 2


async def test_an_unknown_client_does_not_differ_from_a_wrong_secret() -> None:
    world = World()
    assert await refusal(world, basic(secret="wrong")) == await refusal(world, basic("nobody", "wrong"))
    assert (await refusal(world, basic("nobody", "wrong")))[:2] == (401, "invalid_client")


@pytest.mark.parametrize("path", PATHS)
async def test_each_endpoint_authenticates_before_it_looks_at_anything(path: str) -> None:
    world = World()
    for auth, form in ((basic(secret="wrong"), {}), (None, {"client_id": APPLICATION.client_id})):
        answer = await world.post(path, FORM | {"token": "x"} | form, auth=auth)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic ")
    assert world.statements == []


async def test_an_unknown_client_costs_the_same_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    monkeypatch.setattr("hmac.compare_digest", lambda a, b: compared.append(b) or a == b)
    single = Client(replace(APPLICATION, credentials=APPLICATION.credentials[:1]), 0.0)
    assert not single.check_client_secret("wrong")
    assert not Client(None, 0.0).check_client_secret("wrong")
    assert not Client(None, 0.0).check_client_secret("the secret of nobody")
    assert len(compared) == 3


async def test_a_secret_is_not_compared_as_plain_text() -> None:
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    assert not Client(APPLICATION, 0.0).check_client_secret(digest)
    assert Client(APPLICATION, 0.0).check_client_secret(SECRET)


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(b"shop.web:%ff").decode(),
        "Bearer abc",
        "Digest x",
    ],
)
async def test_malformed_credentials_are_401_with_a_challenge_and_never_500(authorization: str) -> None:
    answer = await World().token(FORM, auth=authorization)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert basic_credentials(authorization) is None


async def test_two_methods_at_once_are_refused() -> None:
    status, error, _ = await refusal(World(), basic(), {"client_id": "shop.web", "client_secret": SECRET})
    assert (status, error) == (400, "invalid_request")


async def test_a_body_that_names_another_client_is_refused() -> None:
    assert (await refusal(World(), basic(), {"client_id": "books.web"}))[1] == "invalid_request"


async def test_only_the_method_of_the_manifest_is_accepted() -> None:
    in_body = {"client_id": APPLICATION.client_id, "client_secret": SECRET}
    assert (await refusal(World(), None, in_body))[1] == "invalid_client"
    world = World(POST)
    assert (await world.token(FORM | in_body, auth=None)).status_code == 200
    assert (await refusal(world, basic()))[1] == "invalid_client"


async def test_a_confidential_client_cannot_pass_without_its_secret() -> None:
    world = World()
    assert (await refusal(world, None, {"client_id": APPLICATION.client_id}))[:2] == (401, "invalid_client")
    world.code()
    answer = await world.redeem("a-code", auth=None, form={"client_id": APPLICATION.client_id})
    assert answer.json()["error"] == "invalid_client"


async def test_a_wrong_secret_does_not_fall_through_to_no_secret() -> None:
    """authlib tries the methods one after the other, and a public client's last one is `none`."""
    world = World()
    world.code(application=PUBLIC)
    answer = await world.redeem("a-code", auth=basic(PUBLIC.client_id, "wrong"), form={"client_id": PUBLIC.client_id})
    assert answer.json()["error"] == "invalid_client"


async def test_a_public_client_passes_by_its_name_alone() -> None:
    world = World()
    world.code(application=PUBLIC)
    answer = await world.redeem("a-code", auth=None, form={"client_id": PUBLIC.client_id})
    assert answer.status_code == 200


async def test_a_public_client_has_no_credentials_to_get_a_token_for() -> None:
    """RFC 6749 section 4.4, even were a manifest to list the grant."""
    world = World()
    world.put(PUBLIC, grant_modes=frozenset({"client_credentials"}))
    answer = await world.token(FORM | {"client_id": PUBLIC.client_id}, auth=None)
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


async def test_a_public_client_may_not_introspect() -> None:
    world = World()
    answer = await world.post("/introspect", {"token": "x", "client_id": PUBLIC.client_id}, auth=None)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_an_assertion_is_not_ignored() -> None:
    world = World()
    form = {"client_id": PUBLIC.client_id, "client_assertion": "e30.e30.", "client_assertion_type": "urn:x"}
    assert (await refusal(world, None, form | {"grant_type": "authorization_code"}))[1] == "invalid_client"


@pytest.mark.parametrize("path", PATHS)
async def test_a_disabled_application_is_refused_at_once(path: str) -> None:
    world = World()
    form = FORM | {"token": "x"}
    assert (await world.post(path, form)).status_code == 200
    world.put(enabled=False)
    answer = await world.post(path, form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "disabled" in answer.json()["error_description"]


async def test_who_has_not_authenticated_is_not_told_that_it_is_disabled() -> None:
    world = World()
    world.put(enabled=False)
    assert "disabled" not in (await refusal(world, basic(secret="wrong")))[2]


async def test_an_application_is_served_at_its_own_issuer_only() -> None:
    world = World()
    assert (await world.token(FORM, issuer=OTHER_ISSUER)).json()["error"] == "invalid_client"
    own = await world.token(FORM, auth=basic(ELSEWHERE.client_id), issuer=OTHER_ISSUER)
    assert own.status_code == 200
    assert (await world.token(FORM, auth=basic(ELSEWHERE.client_id), issuer=ISSUER)).status_code == 401


async def test_secrets_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    world = World(POST)
    with caplog.at_level(logging.DEBUG):
        await world.token(FORM | {"client_id": "shop.web", "client_secret": "wrong-but-secret"}, auth=None)
        await world.token(FORM | {"client_id": "shop.web", "client_secret": SECRET}, auth=None)
    assert "wrong-but-secret" not in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in repr(Client(APPLICATION, 0.0))
