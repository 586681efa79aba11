"""What one person allowed one client once: the row that codes, refresh families and user tokens point to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """The code of a grant (RFC 6749 section 4.1.2). Not deleted on use: `consumed_at` makes a replay visible."""

    digest: bytes  # SHA-256 of the code
    redirect_uri: str  # as it was sent to /authorize; empty: it was not sent, and is not compared
    code_challenge: str | None  # S256 (RFC 7636); None only where the application's `pkce` is Optional
    expires_at: float
    consumed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A user's authorization of a client. `session_id` None: it outlives the session (offline_access, password)."""

    id: str
    issuer_id: str
    client_id: str
    application_id: str
    application_incarnation: str
    user_id: str
    user_incarnation: str
    session_id: str | None
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    nonce: str | None
    auth_time: float
    amr: tuple[str, ...]
    created_at: float
    expires_at: float  # after this nothing that it issued can be live: the sweeper may take it
    code: AuthorizationCode | None = None
    revoked_at: float | None = None
    started_in: str | None = None  # the session, also where the grant outlives it; None: password
    claims: Mapping[str, Any] | None = None  # what the claims parameter asked for, by `id_token` and `userinfo`
