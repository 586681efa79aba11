"""What a manifest says that is a template for clients nobody declares one by one."""

from typing import Annotated, Any

from pydantic import Field, StrictBool

from ostiary_state.applications.spec_types import Audience, Endpoint, HostPattern
from ostiary_state.kinds.durations import Between, Duration
from ostiary_state.kinds.manifest import EachKeyOnce, EachOnce, Manifest


class ClientIDMetadataSpec(Manifest):
    """Clients that nobody registers: their client_id is the https address of a document that describes them (OAuth
    Client ID Metadata Document), as MCP clients have it."""

    allowed_hosts: Annotated[tuple[HostPattern, ...], Field(min_length=1, max_length=64), EachOnce()]
    """Hosts whose documents are accepted: app.example.com, *.example.com for all below it, or * for any. The most
    specific object of an address that admits a host is the one that counts."""


class SoftwareStatementIssuerSpec(Manifest):
    """Who may vouch for what a client says of itself when it registers (RFC 7591 section 2.3)."""

    issuer: Audience
    """The iss of its software statements."""

    jwks: Annotated[dict[str, Any] | None, Field(max_length=1)] = None
    """Its public keys as a JWK Set (RFC 7517)."""

    jwks_url: Endpoint | None = None
    """https address of its JWK Set, instead of jwks; fetched when it is needed and kept for minutes."""


class DynamicRegistrationSpec(Manifest):
    """Clients that register themselves with an initial access token (RFC 7591, OpenID Connect Dynamic Registration)."""

    max_clients: Annotated[int, Field(ge=1, le=10_000)]
    """How many clients may be registered at a time, 1 to 10000."""

    unused_for: Annotated[Duration, Between.of("1h", "8760h")] = Duration.parse("720h")
    """A client that nobody has used for so long is removed, 1h to 8760h (365 days), default 720h (30 days)."""

    software_statement_issuers: Annotated[
        tuple[SoftwareStatementIssuerSpec, ...], Field(max_length=8), EachKeyOnce("issuer")
    ] = ()
    """Whose software statements are trusted: what one says of a client counts before what the client says. Those of
    anybody else are refused."""

    require_software_statement: StrictBool = False
    """Refuse clients that come without one."""
