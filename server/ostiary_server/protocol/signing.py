"""The signing keys of every issuer, unsealed and in memory: who signs now, what verifies, what is published."""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from ostiary_server.protocol.errors import TemporarilyUnavailable
from ostiary_server.protocol.key_pair import SIGNING_ALGORITHMS, KeyPair, generate_key, load_key

__all__ = ["SIGNING_ALGORITHMS", "KeyPair", "KeyRing", "RingKey", "generate_key", "load_key"]


class NoSigningKey(TemporarilyUnavailable):
    """The issuer has no key of this algorithm yet: one is being made."""

    def __init__(self, algorithm: str) -> None:
        super().__init__("The signing key of this issuer is being made. Try again in a moment.", retry_after=1)
        self.algorithm = algorithm


@dataclass(frozen=True, slots=True)
class RingKey:
    """A key pair with its times: published until `expires_at`, signing from `active_from` until a later one is."""

    pair: KeyPair
    active_from: float
    expires_at: float


class KeyRing:
    """Keys per issuer and algorithm: one tenant's relying party must never accept another tenant's token.

    `replace` swaps an issuer's keys whole, so a reader sees the old ones or the new ones, never a mixture.
    """

    def __init__(self) -> None:
        self._keys: dict[str, dict[str, RingKey]] = {}
        self._documents: dict[str, tuple[float, bytes]] = {}

    def replace(self, issuer_id: str, keys: Iterable[RingKey]) -> None:
        """Hold exactly `keys` for this issuer from now on; none: forget the issuer."""
        ring = {key.pair.kid: key for key in keys}
        if ring:
            self._keys[issuer_id] = ring
        else:
            self._keys.pop(issuer_id, None)
        self._documents.pop(issuer_id, None)

    def has(self, issuer_id: str, algorithm: str) -> bool:
        """True when `signer` would find a key."""
        return any(key.pair.algorithm == algorithm for key in self._keys.get(issuer_id, {}).values())

    def signer(self, issuer_id: str, algorithm: str, now: float) -> KeyPair:
        """The newest key that is active; raises NoSigningKey when the issuer has none of this algorithm.

        When none is active yet (a clock behind the one that made it), the earliest to become so.
        """
        keys = [key for key in self._keys.get(issuer_id, {}).values() if key.pair.algorithm == algorithm]
        if not keys:
            raise NoSigningKey(algorithm)
        if len(keys) == 1:
            return keys[0].pair
        active = [key for key in keys if key.active_from <= now]
        if active:
            return max(active, key=lambda key: key.active_from).pair
        return min(keys, key=lambda key: key.active_from).pair

    def verifier(self, issuer_id: str, kid: str) -> KeyPair | None:
        """The published key of this issuer with this `kid`; another issuer's is None."""
        key = self._keys.get(issuer_id, {}).get(kid)
        return key.pair if key else None

    def jwks(self, issuer_id: str, now: float) -> bytes:
        """The JWK Set (RFC 7517 section 5) with the keys that will sign next; encoded once until it changes."""
        cached = self._documents.get(issuer_id)
        if cached and now < cached[0]:
            return cached[1]
        published = [key for key in self._keys.get(issuer_id, {}).values() if now < key.expires_at]
        published.sort(key=lambda key: (key.active_from, key.pair.kid))
        document = orjson.dumps(
            {
                "keys": [
                    {**key.pair.public_jwk, "use": "sig", "alg": key.pair.algorithm, "kid": key.pair.kid}
                    for key in published
                ]
            }
        )
        self._documents[issuer_id] = (min((key.expires_at for key in published), default=now + 1.0), document)
        return document
