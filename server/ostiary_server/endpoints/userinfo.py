"""GET and POST /userinfo: claims about the person whose token is presented (OpenID Connect Core 5.3)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.endpoints.cors import Origins
from ostiary_server.endpoints.errors import NO_STORE, error_response, json_response
from ostiary_server.endpoints.requests import Edge, protocol_request
from ostiary_server.protocol.errors import OAuthError
from ostiary_server.protocol.userinfo import UserInfo
from ostiary_state.errors import StoreUnavailable


def router(edge: Edge, userinfo: UserInfo) -> APIRouter:
    """The client whose origins may read the answer is the one that the token was issued to."""
    routes = APIRouter()
    origins = Origins(edge)

    async def answer(request: Request) -> Response:
        parsed = await protocol_request(request, edge)
        client_id = None
        response: Response
        try:
            told = await userinfo.respond(parsed)
            client_id = told.client_id
            if told.jwt is None:
                response = json_response(told.claims)
            else:
                response = Response(told.jwt, headers=NO_STORE, media_type="application/jwt")
        except (OAuthError, StoreUnavailable) as error:
            response = error_response(error, request)
        return origins.permit(response, parsed.issuer.id, parsed.origin, client_id)

    routes.add_route("/userinfo", answer, methods=["GET", "POST"])
    routes.add_route("/userinfo", origins.preflight, methods=["OPTIONS"])
    return routes
