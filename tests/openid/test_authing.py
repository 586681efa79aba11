"""Those who come from Authing keep its paths, one application at a time (`compatibility: [authing]`)."""

from dataclasses import replace

import pytest

from ostiary_server.endpoints.compatibility import PATHS
from tests.openid.provider import CALLBACK, Browser, Provider
from tests.openid.test_rp_initiated_logout import BYE


@pytest.fixture
def provider() -> Provider:
    provider = Provider()
    provider.put(post_logout_redirect_urls=(BYE,))
    provider.put_openid(compatibility=frozenset({"authing"}))
    return provider


@pytest.mark.parametrize("family", ["oauth", "oidc"])
async def test_a_whole_sign_in_by_its_paths(provider: Provider, browser: Browser, family: str) -> None:
    await browser.authorized()
    response = await browser.http.get(f"/{family}/auth", params=browser.request())
    code = (await browser.follow(response))["code"]  # type: ignore[index]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    tokens = (await provider.post(f"/{family}/token", form)).json()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    async with provider.client() as client:
        assert (await client.get(f"/{family}/me", headers=bearer)).json()["sub"] == "u_ada"
    introspected = await provider.post(f"/{family}/token/introspection", {"token": tokens["access_token"]})
    assert introspected.json()["active"] is True
    assert (await provider.post(f"/{family}/token/revocation", {"token": tokens["access_token"]})).status_code == 200
    again = await provider.post("/introspect", {"token": tokens["access_token"]})
    assert again.json() == {"active": False}


async def test_a_posted_request_arrives_with_its_body(browser: Browser) -> None:
    await browser.authorized()
    response = await browser.http.post("/oauth/auth", data=browser.request())
    assert "code" in (await browser.follow(response))  # type: ignore[operator]


@pytest.mark.parametrize("path", ["/session/end", "/oidc/session/end"])
async def test_signing_out_by_its_path(provider: Provider, browser: Browser, path: str) -> None:
    tokens = await provider.redeem((await browser.authorized())["code"])
    response = await browser.http.get(
        path, params={"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BYE}
    )
    assert response.headers["location"] == BYE


async def test_its_metadata_is_ours(provider: Provider) -> None:
    async with provider.client() as client:
        document = (await client.get("/oidc/.well-known/openid-configuration")).json()
        keys = await client.get("/oidc/.well-known/jwks.json")
    assert document == await provider.discovery()
    assert keys.status_code == 200


@pytest.mark.parametrize("path", PATHS)
async def test_without_the_word_in_the_manifest_there_is_no_such_path(provider: Provider, path: str) -> None:
    provider.put_openid(compatibility=frozenset())
    async with provider.client() as client:
        for response in (await client.get(path), await client.post(path, data={"client_id": "shop.web"})):
            assert response.status_code in {404, 405}


async def test_another_application_of_the_address_does_not_get_it(provider: Provider, browser: Browser) -> None:
    other = replace(provider.application, id="books/web", client_id="books.web", openid=Provider().application.openid)
    provider.directory.put_application(other)
    response = await browser.http.get("/oauth/auth", params=browser.request(client_id="books.web"))
    assert response.status_code == 404
    async with provider.client() as client:
        response = await client.post("/oauth/token", data={"grant_type": "x", "client_id": "books.web"})
    assert response.status_code == 404
