"""Claims: the claims parameter, the manifest's own, and what stays out (OpenID Connect Core sections 5.5 and 5.6)."""

import json
from typing import Any

import pytest

from ostiary_state.applications.claim_mapping import MappedClaim
from tests.openid.people import ADA
from tests.openid.provider import Answer, Browser, Provider, Shown


async def answered(provider: Provider, browser: Browser, claims: object, **changes: Any) -> tuple[dict, dict]:
    """ID token and userinfo of a request with this claims parameter."""
    tokens = await provider.redeem((await browser.authorized(claims=json.dumps(claims), **changes))["code"])
    return await provider.verified(tokens["id_token"]), await provider.userinfo(tokens["access_token"])


async def test_5_5_each_part_is_answered_where_it_was_asked_for(provider: Provider, browser: Browser) -> None:
    id_token, userinfo = await answered(
        provider, browser, {"id_token": {"given_name": None}, "userinfo": {"family_name": None}}
    )
    assert (id_token["given_name"], "family_name" in id_token) == ("Ada", False)
    assert userinfo == {"sub": "u_ada", "family_name": "Lovelace"}


async def test_5_5_1_a_claim_that_the_person_lacks_is_left_out(provider: Provider, browser: Browser) -> None:
    _, userinfo = await answered(provider, browser, {"userinfo": {"shoe_size": {"essential": True}, "email": None}})
    assert userinfo == {"sub": "u_ada", "email": "ada@example.com"}


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"value": "female"}, True),
        ({"values": ["other", "female"]}, True),
        ({"value": "male"}, False),
        ({"values": []}, True),
        ({"essential": True, "unknown": 1}, True),
    ],
)
async def test_5_5_1_values_are_wishes(provider: Provider, browser: Browser, wish: dict[str, Any], told: bool) -> None:
    _, userinfo = await answered(provider, browser, {"userinfo": {"gender": wish}})
    assert ("gender" in userinfo) is told


@pytest.mark.parametrize(("wish", "told"), [("Ad\u00e9la\u00efde", True), ("Ade\u0301lai\u0308de", False)])
async def test_14_texts_are_compared_by_code_points(
    provider: Provider, browser: Browser, wish: str, told: bool
) -> None:
    provider.put_user("ada", ADA | {"givenName": "Ad\u00e9la\u00efde"})
    _, userinfo = await answered(provider, browser, {"userinfo": {"given_name": {"value": wish}}})
    assert ("given_name" in userinfo) is told


async def test_5_5_unknown_members_are_ignored(provider: Provider, browser: Browser) -> None:
    _, userinfo = await answered(provider, browser, {"verified_claims": {"x": 1}, "userinfo": {"email": None}})
    assert userinfo["email"] == "ada@example.com"


async def test_5_5_a_claim_behind_a_scope_that_the_manifest_does_not_declare_stays_closed(
    provider: Provider, browser: Browser
) -> None:
    provider.put(scopes=("openid", "profile"))
    _, userinfo = await answered(provider, browser, {"userinfo": {"email": {"essential": True}, "nickname": None}})
    assert userinfo == {"sub": "u_ada", "nickname": "Enchantress"}


async def test_5_5_the_person_is_asked_for_each_claim_and_only_once(browser: Browser) -> None:
    await browser.authorized()
    asked = json.dumps({"userinfo": {"birthdate": None}})
    shown = await browser.opens(claims=asked)
    assert isinstance(shown, Shown)
    assert shown.path == "/consent"
    assert "birthdate" in shown.response.text
    assert isinstance(await browser.consent(shown), Answer)
    assert isinstance(await browser.opens(claims=asked), Answer)
    assert (await browser.refused(claims=json.dumps({"userinfo": {"gender": None}}), prompt="none"))[
        "error"
    ] == "consent_required"


async def test_5_5_1_sub_names_whom_the_client_expects(browser: Browser) -> None:
    await browser.authorized()
    mine = json.dumps({"id_token": {"sub": {"value": "u_ada"}}})
    assert isinstance(await browser.opens(claims=mine, prompt="none"), Answer)
    others = json.dumps({"id_token": {"sub": {"value": "u_bob"}}})
    assert (await browser.refused(claims=others, prompt="none"))["error"] == "login_required"
    shown = await browser.opens(claims=others)
    assert isinstance(shown, Shown)
    assert shown.path == "/sign-in"
    answer = await browser.sign_in(shown)
    assert isinstance(answer, Answer)
    assert answer["error"] == "login_required", "the one who signed in is not the one"


