"""The Front-Channel Logout plan (OpenID Connect Front-Channel Logout 1.0)."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from ostiary_state.applications.openid import LogoutAddresses
from tests.factories import ISSUER
from tests.openid.provider import PASSWORD, Browser, Provider
from tests.openid.test_rp_initiated_logout import BYE, ends, id_token
from tests.pages.forms import form_of, open_form

FRAME = "https://shop.example.com/frame?a=b"


class Page(HTMLParser):
    """The frames of a page, and where its way on leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.frames: list[str] = []
        self.onward = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "iframe":
            self.frames.append(attributes["src"])
        if attributes.get("id") == "onward":
            self.onward = attributes["href"]


@pytest.fixture
def provider() -> Provider:
    provider = Provider()
    provider.put(post_logout_redirect_urls=(BYE,))
    provider.put_openid(logout=LogoutAddresses(front_channel=FRAME, front_channel_session=True))
    return provider


async def test_2_the_applications_page_is_loaded_in_a_frame_with_iss_and_sid(
    provider: Provider, browser: Browser
) -> None:
    hint = await id_token(provider, browser)
    response = await ends(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")
    assert response.status_code == 200
    page = Page(response.text)
    (frame,) = page.frames
    assert frame.startswith(FRAME + "&")
    query = parse_qs(urlsplit(frame).query)
    assert query["iss"] == [ISSUER.origin]
    assert query["sid"] == [(await provider.verified(hint))["sid"]]
    assert page.onward == BYE + "?state=s"


async def test_3_without_the_session_they_are_left_out(provider: Provider, browser: Browser) -> None:
    provider.put_openid(logout=LogoutAddresses(front_channel=FRAME))
    response = await ends(browser, id_token_hint=await id_token(provider, browser))
    assert Page(response.text).frames == [FRAME]


async def test_the_page_may_embed_these_origins_and_nothing_else(provider: Provider, browser: Browser) -> None:
    response = await ends(browser, id_token_hint=await id_token(provider, browser))
    policy = response.headers["content-security-policy"]
    assert "frame-src https://shop.example.com;" in policy + ";"
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_the_browsers_cookies_go_with_the_page(provider: Provider, browser: Browser) -> None:
    hint = await id_token(provider, browser)
    response = await ends(browser, id_token_hint=hint)
    cleared = response.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cleared] == ["__Host-ostiary-session", "__Host-ostiary-state"]
    assert all("Max-Age=0" in cookie for cookie in cleared)


async def test_somebody_who_signs_out_by_themselves_sees_it_too(provider: Provider, browser: Browser) -> None:
    await id_token(provider, browser)

    form = await open_form(browser.http, "/sign-out")
    response = await form.send(browser.http)
    page = Page(response.text)
    assert (len(page.frames), page.onward) == (1, "/signed-out")


async def test_an_application_that_nobody_opened_is_not_loaded(browser: Browser) -> None:
    shown = await browser.http.get("/sign-in")

    await form_of(shown).send(browser.http, username="ada", password=PASSWORD)
    response = await (await open_form(browser.http, "/sign-out")).send(browser.http)
    assert response.headers["location"] == "/signed-out"


async def test_4_of_discovery_it_is_listed_with_sid(provider: Provider) -> None:
    document = await provider.discovery()
    assert document["frontchannel_logout_supported"] is True
    assert document["frontchannel_logout_session_supported"] is True
