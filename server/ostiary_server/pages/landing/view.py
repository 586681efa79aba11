"""The page at the origin itself."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.pages.rendering import page
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.page_errors import shown_to_a_person
from ostiary_server.protocol.requests import ProtocolRequest


def router(sessions: BrowserSessions, parse: Callable[[Request], Awaitable[ProtocolRequest]]) -> APIRouter:
    """GET /."""
    routes = APIRouter()

    async def landing(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
            signed_in = await sessions.current(parsed)
        person = (signed_in.user.display_name or signed_in.user.username) if signed_in else None
        return page("landing/landing.html", parsed.issuer, person=person)

    routes.add_route("/", landing, methods=["GET"])
    return routes
