"""Offline access and refreshing (OpenID Connect Core sections 11 and 12)."""

from dataclasses import replace
from typing import Any

import pytest

from tests.granting import basic
from tests.openid.provider import SECRET, Answer, Browser, Provider, Shown

OFFLINE = "openid offline_access"


async def offline(provider: Provider, browser: Browser, **changes: Any) -> dict[str, Any]:
    return await provider.redeem((await browser.authorized(scope=OFFLINE, **changes))["code"])


def refresh(tokens: dict[str, Any], **form: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]} | form


async def test_11_the_person_is_asked_for_it_by_name_and_before_it_is_given(browser: Browser) -> None:
    await browser.authorized()
    assert (await browser.refused(scope=OFFLINE, prompt="none"))["error"] == "consent_required"
    shown = await browser.opens(scope=OFFLINE)
    assert isinstance(shown, Shown)
    assert shown.path == "/consent"
    denied = await browser.consent(shown, "deny")
    assert isinstance(denied, Answer)
    assert denied["error"] == "access_denied"
    assert "code" in await browser.authorized(scope=OFFLINE)
    assert "code" in await browser.opens(scope=OFFLINE, prompt="none"), "what was allowed is another condition"


async def test_11_prompt_consent_asks_again(browser: Browser) -> None:
    await browser.authorized(scope=OFFLINE)
    shown = await browser.opens(scope=OFFLINE, prompt="consent")
    assert isinstance(shown, Shown)
    assert shown.path == "/consent"


@pytest.mark.parametrize("response_type", ["token", "id_token token"])
async def test_11_it_is_ignored_where_no_code_comes(provider: Provider, browser: Browser, response_type: str) -> None:
    answer = await browser.authorized(scope=OFFLINE, response_type=response_type)
    assert answer["scope"] == "openid"
    assert "refresh_token" not in answer
    (grant,) = provider.database.grants.values()
    assert grant.session_id is not None, "it ends with the session"


@pytest.mark.parametrize("response_type", ["code id_token", "code token", "code id_token token"])
async def test_11_hybrid_responses_have_a_code_for_it(provider: Provider, browser: Browser, response_type: str) -> None:
    tokens = await offline(provider, browser, response_type=response_type)
    assert tokens["scope"] == OFFLINE
    assert (await provider.post("/token", refresh(tokens))).status_code == 200


async def test_12_1_a_refresh_token_is_of_the_client_that_it_was_given_to(provider: Provider, browser: Browser) -> None:
    tokens = await offline(provider, browser)
    other = replace(provider.application, id="shop/two", client_id="shop.two")
    provider.directory.put_application(other)
    refused = await provider.post("/token", refresh(tokens), headers={"authorization": basic("shop.two", SECRET)})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert (await provider.post("/token", refresh(tokens))).status_code == 200, "nothing was burnt"


@pytest.mark.parametrize("authorization", [None, "wrong"])
async def test_12_1_the_client_authenticates_as_it_is_registered(
    provider: Provider, browser: Browser, authorization: str | None
) -> None:
    tokens = await offline(provider, browser)
    headers = {"authorization": basic(secret=authorization)} if authorization else {}
    async with provider.client() as client:
        sent = refresh(tokens, client_id=provider.application.client_id)
        refused = await client.post("/token", data=sent, headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_12_2_the_answer_is_a_token_response_that_nothing_keeps(provider: Provider, browser: Browser) -> None:
    response = await provider.post("/token", refresh(await offline(provider, browser)))
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert {"access_token", "refresh_token", "id_token", "expires_in", "scope"} <= answer.keys()
    assert answer["token_type"] == "Bearer"
    assert (await provider.userinfo(answer["access_token"]))["sub"] == "u_ada"


async def test_12_2_auth_time_is_of_the_first_sign_in_though_the_person_has_signed_in_since(
    provider: Provider, browser: Browser
) -> None:
    tokens = await offline(provider, browser)
    first = await provider.verified(tokens["id_token"])
    provider.now += 50
    shown = await browser.opens(scope=OFFLINE, prompt="login")
    assert isinstance(shown, Shown)
    assert isinstance(await browser.sign_in(shown), Answer)
    for _ in range(2):
        provider.now += 50
        tokens = (await provider.post("/token", refresh(tokens))).json()
        again = await provider.verified(tokens["id_token"])
        assert {name: again[name] for name in ("iss", "sub", "aud", "auth_time")} == {
            name: first[name] for name in ("iss", "sub", "aud", "auth_time")
        }
        assert again["iat"] == int(provider.now)
        assert not {"nonce", "azp"} & again.keys()


async def test_12_1_a_refresh_token_that_is_none_is_invalid_grant(provider: Provider) -> None:
    refused = await provider.post("/token", refresh({"refresh_token": "none"}))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert refused.headers["cache-control"] == "no-store"
