"""Values that go through the browser and come back as they were, or not at all."""

import base64
import binascii
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
LONGEST_SEALED = 30_000  # characters: a query of 32 KiB is the most that is read


class Sealer:
    """AES-256-GCM under keys derived from the cookie keys; the first key seals, all of them open.

    A value is bound to its purpose and issuer as associated data: what was sealed for one page or one tenant
    does not open at another.
    """

    def __init__(self, keys: Sequence[bytes], *, randomness: Callable[[int], bytes] = os.urandom) -> None:
        if not keys:
            raise ValueError("at least one cookie key is needed")
        self._ciphers = tuple(AESGCM(derived_key(key, b"ostiary sealed values")) for key in keys)
        self._randomness = randomness

    def seal(self, value: Mapping[str, Any], *, purpose: str, issuer_id: str, expires_at: float) -> str:
        """`value` (JSON) as base64url, readable by this installation alone and until `expires_at`."""
        nonce = self._randomness(NONCE_BYTES)
        plain = orjson.dumps({"exp": expires_at, "value": dict(value)})
        sealed = nonce + self._ciphers[0].encrypt(nonce, plain, _binding(purpose, issuer_id))
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def open(self, sealed: str, *, purpose: str, issuer_id: str, now: float) -> dict[str, Any] | None:
        """What was sealed for this purpose at this issuer; None when it is forged, foreign, or expired."""
        if len(sealed) > LONGEST_SEALED:
            return None
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        nonce, encrypted = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
        if len(nonce) < NONCE_BYTES:
            return None
        for cipher in self._ciphers:
            try:
                content: dict[str, Any] = orjson.loads(cipher.decrypt(nonce, encrypted, _binding(purpose, issuer_id)))
            except InvalidTag:
                continue
            value: dict[str, Any] = content["value"]
            return value if now < content["exp"] else None
        return None


def derived_key(key: bytes, info: bytes) -> bytes:
    """A key of its own for each use of a cookie key (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)


def _binding(purpose: str, issuer_id: str) -> bytes:
    return f"{purpose}\0{issuer_id}".encode()
