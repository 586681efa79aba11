"""What a change of a manifest does to people and applications, beyond the fields that it changes."""

from collections.abc import Callable, Iterator
from typing import Final

from ostiary_state.applications.identity import secret_name_of
from ostiary_state.applications.openid import callback_hosts
from ostiary_state.applications.rules import changes_refused
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.users.spec import OAuthUserSpec

_Change = Callable[[OAuthApplicationSpec, OAuthApplicationSpec], bool]
_EFFECTS: Final[tuple[tuple[_Change, str], ...]] = (
    (
        lambda old, new: old.authentication_address != new.authentication_address,
        "it moves to another issuer: what it was issued ends, its users sign in again, and what it is configured with"
        " has to name the new address",
    ),
    (
        lambda old, new: old.enabled and not new.enabled,
        "it is refused at every endpoint at once, and what it was issued ends",
    ),
    (
        lambda old, new: not old.suspend and new.suspend,
        "later changes are not followed until suspend is false again",
    ),
    (
        lambda old, new: old.type == new.type and callback_hosts(old) != callback_hosts(new),
        "its callback URLs have other hosts: what people consented to is asked again",
    ),
    (
        lambda old, new: (old.subject_type, old.sector_identifier_url) != (new.subject_type, new.sector_identifier_url),
        "sub changes: every user is a new one to it",
    ),
    (
        lambda old, new: bool({*old.allowed_groups} ^ {*new.allowed_groups}) and bool(new.allowed_groups),
        "people outside allowedGroups cannot sign in to it",
    ),
    (
        lambda old, new: not {*old.scopes} <= {*new.scopes},
        "scopes that are gone are granted no more, also to those who were granted them before",
    ),
)

OF_POLICY: Final = "applications and users are judged anew: what is no longer allowed is served for a grace, then ended"
_DELETED: Final = {
    "Delete": "it is served no more, its tokens are revoked, and its generated Secret goes",
    "Orphan": "it is served on as it was: deletionPolicy is Orphan",
    "Disable": "it is refused, its tokens are revoked, and nobody else gets its client id: deletionPolicy is Disable",
}


def of_application(old: OAuthApplicationSpec, new: OAuthApplicationSpec, name: str) -> Iterator[str]:
    """In the order of what matters most: a change that would be refused comes first."""
    for refused in changes_refused(old, new):
        yield f"the cluster refuses this: {refused.message}"
    yield from (text for happens, text in _EFFECTS if happens(old, new))
    before, after = secret_name_of(old, name=name), secret_name_of(new, name=name)
    generated = new.secret is None or new.secret.mode == "Generate"
    if after is not None and before != after and generated:
        yield f"a new client secret is generated in the Secret {after}; the one in {before} authenticates nothing then"


def of_deleted_application(spec: OAuthApplicationSpec) -> str:
    """By its deletionPolicy."""
    return _DELETED[spec.deletion_policy]


def of_user(old: OAuthUserSpec, new: OAuthUserSpec) -> Iterator[str]:
    """Of a person."""
    if old.enabled and not new.enabled:
        yield "the person is signed out everywhere, and their tokens end"
    if old.username != new.username:
        yield "the person signs in by another name from now on"
    if old.password_secret_ref != new.password_secret_ref:
        yield "the person's sessions end where the password is another one"


def of_deleted_user() -> str:
    """Of a person."""
    return "the person is signed out everywhere and cannot sign in again"
