"""GET /jwks: the issuer's public keys (RFC 7517), those that will sign next included."""

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.endpoints.cors import PUBLIC
from ostiary_server.endpoints.requests import Edge
from ostiary_server.protocol.signing import KeyRing

MAX_AGE: Final = 300  # seconds: a key is published longer than this before it signs


def router(edge: Edge, ring: KeyRing) -> APIRouter:
    """Answers from memory."""
    routes = APIRouter()
    headers = PUBLIC | {"Cache-Control": f"public, max-age={MAX_AGE}"}

    async def jwks(request: Request) -> Response:
        document = ring.jwks(edge.issuer(request).id, edge.clock())
        return Response(document, 200, headers, "application/jwk-set+json")

    routes.add_route("/jwks", jwks, methods=["GET"])
    return routes
