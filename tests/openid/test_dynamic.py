"""The Dynamic OpenID Provider plan: registration (RFC 7591, OpenID Connect Dynamic Client Registration 1.0)."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, KeySet

from ostiary_server.protocol.tokens import digest_of
from ostiary_state.applications.credentials import first_credentials
from ostiary_state.applications.openid import OpenIDSettings, RegistrationLimits
from tests.granting import CHALLENGE, VERIFIER, basic
from tests.openid.provider import ALL_SCOPES, CALLBACK, CERTIFIED, Answer, Browser, Provider, Shown
from tests.openid.test_request_objects import signed

SECTOR = "https://shop.example.com/sector.json"
INITIAL = "an-initial-access-token"
KEY = ECKey.generate_key("P-256", parameters={"kid": "ec", "use": "sig"})
PUBLIC_KEYS = KeySet([KEY]).as_dict(private=False)
IMPLICIT = {"grant_types": ["implicit"], "response_types": ["id_token"]}
TEMPLATE = replace(
    CERTIFIED,
    id="shop/clients",
    client_id="shop.clients",
    credentials=first_credentials([digest_of(INITIAL)], 0.0),
    callback_urls=(),
    grant_modes=frozenset({"authorization_code", "implicit", "refresh_token", "client_credentials"}),
    listed_response_types=frozenset(),
    scopes=(*ALL_SCOPES, "orders:read"),
    openid=OpenIDSettings(registration=RegistrationLimits(max_clients=5, unused_for=3600)),
)


@pytest.fixture
def provider() -> Provider:
    """With a template, whose secret is the initial access token."""
    return Provider(TEMPLATE)


async def send(
    provider: Provider, method: str = "POST", path: str = "/register", *, token: str | None = INITIAL, **members: Any
) -> httpx.Response:
    """A request about registrations; members None are left out."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    body = {name: value for name, value in members.items() if value is not None}
    async with provider.client() as client:
        return await client.request(method, path, headers=headers, json=body if method in {"POST", "PUT"} else None)


async def registered(provider: Provider, **members: Any) -> dict[str, Any]:
    """A client that has registered itself: the answer."""
    response = await send(provider, **({"redirect_uris": [CALLBACK]} | members))
    assert response.status_code == 201, response.text
    client: dict[str, Any] = response.json()
    return client


async def refused(provider: Provider, **members: Any) -> str:
    response = await send(provider, **({"redirect_uris": [CALLBACK]} | members))
    assert response.status_code == 400, response.text
    error: str = response.json()["error"]
    return error


