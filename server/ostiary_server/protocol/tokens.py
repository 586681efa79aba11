"""Minting: access tokens as at+jwt (RFC 9068) or opaque, ID tokens (OpenID Connect Core 2), opaque secrets."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary_server.protocol.authentication_context import acr_of
from ostiary_server.protocol.claims import PRIVATE_CLAIM, mapped_claims, requested_claims, user_claims
from ostiary_server.protocol.claims_request import ClaimsRequest
from ostiary_server.protocol.ports import SigningKeys
from ostiary_server.protocol.scopes import format_scope
from ostiary_server.protocol.signing import KeyRing
from ostiary_server.protocol.subjects import Subjects
from ostiary_state.applications.application import Application
from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.users.user import User

ACCESS_TOKEN_TYPE: Final = "at+jwt"
ID_TOKEN_TYPE: Final = "JWT"


def random_token() -> str:
    """256 random bits, base64url: a code, refresh token, opaque access token."""
    return secrets.token_urlsafe(32)


def random_id() -> str:
    """128 random bits, base64url: an id that is no secret."""
    return secrets.token_urlsafe(16)


def digest_of(token: str) -> bytes:
    """SHA-256: what is stored of a token. Enough for 256 random bits; passwords get argon2id."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class MintedAccessToken:
    """An access token on its way to a client; `stored` must be inserted before it is sent, None for a JWT."""

    value: str
    expires_in: int  # seconds
    stored: OpaqueAccessToken | None


class TokenMinter:
    """Makes tokens from the key ring. Registered claims are written last, so that nothing a user says replaces them."""

    def __init__(
        self,
        ring: KeyRing,
        subjects: Subjects,
        *,
        keys: SigningKeys | None = None,
        new_token: Callable[[], str] = random_token,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._ring = ring
        self.subjects = subjects
        self._keys = keys
        self._new_token = new_token
        self._new_id = new_id

    async def prepare(self, application: Application, issuer: Issuer, *, id_token: bool) -> None:
        """Have the keys that `access_token` (and `id_token`) will sign with, and what the subjects take.

        Made at an issuer's first need. Raises StoreUnavailable when something is missing and the database is away.
        """
        await self.subjects.prepare(application)
        if not application.opaque_access_tokens:
            await self.prepare_key(issuer, application.signing_algorithm)
        if id_token:
            await self.prepare_key(issuer, application.id_token_algorithm)

    async def prepare_key(self, issuer: Issuer, algorithm: str) -> None:
        """Have one key. Raises StoreUnavailable as `prepare` does."""
        if self._keys is not None and not self._ring.has(issuer.id, algorithm):
            await self._keys.ensure(issuer.id, algorithm)

    def access_token(
        self,
        application: Application,
        issuer: Issuer,
        *,
        user: User | None,
        scopes: tuple[str, ...],
        audience: tuple[str, ...],
        grant: Grant | None,
        now: float,
    ) -> MintedAccessToken:
        """An access token; `user` None: of the client itself, whose `sub` is its client id (RFC 9068 section 2.2).

        The audience defaults to the application's `audiences`, else to the issuer: never the client id, which is an
        ID token's audience. Raises `signing.NoSigningKey`.
        """
        lifetime = application.lifetimes.access_token
        issued_at = int(now)
        resources = audience or application.audiences or (issuer.origin,)
        private: dict[str, Any] = {"a": application.incarnation}
        claims: dict[str, Any] = {
            "iss": issuer.origin,
            "sub": self.subjects.of(user, application) if user else application.client_id,
            "aud": resources[0] if len(resources) == 1 else list(resources),
            "exp": issued_at + lifetime,
            "iat": issued_at,
            "jti": self._new_id(),
            "client_id": application.client_id,
        }
        if scopes:
            claims["scope"] = format_scope(scopes)
        if user:
            private["u"] = user.incarnation
            if application.openid.claims:
                claims = mapped_claims(user, application, scopes, "AccessToken") | claims
        if grant:
            claims |= _authentication(grant)
            private["g"] = grant.id
            if grant.claims and "userinfo" in grant.claims:
                private["c"] = 1
            if grant.session_id:
                private["s"] = grant.session_id
        claims[PRIVATE_CLAIM] = private
        if application.opaque_access_tokens:
            value = self._new_token()
            stored = OpaqueAccessToken(
                digest=digest_of(value),
                issuer_id=issuer.id,
                grant_id=grant.id if grant else None,
                claims=claims,
                expires_at=float(issued_at + lifetime),
            )
            return MintedAccessToken(value, lifetime, stored)
        key = self._ring.signer(issuer.id, application.signing_algorithm, now)
        return MintedAccessToken(key.sign(ACCESS_TOKEN_TYPE, claims), lifetime, None)

    def id_token(
        self,
        application: Application,
        issuer: Issuer,
        *,
        user: User,
        grant: Grant,
        nonce: str | None,
        access_token: str | None,
        code: str | None,
        scopes: tuple[str, ...],
        now: float,
        alone: bool = False,
    ) -> str:
        """An ID token; `at_hash` and `c_hash` bind what is sent beside it. Raises `signing.NoSigningKey`.

        It carries the claims that `scopes` open where the manifest says so, or where it is `alone`: no access token
        will follow that could ask userinfo (OpenID Connect Core 5.4).
        """
        key = self._ring.signer(issuer.id, application.id_token_algorithm, now)
        issued_at = int(now)
        claims: dict[str, Any] = {}
        if alone or application.openid.id_token_claims_always:
            claims |= user_claims(user, scopes)
        if grant.claims:
            asked = ClaimsRequest.of(grant.claims)
            claims |= requested_claims(user, {**asked.id_token, **(asked.userinfo if alone else {})})
        if application.openid.claims:
            claims |= mapped_claims(user, application, scopes, "IDToken")
        claims.update(
            iss=issuer.origin,
            sub=self.subjects.of(user, application),
            aud=application.client_id,
            exp=issued_at + application.lifetimes.id_token,
            iat=issued_at,
            **_authentication(grant),
        )
        if nonce is not None:
            claims["nonce"] = nonce
        if grant.started_in:
            claims["sid"] = grant.started_in
        if access_token is not None:
            claims["at_hash"] = key.half_hash(access_token)
        if code is not None:
            claims["c_hash"] = key.half_hash(code)
        return key.sign(ID_TOKEN_TYPE, claims)

    def jwt(
        self, issuer: Issuer, algorithm: str, claims: Mapping[str, Any], now: float, *, typ: str = ID_TOKEN_TYPE
    ) -> str:
        """Any other JWT of the issuer: a userinfo response, an authorization response. Raises `NoSigningKey`."""
        return self._ring.signer(issuer.id, algorithm, now).sign(typ, claims)


def _authentication(grant: Grant) -> dict[str, Any]:
    """When and how the person signed in (RFC 9068 section 2.2.1, OpenID Connect Core section 2)."""
    claims: dict[str, Any] = {"auth_time": int(grant.auth_time)}
    if grant.amr:
        claims["amr"] = list(grant.amr)
    if acr := acr_of(grant.amr):
        claims["acr"] = acr
    return claims
