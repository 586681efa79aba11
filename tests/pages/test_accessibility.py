"""Every page, light and dark, wide and narrow: WCAG 2.2 AA as far as a program can tell, and nothing cut off."""

from typing import Literal

import pytest
from playwright.async_api import Browser, Page

from tests.flows.signing_in import sign_in, site
from tests.pages import axe


async def sound(page: Page) -> None:
    """axe finds nothing, nothing overflows sideways, every button is large enough for a thumb."""
    assert await axe.violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate("document.documentElement.lang") == "en"
    for button in await page.locator("button").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_every_page_is_accessible(browser: Browser, scheme: Literal["light", "dark"], width: int) -> None:
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 740})
    page = await context.new_page()
    async with site(display_name="Überlandwerk-Kundenselbstverwaltungsportal " * 3) as shop:
        await page.goto(shop.link(scope="openid profile email"))
        await sound(page)
        await sign_in(page, "wrong")
        await page.wait_for_selector("[role=alert]")
        await sound(page)
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
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
