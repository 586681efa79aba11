"""The Session Management plan (OpenID Connect Session Management 1.0), but for what only a browser's script does."""

import hashlib

import pytest

from ostiary_server.protocol.cookies import STATE, cookie_name
from tests.factories import ISSUER
from tests.openid.provider import ALL_TYPES, Browser, Provider
from tests.openid.test_rp_initiated_logout import ends, id_token


def state_of(browser: Browser) -> str:
    return browser.http.cookies[cookie_name(ISSUER, STATE)]


@pytest.mark.parametrize("response_type", ALL_TYPES)
async def test_2_session_state_is_computed_from_client_origin_state_and_salt(
    browser: Browser, response_type: str
) -> None:
    answer = await browser.authorized(response_type=response_type)
    digest, salt = answer["session_state"].split(".")
    content = f"shop.web https://shop.example.com {state_of(browser)} {salt}"
    assert digest == hashlib.sha256(content.encode()).hexdigest()
    assert " " not in answer["session_state"]


async def test_2_each_answer_has_a_salt_of_its_own(browser: Browser) -> None:
    first, second = [(await browser.authorized())["session_state"] for _ in range(2)]
    assert first != second


async def test_2_requests_for_no_identity_get_none(browser: Browser) -> None:
    assert "session_state" not in await browser.authorized(scope="email")


async def test_2_a_client_without_a_web_origin_gets_none(provider: Provider, browser: Browser) -> None:
    provider.put(callback_urls=("com.example.app:/callback",), confidential=False, consent_required=False)
    await browser.http.get("/sign-in")
    response = await browser.http.get(
        "/authorize", params=browser.request(redirect_uri="com.example.app:/callback", prompt="none")
    )
    assert "session_state" not in response.headers["location"]


async def test_3_2_the_browser_state_changes_with_the_session(provider: Provider, browser: Browser) -> None:
    hint = await id_token(provider, browser)
    before = state_of(browser)
    await ends(browser, id_token_hint=hint)
    assert cookie_name(ISSUER, STATE) not in browser.http.cookies
    await browser.authorized()
    assert state_of(browser) != before


async def test_the_state_says_nothing_of_the_session(provider: Provider, browser: Browser) -> None:
    await browser.authorized()
    (session,) = provider.database.sessions.values()
    assert session.id not in state_of(browser)


async def test_3_3_the_frame_may_be_embedded_by_every_site_and_loads_only_our_script(provider: Provider) -> None:
    document = await provider.discovery()
    assert document["check_session_iframe"] == ISSUER.origin + "/check-session"
    async with provider.client() as client:
        response = await client.get("/check-session")
        script = await client.get(response.text.partition('<script src="')[2].partition('"')[0])
    policy = response.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "script-src 'self'" in policy
    assert response.headers.get("x-frame-options") != "DENY"
    assert "cross-origin-opener-policy" not in response.headers
    assert f'data-cookie="{cookie_name(ISSUER, STATE)}"' in response.text
    assert script.headers["content-type"].startswith("text/javascript")
    assert "set-cookie" not in response.headers
