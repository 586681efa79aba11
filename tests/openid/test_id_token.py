"""What every ID token is like, whichever response it is in (OpenID Connect Core sections 2, 3.1.3.6 and 10.1)."""

import json
from urllib.parse import urlsplit

import pytest
from joserfc import jws

from tests.openid.provider import ALL_TYPES, Browser, Provider
from tests.openid.test_implicit import half

WITH_ID_TOKEN = tuple(written for written in ALL_TYPES if written != "token")
ODD = " N onc\u00e9 &=+%20\"'< "


async def id_tokens(provider: Provider, browser: Browser, response_type: str, **changes: str) -> list[str]:
    """Those of both endpoints."""
    answer = await browser.authorized(response_type=response_type, **changes)
    tokens = [answer["id_token"]] if "id_token" in answer else []
    return tokens + ([(await provider.redeem(answer["code"]))["id_token"]] if "code" in answer else [])


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
async def test_2_what_is_required_is_there_and_of_the_right_kind(
    provider: Provider, browser: Browser, response_type: str
) -> None:
    for token in await id_tokens(provider, browser, response_type):
        claims = await provider.verified_id_token(token, nonce="n-1")
        issuer = urlsplit(claims["iss"])
        assert (issuer.scheme, issuer.query, issuer.fragment) == ("https", "", "")
        assert claims["sub"].isascii()
        assert 0 < len(claims["sub"]) <= 255
        assert {type(claims[name]) for name in ("exp", "iat", "auth_time")} == {int}
        assert "azp" not in claims, "nobody else is meant"


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
async def test_2_the_nonce_comes_back_as_it_was_sent(provider: Provider, browser: Browser, response_type: str) -> None:
    for token in await id_tokens(provider, browser, response_type, nonce=ODD):
        await provider.verified_id_token(token, nonce=ODD)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_10_1_the_header_names_algorithm_and_key_and_brings_none_along(
    provider: Provider, browser: Browser, algorithm: str
) -> None:
    provider.put(id_token_algorithm=algorithm)
    for token in await id_tokens(provider, browser, "code id_token"):
        header = jws.extract_compact(token.encode()).headers()
        assert header == {"alg": algorithm, "typ": "JWT", "kid": header["kid"]}
        await provider.verified(token)


async def test_15_1_the_algorithm_is_rs256_where_nothing_is_said(provider: Provider, browser: Browser) -> None:
    for token in await id_tokens(provider, browser, "code id_token"):
        assert jws.extract_compact(token.encode()).headers()["alg"] == "RS256"


async def test_3_1_3_6_at_hash_is_of_the_token_beside_and_not_of_the_one_before(
    provider: Provider, browser: Browser
) -> None:
    answer = await browser.authorized(response_type="code id_token token", scope="openid offline_access")
    tokens = await provider.redeem(answer["code"])
    assert tokens["access_token"] != answer["access_token"]
    claims = await provider.verified(tokens["id_token"])
    assert claims["at_hash"] == half(tokens["access_token"])
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    again = (await provider.post("/token", refresh)).json()
    assert (await provider.verified(again["id_token"]))["at_hash"] == half(again["access_token"])


async def test_3_2_2_10_an_id_token_alone_has_no_at_hash(provider: Provider, browser: Browser) -> None:
    (token,) = await id_tokens(provider, browser, "id_token")
    assert not {"at_hash", "c_hash"} & (await provider.verified(token)).keys()


@pytest.mark.parametrize("response_type", WITH_ID_TOKEN)
async def test_2_auth_time_is_there_when_max_age_or_the_claim_is_asked_for(
    provider: Provider, browser: Browser, response_type: str
) -> None:
    asked = json.dumps({"id_token": {"auth_time": {"essential": True}}})
    for token in await id_tokens(provider, browser, response_type):
        assert (await provider.verified(token))["auth_time"] == int(provider.now)
    signed_in = int(provider.now)
    provider.now += 30
    for changes in ({"max_age": "60"}, {"claims": asked}):
        for token in await id_tokens(provider, browser, response_type, **changes):
            assert (await provider.verified(token))["auth_time"] == signed_in
