"""What a token request is answered with, and what must be stored before it is sent."""

from collections.abc import Callable
from typing import Any

from ostiary_server.protocol.scopes import OPENID, format_scope
from ostiary_server.protocol.tokens import TokenMinter, digest_of, random_id, random_token
from ostiary_state.applications.application import Application
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.refresh_token import RefreshFamily, RefreshToken
from ostiary_state.users.user import User


class TokenResponse(dict[str, Any]):
    """The members of RFC 6749 section 5.1. Its repr says nothing: authlib logs it at debug level."""

    def __init__(self, issued: Issued) -> None:
        super().__init__()
        self.issued = issued

    def __repr__(self) -> str:
        return "TokenResponse(...)"


class Issuance:
    """Makes token responses: what each grant shares once it has decided."""

    def __init__(
        self,
        minter: TokenMinter,
        *,
        new_token: Callable[[], str] = random_token,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._minter = minter
        self.new_token = new_token
        self.new_id = new_id

    async def prepare(self, application: Application, issuer: Issuer, *, id_token: bool) -> None:
        """Have the signing keys; see `TokenMinter.prepare`."""
        await self._minter.prepare(application, issuer, id_token=id_token)

    def for_client(
        self, application: Application, issuer: Issuer, scopes: tuple[str, ...], now: float
    ) -> TokenResponse:
        """An access token of the client itself (RFC 6749 section 4.4.3): never a refresh token."""
        return self._response(application, issuer, None, scopes, None, now)

    def for_user(
        self,
        application: Application,
        issuer: Issuer,
        user: User,
        scopes: tuple[str, ...],
        grant: Grant,
        now: float,
        *,
        nonce: str | None = None,
        new_family: bool = False,
    ) -> TokenResponse:
        """Tokens under a grant, with an ID token where `scopes` hold openid.

        `nonce` is the authorization request's, for its own code only: a refreshed ID token has none (OpenID Connect
        Core 12.2). `new_family`: with the first refresh token of a new family.
        """
        response = self._response(application, issuer, user, scopes, grant, now)
        if new_family:
            token = self.new_token()
            family, member = self._family(application, grant, token, now)
            response["refresh_token"] = token
            response.issued = Issued(family, member, response.issued.access_token)
        if OPENID in scopes:
            response["id_token"] = self._minter.id_token(
                application,
                issuer,
                user=user,
                grant=grant,
                nonce=nonce,
                access_token=response["access_token"],
                code=None,
                scopes=scopes,
                now=now,
            )
        return response

    def _response(
        self,
        application: Application,
        issuer: Issuer,
        user: User | None,
        scopes: tuple[str, ...],
        grant: Grant | None,
        now: float,
    ) -> TokenResponse:
        audience: tuple[str, ...] = ()
        if grant:
            # A resource that the manifest has withdrawn since is named no more; none left: the minter's default.
            own = {*application.audiences, issuer.origin}
            audience = tuple(resource for resource in grant.audience if resource in own)
        minted = self._minter.access_token(
            application, issuer, user=user, scopes=scopes, audience=audience, grant=grant, now=now
        )
        response = TokenResponse(Issued(access_token=minted.stored))
        response["access_token"] = minted.value
        response["token_type"] = "Bearer"
        response["expires_in"] = minted.expires_in
        if scopes:
            response["scope"] = format_scope(scopes)
        return response

    def _family(
        self, application: Application, grant: Grant, token: str, now: float
    ) -> tuple[RefreshFamily, RefreshToken]:
        lifetimes = application.lifetimes
        expires_at = now + lifetimes.refresh_token_absolute
        family = RefreshFamily(
            id=self.new_id(),
            grant_id=grant.id,
            created_at=now,
            idle_expires_at=min(now + lifetimes.refresh_token_idle, expires_at),
            expires_at=expires_at,
        )
        return family, RefreshToken(digest=digest_of(token), family_id=family.id, issued_at=now)
