"""Users that are accepted and refused, as data: the rules and a real API server read the same."""

from typing import Any

from tests.state.cases import Refused, at

_TEXT_CLAIMS = (
    "iss", "sub", "aud", "jti", "nonce", "acr", "azp", "at_hash", "c_hash", "s_hash", "sid", "client_id", "scope",
)  # fmt: skip
_CLAIMS: dict[str, Any] = {
    **dict.fromkeys(_TEXT_CLAIMS, "x"),
    **dict.fromkeys(("exp", "iat", "nbf", "auth_time"), 1),
    **{claim: {"x": "y"} for claim in ("cnf", "act", "may_act", "events")},
    "amr": ["pwd"],
}


def user(**spec: Any) -> dict[str, Any]:
    """The smallest user, and what a case adds."""
    return {"username": "ada", **spec}


ACCEPTED_USERS: dict[str, dict[str, Any]] = {
    "the-smallest": user(),
    "everything": user(
        username="ada.lovelace+1@example.com",
        displayName="Ada Lovelace",
        email="ada@example.com",
        emailVerified=True,
        groups=["staff", "Staff of Köln"],
        claims={"department": "Finance", "roles": ["a", {"b": [1, True]}], "address": {"country": "GB"}},
        enabled=False,
        passwordSecretRef={"name": "ada-password", "key": "pass.word"},
        givenName="Ada",
        familyName="Lovelace",
        middleName="King",
        nickname="Enchantress",
        profileURL="https://people.example.com/ada",
        pictureURL="https://people.example.com/ada.png",
        websiteURL="https://ada.example.com",
        gender="female",
        birthdate="1815-12-10",
        zoneinfo="Europe/London",
        locale="en-GB",
        phoneNumber="+44 20 7946 0000;ext=12",
        phoneNumberVerified=True,
        address={
            "formatted": "12 St James's Square\nLondon",
            "streetAddress": "12 St James's Square",
            "locality": "London",
            "region": "England",
            "postalCode": "SW1Y 4JH",
            "country": "United Kingdom",
        },
    ),
    "birthday-without-a-year": user(birthdate="0000-12-10"),
    "year-of-birth": user(birthdate="1815"),
    "claims-without-any": user(claims={}),
}

REFUSED_USERS: tuple[Refused, ...] = (
    *at(
        "spec.username",
        "lower-case",
        {
            "upper-case": user(username="Ada"),
            "space": user(username="ada lovelace"),
            "look-alike": user(username="\N{CYRILLIC SMALL LETTER A}da"),
            "punctuation-first": user(username=".ada"),
        },
    ),
    *at(
        "spec.email",
        "one e-mail address",
        {"email": user(email="ada at example"), "two-emails": user(email="a@example.com b@example.com")},
    ),
    *at("spec.emailVerified", "set email", {"verified-nothing": user(emailVerified=True)}),
    *at("spec.phoneNumber", "E.164", {"phone-of-no-country": user(phoneNumber="020 7946")}),
    *at("spec.phoneNumberVerified", "set phoneNumber", {"verified-no-number": user(phoneNumberVerified=True)}),
    *at("spec.birthdate", "YYYY-MM-DD", {"birthdate-in-words": user(birthdate="10 Dec")}),
    *at("spec.zoneinfo", "a time zone", {"zone-with-space": user(zoneinfo="Europe / London")}),
    *at("spec.locale", "a language tag", {"locale-in-words": user(locale="english please")}),
    *at(
        "spec.pictureURL",
        "begin with https://",
        {"picture-by-plain-http": user(pictureURL="http://people.example.com/ada.png")},
    ),
    *at(
        "spec.address.formatted",
        "without control characters",
        {"address-with-nul": user(address={"formatted": "a\0b"})},
    ),
    *at("spec.groups[0]", "one line of text", {"group": user(groups=["a\tb"])}),
    *at(
        "spec.passwordSecretRef.name",
        "the name of a Kubernetes object",
        {"secret-name": user(passwordSecretRef={"name": "Ada"})},
    ),
    *at(
        "spec.passwordSecretRef.key",
        "a key of a Secret",
        {"secret-key": user(passwordSecretRef={"name": "ada", "key": "a/b"})},
    ),
    *at(
        "spec.claims",
        "remove the claims by which tokens are checked",
        {f"claim-{claim.replace('_', '-')}": user(claims={claim: value}) for claim, value in _CLAIMS.items()},
    ),
)

# What the schema refuses, so the wording is the reader's own: the API server's, or that of parsing.
UNREADABLE_USERS: dict[str, tuple[str, dict[str, Any]]] = {
    "no-username": ("spec.username", {}),
    "secret-without-name": ("spec.passwordSecretRef.name", user(passwordSecretRef={})),
    "claims-as-text": ("spec.claims", user(claims="department")),
    "repeated-group": ("spec.groups", user(groups=["a", "a"])),
}
