"""What applications hold of one person at one issuer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostiary_state.runtime.consent import Consent


@dataclass(frozen=True, slots=True)
class GrantsAlike:
    """The grants of one client that say the same, taken together, so that a list does not grow with each sign-in.

    A grant is live while a refresh token or an access token of it can be. The instants are those at which grants were
    given; None where no grant is of that kind.
    """

    client_id: str
    application_incarnation: str
    scopes: tuple[str, ...]
    claims: Mapping[str, Any] | None
    last_used: float  # given or refreshed, also where nothing of it is live any more
    first_live: float | None
    last_live: float | None
    last_lasting: float | None  # live, with a refresh token that outlives the session


@dataclass(frozen=True, slots=True)
class Held:
    """All that one person has given at one issuer."""

    consents: tuple[Consent, ...]
    grants: tuple[GrantsAlike, ...]
