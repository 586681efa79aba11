"""What an `OAuthUser` manifest may say. Each text here is what `kubectl explain` prints."""

from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints

from ostiary_state.applications.spec import ObjectName, Text
from ostiary_state.kinds.checks import Check, Checks
from ostiary_state.kinds.manifest import EachOnce, Manifest

# By these a token is checked: what a manifest says must never stand in their place (RFC 7519, 9068, 8693, 7800, OIDC).
REGISTERED_CLAIMS = (
    "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash",
    "s_hash", "sid", "client_id", "scope", "cnf", "act", "may_act", "events",
)  # fmt: skip

USERNAME = Checks.of(
    Check(
        r"^[a-z0-9][a-z0-9._@+-]*$",
        "use lower-case ASCII letters, digits and . _ @ + -, beginning with a letter or digit:"
        " names that look alike must not be two people",
    )
)
EMAIL = Checks.of(Check(r"^[!-?A-~]+@[!-?A-~]+$", "write one e-mail address, such as ada@example.com"))
KEY = Checks.of(Check(r"^[A-Za-z0-9._-]+$", "write a key of a Secret: letters, digits and - . _"))


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
