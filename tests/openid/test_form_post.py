"""The Form Post plans: OAuth 2.0 Form Post Response Mode, for every response type."""

import pytest

from tests.openid.provider import ALL_TYPES, CALLBACK, Answer, Browser, Provider, Shown
from tests.pages.forms import form_of


@pytest.mark.parametrize("response_type", ALL_TYPES)
async def test_2_the_answer_is_a_form_to_the_redirect_uri(
    provider: Provider, browser: Browser, response_type: str
) -> None:
    answer = await browser.authorized(response_type=response_type, response_mode="form_post")
    assert answer.mode == "form_post"
    assert answer["state"] == "a state"
    if "code" in response_type:
        tokens = await provider.redeem(answer["code"])
        await provider.verified_id_token(tokens["id_token"], nonce="n-1")
    if "id_token" in response_type:
        await provider.verified_id_token(answer["id_token"], nonce="n-1")


@pytest.mark.parametrize("response_type", ALL_TYPES)
async def test_2_errors_are_forms_too(browser: Browser, response_type: str) -> None:
    answer = await browser.refused(response_type=response_type, response_mode="form_post", prompt="none")
    assert (answer.mode, answer["error"], answer["state"]) == ("form_post", "login_required", "a state")


async def test_4_nothing_keeps_the_page_and_nothing_foreign_is_in_it(browser: Browser) -> None:
    hostile = '"><script>alert(1)</script>'
    request = browser.request(response_mode="form_post", prompt="none", state=hostile)
    response = await browser.http.get("/authorize", params=request)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["pragma"] == "no-cache"
    assert response.headers["referrer-policy"] == "no-referrer"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script>alert" not in response.text
    form = form_of(response)
    assert form.fields["state"] == hostile
    assert [button["type"] for button in form.buttons] == ["submit"], "a person without JavaScript presses it"


async def test_denying_is_told_in_the_form(browser: Browser) -> None:
    shown = await browser.opens(response_mode="form_post")
    assert isinstance(shown, Shown)
    shown = await browser.sign_in(shown)
    assert isinstance(shown, Shown)
    answer = await browser.consent(shown, "deny")
    assert isinstance(answer, Answer)
    assert (answer.mode, answer["error"]) == ("form_post", "access_denied")


async def test_a_query_of_the_redirect_uri_stays_with_it(provider: Provider, browser: Browser) -> None:
    provider.put(callback_urls=(CALLBACK, CALLBACK + "?tenant=7"))
    response = await browser.http.get(
        "/authorize",
        params=browser.request(response_mode="form_post", prompt="none", redirect_uri=CALLBACK + "?tenant=7"),
    )
    assert form_of(response).action == CALLBACK + "?tenant=7"
