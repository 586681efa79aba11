"""GET /.well-known/oauth-authorization-server (RFC 8414) and /.well-known/openid-configuration: one document."""

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.endpoints.cors import PUBLIC
from ostiary_server.endpoints.requests import Edge
from ostiary_server.protocol.discovery import Discovery

PATHS: Final = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
MAX_AGE: Final = 60  # seconds: a new grant mode is seen within a minute


def router(edge: Edge, discovery: Discovery) -> APIRouter:
    """Answers from memory, 304 to a client that has the document already (RFC 9110 section 13.1.2)."""
    routes = APIRouter()

    async def document(request: Request) -> Response:
        body, tag = discovery.document(edge.issuer(request))
        headers = PUBLIC | {"Cache-Control": f"public, max-age={MAX_AGE}", "ETag": tag}
        known = [known.strip().removeprefix("W/") for known in request.headers.get("if-none-match", "").split(",")]
        if tag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        return Response(body, 200, headers, "application/json")

    for path in PATHS:
        routes.add_route(path, document, methods=["GET"])
    return routes
