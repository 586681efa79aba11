"""Signing keys at rest: AES-256-GCM under the key-encryption keys, bound to the `kid`."""

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ostiary_server.keys.material import KeyMaterial

NONCE_BYTES = 12


class CannotOpen(Exception):
    """A stored signing key was sealed under a key-encryption key that this server does not have."""

    def __init__(self, kid: str) -> None:
        super().__init__(
            f"the stored signing key {kid} cannot be opened with the given key-encryption keys: add the one that "
            f"it was sealed with to OSTIARY_KEY_ENCRYPTION_KEYS (the first seals, all of them open)"
        )
        self.kid = kid


class KeySealer:
    """Seals with the first key, opens with any; a sealed key that was moved to another row does not open."""

    def __init__(self, keys: KeyMaterial, *, randomness: Callable[[int], bytes] = os.urandom) -> None:
        self._ciphers = tuple(AESGCM(key) for key in keys)
        self._randomness = randomness

    def seal(self, kid: str, private_bytes: bytes) -> bytes:
        nonce = self._randomness(NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, private_bytes, kid.encode("ascii"))

    def open(self, kid: str, sealed: bytes) -> bytes:
        """Raises CannotOpen."""
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], kid.encode("ascii"))
            except (InvalidTag, ValueError):
                continue
        raise CannotOpen(kid)
