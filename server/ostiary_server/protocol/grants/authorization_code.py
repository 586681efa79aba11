"""The authorization code grant at the token endpoint (RFC 6749 section 4.1.3).

Every check passes before the code is claimed, so that a leaked code cannot be burnt by a stranger nor a typo cost a
sign-in; the claim is one UPDATE in the transaction that inserts what is issued.
"""

from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.models import AuthorizationCodeMixin

from ostiary_server.protocol.engine import Engine, LoadedGrant, decide
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.errors import InvalidGrant
from ostiary_server.protocol.pkce import S256CodeChallenge, verifier_fits
from ostiary_server.protocol.ports import Grants, RevocationSet
from ostiary_server.protocol.scopes import OPENID, format_scope
from ostiary_server.protocol.standing import end_of, why_void
from ostiary_server.protocol.token_response import Issuance, TokenResponse
from ostiary_server.protocol.tokens import digest_of
from ostiary_state.applications.application import Application
from ostiary_state.runtime.grant import AuthorizationCode, Grant
from ostiary_state.users.user import User

REFUSED = "The code is wrong, expired, used or revoked, or not this application's."


class CodeReplayed(InvalidGrant):
    """The code was used before, and its own client presents it again: all that it issued ends (section 4.1.2)."""


class _StandingCode(AuthorizationCodeMixin):
    """A code that may be redeemed, as authlib's grant and its PKCE extension read one."""

    def __init__(self, grant: Grant, code: AuthorizationCode, user: User) -> None:
        self.grant = grant
        self.user = user
        self.code_challenge = code.code_challenge
        self._redirect_uri = code.redirect_uri

    def get_redirect_uri(self) -> str:
        return self._redirect_uri

    def get_scope(self) -> str:
        return format_scope(self.grant.scopes)


class _Decision(LoadedGrant, AuthorizationCodeGrant):
    """authlib's checks of redirect_uri and PKCE."""

    found: _StandingCode | None = None

    def query_authorization_code(self, code: str, client: object) -> _StandingCode | None:  # noqa: ARG002 - authlib's
        """Loaded before."""
        return self.found

    def authenticate_user(self, authorization_code: _StandingCode) -> User:
        """Came with the code."""
        return authorization_code.user

    def delete_authorization_code(self, authorization_code: object) -> None:
        """Nothing. authlib deletes after it has saved, so that two racing requests both win, and a deleted code makes
        a replay look like an unknown one."""


class AuthorizationCodes:
    """Redeems codes: load, check, claim."""

    grant_type = "authorization_code"

    def __init__(self, engine: Engine, issuance: Issuance, grants: Grants, revocations: RevocationSet) -> None:
        self._engine = engine
        self._issuance = issuance
        self._grants = grants
        self._revocations = revocations

    async def respond(self, request: EngineRequest, application: Application) -> TokenResponse:
        """Raises InvalidRequest, InvalidGrant."""
        presented = request.form.get("code")
        found = await self._grants.by_code(digest_of(presented)) if presented else None
        if found is None:
            decide(_Decision(request, self._engine, _nothing))  # authlib says which of missing and unknown it is
            raise InvalidGrant(REFUSED)
        try:
            return await self._redeem(request, application, *found)
        except CodeReplayed:
            if found[0].revoked_at is None:
                await self._grants.revoke(found[0].id, end_of(found[0], request.now), request.now)
            raise

    async def _redeem(
        self, request: EngineRequest, application: Application, grant: Grant, user: User | None
    ) -> TokenResponse:
        standing = self._standing(request, application, grant, user)
        await self._issuance.prepare(application, request.issuer, id_token=OPENID in grant.scopes)

        def issue(_: str | None) -> TokenResponse:
            return self._issuance.for_user(
                application,
                request.issuer,
                standing.user,
                grant.scopes,
                grant,
                request.now,
                nonce=grant.nonce,
                new_family="refresh_token" in application.grant_modes,
            )

        decision = _Decision(request, self._engine, issue)
        decision.found = standing
        S256CodeChallenge()(decision)  # the only hook: authlib keeps hooks in a set, so two would have no order
        response = decide(decision)
        if not await self._grants.redeem(grant, response.issued, request.now):
            raise CodeReplayed(REFUSED, detail="another request redeemed the code at the same time")
        return response

    def _standing(
        self, request: EngineRequest, application: Application, grant: Grant, user: User | None
    ) -> _StandingCode:
        code = grant.code
        if code is None or grant.client_id != application.client_id or grant.issuer_id != application.issuer_id:
            raise InvalidGrant(REFUSED, detail="the code was issued to another client")
        if code.consumed_at is not None:
            # Before expiry and the rest: a replay is noticed for as long as something that it issued may live.
            if _presenter_is_the_client(request, application, code):
                raise CodeReplayed(REFUSED, detail="the code was redeemed before")
            raise InvalidGrant(REFUSED, detail="a used code, and nothing shows that the client presents it")
        if code.expires_at <= request.now:
            raise InvalidGrant(REFUSED, detail="the code has expired")
        reason = why_void(grant, user, application, self._revocations)
        if user is None or reason is not None:
            raise InvalidGrant(REFUSED, detail=reason)
        return _StandingCode(grant, code, user)


def _presenter_is_the_client(request: EngineRequest, application: Application, code: AuthorizationCode) -> bool:
    """A public client has no secret, so its verifier is its proof: else whoever saw a used code could end a sign-in."""
    if application.confidential:
        return True
    verifier = request.form.get("code_verifier")
    return bool(code.code_challenge and verifier and verifier_fits(verifier, code.code_challenge))


def _nothing(_: str | None) -> TokenResponse:
    raise InvalidGrant(REFUSED)
