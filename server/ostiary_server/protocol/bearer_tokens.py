"""Which access tokens are live: the one reader of them, for introspection, revocation and userinfo."""

import re
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from ostiary_server.protocol.claims import PRIVATE_CLAIM
from ostiary_server.protocol.key_pair import KeyPair, decoded
from ostiary_server.protocol.ports import AccessTokens, Directory, RevocationSet, SigningKeys
from ostiary_server.protocol.signing import KeyRing
from ostiary_server.protocol.tokens import ACCESS_TOKEN_TYPE, digest_of
from ostiary_state.runtime.issuer import Issuer

Claims = Mapping[str, Any]

LONGEST_TOKEN: Final = 8 * 1024  # characters
MOST_VERIFIED: Final = 4096  # tokens remembered as verified, some 1.5 KiB each
_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)


class BearerTokens:
    """Reads access tokens of an issuer, JWT or opaque.

    That a signature is good never changes while its key is published, so it is remembered for the tokens seen last;
    whether a token is live is decided anew each time.
    """

    def __init__(
        self,
        directory: Directory,
        ring: KeyRing,
        revocations: RevocationSet,
        access_tokens: AccessTokens,
        keys: SigningKeys,
    ) -> None:
        self._directory = directory
        self._ring = ring
        self._revocations = revocations
        self._access_tokens = access_tokens
        self._keys = keys
        self._verified: dict[tuple[str, bytes], tuple[str, Claims]] = {}

    async def live(self, issuer: Issuer, token: str, now: float) -> Claims | None:
        """The claims of a live access token of this issuer; None for everything else, and never why.

        No statement for a JWT. Raises StoreUnavailable for an opaque token.
        """
        if len(token) > LONGEST_TOKEN:
            return None
        digest = digest_of(token)
        match = _COMPACT.fullmatch(token)
        if match is None:
            stored = await self._access_tokens.by_digest(digest)
            claims = stored.claims if stored and stored.issuer_id == issuer.id else None
        else:
            claims = await self._verified_claims(issuer, token, match, digest)
        if claims is None or not all(check(claims, issuer, now) for check in self._checks):
            return None
        return claims

    @property
    def _checks(self) -> tuple[Callable[[Claims, Issuer, float], bool], ...]:
        """The cheapest first: each alone makes a token dead, and none tells which it was."""
        return (_is_of_the_issuer, _has_not_expired, self._application_stands, self._is_not_revoked)

    async def _verified_claims(self, issuer: Issuer, token: str, match: re.Match[str], digest: bytes) -> Claims | None:
        remembered = self._verified.get((issuer.id, digest))
        if remembered is not None and self._ring.verifier(issuer.id, remembered[0]) is not None:
            return remembered[1]
        kid = _key_id(match[1])
        if kid is None:
            return None
        key = self._ring.verifier(issuer.id, kid)
        if key is None:
            await self._keys.reload(issuer.id)  # another replica may have made it; at most once in a few seconds
            key = self._ring.verifier(issuer.id, kid)
        claims = _verify(key, token, match) if key else None
        if claims is not None:
            if len(self._verified) >= MOST_VERIFIED:
                self._verified.pop(next(iter(self._verified)))
            self._verified[issuer.id, digest] = (kid, claims)
        return claims

    def _application_stands(self, claims: Claims, issuer: Issuer, _: float) -> bool:
        application = self._directory.application(issuer.id, claims["client_id"])
        return (
            application is not None
            and application.enabled
            and application.incarnation == claims[PRIVATE_CLAIM]["a"]
            and claims["iat"] > application.not_before
        )

    def _is_not_revoked(self, claims: Claims, _: Issuer, __: float) -> bool:
        private = claims[PRIVATE_CLAIM]
        return not self._revocations.revoked(
            issued_at=claims["iat"],
            jti=claims["jti"],
            grant_id=private.get("g"),
            session_id=private.get("s"),
            user_incarnation=private.get("u"),
            application_incarnation=private["a"],
        )


def _is_of_the_issuer(claims: Claims, issuer: Issuer, _: float) -> bool:
    return bool(claims["iss"] == issuer.origin)


def _has_not_expired(claims: Claims, _: Issuer, now: float) -> bool:
    return bool(now < claims["exp"])


def _key_id(header: str) -> str | None:
    """The `kid` of an at+jwt header (RFC 9068 section 4); None for an ID token, `crit`, and everything else.

    `alg` is not asked: the key has one of its own, and a header that names another does not verify.
    """
    try:
        fields = orjson.loads(decoded(header.encode("ascii")))
    except (Base64Error, ValueError):
        return None
    if not isinstance(fields, dict) or fields.get("typ") != ACCESS_TOKEN_TYPE or "crit" in fields:
        return None
    kid = fields.get("kid")
    return kid if isinstance(kid, str) else None


def _verify(key: KeyPair, token: str, match: re.Match[str]) -> Claims | None:
    """The claims, when `key` signed them as a token of its own algorithm."""
    try:
        header = orjson.loads(decoded(match[1].encode("ascii")))
        signature = decoded(match[3].encode("ascii"))
    except (Base64Error, ValueError):
        return None
    if header.get("alg") != key.algorithm or not key.verifies(token[: match.end(2)].encode("ascii"), signature):
        return None
    claims: Claims = orjson.loads(decoded(match[2].encode("ascii")))  # ours, so it is what the minter writes
    return claims
