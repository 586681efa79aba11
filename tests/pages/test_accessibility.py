"""Every page, light and dark, wide and narrow: WCAG 2.2 AA as far as a program can tell, and nothing cut off."""

from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from ostiary_state.applications.openid import OpenIDSettings
from tests.flows.signing_in import sign_in, site
from tests.pages import axe

SCOPES = ("openid", "profile", "email", "phone", "orders:write")
OPENID = OpenIDSettings(
    optional_scopes=frozenset({"email", "orders:write"}),
    scope_descriptions=(("orders:write", "Place orders in your name " * 8),),
    initiate_login_url="https://shop.example.com/login",
)


async def sound(page: Page) -> None:
    """axe finds nothing, nothing overflows sideways, every button and box is large enough for a thumb."""
    assert await axe.violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate("document.documentElement.lang") == "en"
    for button in await page.locator("button, .button, label:has([type=checkbox])").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_every_page_is_accessible(browser: Browser, scheme: Literal["light", "dark"], width: int) -> None:
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 740})
    page = await context.new_page()
    async with site(
        display_name="Überlandwerk-Kundenselbstverwaltungsportal " * 3, scopes=SCOPES, openid=OPENID
    ) as shop:
        await page.goto(shop.link(scope="openid profile email"))
        await sound(page)
        await sign_in(page, "wrong")
        await page.wait_for_selector("[role=alert]")
        await sound(page)
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        await sound(page)
        shop.remember(scopes=frozenset({"openid"}), claims=frozenset({"birthdate"}))
        claims = '{"userinfo": {"birthdate": null, "phone_number": null}}'
        await page.goto(shop.link(scope="openid profile email orders:write", claims=claims, prompt="consent"))
        await expect(page.get_by_role("heading", name="Already allowed")).to_be_visible()
        await sound(page)
        await page.goto(shop.origin + "/account/applications")
        await expect(page.get_by_role("link", name="Open Überlandwerk")).to_be_visible()
        await sound(page)
        await page.get_by_role("button", name="Remove access of Überlandwerk").click()
        await expect(page.get_by_role("status")).to_contain_text("no longer has access")
        await sound(page)
        for path in ("/", "/sign-out", "/signed-out", "/authorize?client_id=unknown"):
            await page.goto(shop.origin + path)
            await sound(page)
    await context.close()


async def test_dark_pages_are_dark(browser: Browser) -> None:
    colours = []
    for scheme in ("light", "dark"):
        context = await browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        page = await context.new_page()
        async with site() as shop:
            await page.goto(shop.link())
            colours.append(await page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor"))
        await context.close()
    assert colours == ["rgb(255, 255, 255)", "rgb(27, 30, 43)"]
