"""Signing out: a question, since a link alone must not end a session, and an answer."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.pages.forms import Forms
from ostiary_server.pages.onward import see_other
from ostiary_server.pages.rendering import page
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.cookies import SESSION, clear_cookie
from ostiary_server.protocol.page_errors import shown_to_a_person
from ostiary_server.protocol.requests import ProtocolRequest

SIGN_OUT_PATH = "/sign-out"
SIGNED_OUT_PATH = "/signed-out"
FORM = "sign-out"


def router(
    sessions: BrowserSessions, forms: Forms, parse: Callable[[Request], Awaitable[ProtocolRequest]]
) -> APIRouter:
    """GET and POST /sign-out, GET /signed-out."""
    routes = APIRouter()

    async def ask(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
            signed_in = await sessions.current(parsed)
        if signed_in is None:
            return see_other(SIGNED_OUT_PATH)
        browser = forms.browser(parsed)
        response = page(
            "sign_out/sign_out.html",
            parsed.issuer,
            form_token=forms.token(browser, parsed, FORM, signed_in.session.id),
            person=signed_in.user.display_name or signed_in.user.username,
        )
        forms.remember(response, parsed, browser)
        return response

    async def end(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
            signed_in = await sessions.current(parsed)
            if signed_in is None:
                # Without touching the cookie: another site's form does not bring it, and must not take it away.
                return see_other(SIGNED_OUT_PATH)
            if not forms.genuine(parsed, FORM, signed_in.session.id):
                return see_other(SIGN_OUT_PATH)
            await sessions.end(signed_in.session, parsed.now)
        return see_other(SIGNED_OUT_PATH, clear_cookie(parsed.issuer, SESSION))

    async def ended(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
        return page("sign_out/signed_out.html", parsed.issuer)

    routes.add_route(SIGN_OUT_PATH, ask, methods=["GET"])
    routes.add_route(SIGN_OUT_PATH, end, methods=["POST"])
    routes.add_route(SIGNED_OUT_PATH, ended, methods=["GET"])
    return routes
