"""POST /register, and GET, PUT and DELETE /register/{client_id} (RFC 7591, RFC 7592)."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.endpoints.cors import Origins
from ostiary_server.endpoints.errors import NO_STORE, error_response, json_response
from ostiary_server.endpoints.requests import Edge, json_request
from ostiary_server.protocol.errors import OAuthError
from ostiary_server.protocol.registration import REGISTER_PATH, ClientRegistration
from ostiary_state.errors import StoreUnavailable

ONE: Final = REGISTER_PATH + "/{client_id}"


def router(edge: Edge, registration: ClientRegistration) -> APIRouter:
    """Nothing is told of a client to who does not hold its token: 401, whether there is one or not."""
    routes = APIRouter()
    origins = Origins(edge)

    def handled(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            issuer = edge.issuer(request)
            try:
                response = await answer(request)
            except (OAuthError, StoreUnavailable) as error:
                response = error_response(error, request)
            return origins.permit(response, issuer.id, request.headers.get("origin"), None)

        return handle

    async def register(request: Request) -> Response:
        parsed, body = await json_request(request, edge)
        return json_response((await registration.register(parsed, body)).body, status=201)

    async def read(request: Request) -> Response:
        parsed, _ = await json_request(request, edge)
        return json_response((await registration.read(parsed, request.path_params["client_id"])).body)

    async def update(request: Request) -> Response:
        parsed, body = await json_request(request, edge)
        return json_response((await registration.update(parsed, request.path_params["client_id"], body)).body)

    async def remove(request: Request) -> Response:
        parsed, _ = await json_request(request, edge)
        await registration.remove(parsed, request.path_params["client_id"])
        return Response(status_code=204, headers=NO_STORE)

    routes.add_route(REGISTER_PATH, handled(register), methods=["POST"])
    routes.add_route(REGISTER_PATH, origins.preflight, methods=["OPTIONS"])
    for method, step in (("GET", read), ("PUT", update), ("DELETE", remove)):
        routes.add_route(ONE, handled(step), methods=[method])
    return routes
