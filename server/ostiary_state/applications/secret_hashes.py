"""Hashes of client secrets that another product made: told apart, bounded, and compared with what a client presents.

Ostiary's own secrets are random, so a fast digest is enough for them. These come from products that hash secrets as if
people had chosen them. What one comparison costs is written in the hash, so it is bounded before anything is computed:
whoever writes such a Secret must not be able to keep a replica busy.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

import bcrypt

KEY: Final = "client-secret-hash"  # of a Secret that an application with secret.mode: Require names
MAX_BCRYPT_COST: Final = 15  # 2^15 rounds: seconds, and eight times what products use by default
MAX_PBKDF2_ITERATIONS: Final = 2_000_000
MAX_LENGTH: Final = 512  # characters of a whole hash
FORMATS: Final = (
    "bcrypt ($2a$, $2b$, $2y$), or PBKDF2 as Hydra ($pbkdf2-sha256$i=...,l=...$salt$hash)"
    " or passlib ($pbkdf2-sha256$rounds$salt$hash) write it"
)
_BCRYPT: Final = re.compile(r"\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}", re.ASCII)
_BCRYPT_READS: Final = 72  # bytes of a secret; Go's bcrypt ignores the rest when it compares, which the hash relies on
_PBKDF2: Final = re.compile(
    r"\$pbkdf2-(?P<digest>sha256|sha512)"
    r"\$(i=(?P<iterations>[0-9]{1,10}),l=(?P<length>[0-9]{1,4})|(?P<rounds>[0-9]{1,10}))"
    r"\$(?P<salt>[./+A-Za-z0-9]+)\$(?P<hash>[./+A-Za-z0-9]+)",
    re.ASCII,
)
_SHORTEST, _LONGEST = 16, 64  # bytes of what PBKDF2 yields


class UnusableHash(ValueError):
    """The text says what is wrong and what may be written, and quotes nothing of the hash."""


class _Scheme(Protocol):
    def matches(self, secret: bytes) -> bool: ...


@dataclass(frozen=True, slots=True)
class SecretHash:
    """One hash. `matches` takes as long as its cost says, so call it off the event loop."""

    text: str = field(repr=False)  # as it was written, for the store
    _scheme: _Scheme = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises UnusableHash."""
        if len(text) > MAX_LENGTH:
            raise UnusableHash(f"a hash has at most {MAX_LENGTH} characters")
        if found := _BCRYPT.fullmatch(text):
            return cls(text, _Bcrypt.of(text, int(found["cost"])))
        if found := _PBKDF2.fullmatch(text):
            return cls(text, _Pbkdf2.of(found))
        raise UnusableHash(f"this hash is of no kind that is known here: {FORMATS}")

    def matches(self, secret: str) -> bool:
        """Whether it was made of this secret; the comparison takes as long whether it was or not."""
        return self._scheme.matches(secret.encode())


@dataclass(frozen=True, slots=True)
class _Bcrypt:
    encoded: bytes

    @classmethod
    def of(cls, text: str, cost: int) -> Self:
        if not 4 <= cost <= MAX_BCRYPT_COST:
            raise UnusableHash(f"the cost of a bcrypt hash is from 4 to {MAX_BCRYPT_COST} here, and not {cost}")
        return cls(text.encode())

    def matches(self, secret: bytes) -> bool:
        return bcrypt.checkpw(secret[:_BCRYPT_READS], self.encoded)


@dataclass(frozen=True, slots=True)
class _Pbkdf2:
    digest: str
    iterations: int
    salt: bytes
    expected: bytes

    @classmethod
    def of(cls, found: re.Match[str]) -> Self:
        iterations = int(found["iterations"] or found["rounds"])
        if not 1 <= iterations <= MAX_PBKDF2_ITERATIONS:
            raise UnusableHash(f"PBKDF2 has from 1 to {MAX_PBKDF2_ITERATIONS} iterations here, and not {iterations}")
        salt, expected = _decoded(found["salt"]), _decoded(found["hash"])
        if not _SHORTEST <= len(expected) <= _LONGEST:
            raise UnusableHash(f"what PBKDF2 yields has from {_SHORTEST} to {_LONGEST} bytes here")
        if found["length"] is not None and int(found["length"]) != len(expected):
            raise UnusableHash("the length that this hash states is not its own: it was cut off")
        return cls(found["digest"], iterations, salt, expected)

    def matches(self, secret: bytes) -> bool:
        derived = hashlib.pbkdf2_hmac(self.digest, secret, self.salt, self.iterations, len(self.expected))
        return hmac.compare_digest(derived, self.expected)


def _decoded(text: str) -> bytes:
    """base64 without padding; passlib writes a dot for the plus."""
    try:
        return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise UnusableHash("salt or hash are not base64: the hash was cut off") from None
