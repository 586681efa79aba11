"""/authorize: GET and POST in, 303 out. What goes wrong before a client can be told leaves as `PageError`."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.protocol.authorization import AUTHORIZE_PATH, Authorization
from ostiary_server.protocol.page_errors import shown_to_a_person
from ostiary_server.protocol.requests import ProtocolRequest

# A response may hold a code or tokens: nothing keeps it, and no page learns it from a Referer (RFC 9700 section 4.2.4).
HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}


def router(authorization: Authorization, parse: Callable[[Request], Awaitable[ProtocolRequest]]) -> APIRouter:
    """Never CORS: the authorization endpoint is for navigation alone (RFC 9700 section 2.6)."""
    routes = APIRouter()

    async def authorize(request: Request) -> Response:
        with shown_to_a_person():
            location = await authorization.begin(await parse(request))
        return Response(status_code=303, headers=HEADERS | {"Location": location})

    routes.add_api_route(AUTHORIZE_PATH, authorize, methods=["GET", "POST"], include_in_schema=False)
    return routes
