"""The Hybrid OpenID Provider plan: code with tokens (OpenID Connect Core section 3.3)."""

import pytest

from tests.openid.provider import CALLBACK, Answer, Browser, Provider, Shown
from tests.openid.test_implicit import half

TYPES = ("code id_token", "code token", "code id_token token")


@pytest.mark.parametrize("response_type", TYPES)
async def test_3_3_2_5_everything_is_in_the_fragment(browser: Browser, response_type: str) -> None:
    answer = await browser.authorized(response_type=response_type)
    assert answer.mode == "fragment"
    words = {*response_type.split(" ")}
    assert ("id_token" in answer, "access_token" in answer) == ("id_token" in words, "token" in words)
    assert answer["code"]
    assert answer["state"] == "a state"
    if "token" in words:
        assert (answer["token_type"], answer["expires_in"]) == ("Bearer", "600")


@pytest.mark.parametrize("response_type", TYPES)
async def test_3_3_2_6_errors_are_in_the_fragment(browser: Browser, response_type: str) -> None:
    answer = await browser.refused(response_type=response_type, prompt="none")
    assert (answer.mode, answer["error"], answer["state"]) == ("fragment", "login_required", "a state")
    shown = await browser.opens(response_type=response_type)
    assert isinstance(shown, Shown)
    shown = await browser.sign_in(shown)
    assert isinstance(shown, Shown)
    denied = await browser.consent(shown, "deny")
    assert isinstance(denied, Answer)
    assert (denied.mode, denied["error"], denied["state"]) == ("fragment", "access_denied", "a state")


@pytest.mark.parametrize("response_type", TYPES)
async def test_5_of_multiple_response_types_nothing_of_it_goes_into_a_query(
    browser: Browser, response_type: str
) -> None:
    answer = await browser.refused(response_type=response_type, response_mode="query")
    assert (answer.mode, answer["error"], answer["state"]) == ("fragment", "invalid_request", "a state")


@pytest.mark.parametrize("response_type", TYPES)
async def test_3_3_3_8_the_code_yields_tokens_of_the_same_sign_in(
    provider: Provider, browser: Browser, response_type: str
) -> None:
    answer = await browser.authorized(response_type=response_type)
    tokens = await provider.redeem(answer["code"])
    second = await provider.verified_id_token(tokens["id_token"], nonce="n-1")
    if "id_token" in answer:
        first = await provider.verified_id_token(answer["id_token"], nonce="n-1")
        assert (first["iss"], first["sub"]) == (second["iss"], second["sub"])
        assert first["auth_time"] == second["auth_time"]
    assert (await provider.userinfo(tokens["access_token"]))["sub"] == second["sub"]


async def test_3_3_2_11_c_hash_and_at_hash_bind_what_is_beside(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized(response_type="code id_token token")
    claims = await provider.verified(answer["id_token"])
    assert (claims["c_hash"], claims["at_hash"]) == (half(answer["code"]), half(answer["access_token"]))
    without = await provider.verified((await browser.authorized(response_type="code id_token"))["id_token"])
    assert "at_hash" not in without


@pytest.mark.parametrize("response_type", ["code id_token", "code id_token token"])
async def test_3_3_2_11_the_nonce_is_required_with_an_id_token(browser: Browser, response_type: str) -> None:
    answer = await browser.refused(response_type=response_type, nonce=None)
    assert (answer.mode, answer["error"]) == ("fragment", "invalid_request")


async def test_3_3_2_11_code_token_needs_no_nonce(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized(response_type="code token", nonce=None)
    await provider.verified_id_token((await provider.redeem(answer["code"]))["id_token"], nonce=None)


async def test_5_4_claims_of_scopes_are_at_userinfo(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized(response_type="code id_token", scope="openid email")
    assert "email" not in await provider.verified(answer["id_token"])
    tokens = await provider.redeem(answer["code"])
    assert (await provider.userinfo(tokens["access_token"]))["email"] == "ada@example.com"


@pytest.mark.parametrize("response_type", TYPES)
async def test_17_of_our_decisions_pkce_concerns_each_response_with_a_code(
    provider: Provider, browser: Browser, response_type: str
) -> None:
    provider.put(pkce_required=True)
    assert (await browser.refused(response_type=response_type))["error"] == "invalid_request"


async def test_a_replayed_code_ends_the_token_of_the_front_channel_too(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized(response_type="code token")
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK}
    assert (await provider.post("/token", form)).status_code == 200
    assert (await provider.post("/token", form)).json()["error"] == "invalid_grant"
    told = await provider.post("/introspect", {"token": answer["access_token"]})
    assert told.json() == {"active": False}


async def test_hybrid_types_are_served_only_where_the_manifest_lists_them(provider: Provider, browser: Browser) -> None:
    provider.put(listed_response_types=frozenset())
    assert (await browser.refused(response_type="code id_token"))["error"] == "unauthorized_client"
    assert "code" in await browser.authorized()
