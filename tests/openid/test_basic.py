"""The Basic OpenID Provider plan: response_type=code (OpenID Connect Core sections 3.1 and 5)."""

import json
from typing import Any

import pytest

from tests.openid.people import ADA
from tests.openid.provider import CALLBACK, SECRET, Answer, Browser, Provider, Shown, basic
from tests.pages.forms import form_of

PROFILE = {
    "name": "Ada Lovelace",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "middle_name": "King",
    "nickname": "Enchantress",
    "preferred_username": "ada",
    "profile": "https://people.example.com/ada",
    "picture": "https://people.example.com/ada.png",
    "website": "https://ada.example.com",
    "gender": "female",
    "birthdate": "1815-12-10",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
    "department": "engines",
}
EMAIL = {"email": "ada@example.com", "email_verified": True}
PHONE = {"phone_number": "+44 20 7946 0000", "phone_number_verified": False}
ADDRESS = {"address": {"formatted": "12 St James's Square\nLondon", "country": "United Kingdom"}}


async def test_3_1_a_code_is_exchanged_for_an_id_token_and_an_access_token(
    provider: Provider, browser: Browser
) -> None:
    answer = await browser.authorized()
    assert (answer.mode, answer.parameters.keys()) == ("query", {"code", "state", "iss", "session_state"})
    assert answer["state"] == "a state"
    tokens = await provider.redeem(answer["code"])
    assert tokens["token_type"] == "Bearer"
    claims = await provider.verified_id_token(tokens["id_token"], nonce="n-1")
    assert claims["sub"] == (await provider.userinfo(tokens["access_token"]))["sub"]


