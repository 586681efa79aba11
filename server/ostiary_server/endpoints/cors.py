"""Cross-origin reading by script (Fetch standard, CORS protocol): who may, at which endpoint.

Discovery and JWKS: everyone. Token, userinfo and revocation: preflights by the union of `corsOrigins` at the issuer,
since a preflight does not name its client; answers by the client's own. Never credentials, never /authorize or pages.
"""

from collections.abc import Collection, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.endpoints.requests import Edge
from ostiary_state.applications.application import Application

MOST_UNIONS: Final = 1000  # issuers remembered at once
PUBLIC: Final = {"Access-Control-Allow-Origin": "*"}
EXPOSED: Final = "WWW-Authenticate, DPoP-Nonce"
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP",
    "Access-Control-Max-Age": "600",  # seconds: a manifest's change is noticed by a browser within ten minutes
}


class Origins:
    """All `corsOrigins` of an issuer, gathered once for each set of applications."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._unions: dict[str, tuple[Sequence[Application], frozenset[str]]] = {}

    async def preflight(self, request: Request) -> Response:
        """204, with permission when an application of the issuer lists the origin."""
        issuer = self._edge.issuer(request)
        origin = request.headers.get("origin")
        if origin is None or origin not in self._union(issuer.id):
            return Response(status_code=204, headers={"Vary": "Origin"})
        return Response(status_code=204, headers=allowed(origin, (origin,)) | PREFLIGHT)

    def _union(self, issuer_id: str) -> frozenset[str]:
        applications = self._edge.directory.applications_of(issuer_id)
        known = self._unions.get(issuer_id)
        if known is not None and known[0] is applications:
            return known[1]
        union = frozenset(
            origin for application in applications if application.enabled for origin in application.cors_origins
        )
        if len(self._unions) >= MOST_UNIONS:
            self._unions.clear()
        self._unions[issuer_id] = (applications, union)
        return union

    def permit(self, response: Response, issuer_id: str, origin: str | None, client_id: str | None) -> Response:
        """`response`, readable by `origin` where the client of that id lists it.

        An error that belongs to no known client is readable wherever any application of the issuer may read.
        """
        if origin is None:
            return response
        application = self._edge.directory.application(issuer_id, client_id) if client_id else None
        origins = application.cors_origins if application else self._union(issuer_id)
        response.headers.update(allowed(origin, origins))
        return response


def allowed(origin: str, origins: Collection[str]) -> dict[str, str]:
    """Permission for `origin` where it is listed; `Vary` either way, so that no cache mixes the answers."""
    if origin not in origins:
        return {"Vary": "Origin"}
    return {"Vary": "Origin", "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}
