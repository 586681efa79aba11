"""The Config plan: OpenID Connect Discovery 1.0 sections 3 and 4, of what is on and nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata

from ostiary_state.applications.claim_mapping import MappedClaim
from ostiary_state.applications.openid import OpenIDSettings
from tests.factories import ISSUER
from tests.openid.provider import ALL_TYPES, Provider


async def test_3_the_document_is_valid_and_of_this_issuer(provider: Provider) -> None:
    document = await provider.discovery()
    OpenIDProviderMetadata(dict(document)).validate()
    assert document["issuer"] == ISSUER.origin
    for name, value in document.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith(ISSUER.origin + "/"), name


async def test_4_2_the_document_is_json_of_the_issuer_that_its_id_tokens_name(provider: Provider) -> None:
    async with provider.client() as client:
        response = await client.get("/.well-known/openid-configuration")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    tokens = await provider.redeem((await provider.browser().authorized())["code"])
    assert (await provider.verified(tokens["id_token"]))["iss"] == response.json()["issuer"]


@pytest.mark.parametrize(
    "fields",
    [{}, {"enabled": False}, {"grant_modes": frozenset({"client_credentials"}), "scopes": ()}],
    ids=["people", "nobody", "machines"],
)
async def test_4_2_no_list_is_empty_and_what_is_required_is_there(provider: Provider, fields: dict[str, Any]) -> None:
    provider.put(**fields, **({"listed_response_types": frozenset()} if fields else {}))
    document = await provider.discovery()
    assert [name for name, value in document.items() if value in ([], None)] == []
    required = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported"}
    assert required | {"subject_types_supported", "id_token_signing_alg_values_supported"} <= document.keys()


async def test_3_response_types_are_those_of_the_applications(provider: Provider) -> None:
    assert (await provider.discovery())["response_types_supported"] == list(ALL_TYPES)
    provider.put(listed_response_types=frozenset(), grant_modes=frozenset({"authorization_code"}))
    assert (await provider.discovery())["response_types_supported"] == ["code"]


async def test_3_rs256_is_there_and_none_is_not(provider: Provider) -> None:
    document = await provider.discovery()
    for name in ("id_token", "userinfo", "authorization"):
        algorithms = document[f"{name}_signing_alg_values_supported"]
        assert "RS256" in algorithms
        assert not {"none", "HS256"} & {*algorithms}


async def test_3_what_is_supported_is_said_by_word_and_by_deed(provider: Provider) -> None:
    document = await provider.discovery()
    assert document["claims_parameter_supported"] is True
    assert document["authorization_response_iss_parameter_supported"] is True, "RFC 9207 section 3"
    assert document["request_parameter_supported"] is False
    assert document["request_uri_parameter_supported"] is False, "absent would mean that it is"
    assert {"query", "fragment", "form_post"} <= {*document["response_modes_supported"]}
    assert {"openid", "profile", "email", "address", "phone", "offline_access"} <= {*document["scopes_supported"]}
    assert {"sub", "iss", "auth_time", "acr", "name", "address"} <= {*document["claims_supported"]}


async def test_3_what_one_application_switches_on_is_listed(provider: Provider) -> None:
    assert (await provider.discovery())["subject_types_supported"] == ["public"]
    provider.put_openid(
        sector="shop.example.com",
        jwks=b'{"keys": []}',
        request_urls=("https://shop.example.com/r",),
        claims=(MappedClaim("roles", "groups", None, frozenset({"IDToken"})),),
    )
    document = await provider.discovery()
    assert document["subject_types_supported"] == ["public", "pairwise"]
    assert document["request_parameter_supported"] is True
    assert document["request_uri_parameter_supported"] is True
    assert document["require_request_uri_registration"] is True
    assert "none" not in document["request_object_signing_alg_values_supported"]
    assert "roles" in document["claims_supported"]


async def test_an_application_that_is_off_adds_nothing(provider: Provider) -> None:
    other = replace(
        provider.application, id="shop/off", client_id="shop.off", enabled=False, openid=OpenIDSettings(sector="x")
    )
    provider.directory.put_application(other)
    assert (await provider.discovery())["subject_types_supported"] == ["public"]


async def test_10_1_keys_are_public_and_say_what_they_are_for(provider: Provider) -> None:
    browser = provider.browser()
    await provider.redeem((await browser.authorized())["code"])
    async with provider.client() as client:
        response = await client.get("/jwks")
    keys = response.json()["keys"]
    assert keys
    for key in keys:
        assert {"kty", "use", "alg", "kid"} <= key.keys()
        assert key["use"] == "sig"
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys()
    assert len({key["kid"] for key in keys}) == len(keys)
