"""Responses as JWTs: ID tokens by the chosen algorithm, userinfo (Core 5.3.2), authorization responses (JARM)."""

import pytest
from joserfc import jws

from tests.factories import ISSUER
from tests.openid.provider import ALL_TYPES, Answer, Browser, Provider

ALGORITHMS = ("RS256", "ES256", "EdDSA")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_id_tokens_are_signed_as_the_manifest_says(provider: Provider, browser: Browser, algorithm: str) -> None:
    provider.put(id_token_algorithm=algorithm)
    tokens = await provider.redeem((await browser.authorized())["code"])
    await provider.verified_id_token(tokens["id_token"], nonce="n-1")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_5_3_2_signed_userinfo_says_who_and_for_whom(
    provider: Provider, browser: Browser, algorithm: str
) -> None:
    provider.put_openid(userinfo_algorithm=algorithm)
    tokens = await provider.redeem((await browser.authorized(scope="openid email"))["code"])
    async with provider.client() as client:
        response = await client.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert response.headers["content-type"] == "application/jwt"
    assert response.headers["cache-control"] == "no-store"
    claims = await provider.verified(response.text)
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER.origin, "shop.web", "u_ada")
    assert claims["email"] == "ada@example.com"


@pytest.mark.parametrize("mode", ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"])
async def test_2_3_of_jarm_a_code_comes_in_one_jwt(provider: Provider, browser: Browser, mode: str) -> None:
    answer = await browser.authorized(response_mode=mode)
    assert answer.mode == {"jwt": "query"}.get(mode, mode.removesuffix(".jwt"))
    assert answer.parameters.keys() == {"response"}
    claims = await provider.verified(answer["response"])
    assert (claims["iss"], claims["aud"], claims["state"]) == (ISSUER.origin, "shop.web", "a state")
    assert provider.now < claims["exp"] <= provider.now + 600
    await provider.redeem(claims["code"])


@pytest.mark.parametrize("response_type", ALL_TYPES)
async def test_2_3_4_of_jarm_plain_jwt_is_the_default_mode_of_the_type(
    provider: Provider, browser: Browser, response_type: str
) -> None:
    answer = await browser.authorized(response_type=response_type, response_mode="jwt")
    assert answer.mode == ("query" if response_type == "code" else "fragment")
    claims = await provider.verified(answer["response"])
    assert ("access_token" in claims) is ("token" in response_type.split(" "))


async def test_2_1_of_jarm_errors_come_so_too(provider: Provider, browser: Browser) -> None:
    answer = await browser.opens(response_mode="jwt", prompt="none")
    assert isinstance(answer, Answer)
    claims = await provider.verified(answer["response"])
    assert (claims["error"], claims["state"], claims["aud"]) == ("login_required", "a state", "shop.web")


async def test_2_3_1_of_jarm_tokens_never_go_into_a_query_even_signed(provider: Provider, browser: Browser) -> None:
    answer = await browser.opens(response_type="code token", response_mode="query.jwt")
    assert isinstance(answer, Answer)
    assert answer.mode == "fragment"
    assert (await provider.verified(answer["response"]))["error"] == "invalid_request"


async def test_3_of_jarm_the_algorithm_is_rs256_where_nothing_is_said(browser: Browser) -> None:
    answer = await browser.authorized(response_mode="jwt")
    assert jws.extract_compact(answer["response"].encode()).headers()["alg"] == "RS256"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_3_of_jarm_the_manifest_chooses_the_algorithm(
    provider: Provider, browser: Browser, algorithm: str
) -> None:
    provider.put_openid(authorization_algorithm=algorithm)
    answer = await browser.authorized(response_mode="jwt")
    await provider.verified(answer["response"])
