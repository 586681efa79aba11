"""What only a browser does: forms that send themselves, pages in frames, and scripts that ask a frame of ours.

Two sites of `*.localhost` on one port: the provider, and the relying party with its own pages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI
from playwright.async_api import Page, expect
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from ostiary_state.applications.openid import LogoutAddresses
from ostiary_state.runtime.issuer import Issuer
from tests.flows.signing_in import served
from tests.openid.provider import CERTIFIED, PASSWORD, Provider, link
from tests.processes import free_port

# The relying party's hidden frame of Session Management section 4: it asks ours, and shows what it is told.
WATCHING = """<!doctype html><title>watching</title><body><output id="told">nothing</output>
<iframe id="op" src="{op}"></iframe>
<script>
  window.addEventListener("message", (event) => {{
    if (event.origin === "{origin}") document.getElementById("told").textContent = event.data;
  }});
  function ask(message) {{ document.getElementById("op").contentWindow.postMessage(message, "{origin}"); }}
</script></body>"""


@dataclass
class RelyingParty:
    """Its pages, and what reached them."""

    provider: Provider
    origin: str
    provider_origin: str
    posted: list[dict[str, str]] = field(default_factory=list)
    framed: list[str] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        async def callback(request: Request) -> Response:
            if request.method == "POST":
                self.posted.append(dict(parse_qsl((await request.body()).decode())))
                # On to another of its hosts, as applications with a host for sign-ins do.
                return RedirectResponse(self.origin.replace("shop.", "www.shop.") + "/home", 303)
            return HTMLResponse("<title>Back at the shop</title>")

        async def frame(request: Request) -> Response:
            self.framed.append(str(request.url))
            return HTMLResponse("<title>frame</title>")

        async def page(request: Request) -> Response:
            return HTMLResponse(f"<title>{request.url.path}</title>")

        async def watching(_: Request) -> Response:
            op = self.provider_origin + "/check-session"
            return HTMLResponse(WATCHING.format(op=op, origin=self.provider_origin))

        app.add_route("/callback", callback, methods=["GET", "POST"])
        app.add_route("/frame", frame, methods=["GET"])
        app.add_route("/watching", watching, methods=["GET"])
        app.add_route("/{rest:path}", page, methods=["GET"])
        return app

    def link(self, **changes: Any) -> str:
        """Where it sends the browser."""
        values = {
            "response_type": "code",
            "client_id": self.provider.application.client_id,
            "redirect_uri": self.origin + "/callback",
            "scope": "openid",
            "state": "s",
            "nonce": "n",
        } | changes
        return self.provider_origin + link(values)


@asynccontextmanager
async def two_sites(**openid: Any) -> AsyncIterator[RelyingParty]:
    """Both, on one port, by the Host of a request."""
    port = free_port()
    origin, provider_origin = f"http://shop.localhost:{port}", f"http://login.localhost:{port}"
    issuer = Issuer(id="i1", origin=provider_origin, namespace=None)
    application = replace(
        CERTIFIED,
        callback_urls=(origin + "/callback",),
        post_logout_redirect_urls=(origin + "/bye",),
        consent_required=False,
        openid=replace(CERTIFIED.openid, **openid),
    )
    provider = Provider(application, issuer)
    shop = RelyingParty(provider, origin, provider_origin)
    pages = shop.app()

    async def by_host(scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope["headers"])[b"host"]
        await (provider.app if host.startswith(b"login.") else pages)(scope, receive, send)

    async with served(by_host, port):  # type: ignore[arg-type]
        yield shop


async def sign_in(page: Page) -> None:
    await page.fill("input[name=username]", "ada")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("button[type=submit]")


async def test_a_form_post_response_sends_itself_and_leads_wherever_the_application_goes_on(page: Page) -> None:
    async with two_sites() as shop:
        await page.goto(shop.link(response_mode="form_post", response_type="code id_token"))
        await sign_in(page)
        await page.wait_for_url("http://www.shop.localhost:*/home")
        (answer,) = shop.posted
        assert answer.keys() == {"code", "id_token", "state", "iss", "session_state"}
        await page.goto(shop.link(response_mode="form_post"))
        await page.wait_for_url("http://www.shop.localhost:*/home")
        assert len(shop.posted) == 2, "with a session the form comes at once"


async def test_without_javascript_a_person_presses_the_button(browser: Any) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    async with two_sites() as shop:
        await page.goto(shop.link(response_mode="form_post"))
        await sign_in(page)
        await page.get_by_role("button", name="Continue").click()
        await page.wait_for_url("http://www.shop.localhost:*/home")
        assert shop.posted[0]["code"]
    await context.close()


async def test_the_applications_pages_are_loaded_before_the_browser_goes_on(page: Page) -> None:
    async with two_sites() as shop:
        shop.provider.put_openid(
            logout=LogoutAddresses(front_channel=shop.origin + "/frame", front_channel_session=True)
        )
        violations: list[str] = []
        page.on("console", lambda message: violations.append(message.text) if message.type == "error" else None)
        await page.goto(shop.link())
        await sign_in(page)
        await page.wait_for_url(shop.origin + "/callback**")
        await page.goto(
            f"{shop.provider_origin}/end-session?client_id=shop.web&state=x&post_logout_redirect_uri={shop.origin}/bye"
        )
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(shop.origin + "/bye?state=x")
        assert len(shop.framed) == 1
        assert "sid=" in shop.framed[0]
        assert "iss=http%3A%2F%2Flogin.localhost" in shop.framed[0]
        assert violations == []


async def test_a_frame_that_never_loads_holds_nobody_up(page: Page) -> None:
    async with two_sites() as shop:
        dead = f"http://shop.localhost:{free_port()}/frame"
        shop.provider.put_openid(logout=LogoutAddresses(front_channel=dead))
        await page.goto(shop.link())
        await sign_in(page)
        await page.wait_for_url(shop.origin + "/callback**")
        await page.goto(shop.provider_origin + "/sign-out")
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(shop.provider_origin + "/signed-out")


async def test_a_frame_of_ours_tells_whether_the_session_has_changed(lenient_page: Page) -> None:
    """In a Chromium that sends cookies to other sites' frames; where it does not, the answer is always `changed`."""
    page = lenient_page
    async with two_sites() as shop:
        await page.goto(shop.link(response_mode="fragment"))
        await sign_in(page)
        await page.wait_for_url(shop.origin + "/callback**")
        state = await page.evaluate("new URLSearchParams(location.hash.slice(1)).get('session_state')")

        watching = await page.context.new_page()
        await watching.goto(shop.origin + "/watching")
        told = watching.locator("#told")

        async def asked(message: str) -> None:
            await watching.evaluate("document.getElementById('told').textContent = 'nothing'")
            await watching.evaluate("message => ask(message)", message)

        await asked(f"shop.web {state}")
        await expect(told).to_have_text("unchanged")
        for wrong, answer in (
            (f"another.app {state}", "changed"),
            ("shop.web 00.salt", "changed"),
            ("nonsense", "error"),
            ("shop.web nosalt", "error"),
        ):
            await asked(wrong)
            await expect(told).to_have_text(answer)

        await watching.goto(shop.origin.replace("shop.", "evil.") + "/watching")
        await asked(f"shop.web {state}")
        await expect(told).to_have_text("changed")  # section 3.2: another origin has no part in it
        await watching.goto(shop.origin + "/watching")
        await asked(f"shop.web {state}")
        await expect(told).to_have_text("unchanged")

        await page.goto(shop.provider_origin + "/sign-out")
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url("**/signed-out")
        await asked(f"shop.web {state}")
        await expect(told).to_have_text("changed")
