"""Pages that only a whole provider shows: choosing an account, leaving, going back by a form. WCAG as axe can tell."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Browser

from ostiary_state.applications.openid import LogoutAddresses
from tests.flows.test_browser_channels import sign_in, two_sites
from tests.pages.test_accessibility import sound
from tests.processes import free_port


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_each_is_accessible_while_no_script_leads_on(browser: Browser, scheme: Literal["light", "dark"]) -> None:
    context = await browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await page.route("**/static/*.js", lambda route: route.abort())  # axe is a script, but ours do not run
    async with two_sites() as shop:
        dead = f"http://shop.localhost:{free_port()}/frame"
        shop.provider.put_openid(logout=LogoutAddresses(front_channel=dead))
        await page.goto(shop.link(response_mode="form_post"))
        await sign_in(page)
        await sound(page)
        await page.goto(shop.link(prompt="select_account"))
        await sound(page)
        await page.goto(f"{shop.provider_origin}/end-session?client_id=shop.web")
        await sound(page)
        await page.get_by_role("button", name="Sign out").click()
        await sound(page)
        assert await page.locator("iframe").count() == 1
        for box in [await frame.bounding_box() for frame in await page.locator("iframe").all()]:
            assert box is None or max(box["width"], box["height"]) <= 1, "nobody sees the frame"
    await context.close()
