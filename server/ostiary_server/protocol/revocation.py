"""Token revocation (RFC 7009) on authlib's endpoint.

A refresh token ends its grant, with every access token that came of it (section 2.1); an access token ends alone. A
token that is unknown, expired or revoked is a success (section 2.2), one of another client is refused and the client
is told (section 2.1). A `token_type_hint` that is not known is ignored: the type is found without it.
"""

from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc7009 import RevocationEndpoint

from ostiary_server.protocol.bearer_tokens import BearerTokens
from ostiary_server.protocol.client_authentication import ClientAuthentication
from ostiary_server.protocol.engine import Engine, our_error
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.errors import InvalidRequest
from ostiary_server.protocol.ports import Grants, RefreshTokens, Revocations
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.standing import end_of
from ostiary_server.protocol.tokens import digest_of
from ostiary_state.applications.application import Application
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.revocation import Revocation, RevocationKind


@dataclass(frozen=True, slots=True)
class _Found:
    """What ends with a token: its grant, or itself."""

    client_id: str
    ends: Grant | Revocation

    def check_client(self, client: Application) -> bool:
        return self.client_id == client.client_id


class _Decision(RevocationEndpoint):
    """authlib's endpoint over a client that has authenticated and a token that was found."""

    def __init__(self, engine: Engine, application: Application, found: _Found | None) -> None:
        super().__init__(engine)
        self._application = application
        self._found = found
        self.revoked: _Found | None = None

    def authenticate_endpoint_client(self, request: EngineRequest) -> Application:  # noqa: ARG002 - authlib's
        return self._application

    def check_params(self, request: EngineRequest, client: Application) -> None:  # noqa: ARG002 - authlib's
        if "token" not in request.form:
            raise InvalidRequest("The parameter 'token' is required.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Found | None:  # noqa: ARG002
        return self._found

    def revoke_token(self, token: _Found, request: EngineRequest) -> None:  # noqa: ARG002 - authlib's
        """Stored after authlib has decided: its hooks cannot wait."""
        self.revoked = token


class RevocationOfTokens:
    """Ends tokens at the wish of the client that holds them."""

    def __init__(
        self,
        engine: Engine,
        clients: ClientAuthentication,
        bearer_tokens: BearerTokens,
        refresh_tokens: RefreshTokens,
        grants: Grants,
        revocations: Revocations,
    ) -> None:
        self._engine = engine
        self._clients = clients
        self._bearer_tokens = bearer_tokens
        self._refresh_tokens = refresh_tokens
        self._grants = grants
        self._revocations = revocations

    async def respond(self, request: ProtocolRequest) -> None:
        """Raises InvalidClient, InvalidRequest, InvalidGrant (another client's token), StoreUnavailable."""
        parsed = EngineRequest(request)
        application = await self._clients.application(parsed)
        found = await self._found(parsed, application) if "token" in parsed.form else None
        decision = _Decision(self._engine, application, found)
        try:
            authlibs: Any = decision  # its method has no types
            authlibs.create_endpoint_response(parsed)
        except OAuth2Error as error:
            raise our_error(error) from error
        if decision.revoked is None:
            return
        if isinstance(decision.revoked.ends, Grant):
            grant = decision.revoked.ends
            await self._grants.revoke(grant.id, end_of(grant, parsed.now), parsed.now)
        else:
            await self._revocations.add(decision.revoked.ends)

    async def _found(self, request: EngineRequest, application: Application) -> _Found | None:
        token = request.form["token"]
        claims = await self._bearer_tokens.live(request.issuer, token, request.now)
        if claims is not None:
            end = Revocation(RevocationKind.JTI, claims["jti"], not_before=claims["exp"], expires_at=claims["exp"])
            return _Found(claims["client_id"], end)
        if "." in token:  # a JWT is no refresh token of ours
            return None
        context = await self._refresh_tokens.context(digest_of(token), request.now)
        if context is None or context.grant.issuer_id != application.issuer_id or context.grant.revoked_at is not None:
            return None
        return _Found(context.grant.client_id, context.grant)
