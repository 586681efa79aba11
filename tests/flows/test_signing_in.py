"""People sign in with a real browser: Chromium, from the relying party's link back to its callback."""

from playwright.async_api import Browser, Page, expect

from ostiary_state.applications.openid import OpenIDSettings
from tests.authorizing import PASSWORD
from tests.flows.signing_in import sign_in, site


async def test_sign_in_then_consent_then_back_with_a_code(page: Page) -> None:
    async with site() as shop:
        await page.goto(shop.link())
        assert shop.path(page) == "/sign-in"
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        await page.click("button[type=submit]")
        channel, values = await shop.arrived(page)
        assert channel == "query"
        assert values.keys() == {"code", "state", "iss", "session_state"}
        assert (values["state"], values["iss"]) == ("s t/a+te", shop.origin)

        await page.goto(shop.link())
        assert (await shop.arrived(page))[1].keys() == {"code", "state", "iss", "session_state"}, (
            "neither is asked again"
        )


async def test_implicit_tokens_land_in_the_hash(page: Page) -> None:
    async with site() as shop:
        await page.goto(shop.implicit_link())
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        await page.click("button[type=submit]")
        channel, values = await shop.arrived(page)
        assert channel == "fragment"
        assert values["access_token"]
        assert await page.evaluate("location.hash.includes('id_token=')")


async def test_the_keyboard_unticks_a_box_and_its_words_do_too(page: Page) -> None:
    optional = OpenIDSettings(optional_scopes=frozenset({"profile", "email"}))
    async with site(openid=optional) as shop:
        await page.goto(shop.link(scope="openid profile email"))
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        await page.get_by_label("See your e-mail address").focus()
        await page.keyboard.press("Space")
        await page.get_by_text("See your name, username and profile").click()
        await page.get_by_role("button", name="Allow").click()
        assert "code" in (await shop.arrived(page))[1]
        (grant,) = shop.world.tables.grants.values()
        assert grant.scopes == ("openid",)


async def test_access_is_taken_back_and_asked_for_again(page: Page) -> None:
    async with site() as shop:
        await page.goto(shop.link())
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        await page.get_by_role("button", name="Allow").click()
        await shop.arrived(page)
        await page.goto(shop.origin)
        await page.get_by_role("link", name="Applications with access").click()
        await page.get_by_role("button", name="Remove access of Corner Shop").click()
        await expect(page.get_by_role("status")).to_have_text("Corner Shop no longer has access to your account.")
        await page.goto(shop.link())
        assert shop.path(page) == "/consent"


async def test_denying_is_the_second_button(page: Page) -> None:
    async with site() as shop:
        await page.goto(shop.link())
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        await page.locator("button[type=submit]").nth(1).click()
        assert (await shop.arrived(page))[1]["error"] == "access_denied"
        assert shop.world.tables.grants == {}


async def test_a_wrong_password_is_said_and_the_cursor_waits_for_the_next(page: Page) -> None:
    async with site(consent_required=False) as shop:
        await page.goto(shop.link())
        await sign_in(page, "wrong")
        await expect(page.get_by_role("alert")).to_have_text("The username or password is not correct.")
        await expect(page.get_by_label("Username")).to_have_value("ada")
        await expect(page.get_by_label("Password")).to_be_focused()
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        assert "code" in (await shop.arrived(page))[1]


async def test_the_keyboard_alone_is_enough(page: Page) -> None:
    async with site() as shop:
        await page.goto(shop.link())
        await expect(page.get_by_label("Username")).to_be_focused()
        await page.keyboard.type("ada")
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Sign in")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/consent?**")
        for name, role in (("Use another account", "link"), ("Allow", "button"), ("Deny", "button")):
            await page.keyboard.press("Tab")
            focused = page.get_by_role(role, name=name)  # type: ignore[arg-type]
            await expect(focused).to_be_focused()
            outline = await focused.evaluate("element => getComputedStyle(element).outlineStyle")
            assert outline == "solid", f"{name} shows that it has the focus"
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        assert "code" in (await shop.arrived(page))[1]


async def test_everything_works_without_javascript(browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    async with site() as shop:
        await page.goto(shop.link())
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        await page.click("button[type=submit]")
        assert "code" in (await shop.arrived(page))[1]
        await page.goto(shop.origin + "/account/applications")
        await page.click("button[type=submit]")
        await page.wait_for_url("**withdrawn=shop.web")
        await page.goto(shop.origin + "/sign-out")
        await page.click("button[type=submit]")
        await page.wait_for_url("**/signed-out")
        await page.goto(shop.link())
        assert shop.path(page) == "/sign-in"
    await context.close()


async def test_another_account_can_be_used_without_starting_again(page: Page) -> None:
    async with site() as shop:
        await page.goto(shop.link())
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        await page.get_by_role("link", name="Use another account").click()
        await page.wait_for_url("**/sign-in?**")
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        await page.click("button[type=submit]")
        assert "code" in (await shop.arrived(page))[1]


async def test_a_relying_party_may_post_its_request_from_its_own_site(page: Page) -> None:
    async with site(consent_required=False) as shop:
        await page.goto(shop.link())
        await sign_in(page)
        await shop.arrived(page)
        await page.evaluate(
            """link => {
                const url = new URL(link), form = document.createElement("form");
                form.method = "post";
                form.action = url.origin + url.pathname;
                for (const [name, value] of url.searchParams) {
                    const input = document.createElement("input");
                    [input.name, input.value] = [name, value];
                    form.append(input);
                }
                document.body.append(form);
                form.submit();
            }""",
            shop.link(state="posted"),
        )
        await page.wait_for_url("**state=posted**")
        assert "code" in (await shop.arrived(page))[1], "the session's cookie was there"


async def test_no_page_can_be_framed(page: Page) -> None:
    async with site() as shop:
        await page.goto(shop.callback)
        await page.evaluate(
            """link => new Promise(loaded => {
                const frame = document.createElement("iframe");
                frame.onload = loaded;
                frame.src = link;
                document.body.append(frame);
            })""",
            shop.link(),
        )
        await expect(page.frame_locator("iframe").get_by_label("Password")).to_have_count(0)


async def test_the_console_stays_silent(page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    async with site() as shop:
        await page.goto(shop.link())
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        for path in ("/", "/account/applications", "/sign-out", "/signed-out"):
            await page.goto(shop.origin + path)
    assert said == [], "nothing that the Content-Security-Policy blocks is asked for"
