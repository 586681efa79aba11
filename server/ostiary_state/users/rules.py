"""What a user's manifest must keep that no single field can say; CEL and Python stand side by side, as for
applications."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ostiary_state.applications.registered_claims import REGISTERED_CLAIMS
from ostiary_state.kinds.checks import failed_checks
from ostiary_state.kinds.violation import Violation
from ostiary_state.users.spec import OAuthUserSpec

MAX_CLAIMS_BYTES = 8192  # they travel in every ID token, and some of those in a header


@dataclass(frozen=True, slots=True)
class Rule:
    """`cel` is over `self`, the spec with its defaults; `holds` is the same. `field` is a name in the manifest."""

    field: str
    message: str
    cel: str
    holds: Callable[[OAuthUserSpec], bool]


RULES = (
    Rule(
        "claims",
        f"remove the claims by which tokens are checked: {', '.join(REGISTERED_CLAIMS)}",
        "!has(self.claims) || (" + " && ".join(f"!has(self.claims.{claim})" for claim in REGISTERED_CLAIMS) + ")",
        lambda spec: not set(REGISTERED_CLAIMS) & set(spec.claims),
    ),
    Rule(
        "emailVerified",
        "set email, or remove emailVerified: there is no address to be verified",
        "!self.emailVerified || has(self.email)",
        lambda spec: not spec.email_verified or spec.email is not None,
    ),
    Rule(
        "phoneNumberVerified",
        "set phoneNumber, or remove phoneNumberVerified: there is no number to be verified",
        "!self.phoneNumberVerified || has(self.phoneNumber)",
        lambda spec: not spec.phone_number_verified or spec.phone_number is not None,
    ),
)


def violations(spec: OAuthUserSpec) -> tuple[Violation, ...]:
    """Everything that is wrong with a spec by itself; empty where the person can sign in."""
    return (
        *failed_checks(spec),
        *(Violation(f"spec.{rule.field}", rule.message) for rule in RULES if not rule.holds(spec)),
        *_unstorable(spec),
    )


def _unstorable(spec: OAuthUserSpec) -> tuple[Violation, ...]:
    """CEL cannot look into an object of any shape."""
    if len(json.dumps(spec.claims)) > MAX_CLAIMS_BYTES:
        return (Violation("spec.claims", f"write at most {MAX_CLAIMS_BYTES} bytes of claims"),)
    if any("\0" in text for text in _texts(spec.claims)):
        # PostgreSQL keeps none in JSON, and one such row would fail all that is written with it.
        return (Violation("spec.claims", "remove the NUL characters (U+0000)"),)
    return ()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from chain(value, chain.from_iterable(map(_texts, value.values())))
    elif isinstance(value, Sequence):
        yield from chain.from_iterable(map(_texts, value))
