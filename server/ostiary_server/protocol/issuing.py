"""What a permitted authorization request yields: a code, or tokens in the fragment (RFC 6749 sections 4.1.2, 4.2.2)."""

from collections.abc import Callable

from ostiary_server.protocol.authorization_request import AuthorizationRequest
from ostiary_server.protocol.ports import Grants
from ostiary_server.protocol.scopes import OFFLINE_ACCESS, format_scope
from ostiary_server.protocol.tokens import TokenMinter, digest_of, random_id, random_token
from ostiary_state.runtime.grant import AuthorizationCode, Grant
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.session import SignedIn


class Issuing:
    """Stores a grant and answers with what it yields; one statement for a code, one transaction for tokens."""

    def __init__(
        self,
        grants: Grants,
        minter: TokenMinter,
        *,
        new_token: Callable[[], str] = random_token,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._grants = grants
        self._minter = minter
        self._new_token = new_token
        self._new_id = new_id

    async def issue(self, request: AuthorizationRequest, signed_in: SignedIn, now: float) -> dict[str, str]:
        """The parameters of a successful response, but for `state` and `iss`."""
        if "code" in request.response_types:
            return await self._code(request, signed_in, now)
        return await self._tokens(request, signed_in, now)

    async def _code(self, request: AuthorizationRequest, signed_in: SignedIn, now: float) -> dict[str, str]:
        lifetimes = request.application.lifetimes
        value = self._new_token()
        code = AuthorizationCode(
            digest=digest_of(value),
            redirect_uri=request.redirect_uri if request.redirect_uri_sent else "",
            code_challenge=request.code_challenge,
            expires_at=now + lifetimes.authorization_code,
        )
        tokens = max(lifetimes.access_token, lifetimes.id_token)
        if "refresh_token" in request.application.grant_modes:
            tokens += lifetimes.refresh_token_absolute
        await self._grants.start(self._grant(request, signed_in, now, code.expires_at + tokens, code))
        return {"code": value}

    async def _tokens(self, request: AuthorizationRequest, signed_in: SignedIn, now: float) -> dict[str, str]:
        """Never a refresh token (RFC 6749 section 4.2.2). The grant is stored so that the tokens can be revoked."""
        await self._minter.prepare(request.application, request.issuer, id_token="id_token" in request.response_types)
        lifetimes = request.application.lifetimes
        last = now + max(lifetimes.access_token, lifetimes.id_token)
        grant = self._grant(request, signed_in, now, last, None)
        answer: dict[str, str] = {}
        stored = None
        if "token" in request.response_types:
            minted = self._minter.access_token(
                request.application,
                request.issuer,
                user=signed_in.user,
                scopes=request.scopes,
                audience=grant.audience,
                grant=grant,
                now=now,
            )
            stored = minted.stored
            answer |= {"access_token": minted.value, "token_type": "Bearer", "expires_in": str(minted.expires_in)}
            # RFC 6749 section 4.2.2: required where it differs from what was asked, harmless elsewhere.
            answer["scope"] = format_scope(request.scopes)
        if "id_token" in request.response_types:
            answer["id_token"] = self._minter.id_token(
                request.application,
                request.issuer,
                user=signed_in.user,
                grant=grant,
                nonce=request.nonce,
                access_token=answer.get("access_token"),
                code=None,
                scopes=request.scopes,
                now=now,
            )
        await self._grants.start_with(Issued(grant=grant, access_token=stored))
        return answer

    def _grant(
        self,
        request: AuthorizationRequest,
        signed_in: SignedIn,
        now: float,
        expires_at: float,
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
            session_id=None if OFFLINE_ACCESS in request.scopes else session.id,
            scopes=request.scopes,
            audience=application.audiences or (request.issuer.origin,),
            nonce=request.nonce,
            auth_time=session.auth_time,
            amr=session.amr,
            created_at=now,
            expires_at=expires_at,
            code=code,
        )
