"""A refresh token's successor, sealed so that only who presents the predecessor can read it.

The store keeps it for the grace of a retried refresh: a copy of the database yields no refresh token.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_INFO = b"ostiary refresh token successor"


def seal_successor(presented: str, successor: str) -> bytes:
    """AES-256-GCM under HKDF-SHA256 of the presented token, whose 256 random bits need no salt (RFC 5869 3.1)."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(presented)).encrypt(nonce, successor.encode("ascii"), None)


def open_successor(presented: str, sealed: bytes) -> str | None:
    """The token that `seal_successor` sealed; None when it was sealed under another one, or is nothing sealed."""
    try:
        opened = AESGCM(_key(presented)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        return None
    return opened.decode("ascii")


def _key(presented: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=_INFO).derive(presented.encode("utf-8", "surrogatepass"))
