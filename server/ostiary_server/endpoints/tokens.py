"""POST /token: grants to tokens (RFC 6749 section 3.2)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.endpoints.cors import Origins
from ostiary_server.endpoints.errors import error_response, json_response
from ostiary_server.endpoints.requests import Edge, protocol_request
from ostiary_server.protocol.client_authentication import named_client
from ostiary_server.protocol.errors import OAuthError
from ostiary_server.protocol.token_endpoint import TokenEndpoint
from ostiary_state.errors import StoreUnavailable


def router(edge: Edge, endpoint: TokenEndpoint) -> APIRouter:
    """A plain route, since a form needs no model: FastAPI's own way costs as much as the token."""
    routes = APIRouter()
    origins = Origins(edge)

    async def token(request: Request) -> Response:
        parsed = await protocol_request(request, edge)
        try:
            response = json_response(await endpoint.respond(parsed))
        except (OAuthError, StoreUnavailable) as error:
            response = error_response(error, request)
        if parsed.origin is None:
            return response
        return origins.permit(response, parsed.issuer.id, parsed.origin, named_client(parsed))

    routes.add_route("/token", token, methods=["POST"])
    routes.add_route("/token", origins.preflight, methods=["OPTIONS"])
    return routes