async def test_2_the_id_token_says_when_and_how_the_person_signed_in(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized()
    provider.now += 20
    claims = await provider.verified_id_token((await provider.redeem(answer["code"]))["id_token"], nonce="n-1")
    assert claims["auth_time"] == int(provider.now) - 20
    assert (claims["amr"], claims["acr"]) == (["pwd"], "1")


async def test_2_claims_that_are_not_understood_are_not_sent(provider: Provider, browser: Browser) -> None:
    """Only registered claims are in the ID token of a request for no more than openid."""
    claims = await provider.verified((await provider.redeem((await browser.authorized())["code"]))["id_token"])
    known = {"iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "at_hash", "sid"}
    assert claims.keys() <= known


async def test_3_1_2_1_authorize_is_asked_by_get_and_by_post(browser: Browser) -> None:
    assert "code" in await browser.authorized()
    assert "code" in await browser.authorized(method="POST")


async def test_3_1_2_1_an_unknown_parameter_is_ignored(browser: Browser) -> None:
    assert "code" in await browser.authorized(extra="foobar", **{"other.extra": "x y"})


async def test_3_1_2_1_a_request_without_nonce_is_answered_and_the_id_token_has_none(
    provider: Provider, browser: Browser
) -> None:
    answer = await browser.authorized(nonce=None)
    await provider.verified_id_token((await provider.redeem(answer["code"]))["id_token"], nonce=None)


async def test_3_1_2_1_the_response_type_is_required(browser: Browser) -> None:
    assert (await browser.refused(response_type=None))["error"] == "invalid_request"


async def test_3_1_2_1_the_redirect_uri_is_compared_and_never_followed_when_it_differs(browser: Browser) -> None:
    for uri in ("https://shop.example.com/other", CALLBACK + "?foo=bar", "https://evil.example/callback"):
        shown = await browser.opens(redirect_uri=uri)
        assert isinstance(shown, Shown)
        assert shown.response.status_code == 400


@pytest.mark.parametrize(
    ("scope", "opened"),
    [
        ("openid profile", PROFILE),
        ("openid email", EMAIL),
        ("openid phone", PHONE),
        ("openid address", ADDRESS),
        ("openid groups", {"groups": ["engines", "staff"]}),
        ("openid profile email phone address", {**PROFILE, **EMAIL, **PHONE, **ADDRESS}),
    ],
)
async def test_5_4_a_scope_opens_its_claims_at_userinfo(
    provider: Provider, browser: Browser, scope: str, opened: dict[str, Any]
) -> None:
    tokens = await provider.redeem((await browser.authorized(scope=scope))["code"])
    assert await provider.userinfo(tokens["access_token"]) == {"sub": "u_ada", **opened}


async def test_5_4_claims_of_scopes_stay_out_of_the_id_token_where_there_is_an_access_token(
    provider: Provider, browser: Browser
) -> None:
    tokens = await provider.redeem((await browser.authorized(scope="openid profile email"))["code"])
    claims = await provider.verified(tokens["id_token"])
    assert claims.keys().isdisjoint({*PROFILE, *EMAIL})


async def test_5_4_unless_the_manifest_wants_them_there(provider: Provider, browser: Browser) -> None:
    provider.put_openid(id_token_claims_always=True)
    tokens = await provider.redeem((await browser.authorized(scope="openid email"))["code"])
    claims = await provider.verified(tokens["id_token"])
    assert claims == claims | EMAIL


async def test_userinfo_tells_nothing_of_a_person_who_is_admitted_no_longer(
    provider: Provider, browser: Browser
) -> None:
    token = (await provider.redeem((await browser.authorized())["code"]))["access_token"]
    provider.put(allowed_groups=frozenset({"board"}))
    async with provider.client() as client:
        response = await client.get("/userinfo", headers={"authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["error"]) == (401, "invalid_token")


@pytest.mark.parametrize("way", ["get", "post header", "post body"])
async def test_5_3_1_userinfo_is_asked_in_three_ways(provider: Provider, browser: Browser, way: str) -> None:
    token = (await provider.redeem((await browser.authorized())["code"]))["access_token"]
    header = {"authorization": f"Bearer {token}"}
    async with provider.client() as client:
        if way == "get":
            response = await client.get("/userinfo", headers=header)
        elif way == "post header":
            response = await client.post("/userinfo", headers=header)
        else:
            response = await client.post("/userinfo", data={"access_token": token})
    assert response.json() == {"sub": "u_ada"}
    assert response.headers["content-type"] == "application/json"


async def test_3_1_2_1_prompt_login_asks_again_and_moves_auth_time(provider: Provider, browser: Browser) -> None:
    first = await provider.verified((await provider.redeem((await browser.authorized())["code"]))["id_token"])
    provider.now += 5
    shown = await browser.opens(prompt="login")
    assert isinstance(shown, Shown)
    assert shown.path == "/sign-in"
    answer = await browser.sign_in(shown)
    assert isinstance(answer, Answer)
    second = await provider.verified((await provider.redeem(answer["code"]))["id_token"])
    assert second["auth_time"] == first["auth_time"] + 5
    assert second["sub"] == first["sub"]


async def test_3_1_2_1_prompt_none_without_a_session_is_login_required(browser: Browser) -> None:
    answer = await browser.refused(prompt="none")
    assert (answer.mode, answer["error"], answer["state"]) == ("query", "login_required", "a state")


async def test_3_1_2_1_prompt_none_with_a_session_is_answered_at_once(provider: Provider, browser: Browser) -> None:
    first = await provider.verified((await provider.redeem((await browser.authorized())["code"]))["id_token"])
    provider.now += 60
    answer = await browser.opens(prompt="none")
    assert isinstance(answer, Answer)
    again = await provider.verified((await provider.redeem(answer["code"]))["id_token"])
    assert (again["sub"], again["auth_time"]) == (first["sub"], first["auth_time"])


async def test_3_1_2_1_prompt_none_where_consent_is_missing_is_consent_required(browser: Browser) -> None:
    await browser.authorized()
    assert (await browser.refused(prompt="none", scope="openid email"))["error"] == "consent_required"


async def test_3_1_2_1_max_age_1_asks_again_when_a_second_has_passed(provider: Provider, browser: Browser) -> None:
    first = await provider.verified((await provider.redeem((await browser.authorized())["code"]))["id_token"])
    provider.now += 2
    shown = await browser.opens(max_age=1)
    assert isinstance(shown, Shown)
    answer = await browser.sign_in(shown)
    assert isinstance(answer, Answer)
    second = await provider.verified((await provider.redeem(answer["code"]))["id_token"])
    assert second["auth_time"] > first["auth_time"]


async def test_3_1_2_1_max_age_10000_does_not_ask_again(provider: Provider, browser: Browser) -> None:
    first = await provider.verified((await provider.redeem((await browser.authorized())["code"]))["id_token"])
    provider.now += 2
    answer = await browser.opens(max_age=10000)
    assert isinstance(answer, Answer)
    second = await provider.verified((await provider.redeem(answer["code"]))["id_token"])
    assert second["auth_time"] == first["auth_time"]


async def test_2_of_registration_default_max_age_stands_in_for_max_age(provider: Provider, browser: Browser) -> None:
    provider.put_openid(default_max_age=60)
    await browser.authorized()
    provider.now += 61
    shown = await browser.opens()
    assert isinstance(shown, Shown)
    assert shown.path == "/sign-in"
    assert isinstance(await browser.opens(max_age=600), Answer), "the request's own counts more"


async def test_3_1_2_1_id_token_hint_of_the_person_is_answered_silently(provider: Provider, browser: Browser) -> None:
    token = (await provider.redeem((await browser.authorized())["code"]))["id_token"]
    answer = await browser.opens(prompt="none", id_token_hint=token)
    assert isinstance(answer, Answer)
    assert (await provider.verified((await provider.redeem(answer["code"]))["id_token"]))["sub"] == "u_ada"


async def test_3_1_2_1_id_token_hint_of_somebody_else_is_login_required(provider: Provider, browser: Browser) -> None:
    provider.put_user("bob", {"username": "bob"})
    token = (await provider.redeem((await browser.authorized())["code"]))["id_token"]
    other = provider.browser()
    await other.authorized(username="bob")
    assert (await other.refused(prompt="none", id_token_hint=token))["error"] == "login_required"


async def test_3_1_2_1_login_hint_is_in_the_form(browser: Browser) -> None:
    shown = await browser.opens(login_hint="bob@example.com")
    assert isinstance(shown, Shown)
    assert form_of(shown.response).fields["username"] == "bob@example.com"


@pytest.mark.parametrize(
    "wish",
    [
        {"display": "page"},
        {"display": "popup"},
        {"display": "wap"},
        {"ui_locales": "se fr-CA"},
        {"claims_locales": "se"},
        {"acr_values": "1 2"},
    ],
    ids=lambda wish: next(iter(wish)) + "=" + next(iter(wish.values())),
)
async def test_3_1_2_1_wishes_never_end_in_an_error(provider: Provider, browser: Browser, wish: dict[str, str]) -> None:
    tokens = await provider.redeem((await browser.authorized(**wish))["code"])
    claims = await provider.verified_id_token(tokens["id_token"], nonce="n-1")
    assert claims["acr"] in (await provider.discovery())["acr_values_supported"]


async def test_5_5_claims_are_asked_for_one_by_one(provider: Provider, browser: Browser) -> None:
    asked = {"userinfo": {"name": {"essential": True}, "birthdate": None}, "id_token": {"email": None}}
    tokens = await provider.redeem((await browser.authorized(claims=json.dumps(asked)))["code"])
    told = await provider.userinfo(tokens["access_token"])
    assert told == {"sub": "u_ada", "name": "Ada Lovelace", "birthdate": "1815-12-10"}
    claims = await provider.verified(tokens["id_token"])
    assert claims["email"] == "ada@example.com"
    assert "name" not in claims


async def test_6_an_unsigned_request_object_is_refused_as_not_supported(browser: Browser) -> None:
    unsigned = "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCJ9."
    assert (await browser.refused(request=unsigned))["error"] == "request_not_supported"
    refused = await browser.refused(request_uri="https://shop.example.com/request.jwt")
    assert refused["error"] == "request_uri_not_supported"


async def test_4_1_2_of_oauth_a_code_works_once_and_its_second_use_ends_what_it_issued(
    provider: Provider, browser: Browser
) -> None:
    answer = await browser.authorized()
    tokens = await provider.redeem(answer["code"])
    provider.now += 30
    again = await provider.post(
        "/token", {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK}
    )
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    async with provider.client() as client:
        told = await client.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert told.status_code == 401


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_9_the_client_authenticates_as_it_is_registered(
    provider: Provider, browser: Browser, method: str
) -> None:
    provider.put(token_endpoint_auth_method=method)
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code": (await browser.authorized())["code"]}
    async with provider.client() as client:
        if method == "client_secret_post":
            secrets = {"client_id": provider.application.client_id, "client_secret": SECRET}
            response = await client.post("/token", data=form | secrets)
        else:
            response = await client.post("/token", data=form, headers={"authorization": basic()})
    assert response.status_code == 200
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")


async def test_12_a_refreshed_id_token_is_of_the_same_sign_in(provider: Provider, browser: Browser) -> None:
    tokens = await provider.redeem((await browser.authorized(scope="openid offline_access"))["code"])
    first = await provider.verified(tokens["id_token"])
    provider.now += 100
    refreshed = (
        await provider.post("/token", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    ).json()
    second = await provider.verified(refreshed["id_token"])
    for claim in ("iss", "sub", "aud", "auth_time"):
        assert second[claim] == first[claim]
    assert second["iat"] > first["iat"]
    assert "nonce" not in second
    assert refreshed["refresh_token"] != tokens["refresh_token"]


async def test_5_6_normal_claims_only(provider: Provider) -> None:
    assert (await provider.discovery())["claim_types_supported"] == ["normal"]
    assert provider.user().details["given_name"] == ADA["givenName"]
