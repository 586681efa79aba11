"""What an application is told of a user (OpenID Connect Core 5.1, 5.4), by the scopes that the user granted."""

from typing import Any, Final

from ostiary_state.applications import registered_claims
from ostiary_state.users.user import User

PRIVATE_CLAIM: Final = "ost"
"""The one private claim of our access tokens: what a revocation can name. Members are left out where they are
empty: `g` grant id, `s` session id, `u` incarnation of the user, `a` incarnation of the application."""

REGISTERED_CLAIMS: Final = frozenset((*registered_claims.REGISTERED_CLAIMS, PRIVATE_CLAIM))
"""Never taken from a user's `claims`: authlib merges user information last, so that it overwrites `iss` and `aud`."""


def user_claims(user: User, scopes: tuple[str, ...]) -> dict[str, Any]:
    """The claims about `user` that `scopes` open, without `sub` and without any registered claim.

    `profile` opens the manifest's own `claims` too; they cannot replace what another scope guards, since `email`
    and `groups` are taken from their own fields alone.
    """
    claims: dict[str, Any] = {}
    if "profile" in scopes:
        claims.update((name, value) for name, value in user.claims.items() if name not in _GUARDED)
        claims["preferred_username"] = user.username
        if user.display_name:
            claims["name"] = user.display_name
    if "email" in scopes and user.email:
        claims["email"] = user.email
        claims["email_verified"] = user.email_verified
    if "groups" in scopes:
        claims["groups"] = sorted(user.groups)
    return claims


_GUARDED: Final = REGISTERED_CLAIMS | {"email", "email_verified", "groups", "preferred_username"}
