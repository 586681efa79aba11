"""A person as the server reads one: a row of SQL at sign-in, never held in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    details: Mapping[str, Any] = field(default_factory=dict)  # by claim (OpenID Connect Core 5.1)
    updated_at: float = 0.0  # 0: not known

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
        updated_at: float = 0.0,
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
            details=_details(spec),
            updated_at=updated_at,
        )


_DETAILS = {  # attribute of the spec -> claim
    "given_name": "given_name",
    "family_name": "family_name",
    "middle_name": "middle_name",
    "nickname": "nickname",
    "profile_url": "profile",
    "picture_url": "picture",
    "website_url": "website",
    "gender": "gender",
    "birthdate": "birthdate",
    "zoneinfo": "zoneinfo",
    "locale": "locale",
    "phone_number": "phone_number",
}
_ADDRESS = ("formatted", "street_address", "locality", "region", "postal_code", "country")


def _details(spec: "OAuthUserSpec") -> dict[str, Any]:
    """What the manifest says, and nothing empty: a claim without a value is left out (OpenID Connect Core 5.3.2)."""
    details: dict[str, Any] = {
        claim: value for attribute, claim in _DETAILS.items() if (value := getattr(spec, attribute)) is not None
    }
    if spec.phone_number is not None:
        details["phone_number_verified"] = spec.phone_number_verified
    if spec.address is not None:
        address = {name: value for name in _ADDRESS if (value := getattr(spec.address, name)) is not None}
        if address:
            details["address"] = address
    return details
