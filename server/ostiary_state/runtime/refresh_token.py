"""Refresh tokens: a family a sign-in, one live member at a time (RFC 9700 section 4.14)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefreshFamily:
    """All refresh tokens that descend from one grant. Revoked as a whole when a used member comes back."""

    id: str
    grant_id: str
    created_at: float
    idle_expires_at: float  # moved on by each rotation
    expires_at: float  # absolute
    revoked_at: float | None = None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One member of a family; the token itself is 256 random bits of which only the digest is stored."""

    digest: bytes
    family_id: str
    issued_at: float
    consumed_at: float | None = None
    sealed_successor: bytes | None = None  # the next token under HKDF(this token): a retry gets the same one
    successor_digest: bytes | None = None
