"""Clients whose client_id is the address of their metadata (OAuth Client ID Metadata Document)."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from ostiary_state.applications.openid import OpenIDSettings
from tests.granting import CHALLENGE, VERIFIER
from tests.openid.provider import CALLBACK, CERTIFIED, Answer, Browser, Provider, Shown

CLIENT = "https://app.example.com/oauth/client.json"
TEMPLATE = replace(
    CERTIFIED,
    id="shop/agents",
    client_id="shop.agents",
    confidential=False,
    pkce_required=True,
    token_endpoint_auth_method="none",
    credentials=(),
    callback_urls=(),
    grant_modes=frozenset({"authorization_code", "refresh_token"}),
    listed_response_types=frozenset(),
    scopes=("openid", "profile", "orders:read"),
    openid=OpenIDSettings(metadata_hosts=("*.example.com", "agents.example.org")),
)
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def document(client_id: str = CLIENT, **changes: Any) -> bytes:
    members = {
        "client_id": client_id,
        "client_name": "An Agent",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    } | changes
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


@pytest.fixture
def provider() -> Provider:
    provider = Provider(TEMPLATE)
    provider.outside.documents[CLIENT] = document()
    return provider


async def refused(browser: Browser, client_id: str = CLIENT, **changes: Any) -> str:
    """The text of the error page that a request ends on; it is never a redirect."""
    shown = await browser.opens(client_id=client_id, **PKCE, **changes)
    assert isinstance(shown, Shown), shown
    assert shown.response.status_code == 400, shown.response.text
    return shown.response.text


async def tokens(provider: Provider, browser: Browser, **changes: Any) -> dict[str, Any]:
    answer = await browser.authorized(client_id=CLIENT, **PKCE, **changes)
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK}
    async with provider.client() as client:
        response = await client.post("/token", data=form | {"client_id": CLIENT, "code_verifier": VERIFIER})
    assert response.status_code == 200, response.text
    got: dict[str, Any] = response.json()
    return got


async def test_a_client_that_nobody_registered_signs_a_person_in(provider: Provider, browser: Browser) -> None:
    got = await tokens(provider, browser)
    claims = await provider.verified(got["id_token"])
    assert claims["aud"] == CLIENT
    access = await provider.verified(got["access_token"], typ="at+jwt")
    assert access["client_id"] == CLIENT
    assert (await provider.userinfo(got["access_token"]))["sub"] == "u_ada"
    assert provider.outside.fetched == [CLIENT], "once, though the person went through two pages"
    (grant,) = provider.database.grants.values()
    assert (grant.client_id, grant.application_id) == (CLIENT, "shop/agents")


async def test_it_stays_signed_in_without_its_document(provider: Provider, browser: Browser) -> None:
    got = await tokens(provider, browser)
    provider.outside.documents.clear()
    provider.now += 3600
    async with provider.client() as client:
        form = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"], "client_id": CLIENT}
        response = await client.post("/token", data=form)
    assert response.status_code == 200
    assert provider.outside.fetched == [CLIENT]


async def test_the_person_sees_whose_document_it_is(browser: Browser) -> None:
    shown = await browser.opens(client_id=CLIENT, **PKCE)
    assert isinstance(shown, Shown)
    assert "An Agent" in shown.response.text
    shown = await browser.sign_in(shown)
    assert isinstance(shown, Shown)
    assert shown.path == "/consent"
    assert "app.example.com" in shown.response.text


async def test_pkce_is_demanded(browser: Browser) -> None:
    assert (await browser.refused(client_id=CLIENT))["error"] == "invalid_request"


async def test_scopes_are_those_of_the_template(provider: Provider, browser: Browser) -> None:
    got = await tokens(provider, browser, scope="openid orders:read admin")
    assert got["scope"] == "openid orders:read"


@pytest.mark.parametrize(
    "client_id",
    [
        "https://evil.example.net/client.json",
        "https://example.com/client.json",
        "https://app.example.com.evil.net/client.json",
        "https://app.example.com@evil.net/client.json",
        "https://app.example.com",
        "https://app.example.com/a/../client.json",
        "https://app.example.com/./client.json",
        "https://user@app.example.com/client.json",
        "https://app.example.com/client.json#x",
        "http://app.example.com/client.json",
        "https://app.example.com:8443/client.json",
        "https://sub.agents.example.org/client.json",
    ],
)
async def test_an_address_that_the_manifest_does_not_admit_is_never_asked(
    provider: Provider, browser: Browser, client_id: str
) -> None:
    provider.outside.documents[client_id] = document(client_id)
    assert "No application with this client_id" in await refused(browser, client_id)
    assert provider.outside.fetched == []


async def test_a_redirect_uri_that_the_document_does_not_list_is_refused(browser: Browser) -> None:
    assert "redirect_uri" in await refused(browser, redirect_uri="https://evil.example.net/callback")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html>", "not valid JSON"),
        (b"[]", "not a JSON object"),
        (document("https://app.example.com/other.json"), "not the document"),
        (document(client_id=None), "not the document"),  # type: ignore[arg-type]
        (document(redirect_uris=None), "no list of redirect_uris"),
        (document(redirect_uris=[]), "no list of redirect_uris"),
        (document(redirect_uris=[1]), "no list of redirect_uris"),
        (document(redirect_uris=["javascript:alert(1)"]), "is refused"),
        (document(redirect_uris=["https://app.example.com/*"]), "is refused"),
        (document(redirect_uris=[f"{CALLBACK}?{n}" for n in range(17)]), "more than 16"),
        (document(client_secret="s"), "must not hold a client_secret"),
        (document(token_endpoint_auth_method="client_secret_basic"), "must be &#39;none&#39;"),
        (document(token_endpoint_auth_method="client_secret_post"), "must be &#39;none&#39;"),
        (document(token_endpoint_auth_method="client_secret_jwt"), "must be &#39;none&#39;"),
        (document(token_endpoint_auth_method="private_key_jwt"), "must be &#39;none&#39;"),
        (document(client_secret_expires_at=0), "must not hold a client_secret"),
    ],
)
async def test_a_document_that_is_not_acceptable_is_said_on_a_page(
    provider: Provider, browser: Browser, content: bytes, says: str
) -> None:
    provider.outside.documents[CLIENT] = content
    assert says in await refused(browser)


async def test_5_2_no_failure_and_no_bad_document_is_kept(provider: Provider, browser: Browser) -> None:
    for documents, says in (({}, "could not be read"), ({CLIENT: b"["}, "not valid JSON")):
        provider.outside.documents = documents
        assert says in await refused(browser)
        provider.outside.documents = {CLIENT: document()}
        assert isinstance(await browser.opens(client_id=CLIENT, **PKCE), Shown)
        provider.now += 301


async def test_5_2_who_asks_at_the_same_time_shares_one_look_at_the_document(
    provider: Provider, browser: Browser
) -> None:
    provider.outside.documents.clear()
    answers = await asyncio.gather(*[refused(browser) for _ in range(8)])
    assert all("could not be read" in answer for answer in answers)
    assert provider.outside.fetched == [CLIENT]


async def test_5_2_a_document_is_read_again_after_five_minutes(provider: Provider, browser: Browser) -> None:
    await tokens(provider, browser)
    provider.outside.documents[CLIENT] = document(redirect_uris=["https://app.example.com/moved"])
    assert isinstance(await browser.opens(client_id=CLIENT, **PKCE), Answer)
    provider.now += 301
    assert "redirect_uri" in await refused(browser)


async def test_what_could_not_be_shown_is_left_out(provider: Provider, browser: Browser) -> None:
    provider.outside.documents[CLIENT] = document(
        client_name="two\nlines", logo_uri="javascript:alert(1)", client_uri=7, tos_uri="https://app.example.com/tos"
    )
    shown = await browser.opens(client_id=CLIENT, **PKCE)
    assert isinstance(shown, Shown)
    assert "two" not in shown.response.text
    assert "javascript" not in shown.response.text
    assert "app.example.com" in shown.response.text, "its host is its name"


async def test_consents_of_two_clients_of_a_template_are_two(provider: Provider, browser: Browser) -> None:
    await tokens(provider, browser)
    other = "https://other.example.com/client.json"
    provider.outside.documents[other] = document(other)
    shown = await browser.opens(client_id=other, **PKCE)
    assert isinstance(shown, Shown)
    assert shown.path == "/consent"
    assert isinstance(await browser.opens(client_id=CLIENT, **PKCE), Answer), "this one was allowed before"


async def test_a_code_of_one_is_none_of_another(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized(client_id=CLIENT, **PKCE)
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK}
    async with provider.client() as client:
        response = await client.post(
            "/token",
            data=form | {"client_id": "https://other.example.com/client.json", "code_verifier": VERIFIER},
        )
    assert response.json()["error"] == "invalid_grant"


async def test_when_the_template_goes_so_does_every_client_of_it(provider: Provider, browser: Browser) -> None:
    got = await tokens(provider, browser)
    provider.directory.remove_application("shop/agents")
    async with provider.client() as client:
        told = await client.get("/userinfo", headers={"authorization": f"Bearer {got['access_token']}"})
    assert told.status_code == 401
    assert "No application with this client_id" in await refused(browser)


async def test_the_most_specific_template_counts(provider: Provider, browser: Browser) -> None:
    narrow = replace(
        TEMPLATE, id="shop/one", client_id="shop.one", openid=OpenIDSettings(metadata_hosts=("app.example.com",))
    )
    for hosts in (("*",), ("*.com",)):
        provider.directory.put_application(
            replace(TEMPLATE, id=f"shop/{hosts[0]}", client_id=hosts[0], openid=OpenIDSettings(metadata_hosts=hosts))
        )
    provider.directory.put_application(narrow)
    await tokens(provider, browser)
    (grant,) = provider.database.grants.values()
    assert grant.application_id == "shop/one"


async def test_the_template_itself_is_no_client(browser: Browser) -> None:
    assert "redirect_uri" in await refused(browser, "shop.agents")


async def test_discovery_says_so(provider: Provider) -> None:
    assert (await provider.discovery())["client_id_metadata_document_supported"] is True
    provider.put_openid(metadata_hosts=())
    assert (await provider.discovery())["client_id_metadata_document_supported"] is False
