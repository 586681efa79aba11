"""What a user has allowed an application at one issuer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Consent:
    """Remembered consent; unique on (issuer_id, user_id, client_id). A request is covered only as a subset.

    `terms` is a digest of what the person was shown to trust: the application's incarnation, type and redirect
    hosts. A consent whose terms differ from the application's present ones is void.
    """

    issuer_id: str
    user_id: str
    user_incarnation: str
    client_id: str
    application_id: str
    application_incarnation: str
    scopes: frozenset[str]
    terms: str
    granted_at: float
    declined: frozenset[str] = frozenset()  # optional scopes that the person refused: not asked for again
    claims: frozenset[str] = frozenset()  # allowed one by one, by the claims parameter
