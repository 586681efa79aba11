"""The refresh token grant (RFC 6749 section 6), rotated with a family and a grace (RFC 9700 section 4.14.2).

A used token is answered, for `GRACE` seconds from its first use and while its successor is unused, with the same
successor: a client whose answer was lost, or that refreshes from two tabs, stays signed in. Otherwise it was stolen,
by whom cannot be known, and the whole grant ends.
"""

from dataclasses import replace
from typing import Final

from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
from authlib.oauth2.rfc6749.models import TokenMixin

from ostiary_server.protocol.engine import Engine, LoadedGrant, decide
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.errors import InvalidGrant, InvalidScope
from ostiary_server.protocol.ports import AccessTokens, Grants, RefreshTokens, RevocationSet
from ostiary_server.protocol.scopes import OPENID, format_scope, parse_scope, permitted_scopes
from ostiary_server.protocol.standing import end_of, why_refresh_void
from ostiary_server.protocol.successors import open_successor, seal_successor
from ostiary_server.protocol.token_response import Issuance, TokenResponse
from ostiary_server.protocol.tokens import digest_of
from ostiary_state.applications.application import Application
from ostiary_state.runtime.refresh_token import RefreshContext, RefreshToken
from ostiary_state.users.user import User

GRACE: Final = 60.0  # seconds; the FAPI conformance suite presents the old token again after 30
REFUSED = "The refresh token is wrong, expired, used or revoked, or not this application's."


class TokenReused(InvalidGrant):
    """A used refresh token came back when its successor was used, or too late: the grant ends."""


class _StandingToken(TokenMixin):
    """A refresh token that may be used, as authlib reads one."""

    def __init__(self, user: User, scopes: tuple[str, ...]) -> None:
        self.user = user
        self.scopes = scopes

    def check_client(self, client: object) -> bool:  # noqa: ARG002 - compared before its standing was
        return True

    def get_scope(self) -> str:
        return format_scope(self.scopes)


class _Decision(LoadedGrant, RefreshTokenGrant):
    """authlib's comparison of the scope with the granted one."""

    found: _StandingToken | None = None

    def authenticate_refresh_token(self, refresh_token: str) -> _StandingToken | None:  # type: ignore[override]  # noqa: ARG002
        """Loaded before."""
        return self.found

    def authenticate_user(self, refresh_token: _StandingToken) -> User:
        """Came with the token; authlib would answer invalid_request where the user is gone."""
        return refresh_token.user

    def revoke_old_credential(self, refresh_token: object) -> None:
        """Nothing. authlib revokes after it has saved: no family, and two racing requests get one each."""


class RefreshTokenGrants:
    """Refreshes: load, check, claim; the loser of a race is answered as a retry is."""

    grant_type = "refresh_token"

    def __init__(
        self,
        engine: Engine,
        issuance: Issuance,
        refresh_tokens: RefreshTokens,
        grants: Grants,
        access_tokens: AccessTokens,
        revocations: RevocationSet,
    ) -> None:
        self._engine = engine
        self._issuance = issuance
        self._refresh_tokens = refresh_tokens
        self._grants = grants
        self._access_tokens = access_tokens
        self._revocations = revocations

    async def respond(self, request: EngineRequest, application: Application) -> TokenResponse:
        """Raises InvalidRequest, InvalidGrant, InvalidScope."""
        presented = request.form.get("refresh_token")
        context = await self._refresh_tokens.context(digest_of(presented), request.now) if presented else None
        if presented is None or context is None:
            decide(_Decision(request, self._engine, _nothing))  # authlib says which of missing and unknown it is
            raise InvalidGrant(REFUSED)
        try:
            return await self._refresh(request, application, presented, context)
        except TokenReused:
            if context.grant.revoked_at is None:
                await self._grants.revoke(context.grant.id, end_of(context.grant, request.now), request.now)
            raise

    async def _refresh(
        self, request: EngineRequest, application: Application, presented: str, context: RefreshContext
    ) -> TokenResponse:
        standing = self._standing(request, application, context)
        await self._issuance.prepare(application, request.issuer, id_token=OPENID in context.grant.scopes)

        def issue(scope: str | None) -> TokenResponse:
            # A narrower scope is this access token's alone: the successor keeps all that was granted (section 6).
            scopes = permitted_scopes(parse_scope(scope or None), standing.scopes)
            return self._issuance.for_user(
                application, request.issuer, standing.user, scopes, context.grant, request.now
            )

        decision = _Decision(request, self._engine, issue)
        decision.found = standing
        response = decide(decision)
        if context.token.consumed_at is None:
            if await self._rotate(request, application, presented, context, response):
                return response
            claimed = await self._refresh_tokens.context(context.token.digest, request.now)
            if claimed is None:
                raise InvalidGrant(REFUSED, detail="gone while it was being used")
            context = claimed
            self._standing(request, application, context)
        return await self._repeat(presented, context, response)

    async def _rotate(
        self,
        request: EngineRequest,
        application: Application,
        presented: str,
        context: RefreshContext,
        response: TokenResponse,
    ) -> bool:
        now = request.now
        token = self._issuance.new_token()
        successor = RefreshToken(digest=digest_of(token), family_id=context.family.id, issued_at=now)
        idle = min(now + application.lifetimes.refresh_token_idle, context.family.expires_at)
        response["refresh_token"] = token
        return await self._refresh_tokens.rotate(
            context.token,
            replace(context.family, idle_expires_at=idle),
            successor,
            seal_successor(presented, token),
            response.issued.access_token,
            now,
        )

    async def _repeat(self, presented: str, context: RefreshContext, response: TokenResponse) -> TokenResponse:
        successor = open_successor(presented, context.token.sealed_successor or b"")
        if successor is None:
            raise InvalidGrant(REFUSED, detail="the successor cannot be opened")
        response["refresh_token"] = successor
        if response.issued.access_token:
            await self._access_tokens.add(response.issued.access_token)
        return response

    def _standing(self, request: EngineRequest, application: Application, context: RefreshContext) -> _StandingToken:
        grant, token = context.grant, context.token
        if grant.client_id != application.client_id or grant.issuer_id != application.issuer_id:
            raise InvalidGrant(REFUSED, detail="the refresh token was issued to another client")
        if token.consumed_at is not None and (context.successor_consumed or token.consumed_at + GRACE < request.now):
            # Before expiry and the rest: a stolen token must end the grant as long as there is something to end.
            raise TokenReused(REFUSED, detail="a used refresh token came back")
        reason = why_refresh_void(context, application, self._revocations, request.now)
        if context.user is None or reason is not None:
            raise InvalidGrant(REFUSED, detail=reason)
        # What the manifest has withdrawn since is not granted any more; all of it: there is nothing to refresh.
        scopes = tuple(scope for scope in grant.scopes if scope in application.scopes)
        if grant.scopes and not scopes:
            raise InvalidScope("The application declares none of the granted scopes any more.")
        return _StandingToken(context.user, scopes)


def _nothing(_: str | None) -> TokenResponse:
    raise InvalidGrant(REFUSED)
