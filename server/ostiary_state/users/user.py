"""A person as the server reads one: a row of SQL at sign-in, never held in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostiary_state.users.spec import OAuthUserSpec


@dataclass(frozen=True, slots=True)
class User:
    """One user. `subject` is the `sub` of every token: random, prefixed, never reused, never the username."""

    id: str  # "<namespace>/<name>"
    incarnation: str
    subject: str
    username: str
    display_name: str
    email: str | None
    email_verified: bool
    groups: frozenset[str]
    claims: Mapping[str, Any]
    enabled: bool
    not_before: float  # sessions, grants and tokens from at or before this are void (0: none)
    password_hash: str | None  # argon2id, PHC string; None: nobody can sign in with a password

    @classmethod
    def from_spec(
        cls,
        spec: "OAuthUserSpec",
        *,
        id: str,  # noqa: A002 - the column's and the field's name
        incarnation: str,
        subject: str,
        not_before: float,
        password_hash: str | None,
    ) -> "User":
        """Resolve defaults; `spec` has passed `rules`."""
        return cls(
            id=id,
            incarnation=incarnation,
            subject=subject,
            username=spec.username,
            display_name=spec.display_name or spec.username,
            email=spec.email,
            email_verified=spec.email_verified,
            groups=frozenset(spec.groups),
            claims=spec.claims,
            enabled=spec.enabled,
            not_before=not_before,
            password_hash=password_hash,
        )
