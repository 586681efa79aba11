"""What an application is told of a user (OpenID Connect Core 5.1, 5.4, 5.5)."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from ostiary_server.protocol.claims_request import Wanted
from ostiary_state.applications import registered_claims
from ostiary_state.applications.application import Application
from ostiary_state.users.user import User

PRIVATE_CLAIM: Final = "ost"
"""The one private claim of our access tokens: what a revocation can name. Members are left out where they are
empty: `g` grant id, `s` session id, `u` incarnation of the user, `a` incarnation of the application; `c` is 1 where
the grant holds claims that userinfo was asked for one by one."""

REGISTERED_CLAIMS: Final = frozenset((*registered_claims.REGISTERED_CLAIMS, PRIVATE_CLAIM))
"""Never taken from a user's `claims`: authlib merges user information last, so that it overwrites `iss` and `aud`."""

SCOPE_OF_CLAIM: Final = {
    "email": "email",
    "email_verified": "email",
    "phone_number": "phone",
    "phone_number_verified": "phone",
    "address": "address",
    "groups": "groups",
}
PROFILE: Final = "profile"  # the scope of every other claim, the manifest's own ones among them
STANDARD_CLAIMS: Final = (
    *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
    *("website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", *SCOPE_OF_CLAIM),
)
OF_SIGN_IN: Final = frozenset({"sub", "acr", "auth_time", "amr"})  # said by the server, whatever the scopes
_FROM_FIELDS_ALONE: Final = frozenset({"email", "email_verified", "groups", "preferred_username", "updated_at"})


def scope_of(claim: str) -> str:
    """The scope that opens a claim (section 5.4)."""
    return SCOPE_OF_CLAIM.get(claim, PROFILE)


def unopened(claims: Collection[str], scopes: Collection[str]) -> frozenset[str]:
    """Those about the person that none of `scopes` opens."""
    return frozenset(name for name in claims if scope_of(name) not in scopes and name not in OF_SIGN_IN)


def all_claims(user: User) -> dict[str, Any]:
    """Everything that can be said of `user`, by claim; without `sub` and without any registered claim.

    A field of the manifest comes before an entry of its `claims`; who somebody is (`email`, `groups`) is taken from
    the fields alone, since applications decide by it.
    """
    claims = {
        name: value
        for name, value in user.claims.items()
        if name not in REGISTERED_CLAIMS and name not in _FROM_FIELDS_ALONE
    }
    claims.update(user.details)
    claims["preferred_username"] = user.username
    if user.display_name:
        claims["name"] = user.display_name
    if user.email:
        claims["email"] = user.email
        claims["email_verified"] = user.email_verified
    claims["groups"] = sorted(user.groups)
    if user.updated_at:
        claims["updated_at"] = int(user.updated_at)
    return claims


def user_claims(user: User, scopes: Collection[str]) -> dict[str, Any]:
    """The claims about `user` that `scopes` open."""
    return {name: value for name, value in all_claims(user).items() if scope_of(name) in scopes}


def requested_claims(user: User, wanted: Mapping[str, Wanted]) -> dict[str, Any]:
    """Those that were asked for one by one and that `user` has (section 5.5.1).

    One that was asked for with other values than the user's is left out: the client has no use for it, whether it was
    essential or not.
    """
    known = all_claims(user)
    return {name: known[name] for name, want in wanted.items() if name in known and want.accepts(known[name])}


def mapped_claims(user: User, application: Application, scopes: Collection[str], kind: str) -> dict[str, Any]:
    """What the manifest's `claims` say for one kind of token; a claim of the user needs the scope that guards it."""
    claims: dict[str, Any] = {}
    if not application.openid.claims:
        return claims  # most applications have none
    known = all_claims(user)
    for mapped in application.openid.claims:
        if kind not in mapped.tokens or mapped.name in REGISTERED_CLAIMS:
            continue
        if mapped.source is None:
            claims[mapped.name] = mapped.json()
        elif mapped.source in known and scope_of(mapped.source) in scopes:
            claims[mapped.name] = known[mapped.source]
    return claims
