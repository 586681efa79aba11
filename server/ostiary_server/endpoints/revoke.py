"""POST /revoke: end a token (RFC 7009)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.endpoints.cors import Origins
from ostiary_server.endpoints.errors import NO_STORE, error_response
from ostiary_server.endpoints.requests import Edge, protocol_request
from ostiary_server.protocol.client_authentication import named_client
from ostiary_server.protocol.errors import OAuthError
from ostiary_server.protocol.revocation import RevocationOfTokens
from ostiary_state.errors import StoreUnavailable


def router(edge: Edge, revocation: RevocationOfTokens) -> APIRouter:
    """200 without a body (section 2.2): what would be in it is the same for every token."""
    routes = APIRouter()
    origins = Origins(edge)

    async def revoke(request: Request) -> Response:
        parsed = await protocol_request(request, edge)
        try:
            await revocation.respond(parsed)
            response = Response(headers=NO_STORE)
        except (OAuthError, StoreUnavailable) as error:
            response = error_response(error, request)
        return origins.permit(response, parsed.issuer.id, parsed.origin, named_client(parsed))

    routes.add_route("/revoke", revoke, methods=["POST"])
    routes.add_route("/revoke", origins.preflight, methods=["OPTIONS"])
    return routes