@pytest.mark.parametrize("values", [{"values": ["0", "1"]}, {"value": "1"}, {}])
async def test_5_5_1_1_an_essential_acr_that_can_be_reached_is(
    provider: Provider, browser: Browser, values: dict[str, Any]
) -> None:
    id_token, _ = await answered(provider, browser, {"id_token": {"acr": {"essential": True, **values}}})
    assert id_token["acr"] == "1"


async def test_5_5_1_1_an_essential_acr_that_cannot_be_reached_is_a_failed_authentication(browser: Browser) -> None:
    asked = json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:mace:incommon:iap:gold", 7]}}})
    assert (await browser.refused(claims=asked))["error"] == "unmet_authentication_requirements"


async def test_5_5_1_1_a_voluntary_acr_never_fails(provider: Provider, browser: Browser) -> None:
    id_token, _ = await answered(provider, browser, {"id_token": {"acr": {"values": ["urn:mace:incommon:iap:gold"]}}})
    assert id_token["acr"] == "1"


async def test_5_5_without_openid_the_parameter_means_nothing(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized(scope="email", claims=json.dumps({"userinfo": {"gender": None}}))
    assert "code" in answer
    (grant,) = provider.database.grants.values()
    assert grant.claims is None


async def test_the_request_of_a_refresh_is_the_one_of_the_sign_in(provider: Provider, browser: Browser) -> None:
    asked = json.dumps({"id_token": {"email": None}, "userinfo": {"gender": None}})
    tokens = await provider.redeem((await browser.authorized(scope="openid offline_access", claims=asked))["code"])
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = (await provider.post("/token", form)).json()
    assert (await provider.verified(refreshed["id_token"]))["email"] == "ada@example.com"
    assert (await provider.userinfo(refreshed["access_token"]))["gender"] == "female"


MAPPED = (
    MappedClaim("roles", "groups", None, frozenset({"IDToken", "UserInfo"})),
    MappedClaim("https://example.com/tenant", None, "acme", frozenset({"IDToken"})),
    MappedClaim("tags", None, ("a", "b"), frozenset({"UserInfo", "AccessToken"})),
    MappedClaim("mail", "email", None, frozenset({"UserInfo"})),
    MappedClaim("unit", "department", None, frozenset({"UserInfo"})),
    MappedClaim("height", "shoe_size", None, frozenset({"UserInfo"})),
)


async def test_the_manifest_maps_claims_to_each_kind_of_token(provider: Provider, browser: Browser) -> None:
    provider.put(audiences=("shop.orders",))
    provider.put_openid(claims=MAPPED)
    tokens = await provider.redeem((await browser.authorized(scope="openid groups profile"))["code"])
    id_token = await provider.verified(tokens["id_token"])
    assert (id_token["roles"], id_token["https://example.com/tenant"]) == (["engines", "staff"], "acme")
    assert "tags" not in id_token
    userinfo = await provider.userinfo(tokens["access_token"])
    assert (userinfo["roles"], userinfo["tags"], userinfo["unit"]) == (["engines", "staff"], ["a", "b"], "engines")
    access_token = await provider.verified(tokens["access_token"], typ="at+jwt")
    assert access_token["tags"] == ["a", "b"]
    assert "roles" not in access_token
    assert not {"mail", "height"} & userinfo.keys(), "its scope was not granted; the person has none"


async def test_a_mapped_claim_never_replaces_what_tokens_are_checked_by(provider: Provider, browser: Browser) -> None:
    """Refused at admission, and written last all the same."""
    everywhere = frozenset({"IDToken", "UserInfo", "AccessToken"})
    provider.put_openid(claims=tuple(MappedClaim(name, None, "evil", everywhere) for name in ("sub", "iss", "aud")))
    tokens = await provider.redeem((await browser.authorized())["code"])
    for claims in (
        await provider.verified(tokens["id_token"]),
        await provider.verified(tokens["access_token"], typ="at+jwt"),
        await provider.userinfo(tokens["access_token"]),
    ):
        assert claims["sub"] == "u_ada"
        assert claims.get("iss") != "evil"
