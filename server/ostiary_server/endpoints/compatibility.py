"""The paths of other products, for applications whose manifest asks for them (`compatibility`).

A path leads to the very endpoint of ours: nothing is done differently behind it. For an application that does not ask
it is as unknown as any other.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message

from ostiary_server.endpoints.requests import Edge, protocol_request
from ostiary_server.protocol.client_authentication import named_client
from ostiary_server.protocol.id_token_hint import IdTokenHints
from ostiary_server.protocol.requests import Parameters, ProtocolRequest

Endpoint = Callable[[Request], Awaitable[Response]]

AUTHING: Final = "authing"
PATHS: Final[Mapping[str, str]] = {
    "/oauth/auth": "/authorize",
    "/oauth/token": "/token",
    "/oauth/me": "/userinfo",
    "/oauth/token/introspection": "/introspect",
    "/oauth/token/revocation": "/revoke",
    "/oidc/auth": "/authorize",
    "/oidc/token": "/token",
    "/oidc/me": "/userinfo",
    "/oidc/token/introspection": "/introspect",
    "/oidc/token/revocation": "/revoke",
    "/oidc/revocation": "/revoke",
    "/oidc/session/end": "/end-session",
    "/session/end": "/end-session",
    "/oidc/.well-known/openid-configuration": "/.well-known/openid-configuration",
    "/oidc/.well-known/jwks.json": "/jwks",
}


def router(edge: Edge, hints: IdTokenHints, routes: Sequence[BaseRoute]) -> APIRouter:
    """Aliases of what `routes` answer."""
    aliases = APIRouter()
    served = [route for route in routes if isinstance(route, Route)]
    for alias, path in PATHS.items():
        for route in served:
            if route.path == path:
                methods = sorted((route.methods or set()) - {"HEAD"})
                aliases.add_route(alias, _gated(edge, hints, route.endpoint), methods=methods)
    return aliases


def _gated(edge: Edge, hints: IdTokenHints, endpoint: Endpoint) -> Endpoint:
    async def handle(request: Request) -> Response:
        messages: list[Message] = []

        async def record() -> Message:
            messages.append(await request.receive())
            return messages[-1]

        async def replay() -> Message:
            return messages.pop(0) if messages else await request.receive()

        parsed = await protocol_request(Request(request.scope, record), edge)
        if not _asks_for_it(edge, parsed, _client(parsed, hints)):
            raise HTTPException(404)
        return await endpoint(Request(request.scope, replay))

    return handle


def _asks_for_it(edge: Edge, request: ProtocolRequest, client_id: str | None) -> bool:
    """The application that the request names; where it names none, any of this address."""
    if client_id is None:
        applications = edge.directory.applications_of(request.issuer.id)
        return any(AUTHING in each.openid.compatibility for each in applications)
    application = edge.directory.application(request.issuer.id, client_id)
    return application is not None and AUTHING in application.openid.compatibility


def _client(request: ProtocolRequest, hints: IdTokenHints) -> str | None:
    """A token at userinfo names its client by itself, but only its endpoint can read it: any will do there."""
    parameters = Parameters((*request.query.pairs, *request.form.pairs))
    hint = parameters.first("id_token_hint")
    claims = hints.claims(hint, request.issuer) if hint is not None else None
    if claims is not None:
        return str(claims.get("aud"))
    return named_client(request) or parameters.first("client_id")
