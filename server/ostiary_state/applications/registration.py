"""A client that registered itself (RFC 7591): the one kind of intent that the server writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Registration:
    """One registered client. `metadata` is what it asked for as far as it was granted, by the names of RFC 7591."""

    client_id: str
    issuer_id: str
    application_id: str  # the template's object
    application_incarnation: str
    metadata: Mapping[str, Any]
    secret_digest: bytes | None  # SHA-256; None: a public client
    access_digest: bytes  # SHA-256 of its registration access token (RFC 7592)
    created_at: float
    used_at: float  # to about an hour
    expires_at: float  # removed then, unless it is used before
    version: int = 1  # raised by each update
    pending: bool = True  # this version is not yet in its OAuthApplication
    deleted_at: float | None = None  # withdrawn; kept until its OAuthApplication is gone, too
