"""Who takes access back on the account page has taken it back: from tokens, refresh tokens and later requests."""

import pytest

from tests.openid.provider import Browser, Provider, Shown
from tests.pages.forms import forms_of

SCOPE = "openid email offline_access"


@pytest.mark.parametrize("opaque", [False, True], ids=["JWT", "Opaque"])
async def test_every_token_ends_and_the_application_has_to_ask_again(
    provider: Provider, browser: Browser, opaque: bool
) -> None:
    provider.put(opaque_access_tokens=opaque)
    tokens = await provider.redeem((await browser.authorized(scope=SCOPE))["code"])
    provider.now += 60
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = (await provider.post("/token", form)).json()
    assert (await provider.userinfo(refreshed["access_token"]))["email"] == "ada@example.com"

    page = await browser.http.get("/account/applications")
    assert "Keeps access after you sign out" in page.text
    assert "Last used just now" in page.text
    (withdrawing,) = forms_of(page)
    assert (await withdrawing.send(browser.http)).status_code == 303

    for token in (tokens["access_token"], refreshed["access_token"]):
        assert (await provider.post("/introspect", {"token": token})).json() == {"active": False}
        async with provider.client() as client:
            answer = await client.get("/userinfo", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    form["refresh_token"] = refreshed["refresh_token"]
    assert (await provider.post("/token", form)).json()["error"] == "invalid_grant"
    assert (await browser.refused(scope=SCOPE, prompt="none"))["error"] == "consent_required"
    asked = await browser.opens(scope=SCOPE)
    assert isinstance(asked, Shown)
    assert asked.path == "/consent"


async def test_a_code_that_was_not_exchanged_yet_is_worth_nothing(provider: Provider, browser: Browser) -> None:
    code = (await browser.authorized(scope=SCOPE))["code"]
    (withdrawing,) = forms_of(await browser.http.get("/account/applications"))
    await withdrawing.send(browser.http)
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": browser.request()["redirect_uri"]}
    assert (await provider.post("/token", sent)).json()["error"] == "invalid_grant"


async def test_what_a_person_gave_with_their_password_alone_is_listed_and_ends_too(
    provider: Provider, browser: Browser
) -> None:
    provider.put(grant_modes=provider.application.grant_modes | {"password"}, consent_required=False)
    answer = await provider.post(
        "/token",
        {"grant_type": "password", "username": "ada", "password": "correct horse battery staple", "scope": "openid"},
    )
    assert answer.status_code == 200, answer.text
    shown = await browser.follow(await browser.http.get("/sign-in"))
    assert isinstance(shown, Shown)
    await browser.sign_in(shown)
    (withdrawing,) = forms_of(await browser.http.get("/account/applications"))
    await withdrawing.send(browser.http)
    assert (await provider.post("/introspect", {"token": answer.json()["access_token"]})).json() == {"active": False}
