"""POST /introspect: is a token live, and what is it for (RFC 7662)? For servers, so never readable cross-origin."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.endpoints.errors import json_response
from ostiary_server.endpoints.requests import Edge, protocol_request
from ostiary_server.protocol.introspection import Introspection


def router(edge: Edge, introspection: Introspection) -> APIRouter:
    """Errors are written by the application's handlers."""
    routes = APIRouter()

    async def introspect(request: Request) -> Response:
        return json_response(await introspection.respond(await protocol_request(request, edge)))

    routes.add_route("/introspect", introspect, methods=["POST"])
    return routes
