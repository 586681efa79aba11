"""Whom a client believes to be signed in (OpenID Connect Core section 3.1.2.1, `id_token_hint`)."""

import re
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any, Final

import orjson

from ostiary_server.protocol.key_pair import decoded
from ostiary_server.protocol.signing import KeyRing
from ostiary_server.protocol.tokens import ID_TOKEN_TYPE
from ostiary_state.runtime.issuer import Issuer

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)


class IdTokenHints:
    """Reads ID tokens that this issuer gave to the client before; expired ones too, since a hint grants nothing."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def subject(self, token: str, issuer: Issuer, client_id: str) -> str | None:
        """The `sub` of an ID token of this issuer for this client; None: it says nothing about anybody."""
        claims = self.claims(token, issuer)
        return claims["sub"] if claims is not None and claims.get("aud") == client_id else None

    def claims(self, token: str, issuer: Issuer) -> Mapping[str, Any] | None:
        """All that an ID token of this issuer says, whoever it is for; `sub` is there."""
        match = _COMPACT.fullmatch(token)
        if match is None:
            return None
        header, claims = _object(match[1]), _object(match[2])
        key = self._ring.verifier(issuer.id, str(header.get("kid")))
        if key is None or header.get("typ") != ID_TOKEN_TYPE or header.get("alg") != key.algorithm or "crit" in header:
            return None
        try:
            genuine = key.verifies(token[: match.end(2)].encode("ascii"), decoded(match[3].encode("ascii")))
        except (Base64Error, ValueError):
            return None
        if not genuine or claims.get("iss") != issuer.origin or not isinstance(claims.get("sub"), str):
            return None
        return claims


def _object(part: str) -> Mapping[str, Any]:
    try:
        value = orjson.loads(decoded(part.encode("ascii")))
    except (Base64Error, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
