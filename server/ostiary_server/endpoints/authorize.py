"""/authorize: GET and POST in; a redirect or a self-sending form out.

What goes wrong before a client can be told leaves as `PageError`.
"""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.endpoints.requests import Edge, protocol_request
from ostiary_server.protocol.authorization import AUTHORIZE_PATH, Authorization
from ostiary_server.protocol.page_errors import shown_to_a_person
from ostiary_server.protocol.responses import Onward
from ostiary_state.runtime.issuer import Issuer

# A response may hold a code or tokens: nothing keeps it, and no page learns it from a Referer (RFC 9700 section 4.2.4).
HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "Referrer-Policy": "no-referrer"}


def router(edge: Edge, authorization: Authorization, send: Callable[[Onward, Issuer], Response]) -> APIRouter:
    """Never CORS: the authorization endpoint is for navigation alone (RFC 9700 section 2.6)."""
    routes = APIRouter()

    async def authorize(request: Request) -> Response:
        if request.method == "HEAD":  # Starlette adds it to GET, but what only looks ahead must not be given a code
            return Response(status_code=405, headers=HEADERS | {"Allow": "GET, POST"})
        with shown_to_a_person():
            parsed = await protocol_request(request, edge)
            return send(await authorization.begin(parsed), parsed.issuer)

    routes.add_route(AUTHORIZE_PATH, authorize, methods=["GET", "POST"])
    return routes
