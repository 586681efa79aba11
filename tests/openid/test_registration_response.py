"""What a client that registers itself is told, and what of it counts (OpenID Connect Registration 1.0, RFC 7591)."""

from typing import Any

import pytest
from joserfc.jwk import KeySet

from tests.openid.provider import CALLBACK, Browser, Provider, Shown
from tests.openid.test_dynamic import INITIAL, KEY, TEMPLATE, registered, send, signs_in
from tests.openid.test_request_objects import signed

AT_HOME = "https://shop.example.com/"
METADATA: dict[str, Any] = {
    "redirect_uris": [CALLBACK],
    "client_name": "A Client",
    "client_uri": AT_HOME,
    "logo_uri": AT_HOME + "logo.png",
    "policy_uri": AT_HOME + "policy",
    "tos_uri": AT_HOME + "terms",
    "contacts": ["dev@example.com"],
    "application_type": "native",
    "token_endpoint_auth_method": "client_secret_post",
    "grant_types": ["authorization_code", "implicit", "refresh_token"],
    "response_types": ["code", "id_token", "code id_token"],
    "scope": "openid email",
    "id_token_signed_response_alg": "ES256",
    "userinfo_signed_response_alg": "RS256",
    "request_object_signing_alg": "ES256",
    "jwks": KeySet([KEY]).as_dict(private=False),
    "default_max_age": 300,
    "require_auth_time": True,
    "default_acr_values": ["urn:example:gold"],
    "initiate_login_uri": AT_HOME + "login",
    "request_uris": [AT_HOME + "request.jwt"],
    "post_logout_redirect_uris": [AT_HOME + "bye"],
    "backchannel_logout_uri": AT_HOME + "out",
    "backchannel_logout_session_required": True,
    "frontchannel_logout_uri": AT_HOME + "frame",
    "frontchannel_logout_session_required": True,
    "software_id": "s-1",
    "software_version": "2",
}


@pytest.fixture
def provider() -> Provider:
    """With a template, whose secret is the initial access token."""
    return Provider(TEMPLATE)


async def test_3_2_1_of_7591_all_that_is_registered_is_told(provider: Provider) -> None:
    client = await registered(provider, **METADATA)
    assert {name: client[name] for name in METADATA} == METADATA
    assert client["subject_type"] == "public", "what was not sent and has a default is told too"


async def test_3_2_the_answer_is_201_in_json_that_no_cache_keeps(provider: Provider) -> None:
    response = await send(provider, redirect_uris=[CALLBACK])
    refusal = await send(provider)
    assert (response.status_code, refusal.status_code) == (201, 400)
    for answer in (response, refusal):
        assert answer.headers["content-type"] == "application/json"
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


async def test_3_2_no_two_clients_share_an_identifier_a_secret_or_a_token(provider: Provider) -> None:
    clients = [await registered(provider) for _ in range(3)]
    for member in ("client_id", "client_secret", "registration_access_token", "registration_client_uri"):
        assert len({client[member] for client in clients}) == 3


async def test_3_2_configuration_is_at_a_full_https_address_with_its_token(provider: Provider) -> None:
    client = await registered(provider)
    uri = client["registration_client_uri"]
    assert uri.startswith("https://login.example.com/register/")
    async with provider.client() as http:
        token = client["registration_access_token"]
        told = await http.get(uri, headers={"authorization": f"Bearer {token}"})
    assert (told.status_code, told.json()["client_id"]) == (200, client["client_id"])
    assert told.headers["cache-control"] == "no-store"
    assert (told.json()["registration_client_uri"], told.json()["registration_access_token"]) == (uri, token)


async def test_2_of_7591_null_is_left_out(provider: Provider) -> None:
    nothing = dict.fromkeys(METADATA.keys() - {"redirect_uris"} | {"subject_type", "jwks_uri"})
    async with provider.client() as http:
        headers = {"authorization": f"Bearer {INITIAL}"}
        response = await http.post("/register", json={"redirect_uris": [CALLBACK]} | nothing, headers=headers)
    assert response.status_code == 201, response.text
    assert response.json().keys() == (await registered(provider)).keys()


async def test_2_a_hash_in_a_request_uri_is_no_part_of_its_address(provider: Provider, browser: Browser) -> None:
    address = AT_HOME + "request.jwt"
    client = await registered(provider, jwks=KeySet([KEY]).as_dict(private=False), request_uris=[address + "#a-hash"])
    assert client["request_uris"] == [address]
    request = signed(KEY, "ES256", iss=client["client_id"], client_id=client["client_id"])
    provider.outside.documents[address] = request.encode()
    answer = await browser.authorized(client_id=client["client_id"], request_uri=address + "#a-hash")
    assert answer["state"] == "signed state"


async def test_2_request_objects_of_another_algorithm_than_the_registered_are_refused(
    provider: Provider, browser: Browser
) -> None:
    client = await registered(provider, jwks=KeySet([KEY]).as_dict(private=False), request_object_signing_alg="RS256")
    request = signed(KEY, "ES256", iss=client["client_id"], client_id=client["client_id"])
    assert (await browser.refused(client_id=client["client_id"], request=request))["error"] == "invalid_request_object"


async def test_2_default_max_age_counts_and_the_id_token_says_when(provider: Provider, browser: Browser) -> None:
    client = await registered(provider, default_max_age=60, require_auth_time=True)
    await browser.authorized(client_id=client["client_id"])
    provider.now += 61
    shown = await browser.opens(client_id=client["client_id"])
    assert isinstance(shown, Shown)
    assert shown.path == "/sign-in"
    claims = await provider.verified((await signs_in(provider, client))["id_token"])
    assert claims["auth_time"] == int(provider.now)


async def test_2_a_person_sees_whose_page_this_is(provider: Provider, browser: Browser) -> None:
    client = await registered(provider, **(METADATA | {"grant_types": ["authorization_code"], "scope": "openid"}))
    shown = await browser.opens(client_id=client["client_id"])
    assert isinstance(shown, Shown)
    assert METADATA["logo_uri"] in shown.response.text
    shown = await browser.sign_in(shown)
    assert isinstance(shown, Shown)
    for member in ("client_name", "policy_uri", "tos_uri"):
        assert METADATA[member] in shown.response.text


async def test_2_a_web_client_with_a_code_may_be_on_this_device(provider: Provider) -> None:
    client = await registered(provider, redirect_uris=["http://127.0.0.1:8000/callback"])
    assert client["application_type"] == "web"


async def test_6_texts_are_compared_code_point_by_code_point(provider: Provider) -> None:
    """OpenID Connect Registration section 6: nothing is normalised, so two spellings of one letter are two texts."""
    composed, decomposed = "Caf\u00e9", "Cafe\u0301"
    names = [(await registered(provider, client_name=name))["client_name"] for name in (composed, decomposed)]
    assert names == [composed, decomposed]
