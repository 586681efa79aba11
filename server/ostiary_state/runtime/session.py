"""A signed-in browser at one issuer."""

from dataclasses import dataclass

from ostiary_state.runtime.consent import Consent
from ostiary_state.users.user import User


@dataclass(frozen=True, slots=True)
class Session:
    """One browser, one issuer, one user. The cookie holds a random value of which only the digest is stored."""

    id: str  # public id, the `sid` claim; not the cookie's value
    digest: bytes  # SHA-256 of the cookie's value
    issuer_id: str
    user_id: str
    user_incarnation: str
    auth_time: float
    amr: tuple[str, ...]  # RFC 8176
    created_at: float
    expires_at: float
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session with its user and, where a client was named, the consent that the user gave it."""

    session: Session
    user: User
    consent: Consent | None
