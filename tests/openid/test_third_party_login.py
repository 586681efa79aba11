"""Initiating login from a third party (OpenID Connect Core section 4): the account page is one."""

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest

from ostiary_server.pages.security import page_address
from ostiary_server.protocol.third_party_login import login_address
from tests.factories import ISSUER
from tests.openid.provider import Browser, Provider

LOGIN = "https://shop.example.com/login"
ISS = "iss=https%3A%2F%2Flogin.example.com"


@pytest.mark.parametrize(
    ("declared", "link"),
    [
        (LOGIN, f"{LOGIN}?{ISS}"),
        (f"{LOGIN}?tenant=a%20b&x=%2F", f"{LOGIN}?tenant=a%20b&x=%2F&{ISS}"),
        (f"{LOGIN}?", f"{LOGIN}?{ISS}"),
        (f"{LOGIN}?iss=https://evil.example&a=1&%69ss=2", f"{LOGIN}?a=1&{ISS}"),
        (f"{LOGIN}?a=1#/inbox?b=2", f"{LOGIN}?a=1&{ISS}#/inbox?b=2"),
    ],
    ids=["plain", "with a query", "with an empty query", "with an iss of its own", "with a fragment"],
)
async def test_4_the_issuer_is_added_to_the_address_and_its_own_query_stays(
    provider: Provider, declared: str, link: str
) -> None:
    assert login_address(provider.put_openid(initiate_login_url=declared), ISSUER) == link


async def test_4_an_application_without_the_address_or_that_is_disabled_cannot_be_opened(provider: Provider) -> None:
    assert login_address(provider.application, ISSUER) is None
    provider.put_openid(initiate_login_url=LOGIN)
    assert login_address(provider.put(enabled=False), ISSUER) is None


@pytest.mark.parametrize("address", ["https://a.example/x?y#z", "http://127.0.0.1:8000/in", "http://[::1]/in?x=1"])
def test_a_link_leads_to_https_or_to_this_device(address: str) -> None:
    assert page_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        None,
        "javascript:alert(1)",
        "http://shop.example.com/login",
        "http://localhost.evil.example/",
        "http://localhost@evil.example/",
        "http://evil.example/localhost",
        "https://a.example@evil.example/",
        "data:text/html,x",
    ],
)
def test_a_link_leads_nowhere_else(address: str | None) -> None:
    assert page_address(address) is None


async def test_4_who_follows_the_link_is_signed_in_at_the_application(provider: Provider, browser: Browser) -> None:
    provider.put_openid(initiate_login_url=f"{LOGIN}?tenant=1")
    await browser.authorized(scope="openid email")
    page = await browser.http.get("/account/applications")

    (link,) = re.findall(r'href="([^"]+)"[^>]*aria-label="Open Corner Shop"', page.text)
    address = urlsplit(unescape(link))
    assert (address.hostname, address.path) == ("shop.example.com", "/login")
    assert dict(parse_qsl(address.query)) == {"tenant": "1", "iss": (await provider.discovery())["issuer"]}
    # The application then sends an authentication request to that issuer, which asks for nothing any more.
    assert "code" in await browser.opens(scope="openid email")
