"""What every grant shares: parameters, permission and the order of checks."""

import os

import pytest

from tests.granting import World, basic

FORM = {"grant_type": "client_credentials"}


async def test_a_parameter_is_not_sent_twice() -> None:
    """authlib looks for this at the authorization endpoint only (RFC 6749 section 3.2)."""
    for name, value in (("grant_type", "client_credentials"), ("scope", "orders:read"), ("code", "x")):
        pairs = [*FORM.items(), (name, value), (name, value)]
        answer = await World().post("/token", pairs)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), name


async def test_a_parameter_without_a_value_counts_as_not_sent() -> None:
    assert (await World().token(FORM | {"scope": ""})).status_code == 200


async def test_an_unknown_parameter_is_ignored() -> None:
    """RFC 6749 section 3.2."""
    assert (await World().token(FORM | {"utm_source": "x", "audience": "y"})).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, "unsupported_grant_type"),
    ],
)
async def test_an_unknown_grant_is_named_as_such(form: dict[str, str], error: str) -> None:
    assert (await World().token(form)).json()["error"] == error


@pytest.mark.parametrize("mode", ["authorization_code", "refresh_token", "client_credentials", "password"])
async def test_a_grant_that_the_manifest_does_not_list_is_refused(mode: str) -> None:
    world = World()
    world.put(grant_modes=frozenset({"implicit"}))
    answer = await world.token(
        {"grant_type": mode, "code": "x", "refresh_token": "x", "username": "a", "password": "b"}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    assert world.statements == []


async def test_a_stranger_is_not_told_which_grants_an_application_has() -> None:
    world = World()
    world.put(grant_modes=frozenset({"implicit"}))
    assert (await world.token(FORM, auth=basic(secret="wrong"))).json()["error"] == "invalid_client"


async def test_a_stranger_costs_no_statement() -> None:
    world = World()
    world.code()
    await world.redeem("a-code", auth=basic(secret="wrong"))
    assert world.statements == []


@pytest.mark.parametrize("scope", ['or"ders', "a  b", " a", "a\\b", "é"])
async def test_a_malformed_scope_is_refused(scope: str) -> None:
    assert (await World().token(FORM | {"scope": scope})).json()["error"] == "invalid_scope"


async def test_scopes_have_no_order_but_a_case() -> None:
    """RFC 6749 section 3.3."""
    answer = await World().token(FORM | {"scope": "orders:write orders:read"})
    assert {*answer.json()["scope"].split(" ")} == {"orders:read", "orders:write"}
    assert (await World().token(FORM | {"scope": "Orders:read"})).json()["error"] == "invalid_scope"


async def test_a_missing_key_is_made_at_first_need() -> None:
    world = World()
    world.put(signing_algorithm="EdDSA")
    assert not world.ring.has("i1", "EdDSA")
    assert (await world.token(FORM)).status_code == 200
    assert world.ring.has("i1", "EdDSA")


async def test_authlib_is_never_told_to_take_insecure_transport() -> None:
    await World().token(FORM)
    assert "AUTHLIB_INSECURE_TRANSPORT" not in os.environ


async def test_credentials_in_the_query_do_not_count() -> None:
    world = World()
    answer = await world.post("/token?grant_type=client_credentials&client_id=shop.web&client_secret=x", {}, auth=None)
    assert answer.json()["error"] == "invalid_request"
