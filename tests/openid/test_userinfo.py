"""The userinfo response (OpenID Connect Core section 5.3): its form, and what is never in it."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from ostiary_server.protocol.claims import user_claims
from ostiary_state.applications.claim_mapping import MappedClaim
from tests.openid.people import ADA
from tests.openid.provider import ALL_TYPES, Browser, Provider

SCOPES = "openid profile email phone address groups"


async def asked(provider: Provider, token: str, **how: Any) -> httpx.Response:
    async with provider.client() as client:
        return await client.get("/userinfo", **{"headers": {"authorization": f"Bearer {token}"}} | how)


async def test_5_3_2_plain_claims_are_json_in_utf_8(provider: Provider, browser: Browser) -> None:
    provider.put_user("ada", ADA | {"displayName": "Ad\u00e4 \u0141ovelace \u6c34"})
    token = (await provider.redeem((await browser.authorized(scope="openid profile"))["code"]))["access_token"]
    response = await asked(provider, token)
    assert response.headers["content-type"] == "application/json"
    assert "Ad\u00e4 \u0141ovelace \u6c34".encode() in response.content


async def test_5_3_2_what_a_person_lacks_is_left_out_and_neither_null_nor_empty_text(provider: Provider) -> None:
    provider.put_user("bob", {"username": "bob"})
    answer = await provider.browser().authorized(username="bob", scope=SCOPES)
    told = await provider.userinfo((await provider.redeem(answer["code"]))["access_token"])
    assert told == {"sub": "u_bob", "name": "bob", "preferred_username": "bob", "groups": []}


@pytest.mark.parametrize("response_type", [written for written in ALL_TYPES if "id_token" in written])
async def test_5_3_2_sub_is_the_one_of_the_id_token(provider: Provider, browser: Browser, response_type: str) -> None:
    answer = await browser.authorized(response_type=response_type)
    sub = (await provider.verified(answer["id_token"]))["sub"]
    if "access_token" in answer:
        assert (await provider.userinfo(answer["access_token"]))["sub"] == sub
    if "code" in answer:
        tokens = await provider.redeem(answer["code"])
        assert (await provider.userinfo(tokens["access_token"]))["sub"] == sub


async def test_5_3_2_a_signed_answer_is_of_this_issuer_for_this_client_whatever_is_mapped(
    provider: Provider, browser: Browser
) -> None:
    everywhere = frozenset({"UserInfo"})
    evil = tuple(MappedClaim(name, None, "evil", everywhere) for name in ("iss", "aud", "sub"))
    provider.put_openid(userinfo_algorithm="RS256", claims=evil)
    tokens = await provider.redeem((await browser.authorized())["code"])
    claims = await provider.verified((await asked(provider, tokens["access_token"])).text)
    assert claims == {"iss": (await provider.discovery())["issuer"], "aud": "shop.web", "sub": "u_ada"}


@pytest.mark.parametrize("how", [{"headers": {}}, {"headers": {"authorization": "Bearer x"}}], ids=["none", "wrong"])
async def test_5_3_3_an_error_is_as_rfc_6750_has_it(provider: Provider, how: dict[str, Any]) -> None:
    response = await asked(provider, "", **how)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.headers["cache-control"] == "no-store"


def test_5_1_updated_at_is_a_number_of_seconds(provider: Provider) -> None:
    user = replace(provider.user(), updated_at=1_700_000_000.7)
    assert user_claims(user, ("profile",))["updated_at"] == 1_700_000_000
