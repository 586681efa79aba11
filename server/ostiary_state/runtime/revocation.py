"""The revocation set: what ends a token before it expires, small enough that every replica holds it all."""

from dataclasses import dataclass
from enum import StrEnum


class RevocationKind(StrEnum):
    """Which of a token's keys a revocation names."""

    JTI = "jti"
    GRANT = "grant"
    SESSION = "session"
    USER = "user"  # a user's incarnation
    APPLICATION = "application"  # an application's incarnation


@dataclass(frozen=True, slots=True)
class Revocation:
    """A token that carries (`kind`, `id`) and was issued at or before `not_before` is inactive."""

    kind: RevocationKind
    id: str
    not_before: float
    expires_at: float  # when the last token that it could concern has expired
