"""Passwords are kept as argon2id hashes in PHC strings, which carry their own salt and parameters (RFC 9106).

The parameters are RFC 9106's second recommended option (section 4: three passes over 64 MiB in four lanes), for
machines where the first, 2 GiB a hash, would let a few sign-ins exhaust a pod's memory. A hash takes tens of
milliseconds of a core, so callers run these functions in a bounded pool and never on the event loop.
"""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def hash(password: str) -> str:  # noqa: A001 - passwords.hash reads as it does
    """A PHC string with a new random salt."""
    return _HASHER.hash(normalised(password))


def verify(password_hash: str, password: str) -> bool:
    """True where the password is the hashed one. A text that is no argon2 hash verifies nothing."""
    try:
        return _HASHER.verify(password_hash, normalised(password))
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """True for a hash made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def normalised(password: str) -> str:
    """The same password typed on macOS (decomposed) and Windows (composed) is one password: RFC 8265 section 4.2."""
    return unicodedata.normalize("NFC", password)
