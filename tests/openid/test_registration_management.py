"""A client reads, changes and removes its own registration (RFC 7592)."""

from dataclasses import replace
from typing import Any

import pytest

from ostiary_state.applications.application import Application
from ostiary_state.applications.openid import OpenIDSettings
from ostiary_state.applications.registered import registered_spec
from ostiary_state.applications.spec import OAuthApplicationSpec
from tests.openid.provider import CALLBACK, Browser, Provider, Shown
from tests.openid.test_dynamic import INITIAL, TEMPLATE, registered, send, signs_in


@pytest.fixture
def provider() -> Provider:
    """With a template, whose secret is the initial access token."""
    return Provider(TEMPLATE)


async def test_2_1_of_7592_a_client_reads_itself_with_its_own_token(provider: Provider) -> None:
    client = await registered(provider)
    path, token = f"/register/{client['client_id']}", client["registration_access_token"]
    read = (await send(provider, "GET", path, token=token)).json()
    assert read == {name: value for name, value in client.items() if not name.startswith("client_secret")}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_2_of_7592_nobody_else_does(provider: Provider, method: str) -> None:
    client, other = await registered(provider), await registered(provider)
    for token in (None, INITIAL, other["registration_access_token"], client["client_secret"]):
        response = await send(provider, method, f"/register/{client['client_id']}", token=token)
        assert response.status_code == 401
    unknown = await send(provider, method, "/register/dyn_unknown", token=client["registration_access_token"])
    assert unknown.status_code == 401
    assert len(provider.registrations.rows) == 2


async def test_2_2_of_7592_an_update_is_the_whole_anew(provider: Provider) -> None:
    client = await registered(provider, client_name="Old", scope="openid email")
    path, token = f"/register/{client['client_id']}", client["registration_access_token"]
    other = "https://shop.example.com/other"
    changed = await send(
        provider, "PUT", path, token=token, client_id=client["client_id"], redirect_uris=[CALLBACK, other]
    )
    assert changed.status_code == 200, changed.text
    assert "client_name" not in changed.json()
    assert "client_secret" not in changed.json(), "it is as it was, and not known here"
    assert changed.json()["redirect_uris"] == [CALLBACK, other]
    assert (await signs_in(provider, client))["id_token"]
    same = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
    assert (await send(provider, "PUT", path, token=token, redirect_uris=[CALLBACK], **same)).status_code == 200
    for wrong in ({"client_id": "another"}, {"client_id": client["client_id"], "client_secret": "chosen"}):
        response = await send(provider, "PUT", path, token=token, redirect_uris=[CALLBACK], **wrong)
        assert response.json()["error"] == "invalid_client_metadata"


async def test_2_2_of_7592_an_update_is_judged_like_a_registration(provider: Provider) -> None:
    client = await registered(provider)
    path, token = f"/register/{client['client_id']}", client["registration_access_token"]
    for wrong in ({"redirect_uris": [CALLBACK + "#x"]}, {"logo_uri": "javascript:alert(1)"}):
        sent = {"client_id": client["client_id"], "redirect_uris": [CALLBACK]} | wrong
        response = await send(provider, "PUT", path, token=token, **sent)
        assert (response.status_code, response.headers["cache-control"]) == (400, "no-store")
    assert (await send(provider, "GET", path, token=token)).json()["redirect_uris"] == [CALLBACK]


async def test_2_3_of_7592_a_client_that_is_gone_holds_nothing_any_more(provider: Provider, browser: Browser) -> None:
    client = await registered(provider)
    tokens = await signs_in(provider, client)
    path, token = f"/register/{client['client_id']}", client["registration_access_token"]
    assert (await send(provider, "DELETE", path, token=token)).status_code == 204
    async with provider.client() as http:
        told = await http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert told.status_code == 401
    shown = await browser.opens(client_id=client["client_id"])
    assert isinstance(shown, Shown)
    assert (await send(provider, "GET", path, token=token)).status_code == 401


@pytest.mark.parametrize(("first", "then"), [("none", "client_secret_basic"), ("client_secret_post", "none")])
async def test_2_2_of_7592_a_client_keeps_whether_it_has_a_secret(provider: Provider, first: str, then: str) -> None:
    client = await registered(provider, token_endpoint_auth_method=first)
    sent = {"client_id": client["client_id"], "redirect_uris": [CALLBACK], "token_endpoint_auth_method": then}
    path, token = f"/register/{client['client_id']}", client["registration_access_token"]
    response = await send(provider, "PUT", path, token=token, **sent)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_client_metadata")
    assert (await send(provider, "GET", path, token=token)).json()["token_endpoint_auth_method"] == first


def declare(provider: Provider, client: dict[str, Any], **fields: Any) -> None:
    """Its OAuthApplication, as the operator stores it, and with what somebody changed in it."""
    registration = replace(provider.registrations.rows[client["client_id"]], pending=False)
    provider.directory.put_registration(registration)
    spec = OAuthApplicationSpec.read(registered_spec(registration))
    declared = Application.from_spec(
        spec,
        id="shop/clients-1",
        incarnation="uid-of-object",
        revision=7,
        client_id=client["client_id"],
        issuer_id=provider.issuer.id,
        not_before=0.0,
        credentials=(),
    )
    provider.directory.put_application(replace(declared, **fields))


async def test_what_its_object_says_is_what_it_reads(provider: Provider) -> None:
    client = await registered(provider, contacts=["dev@example.com"], logo_uri="https://shop.example.com/logo.png")
    declare(provider, client)
    path, token = f"/register/{client['client_id']}", client["registration_access_token"]
    as_registered = (await send(provider, "GET", path, token=token)).json()
    kept = client.keys() - {"client_secret", "client_secret_expires_at"}
    assert as_registered == {name: client[name] for name in kept}

    declare(
        provider,
        client,
        display_name="Renamed",
        logo_url=None,
        callback_urls=("https://shop.example.com/new",),
        scopes=("openid",),
        openid=OpenIDSettings(default_max_age=60, registered_by="clients"),
    )
    told = (await send(provider, "GET", path, token=token)).json()
    assert (told["client_name"], told["redirect_uris"]) == ("Renamed", ["https://shop.example.com/new"])
    assert (told["scope"], told["default_max_age"], told["contacts"]) == ("openid", 60, ["dev@example.com"])
    assert "logo_uri" not in told


async def test_its_object_decides_who_signs_in_and_loses_nothing(provider: Provider, browser: Browser) -> None:
    client = await registered(provider)
    before = await signs_in(provider, client)
    declare(provider, client, callback_urls=("https://shop.example.com/new",))
    assert isinstance(await browser.opens(client_id=client["client_id"]), Shown), "the former redirect URI"
    assert (await provider.userinfo(before["access_token"]))["sub"]


async def test_an_update_counts_at_once_but_does_not_enable_it_again(provider: Provider, browser: Browser) -> None:
    client = await registered(provider)
    declare(provider, client)
    sent = {"client_id": client["client_id"], "redirect_uris": ["https://shop.example.com/new", CALLBACK]}
    path, token = f"/register/{client['client_id']}", client["registration_access_token"]
    await send(provider, "PUT", path, token=token, **sent)
    assert await signs_in(provider, client)

    declare(provider, client, enabled=False)
    await send(provider, "PUT", path, token=token, **sent)
    assert isinstance(await browser.opens(client_id=client["client_id"]), Shown)


async def test_an_object_without_a_registration_is_no_client(provider: Provider, browser: Browser) -> None:
    client = await registered(provider)
    declare(provider, client)
    provider.directory.remove_registration(client["client_id"])
    assert isinstance(await browser.opens(client_id=client["client_id"]), Shown)
