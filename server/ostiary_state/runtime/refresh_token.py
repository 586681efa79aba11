"""Refresh tokens: a family a sign-in, one live member at a time (RFC 9700 section 4.14)."""

from dataclasses import dataclass

from ostiary_state.runtime.grant import Grant
from ostiary_state.users.user import User


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


@dataclass(frozen=True, slots=True)
class RefreshContext:
    """All that decides about one presented refresh token."""

    token: RefreshToken
    family: RefreshFamily
    grant: Grant
    user: User | None  # None: gone
    session_live: bool  # True also for grants that outlive the session
    successor_consumed: bool  # the successor of a consumed token has been used itself
