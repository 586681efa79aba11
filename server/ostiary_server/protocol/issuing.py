"""What a permitted authorization request yields: a code, tokens, or both (RFC 6749 4.1.2, 4.2.2, Core 3.3.2.5)."""

from collections.abc import Callable

from ostiary_server.protocol.authorization_request import AuthorizationRequest
from ostiary_server.protocol.ports import Grants
from ostiary_server.protocol.scopes import OFFLINE_ACCESS, format_scope
from ostiary_server.protocol.tokens import TokenMinter, digest_of, random_id, random_token
from ostiary_state.applications.application import Application
from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.runtime.grant import AuthorizationCode, Grant
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.session import Session, SignedIn


class Issuing:
    """Stores a grant and answers with what it yields; one statement for a code, one transaction for tokens."""

    def __init__(
        self,
        grants: Grants,
        minter: TokenMinter,
        *,
        new_token: Callable[[], str] = random_token,
        new_id: Callable[[], str] = random_id,
        note_use: Callable[[Application], None] = lambda _: None,
    ) -> None:
        self._note_use = note_use
        self._grants = grants
        self._minter = minter
        self._new_token = new_token
        self._new_id = new_id

    async def issue(
        self, request: AuthorizationRequest, signed_in: SignedIn, scopes: tuple[str, ...], now: float
    ) -> dict[str, str]:
        """The parameters of a successful response, but for `state` and `iss`; `scopes` are the granted ones."""
        self._note_use(request.application)
        types = request.response_types
        code, value = self._code(request, now) if "code" in types else (None, "")
        grant = self._grant(request, signed_in, scopes, now, code)
        if types == {"code"}:
            await self._grants.start(grant)
            return {"code": value}
        answer, stored = await self._tokens(request, signed_in, grant, value, now)
        await self._grants.start_with(Issued(grant=grant, access_token=stored))
        return answer

    def _code(self, request: AuthorizationRequest, now: float) -> tuple[AuthorizationCode, str]:
        value = self._new_token()
        code = AuthorizationCode(
            digest=digest_of(value),
            redirect_uri=request.redirect_uri if request.redirect_uri_sent else "",
            code_challenge=request.code_challenge,
            expires_at=now + request.application.lifetimes.authorization_code,
        )
        return code, value

    async def _tokens(
        self, request: AuthorizationRequest, signed_in: SignedIn, grant: Grant, code: str, now: float
    ) -> tuple[dict[str, str], OpaqueAccessToken | None]:
        """Never a refresh token (RFC 6749 section 4.2.2). The grant is stored so that the tokens can be revoked."""
        types = request.response_types
        await self._minter.prepare(request.application, request.issuer, id_token="id_token" in types)
        answer: dict[str, str] = {"code": code} if code else {}
        stored = None
        if "token" in types:
            minted = self._minter.access_token(
                request.application,
                request.issuer,
                user=signed_in.user,
                scopes=grant.scopes,
                audience=grant.audience,
                grant=grant,
                now=now,
            )
            stored = minted.stored
            answer |= {"access_token": minted.value, "token_type": "Bearer", "expires_in": str(minted.expires_in)}
            # RFC 6749 section 4.2.2: required where it differs from what was asked, harmless elsewhere.
            answer["scope"] = format_scope(grant.scopes)
        if "id_token" in types:
            answer["id_token"] = self._minter.id_token(
                request.application,
                request.issuer,
                user=signed_in.user,
                grant=grant,
                nonce=request.nonce,
                access_token=answer.get("access_token"),
                code=code or None,
                scopes=grant.scopes,
                now=now,
                alone=types == {"id_token"},
            )
        return answer, stored

    def _grant(
        self,
        request: AuthorizationRequest,
        signed_in: SignedIn,
        scopes: tuple[str, ...],
        now: float,
        code: AuthorizationCode | None,
    ) -> Grant:
        session, application = signed_in.session, request.application
        return Grant(
            id=self._new_id(),
            issuer_id=request.issuer.id,
            client_id=application.client_id,
            application_id=application.id,
            application_incarnation=application.incarnation,
            user_id=signed_in.user.id,
            user_incarnation=signed_in.user.incarnation,
            # With offline_access it outlives the sign-in; else it ends with it.
            session_id=None if OFFLINE_ACCESS in scopes else session.id,
            scopes=scopes,
            audience=application.audiences or (request.issuer.origin,),
            nonce=request.nonce,
            auth_time=session.auth_time,
            amr=session.amr,
            created_at=now,
            expires_at=_needed_until(application, session, now, code),
            code=code,
            started_in=session.id,
            claims=request.claims_beside(scopes).json(),
        )


def _needed_until(application: Application, session: Session, now: float, code: AuthorizationCode | None) -> float:
    """When nothing that the grant issues can be live; and where the application wants to hear of the session's end,
    not before that."""
    lifetimes = application.lifetimes
    until = (code.expires_at if code else now) + max(lifetimes.access_token, lifetimes.id_token)
    if code and "refresh_token" in application.grant_modes:
        until += lifetimes.refresh_token_absolute
    return max(until, session.expires_at) if application.openid.logout else until
