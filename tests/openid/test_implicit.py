"""The Implicit OpenID Provider plan: id_token and id_token token (OpenID Connect Core section 3.2)."""

import base64
import hashlib

import pytest

from tests.openid.provider import Browser, Provider

TYPES = ("id_token", "id_token token")


def half(value: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


@pytest.mark.parametrize("response_type", TYPES)
async def test_3_2_2_5_the_answer_is_in_the_fragment(provider: Provider, browser: Browser, response_type: str) -> None:
    answer = await browser.authorized(response_type=response_type)
    assert answer.mode == "fragment"
    assert answer["state"] == "a state"
    assert "code" not in answer
    assert "refresh_token" not in answer
    await provider.verified_id_token(answer["id_token"], nonce="n-1")


async def test_3_2_2_5_a_token_comes_with_its_type_and_lifetime(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized(response_type="id_token token")
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", "600")
    assert await provider.userinfo(answer["access_token"]) == {"sub": "u_ada"}


async def test_3_2_2_9_at_hash_binds_the_access_token(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized(response_type="id_token token")
    claims = await provider.verified(answer["id_token"])
    assert claims["at_hash"] == half(answer["access_token"])


async def test_5_4_an_id_token_alone_carries_the_claims_of_scopes(provider: Provider, browser: Browser) -> None:
    alone = await browser.authorized(response_type="id_token", scope="openid email")
    assert (await provider.verified(alone["id_token"]))["email"] == "ada@example.com"
    beside = await browser.authorized(response_type="id_token token", scope="openid email")
    assert "email" not in await provider.verified(beside["id_token"])
    assert (await provider.userinfo(beside["access_token"]))["email"] == "ada@example.com"


@pytest.mark.parametrize("response_type", TYPES)
async def test_3_2_2_1_the_nonce_is_required(browser: Browser, response_type: str) -> None:
    answer = await browser.refused(response_type=response_type, nonce=None)
    assert (answer.mode, answer["error"]) == ("fragment", "invalid_request")


@pytest.mark.parametrize("response_type", TYPES)
async def test_3_2_2_6_errors_are_in_the_fragment(browser: Browser, response_type: str) -> None:
    answer = await browser.refused(response_type=response_type, prompt="none")
    assert (answer.mode, answer["error"], answer["state"]) == ("fragment", "login_required", "a state")


async def test_5_of_multiple_response_types_tokens_never_go_into_a_query(browser: Browser) -> None:
    answer = await browser.refused(response_type="id_token", response_mode="query")
    assert (answer.mode, answer["error"]) == ("fragment", "invalid_request")


async def test_the_words_of_a_response_type_have_no_order(browser: Browser) -> None:
    answer = await browser.authorized(response_type="token id_token")
    assert {"access_token", "id_token"} <= answer.parameters.keys()


async def test_an_implicit_grant_can_be_revoked(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized(response_type="id_token token")
    revoked = await provider.post("/revoke", {"token": answer["access_token"]})
    assert revoked.status_code == 200
    told = await provider.post("/introspect", {"token": answer["access_token"]})
    assert told.json() == {"active": False}
