"""GET /check-session."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ostiary_server.pages.rendering import rendered
from ostiary_server.protocol.cookies import STATE, cookie_name
from ostiary_server.protocol.page_errors import shown_to_a_person
from ostiary_server.protocol.requests import ProtocolRequest

CHECK_SESSION_PATH: Final = "/check-session"
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; frame-ancestors *; base-uri 'none'",
    "Cache-Control": "public, max-age=3600",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "ALLOWALL",  # no value of the header allows; browsers ignore one that they do not know
}


def router(parse: Callable[[Request], Awaitable[ProtocolRequest]]) -> APIRouter:
    """Framable by every site, as the specification has it: which of them are clients is not for it to know."""
    routes = APIRouter()

    async def check_session(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
        content = rendered("check_session/check_session.html", cookie=cookie_name(parsed.issuer, STATE))
        own = {"Strict-Transport-Security": "max-age=31536000"} if parsed.issuer.secure else {}
        return HTMLResponse(content, headers=HEADERS | own)

    routes.add_route(CHECK_SESSION_PATH, check_session, methods=["GET"])
    return routes
