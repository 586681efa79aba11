"""Opaque access tokens, for applications whose `accessTokenFormat` is Opaque."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OpaqueAccessToken:
    """A reference token: the claims that a JWT would carry, behind 256 random bits."""

    digest: bytes  # SHA-256 of the token
    issuer_id: str
    grant_id: str | None  # None: client_credentials
    claims: Mapping[str, Any]  # as in the at+jwt: iss, sub, aud, exp, iat, jti, client_id, scope ...
    expires_at: float
