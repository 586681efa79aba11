"""Pairwise subjects (OpenID Connect Core section 8)."""

from dataclasses import replace

from ostiary_state.applications.openid import OpenIDSettings
from tests.openid.provider import Answer, Browser, Provider

SECTOR = "shop.example.com"


async def subject(provider: Provider, browser: Browser, **changes: str) -> str:
    tokens = await provider.redeem((await browser.authorized(**changes))["code"])
    sub: str = (await provider.verified(tokens["id_token"]))["sub"]
    assert (await provider.userinfo(tokens["access_token"]))["sub"] == sub
    assert (await provider.verified(tokens["access_token"], typ="at+jwt"))["sub"] == sub
    return sub


async def test_8_1_a_sector_sees_a_subject_of_its_own_in_every_token(provider: Provider, browser: Browser) -> None:
    public = await subject(provider, browser)
    provider.put_openid(sector=SECTOR)
    pairwise = await subject(provider, browser)
    assert public == "u_ada"
    assert pairwise != public
    assert pairwise.startswith("u_"), "no client id begins so"
    assert await subject(provider, browser) == pairwise
    provider.put_openid(sector="other.example.com")
    assert await subject(provider, browser) not in {public, pairwise}


async def test_8_1_applications_of_a_sector_see_the_same(provider: Provider, browser: Browser) -> None:
    provider.put_openid(sector=SECTOR)
    first = await subject(provider, browser)
    other = replace(provider.application, id="shop/two", client_id="shop.two", openid=OpenIDSettings(sector=SECTOR))
    provider.directory.put_application(other)
    provider.application = other
    assert await subject(provider, browser, client_id="shop.two") == first


async def test_8_1_people_and_salts_differ(provider: Provider, browser: Browser) -> None:
    provider.put_openid(sector=SECTOR)
    provider.put_user("bob", {"username": "bob"})
    other = provider.browser()
    bob = await provider.redeem((await other.authorized(username="bob"))["code"])
    assert (await provider.verified(bob["id_token"]))["sub"] != await subject(provider, browser)
    elsewhere = Provider(provider.application)
    assert await subject(elsewhere, elsewhere.browser()) != await subject(provider, browser), "for want of the salt"


async def test_a_refresh_token_is_introspected_under_the_same_subject(provider: Provider, browser: Browser) -> None:
    provider.put_openid(sector=SECTOR)
    tokens = await provider.redeem((await browser.authorized(scope="openid offline_access"))["code"])
    sub = (await provider.verified(tokens["id_token"]))["sub"]
    told = (await provider.post("/introspect", {"token": tokens["refresh_token"]})).json()
    assert told["sub"] == sub


async def test_a_hint_is_compared_as_the_client_knows_the_person(provider: Provider, browser: Browser) -> None:
    provider.put_openid(sector=SECTOR)
    tokens = await provider.redeem((await browser.authorized())["code"])
    assert isinstance(await browser.opens(prompt="none", id_token_hint=tokens["id_token"]), Answer)


async def test_a_salt_is_read_once_and_no_flow_costs_a_statement_more(provider: Provider, browser: Browser) -> None:
    provider.put_openid(sector=SECTOR)
    await subject(provider, browser)
    provider.statements.clear()
    await subject(provider, browser)
    assert "salt" not in provider.statements


async def test_userinfo_of_a_person_who_is_gone_is_refused(provider: Provider, browser: Browser) -> None:
    provider.put_openid(sector=SECTOR)
    tokens = await provider.redeem((await browser.authorized())["code"])
    provider.database.users.clear()
    async with provider.client() as client:
        response = await client.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert response.status_code == 401
