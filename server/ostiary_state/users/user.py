"""A person as the server reads one: a row of SQL at sign-in, never held in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
