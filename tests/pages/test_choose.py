"""Choosing an account, where an application asks for it (OpenID Connect Core 3.1.2.1, prompt=select_account)."""

from tests.openid.provider import PASSWORD, Answer, Browser, Provider, Shown
from tests.pages.forms import forms_of


async def asked(provider: Provider, **changes: object) -> tuple[Browser, Shown]:
    """Ada is signed in, and an application wants an account to be selected."""
    browser = provider.browser()
    await browser.authorized()
    shown = await browser.opens(prompt="select_account", **changes)
    assert isinstance(shown, Shown), shown
    assert shown.path == "/sign-in"
    return browser, shown


async def test_the_person_who_is_signed_in_goes_on_with_one_button() -> None:
    browser, shown = await asked(Provider())
    assert "Continue as Ada Lovelace" in shown.response.text
    choice, _ = forms_of(shown.response)
    assert isinstance(await browser.follow(await choice.send(browser.http)), Answer)


async def test_or_somebody_else_signs_in_below() -> None:
    provider = Provider()
    provider.put_user("bob", {"username": "bob"})
    browser, shown = await asked(provider)
    _, form = forms_of(shown.response)
    after = await browser.follow(await form.send(browser.http, username="bob", password=PASSWORD))
    assert isinstance(after, Shown)
    assert after.path == "/consent", "it is asked of the one who signed in"


async def test_nobody_signed_in_sees_the_form_alone() -> None:
    browser = Provider().browser()
    shown = await browser.opens(prompt="select_account")
    assert isinstance(shown, Shown)
    assert len(forms_of(shown.response)) == 1


async def test_one_who_has_to_sign_in_again_cannot_go_on_without() -> None:
    provider = Provider()
    browser, shown = await asked(provider)
    choice, _ = forms_of(shown.response)
    for changes in ({"prompt": "select_account login"}, {"prompt": "select_account", "max_age": "0"}):
        provider.now += 5
        again = await browser.opens(**changes)
        assert isinstance(again, Shown)
        assert len(forms_of(again.response)) == 1, changes
    assert choice.action == "/choose"


async def test_a_choice_is_of_this_session_and_this_request() -> None:
    provider = Provider()
    browser, shown = await asked(provider)
    choice, _ = forms_of(shown.response)
    stranger = provider.browser()
    for form in (choice.fields, choice.fields | {"form_token": "x"}):
        response = await stranger.http.post("/choose", data=form)
        assert response.headers["location"].startswith("/sign-in?")
    later = await browser.opens(prompt="select_account", state="another")
    assert isinstance(later, Shown)
    other, _ = forms_of(later.response)
    mixed = choice.fields | {"request_handle": other.fields["request_handle"]}
    assert (await browser.http.post("/choose", data=mixed)).headers["location"].startswith("/sign-in?")


async def test_consent_is_still_asked_for() -> None:
    browser, shown = await asked(Provider(), scope="openid email")
    choice, _ = forms_of(shown.response)
    after = await browser.follow(await choice.send(browser.http))
    assert isinstance(after, Shown)
    assert after.path == "/consent"