async def signs_in(provider: Provider, client: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Tokens of a code flow of a registered client."""
    browser = provider.browser()
    answer = await browser.authorized(client_id=client["client_id"], **changes)
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK}
    headers = {}
    if "client_secret" in client:
        headers["authorization"] = basic(client["client_id"], client["client_secret"])
    else:
        form |= {"client_id": client["client_id"], "code_verifier": VERIFIER}
    async with provider.client() as http:
        response = await http.post("/token", data=form, headers=headers)
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


async def test_3_2_a_client_registers_itself_and_signs_a_person_in(provider: Provider) -> None:
    client = await registered(provider, client_name="A Client", contacts=["dev@example.com"])
    assert client["client_id"].startswith("dyn_")
    assert len(client["client_secret"]) >= 43
    assert client["client_secret_expires_at"] == 0
    assert client["client_id_issued_at"] == int(provider.now)
    assert client["registration_client_uri"].endswith(f"/register/{client['client_id']}")
    assert (client["client_name"], client["contacts"]) == ("A Client", ["dev@example.com"])
    tokens = await signs_in(provider, client)
    claims = await provider.verified(tokens["id_token"])
    assert claims["aud"] == client["client_id"]
    assert client["client_id"] in provider.noted


async def test_2_defaults_are_those_of_the_specification(provider: Provider) -> None:
    client = await registered(provider)
    assert client["token_endpoint_auth_method"] == "client_secret_basic"
    assert (client["grant_types"], client["response_types"]) == (["authorization_code"], ["code"])
    assert (client["id_token_signed_response_alg"], client["application_type"]) == ("RS256", "web")
    assert client["scope"].split(" ") == list(TEMPLATE.scopes)


async def test_3_the_initial_access_token_is_demanded(provider: Provider) -> None:
    for token in (None, "wrong", INITIAL + "x"):
        response = await send(provider, token=token, redirect_uris=[CALLBACK])
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith('Bearer realm="login.example.com"')
    assert provider.registrations.rows == {}


async def test_without_a_template_nobody_registers(provider: Provider) -> None:
    provider.put_openid(registration=None)
    assert (await send(provider, redirect_uris=[CALLBACK])).status_code == 401
    assert "registration_endpoint" not in await provider.discovery()


async def test_the_template_itself_is_no_client(provider: Provider, browser: Browser) -> None:
    response = await provider.post("/token", {"grant_type": "client_credentials"})
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    shown = await browser.opens()
    assert isinstance(shown, Shown)
    assert shown.response.status_code == 400


async def test_3_of_discovery_what_a_client_could_register_for_is_listed(provider: Provider) -> None:
    document = await provider.discovery()
    assert document["registration_endpoint"].endswith("/register")
    assert document["subject_types_supported"] == ["public", "pairwise"]
    methods = {"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}
    assert methods == {*document["token_endpoint_auth_methods_supported"]}
    assert "code id_token token" in document["response_types_supported"]
    assert document["request_uri_parameter_supported"] is True


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"redirect_uris": None}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK + "#fragment"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://shop.example.com/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://*.example.com/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [1]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["com.example.app:/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": "x"}, "invalid_client_metadata"),
        ({"redirect_uris": ["http://127.0.0.1/"]} | IMPLICIT, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://localhost/callback"]} | IMPLICIT, "invalid_redirect_uri"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"grant_types": "authorization_code"}, "invalid_client_metadata"),
        ({"response_types": ["id_token"]}, "invalid_client_metadata"),
        ({"response_types": ["magic"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "HS256"}, "invalid_client_metadata"),
        ({"id_token_encrypted_response_alg": "RSA-OAEP"}, "invalid_client_metadata"),
        ({"userinfo_encrypted_response_alg": "RSA-OAEP"}, "invalid_client_metadata"),
        ({"authorization_encrypted_response_alg": "RSA-OAEP"}, "invalid_client_metadata"),
        ({"authorization_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"request_object_encryption_alg": "RSA-OAEP"}, "invalid_client_metadata"),
        ({"request_object_signing_alg": "none"}, "invalid_client_metadata"),
        ({"client_name": "two\nlines"}, "invalid_client_metadata"),
        ({"logo_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
        ({"default_max_age": "x"}, "invalid_client_metadata"),
        ({"default_max_age": -1}, "invalid_client_metadata"),
        ({"jwks": {"keys": [KEY.as_dict(private=True)]}}, "invalid_client_metadata"),
        ({"jwks": "x"}, "invalid_client_metadata"),
        ({"jwks": PUBLIC_KEYS, "jwks_uri": "https://shop.example.com/j"}, "invalid_client_metadata"),
        ({"request_uris": ["https://shop.example.com/r"]}, "invalid_client_metadata"),
        ({"frontchannel_logout_uri": "https://evil.example.net/"}, "invalid_client_metadata"),
        ({"frontchannel_logout_uri": "https://shop.example.com/frame#a"}, "invalid_client_metadata"),
        ({"backchannel_logout_uri": "https://shop.example.com/out#a"}, "invalid_client_metadata"),
        ({"initiate_login_uri": "http://127.0.0.1/login"}, "invalid_client_metadata"),
        ({"sector_identifier_uri": "http://127.0.0.1/sector.json"}, "invalid_client_metadata"),
        ({"jwks_uri": "http://127.0.0.1/jwks"}, "invalid_client_metadata"),
        ({"backchannel_logout_session_required": "yes"}, "invalid_client_metadata"),
        ({"subject_type": "secret"}, "invalid_client_metadata"),
        ({"software_statement": signed()}, "unapproved_software_statement"),
        ({"contacts": [f"{number}@example.com" for number in range(17)]}, "invalid_client_metadata"),
        ({"default_max_age": 999_999_999}, "invalid_client_metadata"),
    ],
)
async def test_3_2_2_what_is_not_acceptable_is_said(provider: Provider, members: dict[str, Any], error: str) -> None:
    assert await refused(provider, **members) == error
    assert provider.registrations.rows == {}


async def test_2_what_is_not_understood_is_ignored_and_not_echoed(provider: Provider) -> None:
    client = await registered(provider, magic=True, **{"client_name#ja": "クライアント"})
    assert not {"magic", "client_name#ja", "sector"} & client.keys()


async def test_3_2_1_what_the_template_does_not_permit_is_left_out(provider: Provider) -> None:
    provider.put(grant_modes=frozenset({"authorization_code"}))
    client = await registered(
        provider,
        grant_types=["authorization_code", "refresh_token", "implicit"],
        response_types=["code", "id_token", "code id_token"],
        scope="openid admin email",
    )
    assert (client["grant_types"], client["response_types"]) == (["authorization_code"], ["code"])
    assert client["scope"] == "openid email"
    tokens = await signs_in(provider, client, scope="openid email orders:read")
    assert tokens["scope"] == "openid email"


async def test_23_of_our_decisions_a_public_client_needs_pkce(provider: Provider, browser: Browser) -> None:
    client = await registered(
        provider, token_endpoint_auth_method="none", redirect_uris=[CALLBACK, "com.example.app:/callback"]
    )
    assert "client_secret" not in client
    assert (await browser.refused(client_id=client["client_id"]))["error"] == "invalid_request"
    tokens = await signs_in(provider, client, code_challenge=CHALLENGE, code_challenge_method="S256")
    assert tokens["id_token"]


@pytest.mark.parametrize("response_type", ["id_token", "code id_token token"])
async def test_every_response_type_may_be_registered(provider: Provider, browser: Browser, response_type: str) -> None:
    client = await registered(
        provider, grant_types=["authorization_code", "implicit"], response_types=[response_type, "code"]
    )
    assert client["response_types"] == [response_type, "code"]
    assert "id_token" in await browser.authorized(client_id=client["client_id"], response_type=response_type)


async def test_keys_verify_the_request_objects_of_the_client(provider: Provider, browser: Browser) -> None:
    client = await registered(provider, jwks=KeySet([KEY]).as_dict(private=False), request_object_signing_alg="ES256")
    request = signed(KEY, "ES256", iss=client["client_id"], client_id=client["client_id"])
    assert "code" in await browser.authorized(client_id=client["client_id"], request=request)


async def test_userinfo_and_id_tokens_are_signed_as_registered(provider: Provider) -> None:
    client = await registered(
        provider, id_token_signed_response_alg="ES256", userinfo_signed_response_alg="EdDSA", default_max_age=60
    )
    tokens = await signs_in(provider, client)
    await provider.verified(tokens["id_token"])
    async with provider.client() as http:
        told = await http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert (await provider.verified(told.text))["sub"] == "u_ada"


async def test_12_1_of_core_clients_of_one_template_do_not_use_each_others_tokens(provider: Provider) -> None:
    grants = ["authorization_code", "refresh_token"]
    one, two = [await registered(provider, grant_types=grants) for _ in range(2)]
    tokens = await signs_in(provider, one, scope="openid offline_access")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    stranger = {"authorization": basic(two["client_id"], two["client_secret"])}
    assert (await provider.post("/token", form, headers=stranger)).json()["error"] == "invalid_grant"
    own = {"authorization": basic(one["client_id"], one["client_secret"])}
    again = (await provider.post("/token", form, headers=own)).json()
    assert (await provider.verified(again["id_token"]))["aud"] == one["client_id"]


async def test_5_a_sector_is_verified_by_its_document(provider: Provider) -> None:
    two = [CALLBACK, "https://other.example.com/callback"]
    pairwise = {"subject_type": "pairwise", "redirect_uris": two}
    assert await refused(provider, **pairwise) == "invalid_client_metadata"
    assert await refused(provider, **pairwise, sector_identifier_uri=SECTOR) == "invalid_client_metadata"
    provider.outside.documents[SECTOR] = json.dumps([CALLBACK]).encode()
    assert await refused(provider, **pairwise, sector_identifier_uri=SECTOR) == "invalid_client_metadata"
    provider.outside.documents[SECTOR] = json.dumps(two).encode()
    client = await registered(provider, **pairwise, sector_identifier_uri=SECTOR)
    claims = await provider.verified((await signs_in(provider, client))["id_token"])
    assert claims["sub"] not in {"u_ada", ""}


async def test_5_a_pairwise_client_of_one_host_needs_no_document(provider: Provider) -> None:
    client = await registered(provider, subject_type="pairwise")
    assert (await provider.verified((await signs_in(provider, client))["id_token"]))["sub"] != "u_ada"
    assert provider.outside.fetched == []


async def test_there_are_no_more_clients_than_the_manifest_permits(provider: Provider) -> None:
    for _ in range(5):
        await registered(provider)
    response = await send(provider, redirect_uris=[CALLBACK])
    assert (response.status_code, response.json()["error"]) == (503, "temporarily_unavailable")
    assert response.headers["retry-after"] == "3600"


async def test_what_the_manifest_withdraws_is_withdrawn_from_every_client(provider: Provider, browser: Browser) -> None:
    client = await registered(provider, grant_types=["authorization_code", "implicit"], response_types=["id_token"])
    assert isinstance(await browser.opens(client_id=client["client_id"], response_type="id_token"), Shown)
    provider.put(grant_modes=frozenset({"authorization_code"}))
    answer = await browser.opens(client_id=client["client_id"], response_type="id_token")
    assert isinstance(answer, Answer)
    assert answer["error"] == "unauthorized_client"
    provider.put(enabled=False)
    shown = await browser.opens(client_id=client["client_id"])
    assert isinstance(shown, Shown)
    assert shown.response.status_code == 403


async def test_a_template_that_is_made_again_has_no_clients(provider: Provider, browser: Browser) -> None:
    client = await registered(provider)
    provider.put(incarnation="uid-again")
    shown = await browser.opens(client_id=client["client_id"])
    assert isinstance(shown, Shown)
    assert shown.response.status_code == 400


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"{", "application/json"), (b"[]", "application/json"), (b"a=b", "application/x-www-form-urlencoded")],
)
async def test_a_body_that_is_no_json_object_is_invalid(provider: Provider, content: bytes, kind: str) -> None:
    async with provider.client() as client:
        response = await client.post(
            "/register", content=content, headers={"authorization": f"Bearer {INITIAL}", "content-type": kind}
        )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_a_secret_is_in_no_log_and_no_repr(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="ostiary_server")
    client = await registered(provider)
    await send(provider, token="wrong", redirect_uris=[CALLBACK])
    (row,) = provider.registrations.rows.values()
    for secret in (client["client_secret"], client["registration_access_token"], INITIAL):
        assert secret not in caplog.text
        assert secret not in repr(row)


async def test_3_2_2_the_error_names_the_member(provider: Provider) -> None:
    response = await send(provider, redirect_uris=[CALLBACK], contacts=[f"{number}@a.example" for number in range(17)])
    assert response.json()["error_description"].startswith("contacts: ")
    response = await send(provider, redirect_uris=[CALLBACK], default_max_age=999_999_999)
    assert response.json()["error_description"].startswith("default_max_age: ")
