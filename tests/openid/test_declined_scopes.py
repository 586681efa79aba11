"""What a person leaves out on the consent page is in no token, by whatever way it is asked for."""

from typing import Any

import pytest

from tests.openid.provider import Browser, Provider, Shown

BOTH = '{"userinfo": {"email": null, "given_name": null}, "id_token": {"email": {"essential": true}}}'


@pytest.fixture
def provider() -> Provider:
    """Whose application can do without the e-mail address."""
    provider = Provider()
    provider.put_openid(optional_scopes=frozenset({"email"}))
    return provider


async def without_email(browser: Browser, **changes: Any) -> Any:
    shown = await browser.opens(**changes)
    assert isinstance(shown, Shown)
    shown = await browser.sign_in(shown)
    assert isinstance(shown, Shown)
    return await browser.consent(shown, scope=[])


async def test_the_token_response_says_what_was_granted(provider: Provider, browser: Browser) -> None:
    tokens = await provider.redeem((await without_email(browser, scope="openid profile email"))["code"])
    assert tokens["scope"] == "openid profile"
    assert (await provider.verified(tokens["access_token"], typ="at+jwt"))["scope"] == "openid profile"
    assert "email" not in await provider.userinfo(tokens["access_token"])


async def test_so_does_the_implicit_response(provider: Provider, browser: Browser) -> None:
    answer = await without_email(browser, scope="openid email", response_type="id_token token")
    assert answer["scope"] == "openid"
    assert "email" not in await provider.verified(answer["id_token"])


async def test_a_refresh_brings_back_nothing_that_was_left_out(provider: Provider, browser: Browser) -> None:
    tokens = await provider.redeem((await without_email(browser, scope="openid email"))["code"])
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await provider.post("/token", form)).json()["scope"] == "openid"
    widened = await provider.post("/token", form | {"scope": "openid email"})
    assert widened.json()["error"] == "invalid_scope"


async def test_the_claims_parameter_is_no_way_around_the_box(provider: Provider, browser: Browser) -> None:
    """OpenID Connect Core section 5.5 asks for single claims; who refuses their scope has refused them."""
    tokens = await provider.redeem((await without_email(browser, scope="openid email", claims=BOTH))["code"])
    assert "email" not in await provider.verified(tokens["id_token"])
    userinfo = await provider.userinfo(tokens["access_token"])
    assert "email" not in userinfo
    assert userinfo["given_name"] == "Ada", "what was not refused is there"


async def test_later_requests_get_as_little_until_the_person_is_asked_again(
    provider: Provider, browser: Browser
) -> None:
    await without_email(browser, scope="openid email")
    again = await browser.authorized(scope="openid email", claims=BOTH.replace(', "given_name": null', ""))
    tokens = await provider.redeem(again["code"])
    assert tokens["scope"] == "openid"
    assert "email" not in await provider.userinfo(tokens["access_token"])

    asked = await browser.opens(scope="openid email", prompt="consent")
    assert isinstance(asked, Shown)
    allowed: Any = await browser.consent(asked, scope=["email"])
    assert (await provider.redeem(allowed["code"]))["scope"] == "openid email"
