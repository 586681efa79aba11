"""Token introspection (RFC 7662) on authlib's endpoint: who may know, and nothing more for who may not.

JWT access tokens are answered from memory. authlib accepts only `client_secret_basic` here, and refuses a
`token_type_hint` that it does not know, which section 2.1 makes a hint.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from ostiary_server.protocol.bearer_tokens import BearerTokens, Claims
from ostiary_server.protocol.claims import PRIVATE_CLAIM
from ostiary_server.protocol.client_authentication import AUTHENTICATED, ClientAuthentication
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.errors import InvalidRequest
from ostiary_server.protocol.ports import RefreshTokens, RevocationSet
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.scopes import format_scope
from ostiary_server.protocol.standing import why_refresh_void
from ostiary_server.protocol.subjects import Subjects
from ostiary_server.protocol.tokens import digest_of
from ostiary_state.applications.application import Application


@dataclass(frozen=True, slots=True)
class _LiveToken:
    """What is told of a token, as authlib asks for it."""

    answer: Mapping[str, Any]

    def is_expired(self) -> bool:
        return False  # only live tokens get here

    def is_revoked(self) -> bool:
        return False


class _Decision(IntrospectionEndpoint):
    """authlib's endpoint over a client that has authenticated and a token that was found."""

    def __init__(self, application: Application, found: _LiveToken | None) -> None:
        super().__init__()
        self._application = application
        self._found = found

    def authenticate_endpoint_client(self, request: EngineRequest) -> Application:  # noqa: ARG002 - authlib's
        return self._application

    def check_params(self, request: EngineRequest, client: Application) -> None:  # noqa: ARG002 - authlib's
        if "token" not in request.form:
            raise InvalidRequest("The parameter 'token' is required.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> _LiveToken | None:  # noqa: ARG002
        return self._found

    def check_permission(self, token: _LiveToken, client: Application, request: EngineRequest) -> bool:  # noqa: ARG002
        """Tokens issued to it, and access tokens for it or for a resource that it declares.

        The issuer is the default audience and nobody's own, so it admits no one, also who declares it.
        """
        claims = token.answer
        if claims["client_id"] == client.client_id:
            return True
        audience = claims.get("aud", ())
        resources = ({audience} if isinstance(audience, str) else set(audience)) - {claims["iss"]}
        return client.client_id in resources or not resources.isdisjoint(client.audiences)

    def introspect_token(self, token: _LiveToken) -> dict[str, Any]:
        return {"active": True, **token.answer}


class Introspection:
    """Says whether a token is live, to those whom it concerns."""

    def __init__(
        self,
        clients: ClientAuthentication,
        bearer_tokens: BearerTokens,
        refresh_tokens: RefreshTokens,
        revocations: RevocationSet,
        subjects: Subjects,
    ) -> None:
        self._clients = clients
        self._bearer_tokens = bearer_tokens
        self._refresh_tokens = refresh_tokens
        self._revocations = revocations
        self._subjects = subjects

    async def respond(self, request: ProtocolRequest) -> Mapping[str, Any]:
        """The answer of section 2.2. Public clients are refused: it would help to try tokens out (section 4).

        Raises InvalidClient, InvalidRequest, StoreUnavailable (opaque tokens only).
        """
        parsed = EngineRequest(request)
        application = await self._clients.application(parsed, AUTHENTICATED)
        found = await self._found(parsed, application) if "token" in parsed.form else None
        decision: Any = _Decision(application, found)  # authlib's method has no types
        _, answer, _ = decision.create_endpoint_response(parsed)
        return dict(answer)

    async def _found(self, request: EngineRequest, application: Application) -> _LiveToken | None:
        token = request.form["token"]
        look_ups = [self._access_token, self._refresh_token]
        if request.form.get("token_type_hint") == "refresh_token":
            look_ups.reverse()
        for look_up in look_ups:
            found = await look_up(request, application, token)
            if found is not None:
                return found
        return None

    async def _access_token(self, request: EngineRequest, _: Application, token: str) -> _LiveToken | None:
        claims = await self._bearer_tokens.live(request.issuer, token, request.now)
        return _LiveToken(_public(claims)) if claims else None

    async def _refresh_token(self, request: EngineRequest, application: Application, token: str) -> _LiveToken | None:
        if "." in token:  # a JWT is no refresh token of ours: no statement
            return None
        context = await self._refresh_tokens.context(digest_of(token), request.now)
        if context is None or context.grant.client_id != application.client_id or context.user is None:
            return None
        if context.token.consumed_at is not None:
            return None
        if why_refresh_void(context, application, self._revocations, request.now) is not None:
            return None
        await self._subjects.prepare(application)
        return _LiveToken(
            {
                "iss": request.issuer.origin,
                "sub": self._subjects.of(context.user, application),
                "client_id": context.grant.client_id,
                "scope": format_scope(context.grant.scopes),
                "iat": int(context.token.issued_at),
                "exp": int(min(context.family.idle_expires_at, context.family.expires_at)),
            }
        )


def _public(claims: Claims) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name != PRIVATE_CLAIM} | {"token_type": "Bearer"}
