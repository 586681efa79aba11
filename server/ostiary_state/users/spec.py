"""What an `OAuthUser` manifest may say. Each text here is what `kubectl explain` prints."""

from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints

from ostiary_state.applications.spec_types import Page
from ostiary_state.applications.texts import ObjectName, Text
from ostiary_state.kinds.checks import Check, Checks
from ostiary_state.kinds.manifest import EachOnce, Manifest

USERNAME = Checks.of(
    Check(
        r"^[a-z0-9][a-z0-9._@+-]*$",
        "use lower-case ASCII letters, digits and . _ @ + -, beginning with a letter or digit:"
        " names that look alike must not be two people",
    )
)
EMAIL = Checks.of(Check(r"^[!-?A-~]+@[!-?A-~]+$", "write one e-mail address, such as ada@example.com"))
PHONE_NUMBER = Checks.of(
    Check(r"^\+[0-9][0-9 ().-]*(;ext=[0-9]{1,8})?$", "write the number with + and the country's code (E.164)")
)
BIRTHDATE = Checks.of(
    Check(r"^[0-9]{4}(-[0-9]{2}-[0-9]{2})?$", "write YYYY-MM-DD, 0000-MM-DD without the year, or the year alone")
)
ZONEINFO = Checks.of(Check(r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", "write a time zone such as Europe/Paris"))
LOCALE = Checks.of(Check(r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", "write a language tag such as en-GB (BCP 47)"))
LINES = Checks.of(Check(r"^[^\x00-\x09\x0b\x0c\x0e-\x1f\x7f]+$", "write text without control characters"))
KEY = Checks.of(Check(r"^[A-Za-z0-9._-]+$", "write a key of a Secret: letters, digits and - . _"))


Lines = Annotated[str, StringConstraints(min_length=1, max_length=512), LINES]


class AddressSpec(Manifest):
    """A postal address (OpenID Connect Core section 5.1.1)."""

    formatted: Lines | None = None
    """The whole address as it stands on a letter, in several lines."""

    street_address: Lines | None = None
    """Street, house number, box, in one or several lines."""

    locality: Text | None = None
    """City or place."""

    region: Text | None = None
    """State, province or region."""

    postal_code: Text | None = None
    """Postal code."""

    country: Text | None = None
    """Country."""


class PasswordSecretRef(Manifest):
    """The Kubernetes Secret that holds the user's password."""

    name: ObjectName
    """Name of the Secret, in this namespace. It needs the label ostiary.dev/secret=true."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=253), KEY] = "password"
    """Key in the Secret whose value is the password."""


class OAuthUserSpec(Manifest):
    """A person who signs in. Users belong to the installation, not to a namespace."""

    username: Annotated[str, StringConstraints(min_length=1, max_length=128), USERNAME]
    """What the person types to sign in: lower-case letters, digits and . _ @ + -. Unique across the installation: the
    first object that has it keeps it."""

    display_name: Text | None = None
    """Full name, the claim name. Default: the username."""

    email: Annotated[str, StringConstraints(min_length=3, max_length=254), EMAIL] | None = None
    """E-mail address, the claim email."""

    email_verified: StrictBool = False
    """Whether the address is known to be this person's, the claim email_verified. Applications link accounts by it."""

    given_name: Text | None = None
    """Given names, the claim given_name."""

    family_name: Text | None = None
    """Family names, the claim family_name."""

    middle_name: Text | None = None
    """Middle names, the claim middle_name."""

    nickname: Text | None = None
    """Casual name, the claim nickname."""

    profile_url: Page | None = None
    """Page about the person, the claim profile."""

    picture_url: Page | None = None
    """Picture of the person, the claim picture."""

    website_url: Page | None = None
    """The person's own web site, the claim website."""

    gender: Text | None = None
    """The claim gender: female, male, or another word."""

    birthdate: Annotated[str, StringConstraints(min_length=4, max_length=10), BIRTHDATE] | None = None
    """Birthday, the claim birthdate: YYYY-MM-DD, 0000-MM-DD, or the year alone."""

    zoneinfo: Annotated[str, StringConstraints(min_length=1, max_length=64), ZONEINFO] | None = None
    """Time zone, the claim zoneinfo, such as Europe/Paris."""

    locale: Annotated[str, StringConstraints(min_length=2, max_length=35), LOCALE] | None = None
    """Language and region, the claim locale, such as en-GB."""

    phone_number: Annotated[str, StringConstraints(min_length=2, max_length=64), PHONE_NUMBER] | None = None
    """Telephone number, the claim phone_number, such as +1 604 555 1234;ext=5678."""

    phone_number_verified: StrictBool = False
    """Whether the number is known to be this person's, the claim phone_number_verified."""

    address: AddressSpec | None = None
    """Postal address, the claim address."""

    groups: Annotated[tuple[Text, ...], Field(max_length=256), EachOnce()] = ()
    """Groups of the person, the claim groups; an application's allowedGroups looks at them."""

    claims: dict[str, Any] = Field(default_factory=dict, max_length=64)
    """More claims about the person, any JSON, such as department: Finance. Claims by which tokens are checked
    (iss, sub, aud, exp ...) are refused."""

    enabled: StrictBool = True
    """Set to false to refuse the person at sign-in, and to end their sessions and tokens at once."""

    password_secret_ref: PasswordSecretRef | None = None
    """The Kubernetes Secret that holds the password; it is followed when the Secret changes. Absent: the person cannot
    sign in with a password."""


def canonical(spec: OAuthUserSpec) -> dict[str, Any]:
    """The JSON form in which a spec is stored and compared: manifests that mean the same are equal."""
    return spec.canonical()
